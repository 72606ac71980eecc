-- Plans whose tasks race: by what it is judged which change lands, and which one was chosen.
ALTER TABLE plans ADD COLUMN judge TEXT COLLATE "C" CHECK (judge IN ('checks', 'smallest'));
ALTER TABLE plans ADD COLUMN chosen BIGINT CHECK (chosen IS NULL OR judge IS NOT NULL);
