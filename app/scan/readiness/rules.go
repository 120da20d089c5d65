package readiness

import "github.com/launchgate/launchgate/app/review"

// The rules of this scanner.
const (
	RuleContainerRoot review.RuleID = "deploy/container-root"
	RuleDebugMode     review.RuleID = "deploy/debug-mode"
)

const suppress = "Add an entry to `suppressions` in `.github/launchgate.yml` on the base branch, with rule, path, reason, owner and expiry. " +
	"A file that is not about production needs none if its name says so: `Dockerfile.dev`, `compose.local.yaml`, `deploy/staging/`."

var rules = []review.Rule{
	{
		ID:         RuleContainerRoot,
		Title:      "Container runs as root",
		Severity:   review.SeverityMedium,
		Confidence: review.ConfidenceHigh,
		Row:        10,
		What: "A Dockerfile whose final stage ends up as user root: by a last `USER root` or `USER 0`, or because neither it nor the stages it builds on " +
			"name another user and the base image has none. When the user of the base image is not known here, or nothing is started in the image, the confidence is low.",
		Why: "Whoever gets code to run in the process (a bad dependency, a path traversal, an unsafe template) owns every file of the container, can bind any port, " +
			"install tools, and is one kernel or runtime bug away from the host. Writable mounts and the container's tokens are his as well.",
		Bad:  "FROM alpine:3.22\nCOPY --from=build /out/api /usr/local/bin/api\nENTRYPOINT [\"api\"]\n",
		Good: "FROM alpine:3.22\nCOPY --from=build /out/api /usr/local/bin/api\nUSER 65532:65532\nENTRYPOINT [\"api\"]\n",
		Fix: "Put `USER 65532:65532` (or a user made with adduser) after the last instruction that needs root and before ENTRYPOINT, or start from an image that has a user, " +
			"such as `gcr.io/distroless/static:nonroot`. Give folders the process writes to that owner (`COPY --chown=65532:65532`), and listen on a port of 1024 or above. " +
			"A number lets Kubernetes check `runAsNonRoot`.",
		Suppress: suppress,
		References: []string{
			"https://docs.docker.com/build/building/best-practices/#user",
			"https://cheatsheetseries.owasp.org/cheatsheets/Docker_Security_Cheat_Sheet.html#rule-2-set-a-user",
			"https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted",
			"https://cwe.mitre.org/data/definitions/250.html",
		},
		Since: "0.1.0",
	},
	{
		ID:         RuleDebugMode,
		Title:      "Debug mode in production configuration",
		Severity:   review.SeverityMedium,
		Confidence: review.ConfidenceHigh,
		Row:        10,
		What: "Production configuration that switches on debugging: `GIN_MODE=debug`, a true `DEBUG`, `APP_DEBUG` or `debug:`, a run mode or environment named development, profiling endpoints (pprof), " +
			"`GODEBUG=http2debug`, or a container that starts under a debugger or live reloader. Read are Dockerfiles, Compose files, Kubernetes manifests, Helm values, platform files (fly.toml, render.yaml, Procfile), " +
			"environment files and configuration whose name says production.",
		Why: "Debug mode prints routes and internals, answers errors with details and stack traces, and often relaxes checks. A profiling endpoint hands out memory, which holds tokens and personal data. " +
			"http2debug writes every header, Authorization included, to the log.",
		Bad:  "# compose.production.yaml\nservices:\n  api:\n    environment:\n      GIN_MODE: debug\n",
		Good: "# compose.production.yaml\nservices:\n  api:\n    environment:\n      GIN_MODE: release\n",
		Fix: "Set the production value (`GIN_MODE=release`, `DEBUG=false`, `APP_ENV=production`) in this file and keep debugging in a file for development, which production never loads. " +
			"Serve pprof on a listener of its own that only the inside reaches.",
		Suppress: suppress,
		References: []string{
			"https://pkg.go.dev/github.com/gin-gonic/gin#SetMode",
			"https://pkg.go.dev/net/http/pprof",
			"https://pkg.go.dev/net/http#hdr-HTTP_2",
			"https://cwe.mitre.org/data/definitions/489.html",
		},
		Since: "0.1.0",
	},
}
