-- What was taken out of the store into a file, and from where on the journal's chain stands here.

CREATE TABLE archives (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    file        TEXT NOT NULL UNIQUE,
    host        TEXT NOT NULL,
    sha256      TEXT NOT NULL,
    size_bytes  INTEGER NOT NULL CHECK (size_bytes > 0),
    made_at     TEXT NOT NULL,
    event       INTEGER NOT NULL,
    first_seq   INTEGER,
    last_seq    INTEGER UNIQUE,
    last_event  INTEGER UNIQUE,
    before_hash TEXT,
    last_hash   TEXT,
    tasks       TEXT NOT NULL,
    logs        TEXT NOT NULL,
    counts      TEXT NOT NULL,
    CHECK ((first_seq IS NULL) = (last_seq IS NULL) AND (last_seq IS NULL) = (last_event IS NULL)
        AND (last_seq IS NULL) = (before_hash IS NULL) AND (last_seq IS NULL) = (last_hash IS NULL)),
    CHECK (first_seq <= last_seq)
) STRICT;

CREATE TRIGGER archives_are_not_changed BEFORE UPDATE ON archives
BEGIN SELECT RAISE(ABORT, 'what was archived is on record'); END;
CREATE TRIGGER archives_are_not_deleted BEFORE DELETE ON archives
BEGIN SELECT RAISE(ABORT, 'what was archived is on record'); END;

-- Of the journal only a beginning may go, and only once it is on record as archived.
DROP TRIGGER events_are_not_deleted;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
WHEN OLD.id > coalesce((SELECT max(last_event) FROM archives), OLD.id - 1)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
DROP TRIGGER seals_are_not_deleted;
CREATE TRIGGER seals_are_not_deleted BEFORE DELETE ON seals
WHEN OLD.seq > coalesce((SELECT max(last_seq) FROM archives), OLD.seq - 1)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- Who delegated stays for as long as those whose tasks it pays for.
CREATE INDEX tasks_by_root ON tasks (root) WHERE root IS NOT NULL;
