-- An agent may judge a race, in a task of its own. SQLite can't widen a CHECK: the table is made anew.

CREATE TABLE plans_anew (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    title          TEXT NOT NULL,
    origin         TEXT NOT NULL,
    key            TEXT UNIQUE,
    key_digest     TEXT,
    created_at     TEXT NOT NULL,
    judge          TEXT CHECK (judge IN ('checks', 'smallest', 'agent')),
    chosen         INTEGER CHECK (chosen IS NULL OR judge IS NOT NULL),
    judge_agent    TEXT CHECK ((judge_agent IS NOT NULL) = (judge IS NOT NULL AND judge = 'agent')),
    judge_model    TEXT CHECK (judge_model IS NULL OR judge_agent IS NOT NULL),
    judge_provider TEXT CHECK (judge_provider IS NULL OR judge_agent IS NOT NULL),
    judging        INTEGER CHECK (judging IS NULL OR judge_agent IS NOT NULL),
    compared       TEXT NOT NULL DEFAULT '[]' CHECK ((compared <> '[]') = (judging IS NOT NULL)),
    CHECK ((key IS NULL) = (key_digest IS NULL))
) STRICT;

INSERT INTO plans_anew (id, title, origin, key, key_digest, created_at, judge, chosen)
SELECT id, title, origin, key, key_digest, created_at, judge, chosen FROM plans;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'plans')
WHERE name = 'plans_anew';
DROP TABLE plans;
ALTER TABLE plans_anew RENAME TO plans;
