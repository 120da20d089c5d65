-- +goose Up
-- What the history of each repository holds, and what was decided about it. A
-- key is a keyed fingerprint of a secret; nothing here is the secret.
CREATE TABLE histories (
    repo_id      BIGINT PRIMARY KEY,
    repo_name    TEXT NOT NULL,
    installation BIGINT NOT NULL,
    state        TEXT NOT NULL, -- queued, running, done, incomplete
    head         TEXT NOT NULL,
    engine       TEXT NOT NULL, -- rules and engine of the last complete look
    receipt      TEXT NOT NULL,
    progress     TEXT NOT NULL,
    started_ms   BIGINT NOT NULL,
    finished_ms  BIGINT NOT NULL
);

CREATE TABLE rotations (
    repo_id  BIGINT NOT NULL,
    key      TEXT NOT NULL,
    rule     TEXT NOT NULL,
    rotation TEXT NOT NULL,
    PRIMARY KEY (repo_id, key, rule)
);
CREATE INDEX rotations_key ON rotations (key);

-- By key alone: the same secret in another repository is the same decision. They
-- outlive the repository, which may come back.
CREATE TABLE rotation_marks (
    key    TEXT PRIMARY KEY,
    state  TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_ms  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE rotation_marks;
DROP TABLE rotations;
DROP TABLE histories;
