-- name: lock
-- One change, to be moved in this transaction.
{get} FOR NO KEY UPDATE;
