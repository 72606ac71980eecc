-- name: append
-- Tell what happened, in the transaction in which it happens.
INSERT INTO events (at, kind, actor, task, attempt, change, approval, worker, body)
VALUES (:at, :kind, :actor, :task, :attempt, :change, :approval, :worker, :body);

-- name: jot
-- Tell what an open attempt does, fenced by its token; no row means the lease is lost.
INSERT INTO events (at, kind, actor, task, attempt, body)
SELECT :at, :kind, :actor, task, id, :body
FROM attempts WHERE id = :attempt AND token = :token AND finished_at IS NULL;

-- name: remarkable
-- What holds of an event that tells more than that a call was let pass, or how it ended (no query of
-- its own; an event's body is written without spaces, and a quotation mark in a text behind a stroke).
kind <> 'attempt.tool_finished'
    AND NOT (kind = 'attempt.tool_decided' AND body LIKE '%"verdict":"allow"%');

-- name: last_seal
-- The end of the chain.
SELECT seq, hash, event FROM seals ORDER BY seq DESC LIMIT 1;

-- name: newest
-- The id of the newest event.
SELECT coalesce(max(id), 0) AS id FROM events;

-- name: settled_until
-- The id up to which no event can come any more; only one transaction at a time gets an answer.
SELECT coalesce(max(id), 0) AS id FROM events;

-- name: unsealed
-- Events that are not chained yet, in the order in which they will be.
SELECT * FROM events WHERE id > :after AND id <= :until ORDER BY id LIMIT :limit;

-- name: unsealed_count
-- How many events are not chained yet.
SELECT count(*) AS count FROM events WHERE id > :after;

-- name: stray_count
-- How many events stand before the end of the chain without a place in it.
SELECT count(*) AS count FROM events LEFT JOIN seals ON seals.event = events.id
WHERE events.id <= :until AND seals.event IS NULL;

-- name: seal
-- Chain one event.
INSERT INTO seals (seq, event, hash) VALUES (:seq, :event, :hash);

-- name: sealed
-- The chained events after a place, in order.
SELECT events.*, seals.seq AS seq, seals.hash AS hash
FROM seals JOIN events ON events.id = seals.event
WHERE seals.seq > :after ORDER BY seals.seq LIMIT :limit;

-- name: of_task
-- What happened to a task, in order; of its tool calls all, or what is remarkable.
SELECT events.*, seals.seq AS seq, seals.hash AS hash
FROM events LEFT JOIN seals ON seals.event = events.id
WHERE events.task = :task AND events.id > :after AND (:routine = 1 OR {remarkable})
ORDER BY events.id LIMIT :limit;

-- name: recent
-- What happened since a moment, in order; of tool calls all, or what is remarkable.
SELECT events.*, seals.seq AS seq, seals.hash AS hash
FROM events LEFT JOIN seals ON seals.event = events.id
WHERE events.id > :after AND (:since IS NULL OR events.at >= :since)
    AND (:routine = 1 OR {remarkable})
ORDER BY events.id LIMIT :limit;

-- name: first_of_last
-- The first of the last :limit events, of a task, since a moment, of some kinds (a JSON array);
-- NULL lets everything through.
SELECT min(id) AS id FROM (
    SELECT id FROM events
    WHERE (:task IS NULL OR task = :task)
      AND (:since IS NULL OR at >= :since)
      AND (:routine = 1 OR {remarkable})
      AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)))
    ORDER BY id DESC LIMIT :limit) AS last;

-- name: get
-- One event.
SELECT events.*, seals.seq AS seq, seals.hash AS hash
FROM events LEFT JOIN seals ON seals.event = events.id WHERE events.id = :id;

-- name: cursor
-- How far a reader of the chain has come.
SELECT seq FROM cursors WHERE name = :name;

-- name: move_cursor
-- Note how far a reader of the chain has come.
INSERT INTO cursors (name, seq) VALUES (:name, :seq)
ON CONFLICT (name) DO UPDATE SET seq = excluded.seq;
