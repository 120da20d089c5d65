package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modproxy"
)

// TestDownloadsAreTheOperatorsChoice asks a module proxy on loopback that has
// nothing: what is asked for, and for whom, is what counts.
func TestDownloadsAreTheOperatorsChoice(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		http.NotFound(w, r)
	}))
	defer proxy.Close()
	dir := t.TempDir()
	for name, body := range map[string]string{
		"go.mod": "module example.com/a\n\ngo 1.24\n\nrequire example.org/dep v1.2.3\n",
		"go.sum": "example.org/dep v1.2.3 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"a.go":   "package a\n\nimport _ \"example.org/dep\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client := modproxy.Client{Dir: filepath.Join(t.TempDir(), "modules"), Proxies: []modproxy.Proxy{{URL: proxy.URL}}}
	for _, tt := range []struct {
		name string
		code goanalysis.Settings
		fork bool
		asks bool
	}{
		{"chosen", goanalysis.Settings{Sources: goanalysis.SourcesProxy}, false, true},
		{"not for a fork", goanalysis.Settings{Sources: goanalysis.SourcesProxy, ForkSources: goanalysis.SourcesEmbedded}, true, false},
		{"not chosen", goanalysis.Settings{Sources: goanalysis.SourcesStore}, false, false},
	} {
		asked = nil
		notes := downloader(client, tt.code, slog.New(slog.DiscardHandler))(context.Background(), dir, tt.fork)
		if (len(asked) > 0) != tt.asks {
			t.Errorf("%s: asked %v", tt.name, asked)
		}
		if tt.asks && !strings.Contains(strings.Join(notes, " "), "example.org/dep") {
			t.Errorf("%s: the receipt does not name the module that could not be had: %q", tt.name, notes)
		}
	}
}
