-- How long each worker's writes have waited for others: noted with its heartbeat.

ALTER TABLE workers ADD COLUMN write_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN waited_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN waited_seconds DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN longest_seconds DOUBLE PRECISION NOT NULL DEFAULT 0;
