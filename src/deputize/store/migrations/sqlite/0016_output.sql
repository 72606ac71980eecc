-- What a task wants of its agent: files that it edits, or a change request as its answer.
ALTER TABLE tasks ADD COLUMN output TEXT CHECK (output IN ('files', 'change-request'));
