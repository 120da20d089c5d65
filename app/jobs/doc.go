// Package jobs carries deliveries from the webhook to the pipeline: River
// queues on SQLite or PostgreSQL, with what River leaves open (measured on
// v0.47.0, see the architecture) added here: a lease with a heartbeat, so that
// a killed worker's job is taken up again within seconds instead of an hour,
// and slots per repository.
//
// It imports app/store and app/review. It must never import app/pipeline: what
// a job does is behind Handler.
package jobs
