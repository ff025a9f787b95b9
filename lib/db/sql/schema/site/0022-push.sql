-- Who is told of what, and what came of it.
CREATE TABLE endpoint (
    customer TEXT NOT NULL,
    arn TEXT NOT NULL,               -- fcm:... arn:aws:sns:... mailto:... https://...
    user_id TEXT,
    alarm INTEGER NOT NULL,          -- is told of alarms
    notice INTEGER NOT NULL,         -- is told of notices
    level INTEGER NOT NULL,          -- of alarms of this level and worse (1 to 4)
    escalate BIGINT NOT NULL,        -- seconds an alarm must stand unacknowledged first; 0: at once
    remind BIGINT NOT NULL,          -- seconds between reminders while it does; 0: none
    created BIGINT NOT NULL,
    dead TEXT,                       -- why it is no more; null: in use
    PRIMARY KEY (customer, arn)
);
CREATE TABLE endpoint_building (
    customer TEXT NOT NULL,
    arn TEXT NOT NULL,
    building TEXT NOT NULL,          -- * is every one
    PRIMARY KEY (customer, arn, building),
    FOREIGN KEY (customer, arn) REFERENCES endpoint (customer, arn) ON DELETE CASCADE
);
-- Transitions of alarms on their way to nbms-push: written with what they tell of, in one transaction.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    record TEXT NOT NULL
);
-- The ledger: one row for each thing told to each endpoint.
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    event TEXT NOT NULL,             -- episode/transition/time, or notice/id
    kind TEXT NOT NULL,              -- raise clear update ... notice, escalate, remind
    nth INTEGER NOT NULL,            -- of reminders
    customer TEXT NOT NULL,
    arn TEXT NOT NULL,
    episode TEXT,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    data TEXT NOT NULL,              -- JSON object of strings
    created BIGINT NOT NULL,
    due BIGINT NOT NULL,
    state TEXT NOT NULL,             -- waiting sending sent unknown failed cancelled
    attempts INTEGER NOT NULL,
    settled BIGINT,
    service_id TEXT,                 -- the service's name for it
    error TEXT,
    UNIQUE (event, kind, nth, customer, arn)
);
CREATE INDEX delivery_due ON delivery (due) WHERE state = 'waiting';
CREATE INDEX delivery_sending ON delivery (state) WHERE state = 'sending';
CREATE INDEX delivery_episode ON delivery (episode, customer, arn) WHERE episode IS NOT NULL;
