-- The building-months: each is a schema of its own, whose tables are partitions of these.
CREATE TABLE history_month (
    id SERIAL PRIMARY KEY,
    building TEXT COLLATE "C" NOT NULL,          -- C000003_B001
    month TEXT COLLATE "C" NOT NULL,             -- 2022-10
    place TEXT COLLATE "C" NOT NULL,             -- the schema
    version INTEGER NOT NULL,        -- the last migration applied
    UNIQUE (building, month)
);
CREATE TABLE meta (
    month_id INTEGER NOT NULL,       -- history_month.id
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL
) PARTITION BY LIST (month_id);
CREATE TABLE series (
    month_id INTEGER NOT NULL,
    id BIGINT NOT NULL,
    thing TEXT COLLATE "C" NOT NULL,
    point_id TEXT COLLATE "C" NOT NULL,
    attr TEXT COLLATE "C" NOT NULL,
    texts INTEGER NOT NULL,
    period INTEGER NOT NULL
) PARTITION BY LIST (month_id);
CREATE TABLE frame (
    month_id INTEGER NOT NULL,
    ts BIGINT NOT NULL,
    thing TEXT COLLATE "C" NOT NULL,
    local TEXT COLLATE "C" NOT NULL,
    stamp TEXT COLLATE "C" NOT NULL,
    period INTEGER NOT NULL,
    received TEXT COLLATE "C"
) PARTITION BY LIST (month_id);
CREATE TABLE sample (
    month_id INTEGER NOT NULL,
    ts BIGINT NOT NULL,
    series INTEGER NOT NULL,
    value DOUBLE PRECISION
) PARTITION BY LIST (month_id);
CREATE TABLE sample_text (
    month_id INTEGER NOT NULL,
    ts BIGINT NOT NULL,
    series INTEGER NOT NULL,
    json TEXT COLLATE "C" NOT NULL
) PARTITION BY LIST (month_id);
-- The readable view of a month, of all of them.
CREATE VIEW history (building, month, time, point_id, attr, value) AS
    SELECT n.building, n.month, f.local, s.point_id, s.attr,
           coalesce((SELECT CASE t.json WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE CAST(t.json AS JSONB) #>> '{}' END
                       FROM sample_text t
                      WHERE s.texts = 1 AND t.month_id = m.month_id AND t.ts = m.ts AND t.series = m.series),
                    CAST(m.value AS TEXT) || CASE WHEN m.value = trunc(m.value) AND abs(m.value) < 1e15 THEN '.0' ELSE '' END)
      FROM history_month n
      JOIN frame f ON f.month_id = n.id
      JOIN sample m ON m.month_id = n.id AND m.ts = f.ts
      JOIN series s ON s.month_id = n.id AND s.id = m.series AND s.thing = f.thing;

-- How often each session has changed the registry: what others did is seen by what the rest of the rows add up to.
CREATE TABLE registry_change (
    session INTEGER PRIMARY KEY,
    count BIGINT NOT NULL
);
CREATE FUNCTION registry_changed() RETURNS TRIGGER LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE format('INSERT INTO %I.registry_change AS r (session, count) VALUES (pg_backend_pid(), 1)
        ON CONFLICT (session) DO UPDATE SET count = r.count + 1', TG_TABLE_SCHEMA);
    RETURN NULL;
END
$body$;
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON building
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON category
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OF customer, building, device_name OR DELETE ON thing
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON point
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON composite
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON composite_member
    FOR EACH STATEMENT EXECUTE FUNCTION registry_changed();
