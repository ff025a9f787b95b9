-- Rises with every process that takes a consumer's lease: one that lost it can commit nothing any more.
ALTER TABLE checkpoint ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
