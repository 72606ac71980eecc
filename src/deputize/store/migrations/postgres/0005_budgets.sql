-- What may be spent, and what was.

ALTER TABLE tasks ADD COLUMN budget_tokens BIGINT CHECK (budget_tokens > 0);
ALTER TABLE tasks ADD COLUMN budget_usd DOUBLE PRECISION CHECK (budget_usd > 0);
-- The task whose agent delegated it, or whose agent's agent did: it pays.
ALTER TABLE tasks ADD COLUMN root BIGINT REFERENCES tasks (id) DEFERRABLE;

-- What an attempt was promised when it began: nobody else is promised the same.
ALTER TABLE attempts ADD COLUMN reserved_tokens BIGINT;
ALTER TABLE attempts ADD COLUMN reserved_microdollars BIGINT;

-- What was spent on each account, and what a person granted besides its budget.
CREATE TABLE spending (
    scope                TEXT COLLATE "C" NOT NULL CHECK (scope IN
        ('task', 'plan', 'day', 'provider', 'agent')),
    name                 TEXT COLLATE "C" NOT NULL,
    day                  TEXT COLLATE "C" NOT NULL,
    tokens               BIGINT NOT NULL CHECK (tokens >= 0),
    microdollars         BIGINT NOT NULL CHECK (microdollars >= 0),
    unpriced_tokens      BIGINT NOT NULL CHECK (unpriced_tokens >= 0),
    granted_tokens       BIGINT NOT NULL CHECK (granted_tokens >= 0),
    granted_microdollars BIGINT NOT NULL CHECK (granted_microdollars >= 0),
    PRIMARY KEY (scope, name, day)
);

ALTER TABLE approvals DROP CONSTRAINT approvals_about_check;
ALTER TABLE approvals ADD CHECK (about IN ('change', 'trust', 'budget'));
ALTER TABLE barriers DROP CONSTRAINT barriers_cause_check;
ALTER TABLE barriers ADD CHECK (cause IN ('person', 'limit', 'budget'));
ALTER TABLE barriers DROP CONSTRAINT barriers_check1;
ALTER TABLE barriers ADD CHECK (cause = 'budget' OR (until IS NOT NULL) = (cause = 'limit'));
