package main

import (
	"log/slog"
	"net/http"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/store"
)

// pages returns the dashboard, nil when it is switched off or would be shown to
// strangers: there is no login yet.
func pages(cfg config.Server, db *store.DB, log *slog.Logger) http.Handler {
	if !cfg.Dashboard.Enabled {
		return nil
	}
	return nil
}
