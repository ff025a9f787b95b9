-- name: health_gateways
SELECT t.thing, t.created, t.last_seen, coalesce(p.period, 900), coalesce(p.silent, 0)
    FROM thing t LEFT JOIN presence p ON p.thing = t.thing ORDER BY t.thing;

-- name: health_certificate_next
SELECT thing, not_after FROM certificate WHERE state <> 'revoked' ORDER BY not_after, thing LIMIT 1;

-- name: health_controls_late
SELECT count(*), min(expires) FROM control
    WHERE state IN ('sent', 'effective', 'overridden', 'timeout') AND expires < $1;
