-- name: control_point
SELECT thing, type, deleted FROM point WHERE customer = $1 AND building = $2 AND point_id = $3;

-- name: control_add
INSERT INTO control (request_id, customer, building, thing, point_id, user_id, connection_id, asked, value, priority,
                     expires, deadline, state, value_before)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'sent', $13);

-- name: control_get
SELECT request_id, customer, building, thing, point_id, user_id, asked, value, priority, expires, state, value_before,
       value_after, winner, reason, answered, ended
    FROM control WHERE request_id = $1;

-- name: control_settle
UPDATE control SET state = $2, value_after = coalesce($3, value_after), winner = $4, reason = $5, answered = $6
    WHERE request_id = $1;

-- name: control_replace
UPDATE control SET state = $6, ended = $7
    WHERE customer = $1 AND building = $2 AND point_id = $3 AND priority = $4 AND request_id <> $5 AND value <> 'null'
      AND state IN ('sent', 'effective', 'overridden', 'timeout') AND asked <= $8;

-- name: control_open
SELECT request_id, thing, point_id, value, asked FROM control
    WHERE state IN ('sent', 'timeout') AND asked > $1 ORDER BY asked, request_id;

-- name: control_late
UPDATE control SET state = 'timeout', reason = 'the gateway has not answered' WHERE state = 'sent' AND deadline <= $1;

-- name: control_due
SELECT request_id, customer, building, thing, point_id, user_id, asked, value, priority, expires, state, value_before,
       value_after, winner, reason, answered, ended
    FROM control WHERE state IN ('sent', 'effective', 'overridden', 'timeout') AND expires <= $1 AND value <> 'null'
    ORDER BY expires, request_id;

-- name: control_end
UPDATE control SET state = $2, ended = $3 WHERE request_id = $1 AND ended IS NULL;

-- name: control_held
SELECT request_id, customer, building, thing, point_id, user_id, asked, value, priority, expires, state, value_before,
       value_after, winner, reason, answered, ended
    FROM control
    WHERE customer = $1 AND building = $2 AND value <> 'null'
      AND state IN ('sent', 'effective', 'overridden', 'timeout')
    ORDER BY point_id, priority, asked DESC, request_id;

-- name: control_since
SELECT request_id, customer, building, thing, point_id, user_id, asked, value, priority, expires, state, value_before,
       value_after, winner, reason, answered, ended
    FROM control
    WHERE customer = $1 AND building = $2 AND (asked >= $3 OR answered >= $3 OR ended >= $3)
    ORDER BY asked, request_id;
