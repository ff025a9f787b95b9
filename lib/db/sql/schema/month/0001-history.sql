-- One building's month. Stands alone: its own dictionary, its own readable view.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,           -- customer, building, month, timezone
    value TEXT NOT NULL
);
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    thing TEXT NOT NULL,
    point_id TEXT NOT NULL,
    attr TEXT NOT NULL,
    texts INTEGER NOT NULL DEFAULT 0, -- has rows in sample_text
    period INTEGER NOT NULL DEFAULT 0, -- minutes from one report to the next, as last told; 0: a derived point
    UNIQUE (point_id, attr, thing)
);
-- One row a reported time: what a trend steps through.
CREATE TABLE frame (
    ts BIGINT NOT NULL,              -- seconds since 1970-01-01T00:00:00Z
    thing TEXT NOT NULL,
    local TEXT NOT NULL,             -- the same instant as the building's clocks showed it, with its offset
    stamp TEXT NOT NULL,             -- as the gateway wrote it
    period INTEGER NOT NULL,         -- minutes to the next one expected: the shortest of its points'
    received TEXT,                   -- when it came in
    PRIMARY KEY (ts, thing)
) WITHOUT ROWID;
CREATE TABLE sample (
    ts BIGINT NOT NULL,
    series INTEGER NOT NULL,
    value DOUBLE PRECISION,
    PRIMARY KEY (ts, series)
) WITHOUT ROWID;
-- The value as JSON where a double cannot hold it: strings, booleans (whose sample is 1 or 0), integers past 2^53.
CREATE TABLE sample_text (
    ts BIGINT NOT NULL,
    series INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (ts, series)
) WITHOUT ROWID;
