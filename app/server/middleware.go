package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// routeKey is where a handler names its route when the router does not.
const routeKey = "route"

// route names what was asked for in a bounded number of words: paths come from
// strangers, and each one would be a metric of its own.
func route(c *gin.Context) string {
	if name := c.GetString(routeKey); name != "" {
		return name
	}
	if name := c.FullPath(); name != "" {
		return name
	}
	return "other"
}

func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(reg prometheus.Registerer) metrics {
	m := metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "launchgate_http_requests_total", Help: "Requests answered."}, []string{"route", "method", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "launchgate_http_request_seconds", Help: "Time to answer a request. GitHub gives up on a delivery after 10 seconds.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
	}
	reg.MustRegister(m.requests, m.seconds)
	return m
}

// observe counts and logs every request. Probes and scrapes come every few
// seconds, so they are logged for debugging only.
func observe(m metrics, log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		took := time.Since(start)
		name, code := route(c), c.Writer.Status()
		m.requests.WithLabelValues(name, method(c.Request.Method), strconv.Itoa(code)).Inc()
		m.seconds.WithLabelValues(name).Observe(took.Seconds())
		level := slog.LevelInfo
		if code < 400 && (name == "/healthz" || name == "/readyz" || name == "/metrics") {
			level = slog.LevelDebug
		}
		log.Log(c.Request.Context(), level, "request", "route", name, "method", method(c.Request.Method), "code", code, "bytes", max(c.Writer.Size(), 0), "took", took)
	}
}

// recovered turns a panic into a bare 500. Gin's own recovery prints the
// request's headers, signature and cookies included.
func recovered(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p) // net/http's own way to hang up
			}
			// The value of a panic can quote a request; its type and the stack
			// say where to look.
			log.Error("panic", "route", route(c), "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			if c.Writer.Written() {
				panic(http.ErrAbortHandler) // a cut answer must not look whole
			}
			c.AbortWithStatus(http.StatusInternalServerError)
		}()
		c.Next()
	}
}

// secured sets the headers that are right for every answer; the dashboard
// loosens Content-Security-Policy for its own style sheet.
func secured(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	c.Next()
}
