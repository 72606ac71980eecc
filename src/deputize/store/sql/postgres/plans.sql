-- name: lock
-- One plan, one of whose tasks is moved in this transaction.
{get} FOR NO KEY UPDATE;
