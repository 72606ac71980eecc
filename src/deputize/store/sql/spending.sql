-- name: add
-- Add what was spent to an account.
INSERT INTO spending (scope, name, day, tokens, microdollars, unpriced_tokens, granted_tokens,
    granted_microdollars)
VALUES (:scope, :name, :day, :tokens, :microdollars, :unpriced_tokens, 0, 0)
ON CONFLICT (scope, name, day) DO UPDATE SET
    tokens = spending.tokens + excluded.tokens,
    microdollars = spending.microdollars + excluded.microdollars,
    unpriced_tokens = spending.unpriced_tokens + excluded.unpriced_tokens;

-- name: grant
-- Allow more to be spent on an account than its budget.
INSERT INTO spending (scope, name, day, tokens, microdollars, unpriced_tokens, granted_tokens,
    granted_microdollars)
VALUES (:scope, :name, :day, 0, 0, 0, :tokens, :microdollars)
ON CONFLICT (scope, name, day) DO UPDATE SET
    granted_tokens = spending.granted_tokens + excluded.granted_tokens,
    granted_microdollars = spending.granted_microdollars + excluded.granted_microdollars;

-- name: get
-- One account.
SELECT * FROM spending WHERE scope = :scope AND name = :name AND day = :day;

-- name: of_day
-- What was spent on a day: all together, and with each provider and agent.
SELECT * FROM spending WHERE scope IN ('day', 'provider', 'agent')
    AND (day = :day OR (scope = 'day' AND name = :day))
ORDER BY scope, name;

-- name: reserve
-- Note what an attempt was promised.
UPDATE attempts SET reserved_tokens = :tokens, reserved_microdollars = :microdollars
WHERE id = :attempt;

-- name: reserved
-- The running attempts that were promised something, and what they have used.
SELECT attempts.task, attempts.agent, attempts.provider, attempts.input_tokens, attempts.output_tokens,
    attempts.cost_usd, attempts.reserved_tokens, attempts.reserved_microdollars
FROM attempts
WHERE attempts.finished_at IS NULL
    AND (attempts.reserved_tokens IS NOT NULL OR attempts.reserved_microdollars IS NOT NULL)
ORDER BY +attempts.id;
