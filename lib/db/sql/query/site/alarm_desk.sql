-- name: alarm_list
SELECT customer, building, alarm_point_id, state, level, priority, episode, cleared, acked_at, shelved_until,
       episode_id, source, name, point_id, value, text, reason
    FROM alarm
    WHERE (CAST($1 AS TEXT) IS NULL OR (customer = $1 AND building = $2)) AND ($3 = 1 OR state <> 'normal')
    ORDER BY flags % 2 DESC, level, episode DESC, customer, building, alarm_point_id;

-- name: alarm_history_list
SELECT a.customer, a.building, a.alarm_point_id, h.time, h.transition, h.told, h.episode, h.flags, h.event_level,
       h.name, h.point_id, h.value, h.text, h.done_by, h.reason
    FROM alarm_history h JOIN alarm a ON a.id = h.alarm
    WHERE (CAST($1 AS TEXT) IS NULL OR (a.customer = $1 AND a.building = $2)) AND (CAST($3 AS TEXT) IS NULL OR a.alarm_point_id = $3)
      AND h.transition IS NOT NULL AND h.time >= $4 AND h.time < $5
    ORDER BY h.time, h.alarm, h.place;

-- name: presence_list
SELECT p.thing, p.last, p.known, p.period FROM presence p ORDER BY p.thing;

-- name: kpi_hours
SELECT coalesce(sum(n), 0), coalesce(max(n), 0), coalesce(sum(CASE WHEN n > 30 THEN 1 ELSE 0 END), 0)
    FROM (SELECT count(*) AS n FROM alarm_annunciation
           WHERE (CAST($1 AS TEXT) IS NULL OR (customer = $1 AND building = $2)) AND time >= $3 AND time < $4
           GROUP BY time / 3600) hours;

-- name: kpi_floods
SELECT count(*) FROM (SELECT count(*) AS n FROM alarm_annunciation
           WHERE (CAST($1 AS TEXT) IS NULL OR (customer = $1 AND building = $2)) AND time >= $3 AND time < $4
           GROUP BY time / 600) slots WHERE n >= 10;

-- name: kpi_chattering
SELECT count(DISTINCT alarm) FROM (
    SELECT h.alarm, h.time - lag(h.time, 2) OVER (PARTITION BY h.alarm ORDER BY h.time) AS within
      FROM alarm_history h JOIN alarm a ON a.id = h.alarm
     WHERE (CAST($1 AS TEXT) IS NULL OR (a.customer = $1 AND a.building = $2)) AND h.transition = 1
       AND h.time >= $3 AND h.time < $4) raises WHERE within < 60;

-- name: kpi_standing
SELECT count(*), coalesce(sum(CASE WHEN episode < $3 THEN 1 ELSE 0 END), 0) FROM alarm
    WHERE (CAST($1 AS TEXT) IS NULL OR (customer = $1 AND building = $2)) AND flags % 2 = 1;

-- name: kpi_acknowledged
SELECT avg(h.time - h.episode), count(*) FROM alarm_history h JOIN alarm a ON a.id = h.alarm
    WHERE (CAST($1 AS TEXT) IS NULL OR (a.customer = $1 AND a.building = $2)) AND h.transition = 4
      AND h.time >= $3 AND h.time < $4;

-- name: kpi_levels
SELECT coalesce(level, 0), count(*) FROM alarm_annunciation
    WHERE (CAST($1 AS TEXT) IS NULL OR (customer = $1 AND building = $2)) AND time >= $3 AND time < $4
    GROUP BY level ORDER BY level;

-- name: kpi_top
SELECT a.customer, a.building, a.alarm_point_id, count(*) AS n
    FROM alarm_annunciation h JOIN alarm a ON a.id = h.alarm
    WHERE (CAST($1 AS TEXT) IS NULL OR (h.customer = $1 AND h.building = $2)) AND h.time >= $3 AND h.time < $4
    GROUP BY a.id, a.customer, a.building, a.alarm_point_id ORDER BY n DESC, a.id LIMIT 10;

-- name: alarm_of_building
SELECT id, alarm_point_id, thing, source, flags, episode, episode_id, cleared, acked_at, shelved_until, level,
       coalesce(priority, -1), name, point_id, value, text, reason, last
    FROM alarm WHERE customer = $1 AND building = $2 ORDER BY id;

-- name: alarm_history_after
SELECT time, transition, told, episode, flags, shelved_until, done_by FROM alarm_history
    WHERE alarm = $1 AND time > $2 AND transition IS NOT NULL ORDER BY time, place;

-- name: alarm_history_last
SELECT time, transition, told, episode, flags, shelved_until, done_by FROM alarm_history
    WHERE alarm = $1 AND transition IS NOT NULL ORDER BY time DESC, place DESC LIMIT 1;
