package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The times a client gets. A delivery of 25 MB must fit into readTime; whoever
// is slower is cut off, so that slow clients cannot use up connections.
const (
	headerTime = 5 * time.Second
	readTime   = 30 * time.Second
	writeTime  = 45 * time.Second // counted from the end of the header, so longer than readTime
	idleTime   = 2 * time.Minute

	maxHeader = 64 << 10
)

// Run serves handler on ln until ctx ends. Then it takes no more connections,
// gives requests under way grace to finish, and cuts off what is left. It closes
// ln, and returns nil when it ended because ctx did.
func Run(ctx context.Context, ln net.Listener, handler http.Handler, grace time.Duration) error {
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	case <-ctx.Done():
	}
	// ctx has ended, but what is under way may finish: a delivery that is being
	// stored must get its answer.
	graceful, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := srv.Shutdown(graceful)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	if err != nil {
		return fmt.Errorf("stop serving: %w", err)
	}
	return nil
}
