-- name: calendar_put
INSERT INTO calendar (customer, building, calendar_id, data, changed) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (customer, building, calendar_id) DO UPDATE SET data = excluded.data, changed = excluded.changed;

-- name: calendar_delete
DELETE FROM calendar WHERE customer = $1 AND building = $2 AND calendar_id = $3;

-- name: calendar_rows
SELECT calendar_id, data FROM calendar WHERE customer = $1 AND building = $2 ORDER BY calendar_id;

-- name: schedule_put
INSERT INTO schedule (customer, building, schedule_id, point_id, thing, data, changed) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (customer, building, schedule_id) DO UPDATE SET
        point_id = excluded.point_id, thing = coalesce(excluded.thing, schedule.thing),
        data = excluded.data, changed = excluded.changed;

-- name: schedule_delete
DELETE FROM schedule WHERE customer = $1 AND building = $2 AND schedule_id = $3;

-- name: schedule_rows
SELECT schedule_id, thing, data FROM schedule WHERE customer = $1 AND building = $2 ORDER BY schedule_id;

-- name: manual_put
INSERT INTO manual_schedule (customer, building, schedule_id, begins, ends, value, name, changed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (customer, building, schedule_id, begins) DO UPDATE SET
        ends = excluded.ends, value = excluded.value, name = excluded.name, changed = excluded.changed;

-- name: manual_delete
DELETE FROM manual_schedule
    WHERE customer = $1 AND building = $2 AND schedule_id = $3 AND ends > $4 AND begins < $5;

-- name: manual_rows
SELECT schedule_id, begins, ends, value, name FROM manual_schedule
    WHERE customer = $1 AND building = $2 AND ends > $3 ORDER BY schedule_id, changed, begins;

-- name: composite_schedule_set
UPDATE composite SET schedule = $4 WHERE customer = $1 AND building = $2 AND composite_id = $3;

-- name: target_of_point
SELECT composite_id, role FROM composite_member WHERE customer = $1 AND building = $2 AND point_id = $3
    ORDER BY composite_id LIMIT 1;

-- name: composite_schedules
SELECT c.composite_id, c.schedule, m.role, m.point_id FROM composite c
    JOIN composite_member m ON m.customer = c.customer AND m.building = c.building AND m.composite_id = c.composite_id
    WHERE c.customer = $1 AND c.building = $2 AND c.schedule IS NOT NULL
    ORDER BY c.composite_id, m.role;

-- name: user_schedule_clear
DELETE FROM user_schedule WHERE customer = $1 AND building = $2 AND begins >= $3;

-- name: user_schedule_cut
UPDATE user_schedule SET ends = $3 WHERE customer = $1 AND building = $2 AND ends > $3;

-- name: user_schedule_forget
DELETE FROM user_schedule WHERE customer = $1 AND building = $2 AND ends <= $3;

-- name: user_schedule_put
INSERT INTO user_schedule (customer, building, point_id, begins, ends, schedule_id, composite_id, role, source, value, made)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (customer, building, point_id, begins) DO UPDATE SET
        ends = excluded.ends, schedule_id = excluded.schedule_id, composite_id = excluded.composite_id,
        role = excluded.role, source = excluded.source, value = excluded.value, made = excluded.made;

-- name: user_schedule_due
SELECT u.point_id, u.begins, u.ends, u.schedule_id, u.value, s.data, p.thing FROM user_schedule u
    JOIN schedule s ON s.customer = u.customer AND s.building = u.building AND s.schedule_id = u.schedule_id
    JOIN point p ON p.customer = u.customer AND p.building = u.building AND p.point_id = u.point_id AND p.deleted IS NULL
    LEFT JOIN user_applied a ON a.customer = u.customer AND a.building = u.building AND a.point_id = u.point_id
    WHERE u.customer = $1 AND u.building = $2 AND u.begins <= $3 AND u.ends > $3 AND u.source <> 'outside'
        AND (a.value IS DISTINCT FROM u.value
            OR (u.value IS NOT NULL AND a.expires < u.ends AND a.expires <= $3 + 3600))
    ORDER BY u.point_id;

-- name: user_applied_put
INSERT INTO user_applied (customer, building, point_id, value, expires, at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (customer, building, point_id) DO UPDATE SET
        value = excluded.value, expires = excluded.expires, at = excluded.at;

-- name: buildings_scheduled
SELECT DISTINCT customer, building FROM schedule ORDER BY customer, building;

-- name: unit_price_clear
DELETE FROM unit_price WHERE customer = $1 AND building = $2 AND begins < $4 AND ends > $3;

-- name: unit_price_put
INSERT INTO unit_price (customer, building, begins, ends, tariff, season, day, band, price, currency, marks, made)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT (customer, building, begins) DO UPDATE SET
        ends = excluded.ends, tariff = excluded.tariff, season = excluded.season, day = excluded.day,
        band = excluded.band, price = excluded.price, currency = excluded.currency, marks = excluded.marks,
        made = excluded.made;

-- name: user_zone_put
INSERT INTO user_zone (customer, building, zone_id, data, changed) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (customer, building, zone_id) DO UPDATE SET data = excluded.data, changed = excluded.changed;

-- name: user_zone_delete
DELETE FROM user_zone WHERE customer = $1 AND building = $2 AND zone_id = $3;

-- name: user_zone_rows
SELECT zone_id, data FROM user_zone WHERE customer = $1 AND building = $2 ORDER BY zone_id;

-- name: user_zone_status
UPDATE user_zone SET status = $4, status_at = $5 WHERE customer = $1 AND building = $2 AND zone_id = $3;

-- name: energy_points
SELECT point_id, thing FROM point
    WHERE customer = $1 AND building = $2 AND class = 'Energy' AND deleted IS NULL ORDER BY point_id;

-- name: thing_of_point
SELECT thing FROM point WHERE customer = $1 AND building = $2 AND point_id = $3;

-- name: thing_of_composite
SELECT thing FROM composite WHERE customer = $1 AND building = $2 AND composite_id = $3;
