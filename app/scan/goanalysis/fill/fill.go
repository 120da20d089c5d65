// Package fill fills the store of declarations for a repository ahead of its
// reviews: it downloads the modules the repository's go.sum vouches for and
// works out their declarations once.
//
// It imports modproxy, load and declstore. It must never run inside a worker:
// it uses the network.
package fill

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modproxy"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modzip"
	"github.com/launchgate/launchgate/app/scan/goanalysis/stddecl"
)

// Options say what to fill from where.
type Options struct {
	Dir      string // the checkout
	CacheDir string // as in scan.Request
	Platform load.Platform
	// Client downloads; its Dir is set by Fill. Nil: nothing is downloaded.
	Client *modproxy.Client
	// ModuleCache is a module cache of the go command to take modules from.
	ModuleCache string
	Progress    func(done, total int)
}

// Report says what is in the store now.
type Report struct {
	Download       modproxy.Report
	Packages, Full int                 // of the repository, and typed in full
	Origins        map[load.Origin]int // of the packages it imports
	Missing        []string            // imports nobody has
	Entries        int                 // in the store, and their bytes
	Bytes          int64
}

// Fill downloads, types and keeps. What cannot be had is in the report.
func Fill(ctx context.Context, opt Options) (Report, error) {
	var r Report
	zips := filepath.Join(opt.CacheDir, "modules")
	if opt.Client != nil {
		c := *opt.Client
		c.Dir = zips
		var err error
		if r.Download, err = c.Fill(ctx, opt.Dir); err != nil {
			return r, fmt.Errorf("download modules: %w", err)
		}
	}
	store, err := declstore.Open(filepath.Join(opt.CacheDir, "code"))
	if err != nil {
		return r, err
	}
	defer store.Close()
	lo := load.Options{Dir: opt.Dir, Platform: opt.Platform, Store: store, Embedded: stddecl.Library{}, Progress: opt.Progress}
	if opt.ModuleCache != "" {
		lo.Modules = append(lo.Modules, load.ModuleCache{Dir: opt.ModuleCache})
	}
	lo.Modules = append(lo.Modules, modzip.Dir{Path: zips})
	res, err := load.Load(ctx, lo)
	if err != nil {
		return r, fmt.Errorf("type the repository: %w", err)
	}
	r.Origins = map[load.Origin]int{}
	for _, d := range res.Deps {
		r.Origins[d.Origin]++
		if d.Origin == load.FromUse {
			r.Missing = append(r.Missing, d.Path)
		}
	}
	for _, p := range res.Packages {
		r.Packages++
		if p.Typed.Full() {
			r.Full++
		}
	}
	r.Entries, r.Bytes, err = store.Size()
	return r, err
}
