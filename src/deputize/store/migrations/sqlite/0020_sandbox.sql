-- What the programs of an attempt ran in; null before any could, and of attempts from before.
ALTER TABLE attempts ADD COLUMN sandbox TEXT CHECK (sandbox IN ('workspace', 'namespace', 'off'));
