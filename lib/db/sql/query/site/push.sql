-- name: endpoint_put
INSERT INTO endpoint (customer, arn, user_id, alarm, notice, level, escalate, remind, created)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (customer, arn) DO UPDATE SET user_id = coalesce(excluded.user_id, endpoint.user_id),
        alarm = excluded.alarm, notice = excluded.notice, level = excluded.level, escalate = excluded.escalate,
        remind = excluded.remind, dead = NULL;

-- name: endpoint_building_drop
DELETE FROM endpoint_building WHERE customer = $1 AND arn = $2;

-- name: endpoint_building_add
INSERT INTO endpoint_building (customer, arn, building) VALUES ($1, $2, $3)
    ON CONFLICT (customer, arn, building) DO NOTHING;

-- name: endpoint_drop
DELETE FROM endpoint WHERE customer = $1 AND arn = $2;

-- name: endpoint_dead
UPDATE endpoint SET dead = $3 WHERE customer = $1 AND arn = $2;

-- name: endpoint_for_alarms
SELECT 1 FROM endpoint WHERE alarm = 1 AND dead IS NULL LIMIT 1;

-- name: outbox_add
INSERT INTO outbox (record) VALUES ($1);

-- name: outbox_next
SELECT id, record FROM outbox ORDER BY id LIMIT 1;

-- name: outbox_drop
DELETE FROM outbox WHERE id = $1;

-- name: delivery_add_alarm
INSERT INTO delivery (event, kind, nth, customer, arn, episode, title, text, data, created, due, state, attempts)
    SELECT $1, CASE WHEN e.escalate > 0 THEN 'escalate' ELSE $2 END, 0, e.customer, e.arn, $3, $4, $5, $6, $7,
           $7 + e.escalate, 'waiting', 0
      FROM endpoint e
     WHERE e.customer = $8 AND e.alarm = 1 AND e.dead IS NULL AND e.level >= $10
       AND EXISTS (SELECT 1 FROM endpoint_building b
                    WHERE b.customer = e.customer AND b.arn = e.arn AND b.building IN ($9, '*'))
    ON CONFLICT (event, kind, nth, customer, arn) DO NOTHING;

-- name: delivery_add_clear
INSERT INTO delivery (event, kind, nth, customer, arn, episode, title, text, data, created, due, state, attempts)
    SELECT DISTINCT $1, $2, 0, e.customer, e.arn, $3, $4, $5, $6, CAST($7 AS BIGINT), $7, 'waiting', 0
      FROM endpoint e JOIN delivery d ON d.episode = $3 AND d.customer = e.customer AND d.arn = e.arn
     WHERE e.dead IS NULL AND d.state IN ('waiting', 'sending', 'sent', 'unknown') AND d.kind <> $2
       AND (d.kind <> 'escalate' OR d.state <> 'waiting')
    ON CONFLICT (event, kind, nth, customer, arn) DO NOTHING;

-- name: delivery_add_notice
INSERT INTO delivery (event, kind, nth, customer, arn, episode, title, text, data, created, due, state, attempts)
    SELECT $1, 'notice', 0, e.customer, e.arn, NULL, $2, $3, $4, $5, $5, 'waiting', 0
      FROM endpoint e
     WHERE e.customer = $6 AND e.notice = 1 AND e.dead IS NULL
       AND (CAST($7 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM endpoint_building b
             WHERE b.customer = e.customer AND b.arn = e.arn AND b.building IN ($7, '*')))
    ON CONFLICT (event, kind, nth, customer, arn) DO NOTHING;

-- name: delivery_add_reminder
INSERT INTO delivery (event, kind, nth, customer, arn, episode, title, text, data, created, due, state, attempts)
    SELECT d.event, 'remind', d.nth + 1, d.customer, d.arn, d.episode, $3, d.text, d.data, $2, $2 + e.remind, 'waiting', 0
      FROM delivery d JOIN endpoint e ON e.customer = d.customer AND e.arn = d.arn
     WHERE d.id = $1 AND e.remind > 0 AND e.dead IS NULL AND d.episode IS NOT NULL AND d.nth < $4
       AND d.kind NOT IN ('clear', 'notice')
       AND NOT EXISTS (SELECT 1 FROM delivery q WHERE q.episode = d.episode AND q.kind = 'quiet')
    ON CONFLICT (event, kind, nth, customer, arn) DO NOTHING;

-- name: delivery_quiet
INSERT INTO delivery (event, kind, nth, customer, arn, episode, title, text, data, created, due, state, attempts, settled)
    VALUES ($1, 'quiet', 0, $2, '', $3, '', '', '{}', $4, $4, 'cancelled', 0, $4)
    ON CONFLICT (event, kind, nth, customer, arn) DO NOTHING;

-- name: delivery_cancel
UPDATE delivery SET state = 'cancelled', settled = $2, error = $3
    WHERE episode = $1 AND state = 'waiting' AND kind IN ('escalate', 'remind');

-- name: delivery_loud
DELETE FROM delivery WHERE episode = $1 AND kind = 'quiet';

-- name: delivery_due_next
SELECT d.id, d.event, d.kind, d.customer, d.arn, d.episode, d.title, d.text, d.data, d.attempts, d.created, d.due FROM delivery d
    WHERE d.state = 'waiting' AND d.due <= $1 AND (d.due > $2 OR (d.due = $2 AND d.id > $3))
      AND NOT EXISTS (SELECT 1 FROM delivery b WHERE b.episode = d.episode AND b.customer = d.customer
                         AND b.arn = d.arn AND b.id < d.id AND b.state IN ('waiting', 'sending')
                         AND b.kind NOT IN ('escalate', 'remind'))
    ORDER BY d.due, d.id LIMIT 1;

-- name: delivery_when_next
SELECT min(due) FROM delivery WHERE state = 'waiting';

-- name: delivery_start
UPDATE delivery SET state = 'sending', attempts = attempts + 1 WHERE id = $1;

-- name: delivery_settle
UPDATE delivery SET state = $2, settled = $3, service_id = $4, error = $5 WHERE id = $1;

-- name: delivery_again
UPDATE delivery SET state = 'waiting', due = $2, error = $3 WHERE id = $1;

-- name: delivery_of
SELECT customer, arn, kind, attempts, created FROM delivery WHERE id = $1;

-- name: delivery_cut_off
SELECT id, arn FROM delivery WHERE state = 'sending' ORDER BY id LIMIT 1;

-- name: delivery_log
SELECT id, created, customer, arn, kind, nth, episode, title, state, attempts, settled, service_id, error FROM delivery
    WHERE (CAST($1 AS TEXT) IS NULL OR customer = $1) AND created >= $2 AND kind <> 'quiet' ORDER BY id;

-- name: delivery_resend
UPDATE delivery SET state = 'waiting', due = $2, attempts = 0, settled = NULL, error = NULL
    WHERE id = $1 AND state IN ('unknown', 'failed');

-- name: delivery_doubtful
SELECT id FROM delivery WHERE state = 'unknown' AND id > $1 ORDER BY id LIMIT 1;

-- name: delivery_prune
DELETE FROM delivery WHERE settled IS NOT NULL AND settled < $1 AND state NOT IN ('waiting', 'sending');
