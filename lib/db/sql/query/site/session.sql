-- name: connection_add
INSERT INTO connection (connection_id, user_id, customer, host, pid, started, since, seen)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7);

-- name: connection_seen
UPDATE connection SET seen = $2 WHERE connection_id = $1;

-- name: connection_list
SELECT connection_id, host, pid, started, seen FROM connection ORDER BY connection_id;

-- name: connection_drop
DELETE FROM connection WHERE connection_id = $1;

-- name: subscription_add
INSERT INTO subscription (connection_id, thing, point_id, state) VALUES ($1, $2, $3, $4)
    ON CONFLICT (connection_id, thing, point_id) DO UPDATE SET state = excluded.state
    WHERE subscription.state = 2;

-- name: subscription_told
SELECT 1 FROM subscription WHERE thing = $1 AND point_id = $2 AND connection_id <> $3 AND state = 1 LIMIT 1;

-- name: subscription_held
SELECT connection_id FROM subscription WHERE thing = $1 AND point_id = $2 AND connection_id <> $3 AND state <> 2 LIMIT 1;

-- name: subscription_set
UPDATE subscription SET state = $4 WHERE connection_id = $1 AND thing = $2 AND point_id = $3 AND state <> 2;

-- name: subscription_drop
DELETE FROM subscription WHERE connection_id = $1 AND thing = $2 AND point_id = $3;

-- name: subscription_drop_left
DELETE FROM subscription WHERE connection_id = $1 AND thing = $2 AND point_id = $3 AND state = 2;

-- name: subscription_drop_all
DELETE FROM subscription WHERE connection_id = $1;

-- name: subscription_adopt
INSERT INTO subscription (connection_id, thing, point_id, state)
    SELECT $1, o.thing, o.point_id, 2 FROM subscription o
     WHERE o.connection_id = $2
       AND (o.state = 2 OR NOT EXISTS (SELECT 1 FROM subscription h
             WHERE h.thing = o.thing AND h.point_id = o.point_id AND h.connection_id <> $1
               AND h.connection_id <> $2 AND h.state <> 2))
    ON CONFLICT (connection_id, thing, point_id) DO NOTHING;

-- name: subscription_drop_held
DELETE FROM subscription WHERE connection_id = $1 AND state <> 2 AND EXISTS (SELECT 1 FROM subscription h
    WHERE h.thing = subscription.thing AND h.point_id = subscription.point_id AND h.connection_id <> $1 AND h.state <> 2);

-- name: subscription_leave_all
UPDATE subscription SET state = 2 WHERE connection_id = $1;

-- name: subscription_of
SELECT thing, point_id, state FROM subscription WHERE connection_id = $1 ORDER BY thing, point_id;

-- name: subscription_wanted
SELECT thing, point_id, count(*) FROM subscription GROUP BY thing, point_id ORDER BY thing, point_id;
