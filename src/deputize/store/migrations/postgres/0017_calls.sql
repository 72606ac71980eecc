-- Questions about single tool calls, and how far a yes goes.

ALTER TABLE approvals DROP CONSTRAINT approvals_about_check;
ALTER TABLE approvals ADD CHECK (about IN ('change', 'trust', 'budget', 'call'));
ALTER TABLE approvals ADD COLUMN rule TEXT COLLATE "C";
ALTER TABLE approvals ADD COLUMN reach TEXT COLLATE "C" CHECK (reach IN ('once', 'task', 'rule'));
ALTER TABLE approvals ADD CHECK ((rule IS NOT NULL) = (about = 'call'));
