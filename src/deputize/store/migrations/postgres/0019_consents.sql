-- Who has said yes so far to a question that takes more than one.
ALTER TABLE approvals ADD COLUMN consents TEXT COLLATE "C" NOT NULL DEFAULT '[]';
