package server_test

import (
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

func handler(ready error, dashboard http.Handler) http.Handler {
	return server.New(server.Config{
		Webhook: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }),
		Ready:   func(context.Context) error { return ready }, Dashboard: dashboard, Log: slog.New(slog.DiscardHandler),
	})
}

func TestRoutes(t *testing.T) {
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("hunter2") })
	tests := []struct {
		name, method, path string
		handler            http.Handler
		status             int
		body               string
	}{
		{"webhook", "POST", "/webhook", handler(nil, nil), 202, ""},
		{"webhook takes POST only", "GET", "/webhook", handler(nil, nil), 405, ""},
		{"alive", "GET", "/healthz", handler(errors.New("db down"), nil), 200, "alive"},
		{"ready", "GET", "/readyz", handler(nil, nil), 200, "ready"},
		{"not ready", "GET", "/readyz", handler(errors.New("password=hunter2"), nil), 503, "not ready"},
		{"metrics", "GET", "/metrics", handler(nil, nil), 200, "go_goroutines"},
		{"no dashboard", "GET", "/", handler(nil, nil), 404, ""},
		{"a panic says nothing", "GET", "/reviews/1", handler(nil, boom), 500, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			tt.handler.ServeHTTP(w, httptest.NewRequest(tt.method, tt.path, nil))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.body) || strings.Contains(w.Body.String(), "hunter2") {
				t.Errorf("status %d, body %.80q; want %d and %q", w.Code, w.Body, tt.status, tt.body)
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Content-Security-Policy") == "" {
				t.Error("security headers are missing")
			}
		})
	}
}

func TestRunLetsRequestsFinish(t *testing.T) {
	began := make(chan struct{})
	release := make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-release
		_, _ = io.WriteString(w, "finished")
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, ln, slow, 10*time.Second) }()
	body := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			body <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		body <- string(b)
	}()
	<-began
	cancel()
	close(release)
	if got := <-body; got != "finished" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}
