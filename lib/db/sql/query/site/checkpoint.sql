-- name: checkpoint_get
SELECT seq FROM checkpoint WHERE consumer = $1 AND part = $2 AND parts = $3;

-- name: checkpoint_put
UPDATE checkpoint SET seq = $4, at = $5 WHERE consumer = $1 AND part = $2 AND parts = $3;

-- name: checkpoint_take
UPDATE checkpoint SET epoch = epoch + 1 WHERE consumer = $1 AND part = $2 AND parts = $3;

-- name: checkpoint_epoch
SELECT seq, epoch FROM checkpoint WHERE consumer = $1 AND part = $2 AND parts = $3;

-- name: checkpoint_put_leased
UPDATE checkpoint SET seq = $4, at = $5 WHERE consumer = $1 AND part = $2 AND parts = $3 AND epoch = $6;

-- name: checkpoint_lowest_of
SELECT min(seq) FROM checkpoint WHERE consumer = $1;

-- name: checkpoint_add
INSERT INTO checkpoint (consumer, part, parts, seq, at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (consumer, parts, part) DO NOTHING;

-- name: checkpoint_drop_other_parts
DELETE FROM checkpoint WHERE consumer = $1 AND parts <> $2;

-- name: checkpoint_drop
DELETE FROM checkpoint WHERE consumer = $1;

-- name: checkpoint_lowest
SELECT count(*), min(seq) FROM checkpoint WHERE CAST($1 AS TEXT) IS NULL OR consumer LIKE '%@' || CAST($1 AS TEXT);

-- name: checkpoint_highest
SELECT coalesce(max(seq), 0) FROM checkpoint
    WHERE CAST($1 AS TEXT) IS NULL OR consumer LIKE '%@' || CAST($1 AS TEXT);

-- name: checkpoint_list
SELECT consumer, part, parts, seq, at FROM checkpoint ORDER BY consumer, parts, part;
