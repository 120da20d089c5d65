# syntax=docker/dockerfile:1

# Builds Launchgate, and puts it next to git into a small image that runs as
# nobody in particular. Build with:  docker build -t launchgate .
# Run with a volume for /var/lib/launchgate and the configuration mounted:
#   docker run -p 8080:8080 -v launchgate:/var/lib/launchgate \
#     -v /etc/launchgate:/etc/launchgate:ro launchgate
# The configuration file is optional: LAUNCHGATE_ variables do as well, with
#   docker run … launchgate serve

FROM golang:1.26-alpine AS build
WORKDIR /src
# Dependencies change less often than code, so they get a layer of their own.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=devel
# Static (no cgo): SQLite is the pure-Go one. What is not used of gin is left out.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    stamp=github.com/launchgate/launchgate/cmd/internal/build/stamp \
 && sources=$(find cmd app analyzers webhooks go.mod go.sum -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32) \
 && mkdir /out && CGO_ENABLED=0 go build -trimpath -tags nomsgpack -ldflags "-s -w -X $stamp.Release=${VERSION} -X $stamp.Sources=$sources" -o /out/ ./cmd/launchgate ./cmd/launchgate-secrets ./cmd/launchgate-worker ./cmd/launchgate-worker-secrets

FROM alpine:3.22
# git fetches repositories; the certificates are for HTTPS to GitHub.
RUN apk add --no-cache ca-certificates git \
 && addgroup -S -g 10001 launchgate \
 && adduser -S -D -H -u 10001 -G launchgate -h /var/lib/launchgate -s /sbin/nologin launchgate \
 && install -d -o launchgate -g launchgate -m 0700 /var/lib/launchgate
# launchgate starts the workers, the scanners alone, for what reads hostile input.
COPY --from=build /out/ /usr/local/bin/
USER 10001:10001
WORKDIR /var/lib/launchgate
VOLUME /var/lib/launchgate
# A container listens for its neighbours; the host decides who reaches the port.
ENV LAUNCHGATE_LISTEN=0.0.0.0:8080 \
    LAUNCHGATE_DATA_DIR=/var/lib/launchgate
EXPOSE 8080
# GitHub gets its answers and running reviews are handed back within this time.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["launchgate", "healthcheck", "--url", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["launchgate"]
CMD ["serve", "--config", "/etc/launchgate/launchgate.yml"]
