-- name: is_there
-- Whether these commands of this repository are trusted.
SELECT 1 AS yes FROM trust WHERE git_dir = :git_dir AND digest = :digest;

-- name: put
-- Trust these commands of this repository.
INSERT INTO trust (git_dir, digest, trusted_at, trusted_by)
VALUES (:git_dir, :digest, :now, :by) ON CONFLICT DO NOTHING;
