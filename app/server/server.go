package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Config is what the front passes requests to.
type Config struct {
	// Webhook answers POST /webhook.
	Webhook http.Handler
	// Ready reports whether deliveries can be stored right now.
	Ready func(ctx context.Context) error
	// Dashboard answers everything else; nil for none.
	Dashboard http.Handler
	Log       *slog.Logger
}

// New returns the handler of the whole server.
func New(cfg Config) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	registry := prometheus.NewRegistry()
	requests := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "launchgate_http_request_seconds", Help: "Time to answer HTTP requests.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 9),
	}, []string{"route", "status"})
	registry.MustRegister(requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	e := gin.New()
	e.HandleMethodNotAllowed = true
	// Addresses of clients are not used; no proxy header is believed.
	if err := e.SetTrustedProxies(nil); err != nil {
		panic(err) // nil is always accepted
	}
	e.Use(observe(cfg.Log, requests), recovered(cfg.Log), secure)
	e.POST("/webhook", gin.WrapH(cfg.Webhook))
	e.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "alive\n") })
	e.GET("/readyz", func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
		defer cancel()
		if err := cfg.Ready(ctx); err != nil {
			cfg.Log.Error("not ready", "error", err)
			c.String(http.StatusServiceUnavailable, "not ready: the database does not answer\n")
			return
		}
		c.String(http.StatusOK, "ready\n")
	})
	e.GET("/metrics", gin.WrapH(promhttp.HandlerFor(registry, promhttp.HandlerOpts{})))
	if cfg.Dashboard != nil {
		e.NoRoute(gin.WrapH(cfg.Dashboard))
	}
	return e
}

// observe logs and counts requests by route, never by what the client sent.
func observe(log *slog.Logger, requests *prometheus.HistogramVec) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		route := c.FullPath()
		if route == "" {
			route = "other"
		}
		took := time.Since(began)
		requests.WithLabelValues(route, fmt.Sprint(c.Writer.Status())).Observe(took.Seconds())
		log.Debug("request", "method", c.Request.Method, "route", route, "status", c.Writer.Status(), "ms", took.Milliseconds())
	}
}

// recovered answers a panic with 500 and no text; the stack goes to the log.
func recovered(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				log.Error("a request panicked", "route", c.FullPath(), "stack", string(debug.Stack()))
				c.AbortWithStatus(http.StatusInternalServerError)
			}
		}()
		c.Next()
	}
}

func secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	c.Next()
}

// Run serves on ln until ctx ends, then lets requests under way finish for at
// most grace. It closes ln.
func Run(ctx context.Context, ln net.Listener, handler http.Handler, grace time.Duration) error {
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), srv.Close())
	}
	return nil
}
