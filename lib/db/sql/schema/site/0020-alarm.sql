-- Alarms: what stands now, and every event with what it did.
CREATE TABLE alarm (
    id INTEGER PRIMARY KEY,
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    alarm_point_id TEXT NOT NULL,
    thing TEXT,
    source TEXT NOT NULL,            -- gateway rule disconnect silence
    state TEXT NOT NULL,             -- normal unacknowledged acknowledged returned shelved suppressed out-of-service
    flags INTEGER NOT NULL,          -- 1 active 2 acked 4 suppressed 8 out of service 16 told 32 held 64 shelved 128 once
    episode BIGINT,                  -- when the present or last episode was raised; null: never
    episode_id TEXT,
    cleared BIGINT,
    acked_at BIGINT,
    shelved_until BIGINT,
    level INTEGER,
    priority BIGINT,
    name TEXT,
    point_id TEXT,
    value TEXT,                      -- JSON
    text TEXT,
    reason TEXT,                     -- why it is shelved, suppressed or out of service
    says BIGINT NOT NULL,            -- a digest of the last raise or update
    last BIGINT NOT NULL,            -- its newest event
    wake BIGINT,                     -- when time itself changes it
    UNIQUE (customer, building, alarm_point_id)
);
CREATE INDEX alarm_wake ON alarm (wake) WHERE wake IS NOT NULL;
CREATE INDEX alarm_episode ON alarm (episode_id) WHERE episode_id IS NOT NULL;
-- The events of an alarm in order of their time: a late one is put where it belongs.
CREATE TABLE alarm_history (
    alarm INTEGER NOT NULL,          -- alarm.id; alarms are never deleted, so that nothing need be checked
    time BIGINT NOT NULL,
    event INTEGER NOT NULL,          -- 1 raise 2 update 3 clear 4 ack 5 shelve 6 unshelve 7 suppress ...
    digest BIGINT NOT NULL,          -- of all it says: the same event twice is one row
    place INTEGER NOT NULL,          -- among the events of that time
    transition INTEGER,              -- what it was; null: it changed nothing
    told INTEGER NOT NULL,           -- were people to hear of it?
    episode BIGINT,
    flags INTEGER NOT NULL,          -- of the alarm after it
    shelved_until BIGINT,
    event_level INTEGER NOT NULL,    -- as the event said it, 0: not
    event_priority BIGINT NOT NULL,  -- as the event said it, -1: not
    until BIGINT,
    once INTEGER NOT NULL,
    name TEXT,
    point_id TEXT,
    value TEXT,
    text TEXT,
    done_by TEXT,
    reason TEXT,
    PRIMARY KEY (alarm, time, event, digest)
) WITHOUT ROWID;
-- Rises when an operator's command has changed alarms under a running nbms-alarm.
CREATE TABLE alarm_command (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    count BIGINT NOT NULL
);
INSERT INTO alarm_command (one, count) VALUES (1, 0);
-- What stands now of lost gateways and devices.
CREATE VIEW disconnect (customer, building, thing, device, since, state, text) AS
    SELECT customer, building, thing, point_id, episode, state, text
      FROM alarm WHERE source IN ('disconnect', 'silence') AND flags % 2 = 1;
-- What operators were called for: the figures of EEMUA 191 and IEC 62682 count these.
CREATE VIEW alarm_annunciation (customer, building, alarm, time, level) AS
    SELECT a.customer, a.building, h.alarm, h.time, a.level
      FROM alarm_history h JOIN alarm a ON a.id = h.alarm
     WHERE h.told = 1 AND h.transition <> 3;
