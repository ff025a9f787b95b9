-- name: meta_put
INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: meta_get
SELECT value FROM meta WHERE name = $1;

-- name: series_list
SELECT id, thing, point_id, attr, texts, period FROM series;

-- name: series_bounds
SELECT count(*), max(id) FROM series;

-- name: series_names
SELECT id, thing, point_id, attr, texts, period FROM series;

-- name: series_of_point
SELECT id, thing, point_id, attr, texts, period FROM series WHERE point_id = $1 ORDER BY attr, id;

-- name: series_add
INSERT INTO series (thing, point_id, attr) VALUES ($1, $2, $3)
    ON CONFLICT (point_id, attr, thing) DO UPDATE SET thing = excluded.thing RETURNING id, texts, period;

-- name: series_set_texts
UPDATE series SET texts = 1 WHERE id = $1;

-- name: series_set_period
UPDATE series SET period = $2 WHERE id = $1;

-- name: frame_put
INSERT INTO frame (ts, thing, local, stamp, period, received) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (ts, thing) DO UPDATE SET period = excluded.period WHERE excluded.period < frame.period;

-- name: frame_has
SELECT 1 FROM frame WHERE ts = $1 AND thing = $2;

-- name: frame_list
SELECT ts, period FROM frame WHERE thing = $1 AND ts >= $2 AND ts < $3 ORDER BY ts;

-- name: frame_times
SELECT ts, thing FROM frame WHERE ts >= $1 AND ts < $2 ORDER BY ts, thing;

-- name: frame_times_back
SELECT ts, thing FROM frame WHERE ts >= $1 AND ts < $2 ORDER BY ts DESC, thing DESC;

-- name: frame_newest
SELECT ts FROM frame WHERE ts < $1 ORDER BY ts DESC LIMIT 1;

-- name: frame_before
SELECT ts, period FROM frame WHERE ts < $1 AND thing = $2 ORDER BY ts DESC LIMIT 1;

-- name: frame_after
SELECT ts, period FROM frame WHERE ts > $1 AND thing = $2 ORDER BY ts LIMIT 1;

-- name: frame_bounds
SELECT min(ts), max(ts), count(*) FROM frame;

-- name: sample_get
SELECT value FROM sample WHERE ts = $1 AND series = $2;

-- name: sample_frame
SELECT series, value FROM sample WHERE ts = $1;

-- name: sample_drop
DELETE FROM sample WHERE ts = $1 AND series = $2;

-- name: sample_text_put
INSERT INTO sample_text (ts, series, json) VALUES ($1, $2, $3)
    ON CONFLICT (ts, series) DO UPDATE SET json = excluded.json;

-- name: sample_text_get
SELECT json FROM sample_text WHERE ts = $1 AND series = $2;

-- name: sample_text_drop
DELETE FROM sample_text WHERE ts = $1 AND series = $2;
