// Package jobs carries deliveries from the webhook to the pipeline: River
// queues on SQLite or PostgreSQL, with what River leaves open (measured on
// v0.47.0, see the architecture) added here: a lease with a heartbeat, so that
// a killed worker's job is taken up again within seconds instead of an hour,
// and slots per repository.
//
// A delivery names the one job that may answer it. The job of a dead worker is
// replaced by a new one, never handed back, because River records how an attempt
// ended by the job's id alone: a worker that was only paused would end its
// successor's attempt. What came of a job, the end of its lease and the state of
// its delivery are written in one transaction that fails when the lease is gone.
//
// It imports app/store and app/review. It must never import app/pipeline: what
// a job does is behind Handler.
package jobs
