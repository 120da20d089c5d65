package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyTime bounds one readiness probe: orchestrators ask every few seconds.
const readyTime = 2 * time.Second

// Config is what the endpoints stand on.
type Config struct {
	// Webhook answers /webhook; webhooks.Handler is one.
	Webhook http.Handler
	// Ready reports whether database and queue can be reached; nil: always
	// ready. It is called concurrently and with a short deadline.
	Ready func(ctx context.Context) error
	// Dashboard answers everything that is no other endpoint; nil: 404.
	Dashboard http.Handler
	// Registry is what /metrics shows besides our own metrics; nil: a new one.
	Registry *prometheus.Registry
	Log      *slog.Logger // nothing is logged when nil
}

// New returns the handler of all endpoints:
//
//	/webhook   GitHub's deliveries
//	/healthz   200 as long as the process answers
//	/readyz    200 when Ready has no error, else 503
//	/metrics   Prometheus metrics
//	/          the dashboard
func New(cfg Config) http.Handler {
	gin.SetMode(gin.ReleaseMode) // global; the other modes print to stdout
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Ready == nil {
		cfg.Ready = func(context.Context) error { return nil }
	}
	if cfg.Registry == nil {
		cfg.Registry = prometheus.NewRegistry()
	}
	cfg.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	r := gin.New()
	r.RedirectTrailingSlash, r.RedirectFixedPath = false, false // a redirected POST loses its body
	r.Use(observe(newMetrics(cfg.Registry), cfg.Log), recovered(cfg.Log), secured)
	// No SetTrustedProxies and no ClientIP: nothing here depends on an address.
	if cfg.Webhook != nil {
		r.Any("/webhook", gin.WrapH(cfg.Webhook))
	}
	get(r, "/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	get(r, "/readyz", ready(cfg.Ready, cfg.Log))
	get(r, "/metrics", gin.WrapH(promhttp.HandlerFor(cfg.Registry, promhttp.HandlerOpts{})))
	r.NoRoute(func(c *gin.Context) {
		if cfg.Dashboard == nil {
			c.String(http.StatusNotFound, "not found\n")
			return
		}
		c.Set(routeKey, "dashboard")
		c.Status(http.StatusOK) // gin's own is 404 here
		cfg.Dashboard.ServeHTTP(c.Writer, c.Request)
	})
	return r
}

func get(r *gin.Engine, path string, h gin.HandlerFunc) {
	r.GET(path, h)
	r.HEAD(path, h)
}

func ready(check func(context.Context) error, log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyTime)
		defer cancel()
		if err := check(ctx); err != nil {
			log.Warn("not ready", "err", err)
			c.String(http.StatusServiceUnavailable, "not ready; the server's log says why\n")
			return
		}
		c.String(http.StatusOK, "ready\n")
	}
}
