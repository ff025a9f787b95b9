-- Outdoor forecasts as they were issued, and the calls they cost.
CREATE TABLE weather_forecast (
    customer TEXT NOT NULL,
    building TEXT NOT NULL,
    ts BIGINT NOT NULL,              -- a whole hour
    issued BIGINT NOT NULL,          -- when it was asked for
    temperature DOUBLE PRECISION NOT NULL, -- degC
    humidity DOUBLE PRECISION NOT NULL,    -- relative, percent
    interpolated INTEGER NOT NULL,   -- 1: between two steps of the service
    source TEXT NOT NULL,
    PRIMARY KEY (customer, building, ts, issued)
);
CREATE TABLE weather_call (
    provider TEXT NOT NULL,
    day TEXT NOT NULL,               -- UTC
    calls BIGINT NOT NULL,
    PRIMARY KEY (provider, day)
);
