-- name: alarm_get
SELECT id, thing, source, flags, episode, cleared,
       acked_at, shelved_until,
       level, coalesce(priority, -1), name, point_id, value, text, reason, says, last
    FROM alarm WHERE customer = $1 AND building = $2 AND alarm_point_id = $3;

-- name: alarm_add
INSERT INTO alarm (customer, building, alarm_point_id, thing, source, state, flags, says, last)
    VALUES ($1, $2, $3, $4, $5, 'normal', 2, 0, $6);

-- name: alarm_put
UPDATE alarm SET thing = $2, source = $3, state = $4, flags = $5, episode = $6, episode_id = $7, cleared = $8,
       acked_at = $9, shelved_until = $10, level = nullif($11, 0), priority = nullif($12, -1), name = $13, point_id = $14, value = $15,
       text = $16, reason = $17, says = $18, last = $19, wake = $20
    WHERE id = $1;

-- name: alarm_wake_first
SELECT min(wake) FROM alarm WHERE wake IS NOT NULL;

-- name: alarm_waking
SELECT customer, building, alarm_point_id FROM alarm WHERE wake IS NOT NULL AND wake <= $1 ORDER BY wake, id LIMIT 1;

-- name: alarm_of_episode
SELECT customer, building, alarm_point_id, episode FROM alarm WHERE episode_id = $1;

-- name: alarm_history_add
INSERT INTO alarm_history (alarm, time, event, digest, place, transition, told, episode, flags, shelved_until,
        event_level, event_priority, until, once, name, point_id, value, text, done_by, reason)
    VALUES ($1, $2, $3, $4, $5, nullif($6, 0), $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
    ON CONFLICT (alarm, time, event, digest) DO NOTHING;

-- name: alarm_history_effect
UPDATE alarm_history SET place = $5, transition = nullif($6, 0), told = $7, episode = $8, flags = $9, shelved_until = $10
    WHERE alarm = $1 AND time = $2 AND event = $3 AND digest = $4;

-- name: alarm_history_from
SELECT time, event, digest, place, transition, told, episode, flags,
       shelved_until, event_level, event_priority,
       until, once, name, point_id, value, text, done_by, reason
    FROM alarm_history WHERE alarm = $1 AND time >= $2 ORDER BY time, place LIMIT $3;

-- name: alarm_history_raises_before
SELECT time FROM alarm_history WHERE alarm = $1 AND time < $2 AND transition = 1 ORDER BY time DESC LIMIT $3;

-- name: alarm_history_before
SELECT flags, shelved_until, episode
    FROM alarm_history WHERE alarm = $1 AND time < $2 ORDER BY time DESC, place DESC LIMIT 1;

-- name: alarm_command_count
SELECT count FROM alarm_command WHERE one = 1;

-- name: alarm_command_done
UPDATE alarm_command SET count = count + 1 WHERE one = 1;
