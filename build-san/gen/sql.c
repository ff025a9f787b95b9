/* Made from lib/db/sql by embed.awk. */
#include "db/sql.h"

const struct sql_migration sql_migrations[] = {
	{ DB_MONTH, 1,
	  ""
	    "CREATE TABLE meta (\n"
	    "    name TEXT PRIMARY KEY,\n"
	    "    value TEXT NOT NULL\n"
	    ");\n"
	    "CREATE TABLE series (\n"
	    "    id INTEGER PRIMARY KEY,\n"
	    "    thing TEXT NOT NULL,\n"
	    "    point_id TEXT NOT NULL,\n"
	    "    attr TEXT NOT NULL,\n"
	    "    texts INTEGER NOT NULL DEFAULT 0,\n"
	    "    UNIQUE (point_id, attr, thing)\n"
	    ");\n"
	    "CREATE TABLE frame (\n"
	    "    ts BIGINT NOT NULL,\n"
	    "    thing TEXT NOT NULL,\n"
	    "    local TEXT NOT NULL,\n"
	    "    stamp TEXT NOT NULL,\n"
	    "    period INTEGER NOT NULL,\n"
	    "    received TEXT,\n"
	    "    PRIMARY KEY (ts, thing)\n"
	    ") WITHOUT ROWID;\n"
	    "CREATE TABLE sample (\n"
	    "    ts BIGINT NOT NULL,\n"
	    "    series INTEGER NOT NULL,\n"
	    "    value DOUBLE PRECISION,\n"
	    "    PRIMARY KEY (ts, series)\n"
	    ") WITHOUT ROWID;\n"
	    "CREATE TABLE sample_text (\n"
	    "    ts BIGINT NOT NULL,\n"
	    "    series INTEGER NOT NULL,\n"
	    "    json TEXT NOT NULL,\n"
	    "    PRIMARY KEY (ts, series)\n"
	    ") WITHOUT ROWID;\n"
	    "CREATE VIEW history (time, point_id, attr, value) AS\n"
	    "    SELECT f.local, s.point_id, s.attr,\n"
	    "           CASE WHEN s.texts = 0 THEN m.value\n"
	    "                ELSE coalesce((SELECT t.json ->> '$' FROM sample_text t\n"
	    "                                WHERE t.ts = m.ts AND t.series = m.series), m.value) END\n"
	    "      FROM frame f\n"
	    "     CROSS JOIN sample m ON m.ts = f.ts\n"
	    "     CROSS JOIN series s ON s.id = m.series AND s.thing = f.thing;\n",
	},
	{ DB_SITE, 1,
	  ""
	    "CREATE TABLE customer (\n"
	    "    customer TEXT PRIMARY KEY,\n"
	    "    name TEXT\n"
	    ");\n"
	    "CREATE TABLE region (\n"
	    "    customer TEXT NOT NULL REFERENCES customer (customer),\n"
	    "    region TEXT NOT NULL,\n"
	    "    name TEXT,\n"
	    "    PRIMARY KEY (customer, region)\n"
	    ");\n"
	    "CREATE TABLE building (\n"
	    "    customer TEXT NOT NULL REFERENCES customer (customer),\n"
	    "    building TEXT NOT NULL,\n"
	    "    name TEXT,\n"
	    "    region TEXT,\n"
	    "    timezone TEXT NOT NULL,\n"
	    "    latitude DOUBLE PRECISION,\n"
	    "    longitude DOUBLE PRECISION,\n"
	    "    tariff TEXT,\n"
	    "    contract_kw DOUBLE PRECISION,\n"
	    "    country TEXT,\n"
	    "    PRIMARY KEY (customer, building)\n"
	    ");\n"
	    "CREATE TABLE category (\n"
	    "    category TEXT NOT NULL,\n"
	    "    subclass TEXT NOT NULL,\n"
	    "    data TEXT NOT NULL,\n"
	    "    PRIMARY KEY (category, subclass)\n"
	    ");\n"
	    "CREATE TABLE thing (\n"
	    "    thing TEXT PRIMARY KEY,\n"
	    "    customer TEXT NOT NULL,\n"
	    "    building TEXT NOT NULL,\n"
	    "    device_name TEXT,\n"
	    "    certificate_id TEXT,\n"
	    "    created BIGINT NOT NULL,\n"
	    "    last_seen BIGINT,\n"
	    "    FOREIGN KEY (customer, building) REFERENCES building (customer, building)\n"
	    ");\n"
	    "CREATE TABLE point (\n"
	    "    customer TEXT NOT NULL,\n"
	    "    building TEXT NOT NULL,\n"
	    "    point_id TEXT NOT NULL,\n"
	    "    thing TEXT NOT NULL,\n"
	    "    name TEXT,\n"
	    "    class TEXT,\n"
	    "    type TEXT,\n"
	    "    unit TEXT,\n"
	    "    floor TEXT,\n"
	    "    zone TEXT,\n"
	    "    info TEXT NOT NULL,\n"
	    "    location TEXT NOT NULL,\n"
	    "    created BIGINT NOT NULL,\n"
	    "    changed BIGINT NOT NULL,\n"
	    "    deleted BIGINT,\n"
	    "    PRIMARY KEY (customer, building, point_id)\n"
	    ");\n"
	    "CREATE TABLE composite (\n"
	    "    customer TEXT NOT NULL,\n"
	    "    building TEXT NOT NULL,\n"
	    "    composite_id TEXT NOT NULL,\n"
	    "    class TEXT NOT NULL,\n"
	    "    unit TEXT NOT NULL,\n"
	    "    thing TEXT NOT NULL,\n"
	    "    schedule TEXT,\n"
	    "    changed BIGINT NOT NULL,\n"
	    "    PRIMARY KEY (customer, building, composite_id)\n"
	    ");\n"
	    "CREATE TABLE composite_member (\n"
	    "    customer TEXT NOT NULL,\n"
	    "    building TEXT NOT NULL,\n"
	    "    composite_id TEXT NOT NULL,\n"
	    "    role TEXT NOT NULL,\n"
	    "    point_id TEXT NOT NULL,\n"
	    "    PRIMARY KEY (customer, building, composite_id, role),\n"
	    "    FOREIGN KEY (customer, building, composite_id)\n"
	    "        REFERENCES composite (customer, building, composite_id) ON DELETE CASCADE\n"
	    ");\n"
	    "CREATE INDEX composite_member_point ON composite_member (customer, building, point_id);\n"
	    "CREATE TABLE checkpoint (\n"
	    "    consumer TEXT NOT NULL,\n"
	    "    part INTEGER NOT NULL,\n"
	    "    parts INTEGER NOT NULL,\n"
	    "    seq BIGINT NOT NULL,\n"
	    "    at BIGINT NOT NULL,\n"
	    "    PRIMARY KEY (consumer, parts, part)\n"
	    ");\n",
	},
	{ DB_SITE, 0, NULL }
};

const struct sql_statement sql_statements[] = {
	{ "meta_put",
	    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;\n",
	  DB_MONTH },
	{ "meta_get",
	    "SELECT value FROM meta WHERE name = $1;\n",
	  DB_MONTH },
	{ "series_list",
	    "SELECT id, thing, point_id, attr, texts FROM series;\n",
	  DB_MONTH },
	{ "series_of_point",
	    "SELECT id, thing, attr, texts FROM series WHERE point_id = $1 ORDER BY attr, id;\n",
	  DB_MONTH },
	{ "series_add",
	    "INSERT INTO series (thing, point_id, attr) VALUES ($1, $2, $3);\n",
	  DB_MONTH },
	{ "series_set_texts",
	    "UPDATE series SET texts = 1 WHERE id = $1;\n",
	  DB_MONTH },
	{ "frame_put",
	    "INSERT INTO frame (ts, thing, local, stamp, period, received) VALUES ($1, $2, $3, $4, $5, $6)\n"
	    "    ON CONFLICT (ts, thing) DO NOTHING;\n",
	  DB_MONTH },
	{ "frame_has",
	    "SELECT 1 FROM frame WHERE ts = $1 AND thing = $2;\n",
	  DB_MONTH },
	{ "frame_list",
	    "SELECT ts, period FROM frame WHERE thing = $1 AND ts >= $2 AND ts < $3 ORDER BY ts;\n",
	  DB_MONTH },
	{ "frame_bounds",
	    "SELECT min(ts), max(ts), count(*) FROM frame;\n",
	  DB_MONTH },
	{ "sample_put",
	    "INSERT INTO sample (ts, series, value) VALUES ($1, $2, $3)\n"
	    "    ON CONFLICT (ts, series) DO UPDATE SET value = excluded.value;\n",
	  DB_MONTH },
	{ "sample_get",
	    "SELECT value FROM sample WHERE ts = $1 AND series = $2;\n",
	  DB_MONTH },
	{ "sample_text_put",
	    "INSERT INTO sample_text (ts, series, json) VALUES ($1, $2, $3)\n"
	    "    ON CONFLICT (ts, series) DO UPDATE SET json = excluded.json;\n",
	  DB_MONTH },
	{ "sample_text_get",
	    "SELECT json FROM sample_text WHERE ts = $1 AND series = $2;\n",
	  DB_MONTH },
	{ "sample_text_drop",
	    "DELETE FROM sample_text WHERE ts = $1 AND series = $2;\n",
	  DB_MONTH },
	{ "checkpoint_get",
	    "SELECT seq FROM checkpoint WHERE consumer = $1 AND part = $2 AND parts = $3;\n",
	  DB_SITE },
	{ "checkpoint_put",
	    "UPDATE checkpoint SET seq = $4, at = $5 WHERE consumer = $1 AND part = $2 AND parts = $3;\n",
	  DB_SITE },
	{ "checkpoint_lowest_of",
	    "SELECT min(seq) FROM checkpoint WHERE consumer = $1;\n",
	  DB_SITE },
	{ "checkpoint_add",
	    "INSERT INTO checkpoint (consumer, part, parts, seq, at) VALUES ($1, $2, $3, $4, $5)\n"
	    "    ON CONFLICT (consumer, parts, part) DO NOTHING;\n",
	  DB_SITE },
	{ "checkpoint_drop_other_parts",
	    "DELETE FROM checkpoint WHERE consumer = $1 AND parts <> $2;\n",
	  DB_SITE },
	{ "checkpoint_drop",
	    "DELETE FROM checkpoint WHERE consumer = $1;\n",
	  DB_SITE },
	{ "checkpoint_lowest",
	    "SELECT count(*), min(seq) FROM checkpoint;\n",
	  DB_SITE },
	{ "checkpoint_list",
	    "SELECT consumer, part, parts, seq, at FROM checkpoint ORDER BY consumer, parts, part;\n",
	  DB_SITE },
	{ "customer_put",
	    "INSERT INTO customer (customer, name) VALUES ($1, $2)\n"
	    "    ON CONFLICT (customer) DO UPDATE SET name = coalesce(excluded.name, customer.name);\n",
	  DB_SITE },
	{ "region_put",
	    "INSERT INTO region (customer, region, name) VALUES ($1, $2, $3)\n"
	    "    ON CONFLICT (customer, region) DO UPDATE SET name = coalesce(excluded.name, region.name);\n",
	  DB_SITE },
	{ "building_has",
	    "SELECT 1 FROM building WHERE customer = $1 AND building = $2;\n",
	  DB_SITE },
	{ "building_put",
	    "INSERT INTO building (customer, building, name, region, timezone, latitude, longitude, tariff, contract_kw, country)\n"
	    "    VALUES ($1, $2, $3, $4, coalesce($5, ''), $6, $7, $8, $9, $10)\n"
	    "    ON CONFLICT (customer, building) DO UPDATE SET\n"
	    "        name = coalesce(excluded.name, building.name),\n"
	    "        region = coalesce(excluded.region, building.region),\n"
	    "        timezone = CASE excluded.timezone WHEN '' THEN building.timezone ELSE excluded.timezone END,\n"
	    "        latitude = coalesce(excluded.latitude, building.latitude),\n"
	    "        longitude = coalesce(excluded.longitude, building.longitude),\n"
	    "        tariff = coalesce(excluded.tariff, building.tariff),\n"
	    "        contract_kw = coalesce(excluded.contract_kw, building.contract_kw),\n"
	    "        country = coalesce(excluded.country, building.country);\n",
	  DB_SITE },
	{ "building_get",
	    "SELECT name, region, timezone, latitude, longitude, tariff, contract_kw, country\n"
	    "    FROM building WHERE customer = $1 AND building = $2;\n",
	  DB_SITE },
	{ "building_list",
	    "SELECT customer, building, name, region, timezone, latitude, longitude, tariff, contract_kw, country\n"
	    "    FROM building ORDER BY customer, building;\n",
	  DB_SITE },
	{ "category_put",
	    "INSERT INTO category (category, subclass, data) VALUES ($1, $2, $3)\n"
	    "    ON CONFLICT (category, subclass) DO UPDATE SET data = excluded.data;\n",
	  DB_SITE },
	{ "category_get",
	    "SELECT data FROM category WHERE category = $1 AND subclass = $2;\n",
	  DB_SITE },
	{ "thing_has",
	    "SELECT 1 FROM thing WHERE thing = $1;\n",
	  DB_SITE },
	{ "thing_put",
	    "INSERT INTO thing (thing, customer, building, device_name, created) VALUES ($1, $2, $3, $4, $5)\n"
	    "    ON CONFLICT (thing) DO UPDATE SET device_name = coalesce(excluded.device_name, thing.device_name);\n",
	  DB_SITE },
	{ "thing_list",
	    "SELECT thing, customer, building, device_name, certificate_id, created, last_seen FROM thing ORDER BY thing;\n",
	  DB_SITE },
	{ "thing_seen",
	    "UPDATE thing SET last_seen = $2 WHERE thing = $1 AND (last_seen IS NULL OR last_seen < $2);\n",
	  DB_SITE },
};

