package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/launchgate/launchgate/app/server"
)

func do(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEndpoints(t *testing.T) {
	down := errors.New("dial tcp 10.0.0.7:5432: refused")
	ok := server.New(server.Config{
		Webhook: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, r.Method+" "+string(body))
		}),
		Dashboard: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				w.WriteHeader(http.StatusNotFound)
			}
			_, _ = io.WriteString(w, "dashboard "+r.URL.Path)
		}),
	})
	bare := server.New(server.Config{Ready: func(context.Context) error { return down }})
	tests := []struct {
		name           string
		h              http.Handler
		method, target string
		code           int
		body           string
	}{
		{"alive", ok, "GET", "/healthz", 200, "ok"},
		{"alive, asked by HEAD", ok, "HEAD", "/healthz", 200, ""},
		{"ready", ok, "GET", "/readyz", 200, "ready"},
		{"a delivery", ok, "POST", "/webhook", 202, "POST hello"},
		{"the webhook decides about methods", ok, "PUT", "/webhook", 202, "PUT hello"},
		{"dashboard", ok, "GET", "/", 200, "dashboard /"},
		{"page the dashboard does not know", ok, "GET", "/nowhere", 404, "dashboard /nowhere"},
		{"metrics", ok, "GET", "/metrics", 200, `launchgate_http_requests_total{code="202",method="POST",route="/webhook"} 1`},
		{"alive though the database is not", bare, "GET", "/healthz", 200, "ok"},
		{"not ready", bare, "GET", "/readyz", 503, "not ready"},
		{"no dashboard", bare, "GET", "/", 404, "not found"},
		{"no webhook", bare, "POST", "/webhook", 404, "not found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := do(tt.h, tt.method, tt.target, "hello")
			if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.body) {
				t.Errorf("got %d %q, want %d with %q", w.Code, w.Body, tt.code, tt.body)
			}
			if strings.Contains(w.Body.String(), "10.0.0.7") {
				t.Errorf("the answer shows an internal error: %q", w.Body)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("Content-Security-Policy: %q", w.Header().Get("Content-Security-Policy"))
			}
		})
	}
}

func TestPanicIsABare500AndLogged(t *testing.T) {
	var log bytes.Buffer
	h := server.New(server.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Webhook: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("the body was hunter2")
	})})
	w := do(h, "POST", "/webhook", "x")
	if w.Code != 500 || w.Body.Len() != 0 {
		t.Errorf("got %d %q, want a bare 500", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "server_test.go") || strings.Contains(log.String(), "hunter2") {
		t.Errorf("the log must say where and not what: %s", log.String())
	}
}

func TestLogHoldsNothingOfARequest(t *testing.T) {
	var log bytes.Buffer
	h := server.New(server.Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Webhook: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
	})})
	do(h, "POST", "/webhook?token=hunter2", "hunter2", "Authorization", "hunter2", "X-Hub-Signature-256", "hunter2")
	do(h, "hunter2", "/hunter2?x=hunter2", "")
	if !strings.Contains(log.String(), "route=/webhook") || !strings.Contains(log.String(), "route=other method=other") || strings.Contains(log.String(), "hunter2") {
		t.Errorf("log: %s", log.String())
	}
	if m := do(h, "GET", "/metrics", "").Body.String(); strings.Contains(m, "hunter2") {
		t.Errorf("metrics name what a stranger asked for: %s", m)
	}
}

func TestRunLetsARequestFinish(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	began, finish := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-finish
		_, _ = io.WriteString(w, "stored")
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, ln, h, time.Minute) }()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		answer <- string(body)
	}()
	<-began
	stop()
	for { // Run closes the listener before it waits
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			break
		}
		conn.Close()
	}
	close(finish)
	if got := <-answer; got != "stored" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunCutsOffWhatOutlivesGrace(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, ln, h, time.Millisecond) }()
	go func() {
		if resp, err := http.Get("http://" + ln.Addr().String()); err == nil {
			resp.Body.Close()
		}
	}()
	<-began
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestRunSaysWhyItCannotServe(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := server.Run(t.Context(), ln, http.NotFoundHandler(), time.Second); err == nil || !strings.Contains(err.Error(), ln.Addr().String()) {
		t.Errorf("Run on a closed listener: %v", err)
	}
}
