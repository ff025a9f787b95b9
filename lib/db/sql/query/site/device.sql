-- name: certificate_add
INSERT INTO certificate (serial, thing, fingerprint, own_key, state, not_before, not_after, issued)
    VALUES ($1, $2, $3, $4, 'current', $5, $6, $7);

-- name: certificate_supersede
UPDATE certificate SET state = 'superseded' WHERE thing = $1 AND state = 'current';

-- name: certificate_revoke
UPDATE certificate SET state = 'revoked', revoked = $2, reason = $3 WHERE thing = $1 AND state <> 'revoked';

-- name: certificate_revoke_superseded
UPDATE certificate SET state = 'revoked', revoked = $1, reason = 'superseded' WHERE state = 'superseded'
    AND EXISTS (SELECT 1 FROM certificate n WHERE n.thing = certificate.thing AND n.state = 'current' AND n.seen IS NOT NULL);

-- name: certificate_seen
UPDATE certificate SET seen = $2 WHERE serial = $1 AND seen IS NULL;

-- name: certificate_seen_current
UPDATE certificate SET seen = $2 WHERE thing = $1 AND state = 'current' AND seen IS NULL;

-- name: certificate_in_state
SELECT serial, own_key, not_after, seen FROM certificate WHERE thing = $1 AND state = $2;

-- name: certificate_known
SELECT 1 FROM certificate WHERE thing = $1 LIMIT 1;

-- name: certificate_has
SELECT 1 FROM certificate WHERE serial = $1 AND thing = $2 AND state <> 'revoked';

-- name: certificate_overlaps
SELECT o.thing, o.serial, n.serial, n.seen FROM certificate o JOIN certificate n ON n.thing = o.thing AND n.state = 'current'
    WHERE o.state = 'superseded' ORDER BY o.thing, o.serial;

-- name: certificate_list
SELECT serial, thing, fingerprint, own_key, state, not_before, not_after FROM certificate
    WHERE state <> 'revoked' ORDER BY thing, issued;

-- name: certificate_of_thing
SELECT serial, fingerprint, own_key, state, not_before, not_after, issued, seen, revoked, reason FROM certificate
    WHERE thing = $1 ORDER BY issued, state = 'current', serial;

-- name: certificate_expiring
SELECT thing, serial, state, not_after FROM certificate WHERE state <> 'revoked' AND not_after < $1
    ORDER BY not_after, thing;

-- name: certificate_revoked
SELECT serial, revoked, reason, not_after FROM certificate WHERE state = 'revoked' AND not_after > $1 ORDER BY revoked;

-- name: certificate_grants
SELECT t.thing, c.serial FROM thing t JOIN certificate c ON c.thing = t.thing WHERE c.state <> 'revoked'
    ORDER BY t.thing, c.serial;

-- name: thing_certificate
UPDATE thing SET certificate_id = $2 WHERE thing = $1;

-- name: thing_drop
DELETE FROM thing WHERE thing = $1;

-- name: thing_in_building
SELECT count(*) FROM thing WHERE customer = $1 AND building = $2;

-- name: thing_show
SELECT t.thing, t.customer, t.building, t.device_name, t.created, t.last_seen, c.name, b.name, b.region, b.timezone
    FROM thing t JOIN building b ON b.customer = t.customer AND b.building = t.building
    JOIN customer c ON c.customer = t.customer WHERE t.thing = $1;

-- name: point_drop_of_thing
DELETE FROM point WHERE customer = $1 AND building = $2 AND thing = $3;

-- name: composite_drop_of_thing
DELETE FROM composite WHERE customer = $1 AND building = $2 AND thing = $3;

-- name: consumer_known
SELECT 1 FROM checkpoint WHERE consumer = $1 LIMIT 1;

-- name: setting_get
SELECT value FROM setting WHERE name = $1;

-- name: setting_put
INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
