package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/dashboard"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/store"
)

// pages returns the dashboard, nil when it is switched off. The configuration
// was refused if it would show pages to strangers: there is no login yet.
func pages(cfg config.Server, db *store.DB, log *slog.Logger) http.Handler {
	if !cfg.Dashboard.Enabled {
		return nil
	}
	var hosts []string
	if u, err := url.Parse(cfg.BaseURL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	} else if cfg.Dashboard.AllowRemote {
		hosts = append(hosts, "*") // its name is not known, and its address is no protection anyway
	}
	return dashboard.New(dashboard.Config{Reader: pageReader{db}, GitHubURL: cfg.GitHub.URL, Rules: allRules(), Hosts: hosts, Log: log})
}

// pageReader shows the store to the dashboard.
type pageReader struct{ db *store.DB }

func (p pageReader) Reviews(ctx context.Context, limit int) ([]dashboard.Review, error) {
	rows, err := p.db.RecentReviews(ctx, limit)
	var out []dashboard.Review
	for _, r := range rows {
		out = append(out, pageReview(r))
	}
	return out, err
}

func (p pageReader) Review(ctx context.Context, id int64) (dashboard.Review, error) {
	r, err := p.db.ReviewByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = dashboard.ErrNotFound
	}
	return pageReview(r), err
}

func (p pageReader) Deliveries(ctx context.Context, limit int) ([]dashboard.Delivery, error) {
	rows, err := p.db.RecentDeliveries(ctx, limit)
	var out []dashboard.Delivery
	for _, d := range rows {
		out = append(out, dashboard.Delivery{Delivery: d.Delivery, State: dashboard.State(d.State), Reason: d.Reason, Finished: d.Finished})
	}
	return out, err
}

func pageReview(r store.Review) dashboard.Review {
	out := dashboard.Review{ID: r.ID, Target: r.Target, State: dashboard.State(r.State), Attempt: r.Attempt, Title: r.Title, Code: r.Code, Reason: r.Reason,
		Outcome: r.Outcome, Created: r.Created, Finished: r.Finished}
	if r.State == store.ReviewPublishing {
		out.State = dashboard.Running
	}
	if out.Verdict.UnmarshalText([]byte(r.Verdict)) != nil {
		out.Verdict = review.CouldNotVerify
	}
	return out
}

func (p pageReader) Histories(ctx context.Context) ([]dashboard.History, error) {
	rows, err := p.db.Histories(ctx)
	var out []dashboard.History
	for _, h := range rows {
		out = append(out, dashboard.History{History: h.History, Secrets: h.Secrets, Open: h.Open})
	}
	return out, err
}

func (p pageReader) History(ctx context.Context, id review.RepoID) (dashboard.History, error) {
	h, err := p.db.HistoryOf(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = dashboard.ErrNotFound
	}
	return dashboard.History{History: h.History, Secrets: h.Secrets, Open: h.Open}, err
}

func (p pageReader) Baselines(ctx context.Context, limit int) ([]dashboard.Review, error) {
	rows, err := p.db.Baselines(ctx, limit)
	var out []dashboard.Review
	for _, r := range rows {
		out = append(out, pageReview(r))
	}
	return out, err
}

func (p pageReader) Baseline(ctx context.Context, id review.RepoID) (dashboard.Review, error) {
	r, err := p.db.BaselineOf(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = dashboard.ErrNotFound
	}
	return pageReview(r), err
}
