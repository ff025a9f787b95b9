-- name: presence_all
SELECT thing, last, known, period, silent, hushed FROM presence ORDER BY thing;

-- name: presence_put
INSERT INTO presence (thing, last, known, period, silent, hushed) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (thing) DO UPDATE SET last = excluded.last, known = excluded.known, period = excluded.period,
        silent = excluded.silent, hushed = excluded.hushed;

-- name: presence_expected
SELECT thing, created FROM thing WHERE thing NOT IN (SELECT thing FROM presence) ORDER BY thing;

-- name: rule_watch_all
SELECT rule, thing, point_id, attr, version, last, value, data, active, pending, since FROM rule_watch
    ORDER BY rule, thing, point_id, attr;

-- name: rule_watch_put
INSERT INTO rule_watch (rule, thing, point_id, attr, version, last, value, data, active, pending, since)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (rule, thing, point_id, attr) DO UPDATE SET version = excluded.version, last = excluded.last,
        value = excluded.value, data = excluded.data, active = excluded.active, pending = excluded.pending, since = excluded.since;

-- name: rule_watch_drop
DELETE FROM rule_watch WHERE rule = $1 AND thing = $2 AND point_id = $3 AND attr = $4;

-- name: rule_watch_after
SELECT id, rule, thing, point_id, attr, active FROM rule_watch WHERE id > $1 ORDER BY id LIMIT 1;

-- name: alarm_to_hush
SELECT id, customer, building, alarm_point_id FROM alarm
    WHERE thing = $1 AND id > $2 AND source IN ('disconnect', 'stale') AND flags % 2 = 1 AND flags / 4 % 2 = 0 ORDER BY id LIMIT 1;

-- name: alarm_hushed
SELECT id, customer, building, alarm_point_id FROM alarm
    WHERE thing = $1 AND id > $2 AND source IN ('disconnect', 'stale') AND flags / 4 % 2 = 1 ORDER BY id LIMIT 1;
