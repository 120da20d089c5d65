-- +goose Up
CREATE TABLE deliveries (
    guid        TEXT PRIMARY KEY,
    event       TEXT NOT NULL,
    action      TEXT NOT NULL,
    intent      TEXT NOT NULL,
    repo_id     BIGINT NOT NULL,
    repo_name   TEXT NOT NULL,
    received_ms BIGINT NOT NULL,
    state       TEXT NOT NULL, -- queued, done, failed
    job_id      BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    finished_ms BIGINT NOT NULL
);
CREATE INDEX deliveries_received ON deliveries (received_ms);

CREATE TABLE reviews (
    id            BIGINT PRIMARY KEY,
    repo_id       BIGINT NOT NULL,
    head          TEXT NOT NULL,
    base          TEXT NOT NULL,
    run           BIGINT NOT NULL,
    repo_name     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    pull_request  BIGINT NOT NULL,
    installation  BIGINT NOT NULL,
    target        TEXT NOT NULL,
    state         TEXT NOT NULL, -- running, publishing, published, superseded, failed
    attempt       BIGINT NOT NULL,
    cancelled     TEXT NOT NULL, -- code of the cancellation, '' for none
    check_run     BIGINT NOT NULL,
    verdict       TEXT NOT NULL,
    title         TEXT NOT NULL,
    code          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    created_ms    BIGINT NOT NULL,
    finished_ms   BIGINT NOT NULL,
    UNIQUE (repo_id, head, base, run)
);
CREATE INDEX reviews_created ON reviews (created_ms);
CREATE INDEX reviews_pull ON reviews (repo_id, pull_request);
CREATE INDEX reviews_check_run ON reviews (repo_id, check_run);

CREATE TABLE installations (
    id        BIGINT PRIMARY KEY,
    account   TEXT NOT NULL,
    suspended BIGINT NOT NULL
);

CREATE TABLE repositories (
    id             BIGINT PRIMARY KEY,
    installation   BIGINT NOT NULL,
    owner          TEXT NOT NULL,
    name           TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    private        BIGINT NOT NULL
);
CREATE INDEX repositories_installation ON repositories (installation);

CREATE TABLE leases (
    job_id   BIGINT PRIMARY KEY,
    repo_id  BIGINT NOT NULL,
    holder   TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE settings;
DROP TABLE leases;
DROP TABLE repositories;
DROP TABLE installations;
DROP TABLE reviews;
DROP TABLE deliveries;
