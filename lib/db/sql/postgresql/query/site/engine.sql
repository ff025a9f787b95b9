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

-- name: last_id
SELECT lastval();

-- name: registry_changes
SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM registry_change WHERE session <> pg_backend_pid();

-- name: wal_position
SELECT CAST(pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS BIGINT);

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
