package modproxy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/launchgate/launchgate/app/scan/goanalysis/modproxy"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modzip"
)

// proxy serves module zips and remembers what it was asked.
type proxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	auth  []string
}

func newProxy(t *testing.T, files map[string][]byte) *proxy {
	p := &proxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.URL.Path)
		user, _, _ := r.BasicAuth()
		p.auth = append(p.auth, user)
		p.mu.Unlock()
		b, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write(b)
	}))
	t.Cleanup(p.Close)
	return p
}

// moduleZip makes a module zip and its go.sum hash.
func moduleZip(t *testing.T, mod module.Version, files map[string]string) (data []byte, sum string) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(mod.String() + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "m.zip")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	sum, err := dirhash.HashZip(name, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), sum
}

func checkout(t *testing.T, gomod, gosum string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": gomod, "go.sum": gosum} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOnlyWhatGoSumVouchesFor(t *testing.T) {
	good := module.Version{Path: "example.com/Good", Version: "v1.0.0"}
	zipped, sum := moduleZip(t, good, map[string]string{"go.mod": "module example.com/Good\n", "g.go": "package g\nvar V int\n"})
	p := newProxy(t, map[string][]byte{
		"/example.com/!good/@v/v1.0.0.zip":   zipped,
		"/example.com/forged/@v/v1.0.0.zip":  zipped,
		"/example.com/large/@v/v1.0.0.zip":   bytes.Repeat([]byte("x"), 2<<20),
		"/example.com/unlisted/@v/v1.zip":    zipped,
		"/private.example/x/@v/v1.0.0.zip":   zipped,
		"/example.com/rubbish/@v/v1.0.0.zip": []byte("not a zip"),
	})
	dir := checkout(t, `module example.com/m
go 1.24
require (
	example.com/Good v1.0.0
	example.com/forged v1.0.0
	example.com/large v1.0.0
	example.com/unlisted v1.0.0
	example.com/gone v1.0.0
	example.com/rubbish v1.0.0
	private.example/x v1.0.0
)
`, fmt.Sprintf(`example.com/Good v1.0.0 %[1]s
example.com/forged v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
example.com/large v1.0.0 %[1]s
example.com/gone v1.0.0 %[1]s
example.com/rubbish v1.0.0 %[1]s
private.example/x v1.0.0 %[1]s
`, sum))
	c := modproxy.Client{Proxies: []modproxy.Proxy{{URL: p.URL}}, Private: "private.example", Dir: t.TempDir(), Limits: modproxy.Limits{ZipBytes: 1 << 20}}
	r, err := c.Fill(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if r.Downloaded != 1 || r.Present != 0 {
		t.Errorf("%+v, want one download", r)
	}
	refused := map[string]string{}
	for _, s := range r.Refused {
		refused[s.What] = s.Why
	}
	for what, why := range map[string]string{
		"example.com/forged@v1.0.0":  "go.sum demands",
		"example.com/large@v1.0.0":   "larger than",
		"example.com/gone@v1.0.0":    "does not have it",
		"example.com/rubbish@v1.0.0": "not a module zip",
		"private.example/x@v1.0.0":   "private",
	} {
		if !strings.Contains(refused[what], why) {
			t.Errorf("%s: %q, want %q", what, refused[what], why)
		}
	}
	for _, a := range p.asked {
		if strings.Contains(a, "private.example") || strings.Contains(a, "unlisted") {
			t.Errorf("the proxy was asked for %s", a)
		}
	}
	// What is kept is kept under the hash that was demanded.
	if _, _, err := (modzip.Dir{Path: c.Dir}).Open(good, sum); err != nil {
		t.Error(err)
	}
	if _, _, err := (modzip.Dir{Path: c.Dir}).Open(good, "h1:other"); err == nil {
		t.Error("a zip was handed out under a hash it does not have")
	}
	asked := len(p.asked)
	if r, err := c.Fill(context.Background(), dir); err != nil || r.Present != 1 || r.Downloaded != 0 {
		t.Errorf("second time: %+v %v", r, err)
	}
	for _, a := range p.asked[asked:] {
		if strings.Contains(a, "good") {
			t.Errorf("asked again for %s", a)
		}
	}
}

// A few bytes that unpack to a gigabyte are refused before anything is unpacked to
// compare hashes.
func TestAZipThatExplodesIsRefused(t *testing.T) {
	mod := module.Version{Path: "example.com/bomb", Version: "v1.0.0"}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if _, err := z.CreateRaw(&zip.FileHeader{Name: mod.String() + "/f.go", Method: zip.Deflate, UncompressedSize64: 1 << 30}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, map[string][]byte{"/example.com/bomb/@v/v1.0.0.zip": b.Bytes()})
	c := modproxy.Client{Proxies: []modproxy.Proxy{{URL: p.URL}}, Dir: t.TempDir()}
	r, err := c.Fill(context.Background(), checkout(t, "module m\ngo 1.24\nrequire example.com/bomb v1.0.0\n",
		"example.com/bomb v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Refused) != 1 || !strings.Contains(r.Refused[0].Why, "unpacks to more than") {
		t.Errorf("%+v, want the module refused for its size", r)
	}
}

func TestCredentialsGoToTheirProxyOnly(t *testing.T) {
	mod := module.Version{Path: "private.example/x", Version: "v1.0.0"}
	zipped, sum := moduleZip(t, mod, map[string]string{"go.mod": "module private.example/x\n"})
	elsewhere := newProxy(t, map[string][]byte{"/x.zip": zipped})
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Another host name for the same machine, as a storage bucket would be.
		http.Redirect(w, r, strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)+"/x.zip", http.StatusFound)
	}))
	defer redirect.Close()
	public := newProxy(t, nil)
	c := modproxy.Client{
		Proxies: []modproxy.Proxy{{URL: public.URL}, {URL: redirect.URL, User: "robot", Password: "pass" + "phrase", Only: "private.example"}},
		Private: "private.example", Dir: t.TempDir(),
	}
	r, err := c.Fill(context.Background(), checkout(t, "module m\ngo 1.24\nrequire private.example/x v1.0.0\n", "private.example/x v1.0.0 "+sum+"\n"))
	if err != nil || r.Downloaded != 1 {
		t.Fatalf("%+v %v", r, err)
	}
	if len(public.asked) != 0 {
		t.Errorf("the public proxy was asked for %v", public.asked)
	}
	for _, user := range elsewhere.auth {
		if user != "" {
			t.Error("credentials followed a redirect to another host")
		}
	}
}
