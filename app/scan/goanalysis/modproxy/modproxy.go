// Package modproxy downloads module versions through the module-proxy protocol
// (go.dev/ref/mod#goproxy-protocol) with a client of its own: what go.sum
// vouches for and nothing else, within limits, with credentials from the
// server's configuration only. It runs in the server or the CLI, never in a
// worker: it parses go.mod and go.sum and hashes zips, but reads no Go code.
//
// It imports net/http and golang.org/x/mod. It must never run a command, follow
// a version control system or unpack a zip to disk.
package modproxy

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modzip"
)

// Proxy is one module proxy.
type Proxy struct {
	URL string // https://proxy.example.com/path
	// User and Password are sent as basic authentication to this proxy's host
	// and nowhere else, not even after a redirect.
	User, Password string
	// Only, if not empty, are module path patterns (as in GOPRIVATE) this proxy
	// alone is asked for.
	Only string
}

// Limits bound one Fill. Zero fields take the defaults.
type Limits struct {
	ZipBytes   int64         // largest zip; default 128 MiB
	TotalBytes int64         // all zips together; default 2 GiB
	Modules    int           // default 2000
	Wall       time.Duration // default 5 minutes
}

// Client downloads modules into a folder of zips. It may be used concurrently.
type Client struct {
	Proxies []Proxy
	// Private are module path patterns that are asked of no proxy but those
	// whose Only names them: their names are nobody else's business.
	Private string
	Dir     string // where package modzip reads
	Limits  Limits
	HTTP    *http.Client // nil: a client with sane time limits
}

// Report says what Fill did.
type Report struct {
	Wanted, Present, Downloaded int
	Bytes                       int64
	// Refused says of modules that could not be had why.
	Refused []load.Skip
}

var errTooLarge = errors.New("larger than the limit")

// Fill downloads the modules a checkout's go.mod files ask for and its go.sum
// files vouch for. A module that cannot be had is in the report; an error means
// that nothing could be tried.
func (c *Client) Fill(ctx context.Context, checkout string) (Report, error) {
	lim := c.Limits
	if lim.ZipBytes <= 0 {
		lim.ZipBytes = 128 << 20
	}
	if lim.TotalBytes <= 0 {
		lim.TotalBytes = 2 << 30
	}
	if lim.Modules <= 0 {
		lim.Modules = 2000
	}
	if lim.Wall <= 0 {
		lim.Wall = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, lim.Wall)
	defer cancel()
	if err := os.MkdirAll(c.Dir, 0o750); err != nil {
		return Report{}, fmt.Errorf("make the folder of module zips: %w", err)
	}
	var r Report
	// Old modules (before Go 1.17) name indirect requirements only in their
	// requirements' own go.mod files, which are fetched as they are followed.
	reqs, err := load.Requirements(checkout, goModSource{ctx, c})
	if err != nil {
		return Report{}, err
	}
	r.Wanted = len(reqs)
	if len(reqs) > lim.Modules {
		for _, q := range reqs[lim.Modules:] {
			r.Refused = append(r.Refused, load.Skip{What: q.Mod.String(), Why: fmt.Sprintf("more than %d modules", lim.Modules)})
		}
		reqs = reqs[:lim.Modules]
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan load.Requirement)
	for range 4 {
		wg.Go(func() {
			for q := range work {
				n, err := c.get(ctx, q, lim.ZipBytes)
				mu.Lock()
				switch {
				case err != nil:
					r.Refused = append(r.Refused, load.Skip{What: q.Mod.String(), Why: publicReason(err)})
				case n == 0:
					r.Present++
				default:
					r.Downloaded++
					r.Bytes += n
				}
				mu.Unlock()
			}
		})
	}
	for _, q := range reqs {
		mu.Lock()
		full := r.Bytes >= lim.TotalBytes
		mu.Unlock()
		if full {
			r.Refused = append(r.Refused, load.Skip{What: q.Mod.String(), Why: "the limit of bytes for one repository is reached"})
			continue
		}
		work <- q
	}
	close(work)
	wg.Wait()
	sort.Slice(r.Refused, func(i, j int) bool { return r.Refused[i].What < r.Refused[j].What })
	return r, nil
}

// publicReason leaves out addresses, which may carry credentials.
func publicReason(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err.Error()
	}
	return err.Error()
}

// get downloads one zip, verifies it and puts it in place. It returns 0 if the
// zip was there already.
func (c *Client) get(ctx context.Context, q load.Requirement, max int64) (int64, error) {
	if q.Sum == "" {
		return 0, errors.New("go.sum does not vouch for it")
	}
	if !strings.HasPrefix(q.Sum, "h1:") {
		return 0, errors.New("go.sum has an unknown kind of hash for it")
	}
	name := filepath.Join(c.Dir, modzip.Name(q.Mod, q.Sum, ".zip"))
	if _, err := os.Stat(name); err == nil {
		return 0, nil
	}
	tmp, err := os.CreateTemp(c.Dir, "get-*.tmp")
	if err != nil {
		return 0, err
	}
	defer os.Remove(tmp.Name())
	n, err := c.fetch(ctx, q.Mod, ".zip", tmp, max)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return 0, err
	}
	if err := sane(tmp.Name()); err != nil {
		return 0, err
	}
	sum, err := dirhash.HashZip(tmp.Name(), dirhash.Hash1)
	if err != nil {
		return 0, fmt.Errorf("not a module zip: %w", err)
	}
	if sum != q.Sum {
		return 0, errors.New("its hash is not the one go.sum demands")
	}
	return n, os.Rename(tmp.Name(), name)
}

// sane refuses a zip that unpacks to more than a module may hold, before anything
// of it is unpacked: hashing reads every file to its end, and a few MiB can hold
// terabytes. The reader holds each file to the size that is declared.
func sane(name string) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("not a module zip: %w", err)
	}
	defer z.Close()
	if len(z.File) > maxZipFiles {
		return fmt.Errorf("its zip holds more than %d files", maxZipFiles)
	}
	left := uint64(maxUnpacked)
	for _, f := range z.File {
		if f.UncompressedSize64 > left {
			return fmt.Errorf("its zip unpacks to more than %d MiB", maxUnpacked>>20)
		}
		left -= f.UncompressedSize64
	}
	return nil
}

// maxUnpacked is what the go command allows the files of one module to hold
// (go.dev/ref/mod#zip-path-size-constraints).
const (
	maxUnpacked = 500 << 20
	maxZipFiles = 200_000
)

// fetch asks the proxies in turn for a file of a module version.
func (c *Client) fetch(ctx context.Context, mod module.Version, ext string, w io.Writer, max int64) (int64, error) {
	p, err := module.EscapePath(mod.Path)
	if err != nil {
		return 0, err
	}
	v, err := module.EscapeVersion(mod.Version)
	if err != nil {
		return 0, err
	}
	err = errors.New("it is private and no proxy is set up for it")
	for _, proxy := range c.Proxies {
		if proxy.Only != "" && !module.MatchPrefixPatterns(proxy.Only, mod.Path) {
			continue
		}
		if proxy.Only == "" && module.MatchPrefixPatterns(c.Private, mod.Path) {
			continue
		}
		var n int64
		if n, err = c.ask(ctx, proxy, path.Join(p, "@v", v+ext), w, max); err == nil {
			return n, nil
		}
		// Only "I do not have it" lets the next proxy be asked, as GOPROXY's
		// comma does.
		if !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
	}
	return 0, err
}

func (c *Client) ask(ctx context.Context, proxy Proxy, file string, w io.Writer, max int64) (int64, error) {
	base, err := url.Parse(proxy.URL)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return 0, errors.New("the proxy's address is not an http address")
	}
	base.User = nil
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base.String(), "/")+"/"+file, nil)
	if err != nil {
		return 0, err
	}
	if proxy.User != "" || proxy.Password != "" {
		req.SetBasicAuth(proxy.User, proxy.Password)
	}
	client := c.HTTP
	if client == nil {
		client = defaultClient
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return 0, fmt.Errorf("the proxy does not have it: %w", fs.ErrNotExist)
	case res.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("the proxy answered %d", res.StatusCode)
	case res.ContentLength > max:
		return 0, errTooLarge
	}
	n, err := io.Copy(w, io.LimitReader(res.Body, max+1))
	if err == nil && n > max {
		err = errTooLarge
	}
	return n, err
}

var defaultClient = &http.Client{
	Timeout: 2 * time.Minute,
	// Go drops the Authorization header itself when a redirect leaves the host.
	CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 5 {
			return errors.New("too many redirects")
		}
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return errors.New("the proxy redirects to plain http")
		}
		return nil
	},
}

// goModSource fetches go.mod files while a build list is worked out. It hands
// out no sources.
type goModSource struct {
	ctx context.Context
	c   *Client
}

func (g goModSource) Open(module.Version, string) (fs.FS, load.Origin, error) {
	return nil, "", fs.ErrNotExist
}

func (g goModSource) GoMod(mod module.Version) ([]byte, error) {
	name := filepath.Join(g.c.Dir, modzip.Name(mod, "", ".mod"))
	if b, err := os.ReadFile(name); err == nil {
		return b, nil
	}
	var b bytes.Buffer
	if _, err := g.c.fetch(g.ctx, mod, ".mod", &b, modzip.MaxMod); err != nil {
		return nil, err
	}
	// A go.mod only selects versions; their contents are verified. Should it be
	// forged, a version go.sum does not vouch for is asked for and refused.
	tmp, err := os.CreateTemp(g.c.Dir, "get-*.tmp")
	if err != nil {
		return b.Bytes(), nil //nolint:nilerr // the file would only spare the next download
	}
	_, err = tmp.Write(b.Bytes())
	if cerr := tmp.Close(); err == nil && cerr == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return b.Bytes(), nil
}
