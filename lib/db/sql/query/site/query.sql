-- name: alarm_counts
SELECT coalesce(sum(CASE WHEN level = 1 AND told = 1 THEN 1 ELSE 0 END), 0),
       coalesce(sum(CASE WHEN level = 2 AND told = 1 THEN 1 ELSE 0 END), 0),
       coalesce(sum(CASE WHEN level = 3 AND told = 1 THEN 1 ELSE 0 END), 0),
       coalesce(sum(CASE WHEN level = 4 AND told = 1 THEN 1 ELSE 0 END), 0),
       coalesce(sum(CASE WHEN state IN ('unacknowledged', 'returned') THEN 1 ELSE 0 END), 0),
       coalesce(sum(CASE WHEN state = 'shelved' THEN 1 ELSE 0 END), 0)
    FROM (SELECT state, coalesce(level, 4) AS level,
                 CASE WHEN flags % 2 = 1 AND state IN ('unacknowledged', 'acknowledged') THEN 1 ELSE 0 END AS told
            FROM alarm WHERE customer = $1 AND building = $2) a;

-- name: presence_of_building
SELECT t.thing, coalesce(p.last, t.last_seen), coalesce(p.known, t.created), coalesce(p.period, 900)
    FROM thing t LEFT JOIN presence p ON p.thing = t.thing
    WHERE t.customer = $1 AND t.building = $2 ORDER BY t.thing;

-- name: schedule_next_change
SELECT u.begins, u.schedule_id, u.point_id, u.value FROM user_schedule u
    WHERE u.customer = $1 AND u.building = $2 AND u.begins > $3 AND u.source <> 'outside'
      AND NOT EXISTS (SELECT 1 FROM user_schedule p
          WHERE p.customer = u.customer AND p.building = u.building AND p.point_id = u.point_id AND p.ends = u.begins
            AND coalesce(p.value, 'null') = coalesce(u.value, 'null'))
    ORDER BY u.begins, u.point_id LIMIT 1;

-- name: point_row
SELECT thing, name, class, type, unit, floor, zone, deleted, info, location FROM point
    WHERE customer = $1 AND building = $2 AND point_id = $3;

-- name: composites_of_point
SELECT composite_id, role FROM composite_member WHERE customer = $1 AND building = $2 AND point_id = $3
    ORDER BY composite_id, role;

-- name: composite_row
SELECT thing, class, unit, schedule FROM composite WHERE customer = $1 AND building = $2 AND composite_id = $3;

-- name: members_of_composite
SELECT role, point_id FROM composite_member WHERE customer = $1 AND building = $2 AND composite_id = $3
    ORDER BY role;

-- name: alarms_of_point
SELECT alarm_point_id, name, state, level, episode FROM alarm
    WHERE customer = $1 AND building = $2 AND point_id = $3 ORDER BY alarm_point_id;

-- name: user_schedule_of_point
SELECT schedule_id, source, value, begins, ends FROM user_schedule
    WHERE customer = $1 AND building = $2 AND point_id = $3 AND ends > $4 ORDER BY begins LIMIT 2;

-- name: held_list
SELECT request_id, customer, building, thing, point_id, value, priority, state, user_id, asked, expires, winner,
       value_before, value_after, reason
    FROM control
    WHERE (CAST($1 AS TEXT) IS NULL OR (customer = $1 AND building = $2))
      AND state IN ('sent', 'effective', 'overridden', 'timeout') AND expires > $3
    ORDER BY customer, building, point_id, asked, request_id;

-- name: delivery_list
SELECT id, created, customer, arn, kind, nth, episode, title, text, data, state, attempts, settled, error FROM delivery
    WHERE (CAST($1 AS TEXT) IS NULL OR customer = $1) AND created >= $2 AND created < $3 AND kind <> 'quiet'
    ORDER BY created, id;

-- name: endpoint_rows
SELECT e.customer, e.arn, e.user_id, e.alarm, e.notice, e.level, e.escalate, e.remind, e.created, e.dead, b.building
    FROM endpoint e LEFT JOIN endpoint_building b ON b.customer = e.customer AND b.arn = e.arn
    WHERE (CAST($1 AS TEXT) IS NULL OR e.customer = $1) ORDER BY e.customer, e.arn, b.building;

-- name: web_user_rows
SELECT u.user_id, u.customer, u.name, u.mail, u.role, u.created, substr(t.digest, 1, 12), t.created, t.expires,
       t.revoked, t.used
    FROM web_user u LEFT JOIN web_token t ON t.user_id = u.user_id
    WHERE (CAST($1 AS TEXT) IS NULL OR u.customer = $1) ORDER BY u.user_id, t.created, t.digest;

-- name: schedule_list
SELECT s.schedule_id, s.point_id, s.thing, s.data, s.changed,
       (SELECT count(*) FROM manual_schedule m WHERE m.customer = s.customer AND m.building = s.building
            AND m.schedule_id = s.schedule_id AND m.ends > $3)
    FROM schedule s WHERE s.customer = $1 AND s.building = $2 ORDER BY s.schedule_id;

-- name: result_list
SELECT task_id, task, status, reason, received, file FROM result
    WHERE customer = $1 AND building = $2 AND (CAST($3 AS TEXT) IS NULL OR task_id = $3)
    ORDER BY received DESC, task_id DESC;

-- name: result_newest_of
SELECT task_id, file, received, status, reason FROM result
    WHERE customer = $1 AND building = $2 AND task = $3 AND status IN ('ok', 'infeasible')
    ORDER BY received DESC, task_id DESC LIMIT 1;

-- name: user_zone_list
SELECT zone_id, data, status, status_at FROM user_zone WHERE customer = $1 AND building = $2 ORDER BY zone_id;

-- name: web_user_sees_all
SELECT 1 FROM web_user_building WHERE user_id = $1 AND building = '*';

-- name: tender_list
SELECT r.task_id, r.task, r.status, r.reason, r.received, r.file FROM result r
    WHERE r.task IN ('tender-learning', 'tender-predict')
      AND (CAST($1 AS TEXT) IS NULL OR r.customer = $1
           OR (r.customer IS NULL AND (SELECT count(*) FROM customer) = 1))
    ORDER BY r.received DESC, r.task_id DESC;

-- name: calendar_list
SELECT calendar_id, data, changed FROM calendar WHERE customer = $1 AND building = $2 ORDER BY calendar_id;

-- name: alarms_raised
SELECT a.alarm_point_id, max(a.name), min(coalesce(a.level, 4)), count(*), min(h.time)
    FROM alarm_history h JOIN alarm a ON a.id = h.alarm
    WHERE a.customer = $1 AND a.building = $2 AND h.transition = 1 AND h.time >= $3 AND h.time < $4
    GROUP BY a.alarm_point_id ORDER BY min(coalesce(a.level, 4)), count(*) DESC, a.alarm_point_id;
