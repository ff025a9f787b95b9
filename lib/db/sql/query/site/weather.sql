-- name: weather_put
INSERT INTO weather_forecast (customer, building, ts, issued, temperature, humidity, interpolated, source)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (customer, building, ts, issued) DO UPDATE SET
        temperature = excluded.temperature, humidity = excluded.humidity,
        interpolated = excluded.interpolated, source = excluded.source;

-- name: weather_issued
SELECT issued FROM weather_forecast WHERE customer = $1 AND building = $2 AND ts >= $3
    ORDER BY issued DESC LIMIT 1;

-- name: weather_rows
SELECT f.ts, f.issued, f.temperature, f.humidity, f.interpolated, f.source FROM weather_forecast f
    WHERE f.customer = $1 AND f.building = $2 AND f.ts >= $3 AND f.ts < $4
        AND f.issued = (SELECT max(g.issued) FROM weather_forecast g
            WHERE g.customer = f.customer AND g.building = f.building AND g.ts = f.ts)
    ORDER BY f.ts;

-- name: weather_all
SELECT ts, issued, temperature, humidity FROM weather_forecast
    WHERE customer = $1 AND building = $2 AND ts >= $3 AND ts < $4 ORDER BY ts, issued;

-- name: weather_forget
DELETE FROM weather_forecast WHERE ts < $1;

-- name: weather_calls
SELECT calls FROM weather_call WHERE provider = $1 AND day = $2;

-- name: weather_called
INSERT INTO weather_call (provider, day, calls) VALUES ($1, $2, 1)
    ON CONFLICT (provider, day) DO UPDATE SET calls = weather_call.calls + 1;
