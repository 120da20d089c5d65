package dashboard

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

//go:embed assets
var assets embed.FS

// How many rows a list reads.
const (
	listLimit   = 100
	filterLimit = 1000 // when a filter leaves most out
)

// Config is what the pages need.
type Config struct {
	Reader Reader
	// GitHubURL is where links to pull requests and commits lead, without a
	// trailing slash; "" for no links.
	GitHubURL string
	// Rules explain the findings.
	Rules []review.Rule
	// Hosts are the host names the pages answer to, besides localhost and
	// loopback addresses. Another name is refused: a hostile page could else
	// let its own name point here and read along (DNS rebinding). "*" allows
	// any name, for a dashboard that is not protected by its address.
	Hosts []string
	Now   func() time.Time // time.Now when nil
	Log   *slog.Logger     // nothing is logged when nil
}

type dashboard struct {
	cfg   Config
	rules map[review.RuleID]review.Rule
	pages map[string]*template.Template
	style []byte
}

// New returns the handler of the pages: /, /reviews/ID, /secrets,
// /secrets/REPOSITORY-ID, /data, /data/REPOSITORY-ID, /deliveries and /style.css.
func New(cfg Config) http.Handler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &dashboard{cfg: cfg, rules: make(map[review.RuleID]review.Rule), pages: make(map[string]*template.Template)}
	for _, r := range cfg.Rules {
		d.rules[r.ID] = r
	}
	layout := template.Must(template.ParseFS(assets, "assets/layout.html"))
	for _, name := range []string{"reviews", "review", "deliveries", "histories", "history", "maps", "map", "message"} {
		d.pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(assets, "assets/"+name+".html"))
	}
	style, err := assets.ReadFile("assets/style.css")
	if err != nil {
		panic(err) // it is embedded
	}
	d.style = style

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.reviews)
	mux.HandleFunc("GET /reviews/{id}", d.review)
	mux.HandleFunc("GET /deliveries", d.deliveries)
	mux.HandleFunc("GET /secrets", d.histories)
	mux.HandleFunc("GET /secrets/{id}", d.history)
	mux.HandleFunc("GET /data", d.maps)
	mux.HandleFunc("GET /data/{id}", d.dataMap)
	mux.HandleFunc("GET /style.css", d.serveStyle)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			d.message(w, http.StatusMethodNotAllowed, "Pages are only read", "The dashboard changes nothing.")
			return
		}
		d.message(w, http.StatusNotFound, "There is no such page", "The address may be mistyped, or the review is no longer kept.")
	})
	return d.guard(mux)
}

// guard refuses foreign host names and sets the headers all pages need.
func (d *dashboard) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !d.ours(r.Host) {
			d.message(w, http.StatusMisdirectedRequest, "Not by this name", "The dashboard answers to localhost and to the host in base_url only.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (d *dashboard) ours(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback() || slices.Contains(d.cfg.Hosts, "*") ||
		slices.ContainsFunc(d.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

func (d *dashboard) serveStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(d.style) // the client may be gone
}

func (d *dashboard) reviews(w http.ResponseWriter, r *http.Request) {
	filter := strings.TrimSpace(r.URL.Query().Get("repo"))
	limit := listLimit
	if filter != "" {
		limit = filterLimit
	}
	list, err := d.cfg.Reader.Reviews(r.Context(), limit)
	if err != nil {
		d.unavailable(w, "read reviews", err)
		return
	}
	d.render(w, http.StatusOK, "reviews", d.reviewList(list, filter))
}

func (d *dashboard) review(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		d.message(w, http.StatusNotFound, "There is no such review", "Reviews have numbers.")
		return
	}
	rev, err := d.cfg.Reader.Review(r.Context(), id)
	switch {
	case errors.Is(err, ErrNotFound):
		d.message(w, http.StatusNotFound, "There is no such review", "It may no longer be kept.")
	case err != nil:
		d.unavailable(w, "read a review", err)
	default:
		d.render(w, http.StatusOK, "review", d.reviewPage(rev))
	}
}

func (d *dashboard) deliveries(w http.ResponseWriter, r *http.Request) {
	list, err := d.cfg.Reader.Deliveries(r.Context(), listLimit)
	if err != nil {
		d.unavailable(w, "read deliveries", err)
		return
	}
	d.render(w, http.StatusOK, "deliveries", d.deliveryList(list))
}

func (d *dashboard) histories(w http.ResponseWriter, r *http.Request) {
	list, err := d.cfg.Reader.Histories(r.Context())
	if err != nil {
		d.unavailable(w, "read histories", err)
		return
	}
	d.render(w, http.StatusOK, "histories", d.historyList(list))
}

func (d *dashboard) history(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		d.message(w, http.StatusNotFound, "There is no such repository", "Repositories have numbers here.")
		return
	}
	h, err := d.cfg.Reader.History(r.Context(), review.RepoID(id))
	switch {
	case errors.Is(err, ErrNotFound):
		d.message(w, http.StatusNotFound, "Nothing is known of this repository's history", "It is looked at once the App is installed there.")
	case err != nil:
		d.unavailable(w, "read a history", err)
	default:
		d.render(w, http.StatusOK, "history", d.historyPage(h))
	}
}

func (d *dashboard) unavailable(w http.ResponseWriter, what string, err error) {
	d.cfg.Log.Error("dashboard", "doing", what, "err", err)
	d.message(w, http.StatusServiceUnavailable, "The database did not answer", "Try again in a moment. The server's log has the cause.")
}

// messagePage is a page with nothing but a sentence.
type messagePage struct{ Page, Heading, Text string }

// Refresh implements what the layout asks of every page.
func (messagePage) Refresh() bool { return false }

func (d *dashboard) message(w http.ResponseWriter, code int, heading, text string) {
	d.render(w, code, "message", messagePage{Page: heading, Heading: heading, Text: text})
}

// render writes a page whole or not at all.
func (d *dashboard) render(w http.ResponseWriter, code int, page string, data any) {
	var b bytes.Buffer
	if err := d.pages[page].ExecuteTemplate(&b, "layout.html", data); err != nil {
		d.cfg.Log.Error("dashboard", "doing", fmt.Sprintf("render %s", page), "err", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // the client may be gone
}
