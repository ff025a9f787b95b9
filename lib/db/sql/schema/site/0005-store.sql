-- What nbms-store remembers between runs: gaps in the history that a gateway was asked to fill.
CREATE TABLE gap_request (
    thing TEXT NOT NULL,
    first_ts BIGINT NOT NULL,        -- the first period that is missing
    last_ts BIGINT NOT NULL,         -- and the last, as it was when asked
    asked BIGINT NOT NULL,           -- when it was asked for last
    times INTEGER NOT NULL,          -- how often, with this end
    PRIMARY KEY (thing, first_ts)
);
