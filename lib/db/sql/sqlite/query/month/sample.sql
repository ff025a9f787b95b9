-- `given` is an array of the program's, see lib/db/engine_bulk.
-- name: sample_put
INSERT INTO sample (ts, series, value) SELECT $1, id, value FROM given WHERE true
    ON CONFLICT (ts, series) DO UPDATE SET value = excluded.value;
