package goanalysis

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/launchgate/launchgate/analyzers/privacy"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis/load"
)

// Sources says where declarations of dependencies may come from. Whatever it
// says, a vendor folder of the checkout is read, the standard library travels
// with the program and nothing is downloaded by the scanner itself.
type Sources string

// The policies.
const (
	// SourcesDefault is SourcesEmbedded for a pull request from a fork and
	// SourcesStore for everything else.
	SourcesDefault Sources = ""
	// SourcesVendor takes nothing but the vendor folder.
	SourcesVendor Sources = "vendor"
	// SourcesEmbedded adds the embedded declarations of well-known modules.
	SourcesEmbedded Sources = "embedded"
	// SourcesStore adds what is in the store in CacheDir, filled before by
	// "launchgate store fill" or by the server's downloads.
	SourcesStore Sources = "store"
	// SourcesProxy is SourcesStore after the server has downloaded what go.sum
	// vouches for (package modproxy). To the scanner the two are the same.
	SourcesProxy Sources = "proxy"
	// SourcesCache adds the module cache of the user who runs the CLI.
	SourcesCache Sources = "modcache"
)

// Settings are the scanner's part of configuration and policy, as JSON in
// scan.Request.Settings. The zero value is safe.
type Settings struct {
	GOOS   string   `json:"goos,omitempty"`   // default linux
	GOARCH string   `json:"goarch,omitempty"` // default amd64
	Tags   []string `json:"tags,omitempty"`   // extra build tags
	// Sources is the policy, ForkSources that for pull requests from forks.
	Sources     Sources `json:"sources,omitempty"`
	ForkSources Sources `json:"fork_sources,omitempty"`
	// ModuleCache is the go command's module cache, for SourcesCache. Its folder
	// must also be in Request.ReadDirs.
	ModuleCache string `json:"module_cache,omitempty"`
	// Guards are the functions that the policy declares to be guards.
	Guards []Guard `json:"guards,omitempty"`
	// Privacy is what the policy says of the repository's own data.
	Privacy privacy.Settings `json:"privacy,omitzero"`
	// PackageSeconds bounds the time one package may take to type or analyse;
	// default 60.
	PackageSeconds int `json:"package_seconds,omitempty"`
	// Limits bound what is read of one checkout.
	Limits load.Limits `json:"limits,omitzero"`

	// Skip names folders left out because a worker died on them, and Serial
	// asks for one package at a time, to find out which one. Salvage sets them.
	Skip   map[string]string `json:"skip,omitempty"`
	Serial bool              `json:"serial,omitempty"`
}

// Guard is a function that the policy declares to be a guard; see authz.Guard.
type Guard struct {
	Name string `json:"name"`
	Role bool   `json:"role,omitempty"`
}

func readSettings(raw json.RawMessage) (Settings, error) {
	var set Settings
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &set); err != nil {
			return set, badSetting("", err)
		}
	}
	for _, s := range []Sources{set.Sources, set.ForkSources} {
		switch s {
		case SourcesDefault, SourcesVendor, SourcesEmbedded, SourcesStore, SourcesProxy, SourcesCache:
		default:
			return set, badSetting(fmt.Sprintf("sources %q is none of vendor, embedded, store, proxy, modcache", string(s)), nil)
		}
	}
	if err := set.Privacy.Check(); err != nil {
		return set, badSetting("privacy: "+err.Error(), nil)
	}
	if set.ModuleCache != "" && !filepath.IsAbs(set.ModuleCache) {
		return set, badSetting("module_cache is not an absolute path", nil)
	}
	if set.PackageSeconds <= 0 {
		set.PackageSeconds = 60
	}
	return set, nil
}

func badSetting(what string, err error) error {
	return &review.Error{Code: review.CodeBadConfig, Op: "read the settings of the code scanner", What: what, Err: err}
}

// sources returns the policy that holds for a request.
func (set Settings) sources(req scan.Request) Sources {
	s := set.Sources
	if req.Fork {
		if s = set.ForkSources; s == SourcesDefault {
			return SourcesEmbedded
		}
	}
	if s == SourcesDefault {
		s = SourcesStore
		if set.ModuleCache != "" {
			s = SourcesCache
		}
	}
	return s
}

func (set Settings) packageTime() time.Duration {
	return time.Duration(set.PackageSeconds) * time.Second
}
