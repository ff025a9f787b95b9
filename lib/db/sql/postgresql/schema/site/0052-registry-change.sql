-- Once a transaction: an upsert finds its row by way of all that this transaction has made of it, so that thousands of
-- points would take quadratic time.
CREATE OR REPLACE FUNCTION registry_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $body$
BEGIN
    IF current_setting('nbms.registry_changed', true) IS DISTINCT FROM CAST(pg_current_xact_id() AS TEXT) THEN
        EXECUTE format('INSERT INTO %I.registry_change AS r (session, count) VALUES (pg_backend_pid(), 1)
            ON CONFLICT (session) DO UPDATE SET count = r.count + 1', TG_TABLE_SCHEMA);
        PERFORM set_config('nbms.registry_changed', CAST(pg_current_xact_id() AS TEXT), true);
    END IF;
    RETURN NULL;
END
$body$;
