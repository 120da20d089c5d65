-- +goose Up
-- How often a delivery's job was tried before its present River job, and how
-- many workers died at it.
ALTER TABLE deliveries ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;
CREATE INDEX deliveries_job ON deliveries (job_id);

-- +goose Down
DROP INDEX deliveries_job;
ALTER TABLE deliveries DROP COLUMN crashes;
ALTER TABLE deliveries DROP COLUMN tries;
