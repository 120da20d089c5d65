.DEFAULT_GOAL := help
.PHONY: help run demo test race lint bench build docs

help: ## show this help
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: ## run the whole path on this machine: a webhook in, a check and a review out
	go run ./cmd/launchgate demo

run: ## start the server with launchgate.yml
	go run ./cmd/launchgate serve --config launchgate.yml

# What a build is made of: by it, launchgate knows the programs beside it. The
# Dockerfile has the same.
sources = $$(find cmd app analyzers webhooks go.mod go.sum -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32)

ldflags = -X github.com/launchgate/launchgate/cmd/internal/build/stamp.Sources=$(sources)

# Without cgo, as in the Dockerfile: nothing needs it, a program starts faster
# without a C library to look for, and a worker puts its walls up without it. Nor
# does anything answer in MessagePack, which is a tenth of launchgate's code.
build: ## build the binaries into dist/
	mkdir -p dist && CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags "$(ldflags)" -o dist/ ./cmd/launchgate ./cmd/launchgate-secrets ./cmd/launchgate-vet ./cmd/launchgate-worker ./cmd/launchgate-worker-secrets

test: ## run every test
	go test ./...

race: ## run the tests of the packages with concurrency under the race detector
	go test -race ./app/jobs ./app/scan ./app/gh/... ./app/publish ./app/pipeline ./app/checkout ./webhooks ./app/server
	go test -race -short -run 'Memory|Screening|AtOnce' ./app/scan/secrets

lint: ## gofmt, go vet and golangci-lint
	@test -z "$$(gofmt -l cmd app analyzers webhooks | grep -v /testdata/)" || { gofmt -l cmd app analyzers webhooks | grep -v /testdata/; exit 1; }
	go vet ./...
	golangci-lint run

bench: ## run the benchmarks
	go test -run '^$$' -bench . -benchtime 3s ./app/jobs ./app/scan/... ./analyzers/...

docs: ## regenerate docs/rules from the rules' own documentation
	go run ./cmd/launchgate rules --write docs/rules
