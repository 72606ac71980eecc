-- name: lock
-- Some tasks, to be deleted in this transaction.
{lock} FOR UPDATE;
