-- `given` is an array of the program's, see lib/db/engine_bulk.
-- name: sample_put
INSERT INTO sample (ts, series, value) SELECT $1, id, value FROM given WHERE true
    ON CONFLICT (ts, series) DO UPDATE SET value = excluded.value;

-- Of those in `given`, each sought by itself.
-- name: sample_pick
SELECT s.series, s.value FROM given CROSS JOIN sample s ON s.ts = $1 AND s.series = given.id;

-- name: chunk_pick
SELECT c.series, c.data FROM given CROSS JOIN chunk c ON c.day = $1 AND c.series = given.id;
