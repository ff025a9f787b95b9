-- Calendars, schedules, what people override, and the coming day worked out from them.
CREATE TABLE calendar (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    calendar_id TEXT NOT NULL,
    data TEXT NOT NULL,              -- {"calendar_id":..,"dates":..}
    changed BIGINT NOT NULL,
    PRIMARY KEY (customer, building, calendar_id)
);
CREATE TABLE schedule (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    point_id TEXT,                   -- what it commands; null: given by a composite's schedule information
    thing TEXT,                      -- the gateway it came from; null: from an operator
    data TEXT NOT NULL,              -- the schedule as it came
    changed BIGINT NOT NULL,
    PRIMARY KEY (customer, building, schedule_id)
);
CREATE TABLE manual_schedule (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    begins BIGINT NOT NULL,
    ends BIGINT NOT NULL,            -- not included
    value TEXT NOT NULL,             -- JSON
    name TEXT,                       -- who, or why
    changed BIGINT NOT NULL,
    PRIMARY KEY (customer, building, schedule_id, begins)
);
CREATE TABLE user_schedule (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    point_id TEXT NOT NULL,
    begins BIGINT NOT NULL,
    ends BIGINT NOT NULL,            -- not included; another row begins there
    schedule_id TEXT NOT NULL,
    composite_id TEXT,               -- whose member the point is
    role TEXT,
    source TEXT NOT NULL,            -- manual, exception, event, weekly, default, none, outside
    value TEXT,                      -- JSON; null: none
    made BIGINT NOT NULL,
    PRIMARY KEY (customer, building, point_id, begins)
);
CREATE TABLE user_applied (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    point_id TEXT NOT NULL,
    value TEXT,                      -- the value last sent, JSON; null: relinquished
    expires BIGINT NOT NULL,         -- as it was sent
    at BIGINT NOT NULL,
    PRIMARY KEY (customer, building, point_id)
);
CREATE TABLE unit_price (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    begins BIGINT NOT NULL,
    ends BIGINT NOT NULL,            -- not included
    tariff TEXT NOT NULL,
    season TEXT NOT NULL,
    day TEXT NOT NULL,
    band TEXT NOT NULL,
    price TEXT NOT NULL,             -- per kWh, decimal digits
    currency TEXT NOT NULL,
    marks TEXT NOT NULL,             -- JSON list: holidays-unknown, unverified
    made BIGINT NOT NULL,
    PRIMARY KEY (customer, building, begins)
);
CREATE TABLE user_zone (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    zone_id TEXT NOT NULL,
    data TEXT NOT NULL,              -- the zone as its people drew it
    status TEXT,                     -- JSON; null: not worked out yet
    status_at BIGINT,
    changed BIGINT NOT NULL,
    PRIMARY KEY (customer, building, zone_id)
);
