package fill_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
	"github.com/launchgate/launchgate/app/scan/goanalysis/fill"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modproxy"
)

// After a fill a review types everything without network and without sources;
// a pull request from a fork does not get at the store.
func TestFilledStoreServesReviews(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{"go.mod": "module example.com/dep\n", "dep.go": "package dep\n\ntype T struct{ Name string }\n\nfunc New() T { return T{} }\n"} {
		w, err := z.Create("example.com/dep@v1.0.0/" + name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	z.Close()
	tmp := filepath.Join(t.TempDir(), "dep.zip")
	if err := os.WriteFile(tmp, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, err := dirhash.HashZip(tmp, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/example.com/dep/@v/v1.0.0.zip" {
			http.NotFound(w, r)
			return
		}
		w.Write(b.Bytes())
	}))
	dir, cache := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24\n\nrequire example.com/dep v1.0.0\n",
		"go.sum": "example.com/dep v1.0.0 " + sum + "\n",
		"m.go":   "package m\n\nimport \"example.com/dep\"\n\nfunc F() string { return dep.New().Name }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := fill.Fill(context.Background(), fill.Options{Dir: dir, CacheDir: cache, Client: &modproxy.Client{Proxies: []modproxy.Proxy{{URL: proxy.URL}}}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Download.Downloaded != 1 || r.Full != 1 || r.Origins[load.FromDownload] != 1 || len(r.Missing) > 0 {
		t.Errorf("fill: %+v", r)
	}
	proxy.Close()
	if err := os.RemoveAll(filepath.Join(cache, "modules")); err != nil {
		t.Fatal(err)
	}
	review := func(req scan.Request) string {
		req.HeadDir, req.CacheDir, req.FingerprintKey = dir, cache, make([]byte, 32)
		rep, err := goanalysis.Scanner{}.Scan(context.Background(), req, nil)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(rep.Receipt.Notes, "\n")
	}
	if notes := review(scan.Request{}); !strings.Contains(notes, "packages typed in full: 1 of 1") || !strings.Contains(notes, "declaration store 1") {
		t.Errorf("review after the fill:\n%s", notes)
	}
	if notes := review(scan.Request{Fork: true}); !strings.Contains(notes, "no declarations at hand for example.com/dep") {
		t.Errorf("review of a fork's pull request:\n%s", notes)
	}
}
