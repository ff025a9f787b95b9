-- What people have changed from outside: a row is there before the change is made, and says afterwards what came of it.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    building TEXT,                   -- null: none in particular
    remote TEXT,                     -- where from
    action TEXT NOT NULL,            -- notice/ack
    request TEXT NOT NULL,           -- what was asked for, JSON
    value_before TEXT,               -- what stood before, JSON; null: nothing
    value_after TEXT,
    status INTEGER,                  -- of the program that owns the change; null: it has not ended
    message TEXT                     -- why it was refused
);
CREATE INDEX audit_at ON audit (customer, at);
