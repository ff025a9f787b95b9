-- name: chunk_get
SELECT data FROM chunk WHERE day = $1 AND series = $2;

-- name: chunk_list
SELECT series, data FROM chunk WHERE day = $1;

-- name: chunk_put
INSERT INTO chunk (day, series, data) VALUES ($1, $2, $3);

-- name: chunk_drop
DELETE FROM chunk WHERE day = $1;
