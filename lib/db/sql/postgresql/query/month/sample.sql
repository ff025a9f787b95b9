-- Many at once, as three arrays: where a row is there already, the new value holds, and of two that come together the last.
-- name: sample_merge
INSERT INTO sample (ts, series, value)
    SELECT DISTINCT ON (g.ts, g.series) g.ts, g.series, g.value
      FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]), CAST($3 AS DOUBLE PRECISION[]))
           WITH ORDINALITY AS g (ts, series, value, n)
     ORDER BY g.ts, g.series, g.n DESC
    ON CONFLICT (ts, series) DO UPDATE SET value = excluded.value;

-- name: sample_pick
SELECT series, value FROM sample WHERE ts = $1 AND series = ANY (CAST($2 AS BIGINT[]));

-- name: chunk_pick
SELECT series, data FROM chunk WHERE day = $1 AND series = ANY (CAST($2 AS BIGINT[]));
