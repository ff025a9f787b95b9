-- name: audit_begin
INSERT INTO audit (at, user_id, customer, building, remote, action, request, value_before)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: audit_end
UPDATE audit SET value_after = $2, status = $3, message = $4 WHERE id = $1;

-- name: audit_list
SELECT id, at, user_id, customer, building, remote, action, request, value_before, value_after, coalesce(status, -1), message
    FROM audit
    WHERE (CAST($1 AS TEXT) IS NULL OR customer = $1) AND (CAST($2 AS TEXT) IS NULL OR building = $2)
      AND at >= $3 AND at < $4
    ORDER BY at, id;

-- name: seen_alarm
SELECT state, CAST(level AS TEXT), CAST(acked_at AS TEXT), CAST(shelved_until AS TEXT) FROM alarm
    WHERE customer = $1 AND building = $2 AND alarm_point_id = $3;

-- name: seen_schedule
SELECT data, point_id, thing, CAST(changed AS TEXT) FROM schedule
    WHERE customer = $1 AND building = $2 AND schedule_id = $3;

-- name: seen_calendar
SELECT data, NULL, NULL, CAST(changed AS TEXT) FROM calendar
    WHERE customer = $1 AND building = $2 AND calendar_id = $3;

-- name: seen_manual
SELECT value, name, CAST(begins AS TEXT), CAST(ends AS TEXT) FROM manual_schedule
    WHERE customer = $1 AND building = $2 AND schedule_id = $3 ORDER BY begins;

-- name: seen_composite
SELECT schedule, class, unit, CAST(changed AS TEXT) FROM composite
    WHERE customer = $1 AND building = $2 AND composite_id = $3;

-- name: seen_zone
SELECT data, NULL, NULL, CAST(changed AS TEXT) FROM user_zone
    WHERE customer = $1 AND building = $2 AND zone_id = $3;

-- name: seen_endpoint
SELECT user_id, CAST(alarm AS TEXT), CAST(notice AS TEXT), CAST(level AS TEXT) FROM endpoint
    WHERE customer = $1 AND CAST($2 AS TEXT) IS NOT NULL AND arn = $3;

-- name: seen_user
SELECT u.role, u.name, u.mail, (SELECT CAST(count(*) AS TEXT) FROM web_token t
        WHERE t.user_id = u.user_id AND t.revoked IS NULL)
    FROM web_user u WHERE u.customer = $1 AND CAST($2 AS TEXT) IS NOT NULL AND u.user_id = $3;

-- name: seen_control
SELECT value, CAST(priority AS TEXT), state, user_id FROM control
    WHERE customer = $1 AND building = $2 AND point_id = $3
      AND state IN ('sent', 'effective', 'overridden', 'timeout') ORDER BY asked;
