-- How much of what a model gave out was its reasoning, where its agent tells.

ALTER TABLE attempts ADD COLUMN reasoning_tokens INTEGER NOT NULL DEFAULT 0;
