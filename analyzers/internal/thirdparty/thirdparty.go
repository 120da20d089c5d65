package thirdparty

import (
	_ "embed"
	"net/netip"
	"strings"
	"sync"

	"github.com/launchgate/launchgate/analyzers/internal/sinks"
)

//go:embed services.tsv
var servicesFile string

// Service is somebody else's computer that a program sends data to.
type Service struct {
	Name     string // "Stripe"
	Category string // "payment"
}

// Telemetry reports whether the service watches the program (error trackers,
// traces, analytics, logs): it needs no personal data to do its work.
func (s Service) Telemetry() bool {
	switch s.Category {
	case "error tracking", "tracing", "analytics", "logging", "alerting":
		return true
	}
	return false
}

type index struct {
	packages map[string]Service // canonical import path prefix
	hosts    map[string]Service
	names    map[string]Service // of repositories, where they tell
	all      []Service
}

var load = sync.OnceValue(func() index {
	ix := index{packages: make(map[string]Service), hosts: make(map[string]Service), names: make(map[string]Service)}
	for _, line := range strings.Split(servicesFile, "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 4 || strings.HasPrefix(line, "#") {
			continue
		}
		s := Service{Name: f[0], Category: f[1]}
		ix.all = append(ix.all, s)
		for _, p := range strings.Fields(f[2]) {
			if p != "-" {
				ix.packages[sinks.Canonical(p)] = s
				if parts := strings.Split(sinks.Canonical(p), "/"); len(parts) >= 2 && telling(parts[len(parts)-1]) && len(parts) <= 3 {
					ix.names[parts[len(parts)-1]] = s
				}
			}
		}
		for _, h := range strings.Fields(f[3]) {
			if h != "-" {
				ix.hosts[h] = s
			}
		}
	}
	return ix
})

// telling reports whether a repository's name says by itself whose SDK it is.
func telling(name string) bool {
	return strings.HasSuffix(name, "-go") || strings.HasPrefix(name, "go-") && len(name) > 8 || name == "gomail" || name == "telebot"
}

// All lists the services known, in the order of the table.
func All() []Service { return load().all }

// Package returns the service whose SDK an import path belongs to.
func Package(path string) (Service, bool) {
	path = sinks.Canonical(path)
	for {
		if s, ok := load().packages[path]; ok {
			return s, true
		}
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			return Service{}, false
		}
		if strings.Count(path, "/") == 2 { // host/owner/repository: a fork keeps the name
			if s, ok := load().names[path[i+1:]]; ok {
				return s, true
			}
		}
		path = path[:i]
	}
}

// Host returns the service behind a host name. A host that nobody knows is a
// service of its own name, unless it is this machine, this network or an example.
func Host(host string) (Service, bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if h, port, ok := strings.Cut(host, ":"); ok && strings.Trim(port, "0123456789") == "" {
		host = h
	}
	for h := host; h != ""; {
		if s, ok := load().hosts[h]; ok {
			return s, true
		}
		_, rest, ok := strings.Cut(h, ".")
		if !ok {
			break
		}
		h = rest
	}
	if inside(host) {
		return Service{}, false
	}
	return Service{Name: host, Category: "other"}, true
}

// inside reports whether a host is none of somebody else's: this machine, a
// private address, a name without a dot (a neighbour in a cluster), a name that
// is reserved for examples and tests.
func inside(host string) bool {
	if !strings.Contains(host, ".") || strings.ContainsAny(host, "%{}<>$ /\\\"'`*") {
		return true
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified()
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" {
			return true
		}
	}
	switch labels[len(labels)-1] {
	case "local", "localhost", "internal", "test", "example", "invalid", "svc", "lan", "home", "corp", "intranet", "go", "json", "html", "xml", "yaml", "yml", "txt", "md":
		return true
	}
	if len(labels) >= 2 && labels[len(labels)-2] == "example" {
		return true
	}
	return host == "schema.org" || host == "www.w3.org" || host == "json-schema.org" || host == "www.sitemaps.org" || host == "purl.org"
}

// URL returns the service a URL names, and its host. It reads what is there of a
// URL: its beginning is enough.
func URL(text string) (s Service, host string, ok bool) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found || scheme != "https" && scheme != "http" && scheme != "wss" && scheme != "ws" {
		return Service{}, "", false
	}
	host = rest
	if i := strings.IndexAny(host, "/?#"); i >= 0 {
		host = host[:i]
	} else if !complete(host) {
		return Service{}, "", false
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if strings.HasPrefix(rest, "www.google.com/recaptcha") {
		return load().hosts["www.google.com/recaptcha"], "www.google.com", true
	}
	// A format's verb for a part of the name, as in https://%s.zendesk.com/, hides
	// whose account it is, not which service.
	host = strings.ReplaceAll(host, "%s", "any")
	s, ok = Host(host)
	return s, strings.ToLower(host), ok
}

// complete reports whether a host that ends where the text ends is likely whole.
func complete(host string) bool {
	i := strings.LastIndexByte(host, '.')
	return i > 0 && len(host)-i > 2
}
