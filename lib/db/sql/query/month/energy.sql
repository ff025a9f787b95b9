-- name: energy_summed_list
SELECT day FROM energy_summed WHERE day >= $1 AND day < $2 AND claim = 0 ORDER BY day;

-- name: energy_summed_any
SELECT claim FROM energy_summed WHERE day = $1;

-- name: energy_summed_drop
DELETE FROM energy_summed WHERE day = $1;

-- name: energy_summed_claim
INSERT INTO energy_summed (day, claim) VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET claim = excluded.claim;

-- name: energy_summed_done
UPDATE energy_summed SET claim = 0 WHERE day = $1 AND claim = $2;

-- name: energy_day_drop
DELETE FROM energy_day WHERE day = $1;

-- name: energy_day_put
INSERT INTO energy_day (day, series, usage, charge, intervals, used, charged, marked, first, demand, demand_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: energy_day_rows
SELECT s.point_id, s.thing, d.usage, d.charge, d.intervals, d.used, d.charged, d.marked, d.first, d.demand, d.demand_at
    FROM energy_day d JOIN series s ON s.id = d.series WHERE d.day = $1 ORDER BY s.point_id, s.thing;
