-- How long each worker's writes have waited for others: noted with its heartbeat.

ALTER TABLE workers ADD COLUMN write_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN waited_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN waited_seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN longest_seconds REAL NOT NULL DEFAULT 0;
