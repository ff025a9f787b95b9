-- name: sample_merge
INSERT INTO sample (ts, series, value)
    SELECT DISTINCT ON (g.ts, g.series) g.ts, g.series, g.value FROM pg_temp.given g ORDER BY g.ts, g.series, g.n DESC
    ON CONFLICT (ts, series) DO UPDATE SET value = excluded.value;
