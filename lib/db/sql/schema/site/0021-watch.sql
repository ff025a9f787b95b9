-- Gateways as they are heard of, and where the rules of our own stand: what a restart goes on from.
CREATE TABLE presence (
    thing TEXT PRIMARY KEY,
    last BIGINT,                     -- newest record; null: never seen
    known BIGINT NOT NULL,           -- since when it has been expected
    period BIGINT NOT NULL,          -- seconds between its logs
    silent INTEGER NOT NULL,         -- has an alarm been raised for its silence?
    hushed INTEGER NOT NULL          -- are alarms of its devices suppressed for it?
);
CREATE TABLE rule_watch (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    thing TEXT NOT NULL,
    point_id TEXT NOT NULL,
    attr TEXT NOT NULL,
    version BIGINT NOT NULL,         -- of the rule
    last BIGINT,                     -- newest value
    value DOUBLE PRECISION,
    data TEXT,                       -- the same as it came, JSON
    active INTEGER NOT NULL,         -- raised
    pending INTEGER NOT NULL,        -- about to change, since:
    since BIGINT,
    UNIQUE (rule, thing, point_id, attr)
);
