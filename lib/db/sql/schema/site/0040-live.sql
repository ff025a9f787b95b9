-- Who may look and act from outside, the sessions they have, and what they command.
CREATE TABLE web_user (
    user_id TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    name TEXT,
    mail TEXT,
    role TEXT NOT NULL,              -- viewer operator admin
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL
);
CREATE TABLE web_user_building (
    user_id TEXT NOT NULL REFERENCES web_user (user_id) ON DELETE CASCADE,
    building TEXT NOT NULL,          -- * is every one of the customer's
    PRIMARY KEY (user_id, building)
);
CREATE TABLE web_token (
    digest TEXT PRIMARY KEY,         -- SHA-256 of the token, hexadecimal: the token itself stands nowhere
    user_id TEXT NOT NULL REFERENCES web_user (user_id) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    expires BIGINT,                  -- null: never
    revoked BIGINT,                  -- null: in use
    used BIGINT                      -- when a session last began with it
);
CREATE INDEX web_token_user ON web_token (user_id);
CREATE TABLE connection (
    connection_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    customer TEXT,                   -- null: the site's own
    host TEXT NOT NULL,              -- the boot of its machine, and the PID namespace
    pid BIGINT NOT NULL,
    started BIGINT NOT NULL,         -- of the process, in ticks since the boot: a pid is used again
    since BIGINT NOT NULL,
    seen BIGINT NOT NULL             -- it was alive then
);
CREATE TABLE subscription (
    connection_id TEXT NOT NULL REFERENCES connection (connection_id),
    thing TEXT NOT NULL,
    point_id TEXT NOT NULL,
    state INTEGER NOT NULL,          -- 0 asked for, 1 the gateway has been told, 2 being taken back
    PRIMARY KEY (connection_id, thing, point_id)
);
CREATE INDEX subscription_point ON subscription (thing, point_id);
CREATE TABLE control (
    request_id TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    thing TEXT NOT NULL,
    point_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    connection_id TEXT,
    asked BIGINT NOT NULL,
    value TEXT NOT NULL,             -- JSON; null relinquishes
    priority INTEGER NOT NULL,       -- 1 to 16 (ASHRAE 135)
    expires BIGINT,                  -- null: a relinquishing
    deadline BIGINT NOT NULL,        -- without an answer by then: timeout
    state TEXT NOT NULL,             -- sent effective overridden refused timeout replaced released expired
    value_before TEXT,               -- JSON; null: not known
    value_after TEXT,                -- as the gateway answered or reported
    winner INTEGER,                  -- the priority that overrides it, or was told
    reason TEXT,
    answered BIGINT,
    ended BIGINT                     -- replaced, released or expired
);
CREATE INDEX control_point ON control (customer, building, point_id);
CREATE INDEX control_open ON control (state, deadline) WHERE state = 'sent';
CREATE INDEX control_held ON control (expires) WHERE state IN ('sent', 'effective', 'overridden', 'timeout');
