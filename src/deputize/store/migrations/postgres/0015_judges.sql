-- An agent may judge a race, in a task of its own.
ALTER TABLE plans DROP CONSTRAINT plans_judge_check;
ALTER TABLE plans ADD CHECK (judge IN ('checks', 'smallest', 'agent'));
ALTER TABLE plans ADD COLUMN judge_agent TEXT COLLATE "C"
    CHECK ((judge_agent IS NOT NULL) = (judge IS NOT NULL AND judge = 'agent'));
ALTER TABLE plans ADD COLUMN judge_model TEXT COLLATE "C"
    CHECK (judge_model IS NULL OR judge_agent IS NOT NULL);
ALTER TABLE plans ADD COLUMN judge_provider TEXT COLLATE "C"
    CHECK (judge_provider IS NULL OR judge_agent IS NOT NULL);
ALTER TABLE plans ADD COLUMN judging BIGINT CHECK (judging IS NULL OR judge_agent IS NOT NULL);
ALTER TABLE plans ADD COLUMN compared TEXT COLLATE "C" NOT NULL DEFAULT '[]'
    CHECK ((compared <> '[]') = (judging IS NOT NULL));
