// Package readiness looks at what a repository says about its own deployment:
// Dockerfiles, Compose files, Kubernetes manifests, environment files and
// production configuration. It reads text and says what is wrong in it; nothing
// is built, started or contacted.
//
// Whether a file is about production is decided by its name, by where it lies
// and by what it is: Dockerfile.dev and deploy/staging/ are left alone, a
// manifest or fly.toml counts as production, config/production.yaml certainly
// does. How sure that is becomes part of the finding's confidence.
//
// It imports app/scan and app/review. It must never run anything, reach a
// network, follow a symbolic link or repeat a value from a file that is not one
// of the words it looks for: configuration holds secrets.
package readiness
