-- name: lock
-- One attempt, to be written in this transaction.
{get} FOR NO KEY UPDATE;
