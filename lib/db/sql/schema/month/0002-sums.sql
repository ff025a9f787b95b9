-- What the meters used by day, so that a year is read at once. Made when a day is over and again when something of it comes
-- late; a day that stands in energy_summed with claim 0 is as the samples say.
CREATE TABLE energy_summed (
    day BIGINT PRIMARY KEY,          -- its first instant
    claim BIGINT NOT NULL            -- 0: summed; otherwise by whom it is being done
);
CREATE TABLE energy_day (
    day BIGINT NOT NULL,
    series INTEGER NOT NULL,         -- of the meter's #Usage
    usage BIGINT NOT NULL,           -- millionths of a kWh
    charge BIGINT NOT NULL,          -- millionths of the tariff's money
    intervals INTEGER NOT NULL,      -- that end in (day, next day], those of this file
    used INTEGER NOT NULL,           -- of these: their energy is known
    charged INTEGER NOT NULL,        -- and its charge
    marked INTEGER NOT NULL,
    first INTEGER NOT NULL,          -- a meter's first reading: no interval
    demand DOUBLE PRECISION,         -- kW, the highest; null: none is known
    demand_at BIGINT,
    PRIMARY KEY (day, series)
) WITHOUT ROWID;
