-- The samples of days that are over once more, a point's day in one row, so that a month of a point is read from a few pages
-- where its samples lie on thousands. Made with the sums, and as long as these hold: of a day that stands in energy_summed with
-- claim 0 every sample is here. Days summed before there were chunks are worked out again.
CREATE TABLE chunk (
    day BIGINT NOT NULL,             -- its first instant
    series INTEGER NOT NULL,
    data TEXT NOT NULL,              -- the samples in (day, next day], those of this file: lib/base/chunk.h
    PRIMARY KEY (day, series)
) WITHOUT ROWID;
DELETE FROM energy_summed;
