-- name: gap_ask
INSERT INTO gap_request (thing, first_ts, last_ts, asked, times) VALUES ($1, $2, $3, $4, 1)
    ON CONFLICT (thing, first_ts) DO UPDATE SET
        last_ts = excluded.last_ts, asked = excluded.asked,
        times = CASE WHEN excluded.last_ts = gap_request.last_ts THEN gap_request.times + 1 ELSE 1 END
    WHERE excluded.asked >= gap_request.asked + $5
        AND (excluded.last_ts <> gap_request.last_ts OR gap_request.times < $6);

-- name: gap_forget
DELETE FROM gap_request WHERE thing = $1 AND last_ts < $2;
