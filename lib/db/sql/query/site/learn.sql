-- name: task_put
INSERT INTO task (task_id, task, customer, building, asked, made) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (task_id) DO UPDATE SET asked = excluded.asked, made = excluded.made;

-- name: result_put
INSERT INTO result (task_id, task, customer, building, status, reason, file, connection_id, callback, callback_state,
                    callback_tries, received)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11);

-- name: result_has
SELECT 1 FROM result WHERE task_id = $1;

-- name: result_file
SELECT file FROM result WHERE task_id = $1 AND task = $2;

-- name: result_newest
SELECT task_id, file FROM result
    WHERE customer = $1 AND building = $2 AND task = 'learning' AND status = 'ok'
    ORDER BY received DESC, task_id DESC LIMIT 1;

-- name: result_due
SELECT task_id, file, callback, callback_tries FROM result WHERE callback_state = 'due' ORDER BY received LIMIT 1000;

-- name: result_called
UPDATE result SET callback_state = $2, callback_tries = callback_tries + 1, callback_error = $3 WHERE task_id = $1;

-- name: result_of_connection
SELECT task_id, task, status, reason, file, received FROM result
    WHERE connection_id = $1 AND received >= $2 ORDER BY received, task_id;

-- name: result_owner
SELECT 1 FROM result WHERE task_id = $1 AND customer = $2 AND building = $3;
