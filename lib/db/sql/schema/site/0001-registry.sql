-- nbms.db: who there is and what they have. Times are seconds since 1970-01-01T00:00:00Z.
CREATE TABLE customer (
    customer TEXT PRIMARY KEY,
    name TEXT
);
CREATE TABLE region (
    customer TEXT NOT NULL REFERENCES customer (customer),
    region TEXT NOT NULL,
    name TEXT,
    PRIMARY KEY (customer, region)
);
CREATE TABLE building (
    customer TEXT NOT NULL REFERENCES customer (customer),
    building TEXT NOT NULL,
    name TEXT,
    region TEXT,
    timezone TEXT NOT NULL,          -- IANA
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    tariff TEXT,                     -- a Charge_Rate subclass: general/eul/high_a/2
    contract_kw DOUBLE PRECISION,
    country TEXT,                    -- whose public holidays: KR
    PRIMARY KEY (customer, building)
);
CREATE TABLE category (
    category TEXT NOT NULL,          -- Charge_Rate holds tariffs
    subclass TEXT NOT NULL,
    data TEXT NOT NULL,              -- JSON
    PRIMARY KEY (category, subclass)
);
CREATE TABLE thing (
    thing TEXT PRIMARY KEY,          -- C000003_B001_01
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    device_name TEXT,
    certificate_id TEXT,
    created BIGINT NOT NULL,
    last_seen BIGINT,
    FOREIGN KEY (customer, building) REFERENCES building (customer, building)
);
CREATE TABLE point (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    point_id TEXT NOT NULL,
    thing TEXT NOT NULL,
    name TEXT,
    class TEXT,                      -- AHU FCU PAC VAV Energy ...
    type TEXT,                       -- BI AI ...
    unit TEXT,
    floor TEXT,
    zone TEXT,
    info TEXT NOT NULL,              -- point_info as it came, JSON
    location TEXT NOT NULL,          -- point_location as it came, JSON
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    deleted BIGINT,                  -- null: in use
    PRIMARY KEY (customer, building, point_id)
);
CREATE TABLE composite (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    composite_id TEXT NOT NULL,      -- ComP_U_AHU_01
    class TEXT NOT NULL,
    unit TEXT NOT NULL,
    thing TEXT NOT NULL,
    schedule TEXT,                   -- schedule information, JSON; null: none
    changed BIGINT NOT NULL,
    PRIMARY KEY (customer, building, composite_id)
);
CREATE TABLE composite_member (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    composite_id TEXT NOT NULL,
    role TEXT NOT NULL,              -- SupplyFan
    point_id TEXT NOT NULL,
    PRIMARY KEY (customer, building, composite_id, role),
    FOREIGN KEY (customer, building, composite_id)
        REFERENCES composite (customer, building, composite_id) ON DELETE CASCADE
);
CREATE INDEX composite_member_point ON composite_member (customer, building, point_id);
CREATE TABLE checkpoint (
    consumer TEXT NOT NULL,
    part INTEGER NOT NULL,           -- of parts: copies that share the work by key
    parts INTEGER NOT NULL,
    seq BIGINT NOT NULL,             -- everything up to here has been done
    at BIGINT NOT NULL,              -- when that was written
    PRIMARY KEY (consumer, parts, part)
);
