-- name: point_put
INSERT INTO point (customer, building, point_id, thing, name, class, type, unit, floor, zone, info, location, created,
                   changed)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (customer, building, point_id) DO UPDATE SET
        thing = excluded.thing, name = excluded.name, class = excluded.class, type = excluded.type,
        unit = excluded.unit, floor = excluded.floor, zone = excluded.zone, info = excluded.info,
        location = excluded.location, changed = excluded.changed, deleted = NULL
    WHERE excluded.changed >= point.changed;

-- name: point_found
INSERT INTO point (customer, building, point_id, thing, name, class, info, location, created, changed)
    VALUES ($1, $2, $3, $4, $5, $6, '{}', '{}', $7, $8)
    ON CONFLICT (customer, building, point_id) DO NOTHING;

-- name: point_known
SELECT point_id FROM point WHERE customer = $1 AND building = $2;

-- name: point_delete
UPDATE point SET deleted = $4, changed = $4
    WHERE customer = $1 AND building = $2 AND point_id = $3 AND thing = $5 AND deleted IS NULL AND changed <= $4;

-- name: point_list
SELECT point_id, thing, name, class, type, unit, floor, zone, deleted, info, location FROM point
    WHERE customer = $1 AND building = $2 ORDER BY point_id;

-- name: point_ids
SELECT point_id FROM point WHERE customer = $1 AND building = $2
    UNION ALL SELECT composite_id FROM composite WHERE customer = $1 AND building = $2;

-- name: point_meters
SELECT point_id, info FROM point
    WHERE customer = $1 AND building = $2 AND thing = $3 AND class = 'Energy' AND deleted IS NULL
    ORDER BY point_id;

-- name: composite_put
INSERT INTO composite (customer, building, composite_id, class, unit, thing, changed)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (customer, building, composite_id) DO UPDATE SET
        thing = excluded.thing, changed = excluded.changed
    WHERE excluded.changed >= composite.changed;

-- name: composite_member_put
INSERT INTO composite_member (customer, building, composite_id, role, point_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (customer, building, composite_id, role) DO UPDATE SET point_id = excluded.point_id;

-- name: composite_member_drop
DELETE FROM composite_member WHERE customer = $1 AND building = $2 AND point_id = $3;

-- name: composite_drop_empty
DELETE FROM composite WHERE customer = $1 AND building = $2 AND NOT EXISTS (
    SELECT 1 FROM composite_member m WHERE m.customer = composite.customer AND m.building = composite.building
        AND m.composite_id = composite.composite_id);

-- name: composite_of_thing
SELECT c.composite_id, c.class, m.role, m.point_id FROM composite c
    JOIN composite_member m ON m.customer = c.customer AND m.building = c.building
        AND m.composite_id = c.composite_id
    WHERE c.customer = $1 AND c.building = $2 AND c.thing = $3
    ORDER BY c.composite_id, m.role;

-- name: composite_list
SELECT c.composite_id, c.class, c.unit, c.thing, c.schedule, m.role, m.point_id FROM composite c
    JOIN composite_member m ON m.customer = c.customer AND m.building = c.building
        AND m.composite_id = c.composite_id
    WHERE c.customer = $1 AND c.building = $2
    ORDER BY c.composite_id, m.role;

-- name: composite_places
SELECT c.composite_id, MIN(p.floor), MIN(p.zone) FROM composite c
    JOIN composite_member m ON m.customer = c.customer AND m.building = c.building
        AND m.composite_id = c.composite_id
    JOIN point p ON p.customer = m.customer AND p.building = m.building AND p.point_id = m.point_id
    WHERE c.customer = $1 AND c.building = $2
    GROUP BY c.composite_id ORDER BY c.composite_id;
