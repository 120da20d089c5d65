package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sort"
	"time"

	"github.com/spf13/cobra"

	"github.com/launchgate/launchgate/app/scan/goanalysis/declstore"
	"github.com/launchgate/launchgate/app/scan/goanalysis/fill"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
	"github.com/launchgate/launchgate/app/scan/goanalysis/modproxy"
)

func newStoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Keep declarations of dependencies, so that reviews need not download anything",
	}
	cmd.AddCommand(newStoreFillCommand(), newStoreTrimCommand())
	return cmd
}

func newStoreFillCommand() *cobra.Command {
	var cache, proxy, only, private, modcache, goos, goarch string
	var tags []string
	cmd := &cobra.Command{
		Use:   "fill DIR",
		Short: "Fill the store with the declarations a repository's dependencies need",
		Long: `Download the modules that the go.sum files of the checkout DIR vouch for, verify
their hashes, work out their declarations and keep them in the store. Reviews
with "sources: store" then find them there. Nothing from DIR or from a module is
executed, and no Go toolchain is needed.

A user name and password for the proxy are taken from the environment variables
LAUNCHGATE_PROXY_USER and LAUNCHGATE_PROXY_PASSWORD, never from DIR.`,
		Example: `  launchgate store fill . --cache /var/lib/launchgate/cache --proxy "$(go env GOPROXY | cut -d, -f1)"
  launchgate store fill . --modcache ~/go/pkg/mod`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cache == "" {
				dir, err := os.UserCacheDir()
				if err != nil {
					return fmt.Errorf("find a folder for the store (or give --cache): %w", err)
				}
				cache = filepath.Join(dir, "launchgate")
			}
			opt := fill.Options{Dir: args[0], CacheDir: cache, ModuleCache: modcache,
				Platform: load.Platform{GOOS: goos, GOARCH: goarch, Tags: tags}}
			if proxy != "off" {
				opt.Client = &modproxy.Client{Private: private, Proxies: []modproxy.Proxy{{
					URL: proxy, Only: only,
					User: os.Getenv("LAUNCHGATE_PROXY_USER"), Password: os.Getenv("LAUNCHGATE_PROXY_PASSWORD"),
				}}}
			}
			r, err := fill.Fill(cmd.Context(), opt)
			if err != nil {
				return err
			}
			printFill(cmd, cache, r)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&cache, "cache", "", "folder of the store (default: the user's cache folder)")
	f.StringVar(&proxy, "proxy", "off", `address of the module proxy to download from, or "off"`)
	f.StringVar(&only, "proxy-only", "", "module path patterns the proxy is asked for; empty: all but --private")
	f.StringVar(&private, "private", os.Getenv("GOPRIVATE"), "module path patterns no public proxy is asked for")
	f.StringVar(&modcache, "modcache", "", "also take modules from this module cache of the go command")
	f.StringVar(&goos, "goos", "linux", "operating system whose files are read")
	f.StringVar(&goarch, "goarch", "amd64", "architecture whose files are read")
	f.StringSliceVar(&tags, "tags", nil, "further build tags")
	return cmd
}

func newStoreTrimCommand() *cobra.Command {
	var cache string
	var max int64
	cmd := &cobra.Command{
		Use:   "trim",
		Short: "Remove what was not used longest until the store is no larger than it may be",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			removed, err := trimCache(cache, max<<20)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "removed %d entries\n", removed)
			return nil
		},
	}
	cmd.Flags().StringVar(&cache, "cache", "", "folder of the store")
	cmd.Flags().Int64Var(&max, "max-mb", maxCached>>20, "size that declarations, and modules downloaded for them, may each have, in MiB")
	_ = cmd.MarkFlagRequired("cache")
	return cmd
}

// maxCached is how large a server lets declarations and results, and the modules
// downloaded for them, each grow. A repository of 80 kLOC needs about 10 MiB and
// 200 MiB.
const maxCached = 4 << 30

// trimCache removes what was not used longest from the folders of a cache that
// the code scanner and the downloads fill. All of it can be had again.
func trimCache(cache string, max int64) (removed int, err error) {
	for _, part := range []string{"code", "modules"} {
		s, err := declstore.Open(filepath.Join(cache, part))
		if err != nil {
			return removed, err
		}
		n, err := s.Trim(max)
		removed += n
		if err := errors.Join(err, s.Close()); err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// keepTrimmed trims a server's cache now and then until ctx ends.
func keepTrimmed(ctx context.Context, cache string, log *slog.Logger) {
	tick := time.NewTicker(6 * time.Hour)
	defer tick.Stop()
	for {
		if n, err := trimCache(cache, maxCached); err != nil {
			log.Warn("the cache could not be trimmed", "error", err)
		} else if n > 0 {
			log.Info("the cache was trimmed", "removed", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func printFill(cmd *cobra.Command, cache string, r fill.Report) {
	out := cmd.OutOrStdout()
	if d := r.Download; d.Wanted > 0 {
		fmt.Fprintf(out, "modules: %d needed, %d there already, %d downloaded (%d KiB)\n", d.Wanted, d.Present, d.Downloaded, d.Bytes>>10)
		for _, s := range d.Refused {
			fmt.Fprintf(out, "  not had: %q: %s\n", s.What, s.Why)
		}
	}
	var origins []string
	for o, n := range r.Origins {
		origins = append(origins, fmt.Sprintf("%s %d", o, n))
	}
	sort.Strings(origins)
	for _, o := range origins {
		fmt.Fprintf(out, "imported packages: %s\n", o)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(out, "  no declarations of %q\n", m)
	}
	fmt.Fprintf(out, "packages typed in full: %d of %d\n", r.Full, r.Packages)
	fmt.Fprintf(out, "store %s: %d entries, %d KiB\n", cache, r.Entries, r.Bytes>>10)
}
