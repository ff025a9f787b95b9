-- What the engine itself asks.

-- Without the right to use it a schema's tables are as if they were not there.
-- name: schema_known
SELECT CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN 1 ELSE 0 END FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'schema_version';

-- name: schema_version
SELECT version FROM schema_version;

-- name: schema_version_set
UPDATE schema_version SET version = $1;

-- name: schema_bytes
SELECT CAST(coalesce(sum(pg_total_relation_size(c.oid)), 0) AS BIGINT)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind = 'r';

-- name: area_lock
SELECT pg_advisory_xact_lock($1);

-- name: lease_try
SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END;

-- name: claim_try
SELECT CASE WHEN pg_try_advisory_xact_lock($1) THEN 1 ELSE 0 END;

-- name: backend
SELECT pg_backend_pid();

-- name: heartbeat_begin
INSERT INTO heartbeat (backend, until) VALUES ($1, clock_timestamp() + INTERVAL '4 seconds')
    ON CONFLICT (backend) DO UPDATE SET until = excluded.until;

-- name: heartbeat_put
UPDATE heartbeat SET until = clock_timestamp() + INTERVAL '4 seconds' WHERE backend = $1;

-- name: heartbeat_end
DELETE FROM heartbeat WHERE backend = $1 OR until < clock_timestamp() - INTERVAL '1 day';

-- Ends the sessions that hold the lock of this number and have not said in time that they live.
-- name: lock_break
WITH silent AS (
    DELETE FROM heartbeat h WHERE h.until < clock_timestamp() AND EXISTS (
        SELECT 1 FROM pg_catalog.pg_locks l WHERE l.pid = h.backend AND l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
            AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            AND (CAST(l.classid AS BIGINT) << 32 | CAST(l.objid AS BIGINT)) = $1)
    RETURNING h.backend)
SELECT count(CASE WHEN pg_terminate_backend(backend) THEN 1 END) FROM silent;

-- name: last_id
SELECT lastval();

-- name: registry_changes
SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM registry_change WHERE session <> pg_backend_pid();

-- name: wal_position
SELECT CAST(pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS BIGINT);

-- name: snapshot_export
SELECT pg_export_snapshot();

-- name: month_find
SELECT id, place, version FROM history_month WHERE building = $1 AND month = $2;

-- name: month_add
INSERT INTO history_month (building, month, place, version) VALUES ($1, $2, '', 0);

-- name: month_settle
UPDATE history_month SET place = $2, version = $3 WHERE id = $1;

-- name: month_list
SELECT month FROM history_month WHERE building = $1 ORDER BY month;

-- name: month_drop
DELETE FROM history_month WHERE id = $1;

-- name: sequence_settle
SELECT setval(pg_get_serial_sequence($1, 'id'), CAST($2 AS BIGINT));
