-- What an attempt does, as of its worker's last heartbeat: JSON, for `status` and `show`.

ALTER TABLE attempts ADD COLUMN activity TEXT COLLATE "C";
