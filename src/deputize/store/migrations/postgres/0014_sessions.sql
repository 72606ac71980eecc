-- A session also tells where its model is served and whether its agent asks before tool calls, and
-- may be there before a task uses it.

ALTER TABLE sessions
    ALTER COLUMN task DROP NOT NULL,
    ALTER COLUMN attempt DROP NOT NULL,
    ADD COLUMN repo          TEXT COLLATE "C",
    ADD COLUMN host          TEXT COLLATE "C",
    ADD COLUMN provider      TEXT COLLATE "C",
    ADD COLUMN provider_type TEXT COLLATE "C",
    ADD COLUMN base_url      TEXT COLLATE "C",
    ADD COLUMN allow_all     BIGINT CHECK (allow_all IN (0, 1)),
    ADD CHECK ((task IS NULL) = (attempt IS NULL));

UPDATE sessions SET repo = tasks.repo, host = tasks.host, provider = attempts.provider
FROM tasks, attempts
WHERE tasks.id = sessions.task AND attempts.id = sessions.attempt;
