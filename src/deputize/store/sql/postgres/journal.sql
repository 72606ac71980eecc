-- name: settled_until
-- The id up to which no event can come any more; only one transaction at a time gets an answer.
SELECT events_settled_until() AS id;
