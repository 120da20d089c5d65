package config

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/app/review"
)

// Server is the configuration of "launchgate serve". Every key is explained in
// docs/launchgate.example.yml.
type Server struct {
	Listen  string `yaml:"listen"`
	BaseURL string `yaml:"base_url"` // without a trailing slash; "" for none
	DataDir string `yaml:"data_dir"` // absolute after LoadServer
	// InstallationKey, KeyDigits hexadecimal digits, keys the fingerprints of
	// secrets and the markers of comments. Unset, a server with a database in
	// DataDir keeps one in KeyPath.
	InstallationKey     Secret    `yaml:"installation_key"`
	InstallationKeyFile string    `yaml:"installation_key_file"`
	Database            Database  `yaml:"database"`
	GitHub              GitHub    `yaml:"github"`
	Dashboard           Dashboard `yaml:"dashboard"`
	Log                 Log       `yaml:"log"`
	Limits              Limits    `yaml:"limits"`
	Code                Code      `yaml:"code"`
}

// Database says where deliveries and reviews are kept. With PostgresDSN unset it
// is SQLite, in the file SQLitePath.
type Database struct {
	PostgresDSN     Secret `yaml:"postgres_dsn"` // from the file, too, after LoadServer
	PostgresDSNFile string `yaml:"postgres_dsn_file"`
}

// GitHub says which App this is and where GitHub is. After LoadServer PrivateKey
// and WebhookSecret are set, wherever they came from.
type GitHub struct {
	URL               string `yaml:"url"`
	AppID             int64  `yaml:"app_id"`
	PrivateKey        Secret `yaml:"private_key"` // PEM
	PrivateKeyFile    string `yaml:"private_key_file"`
	WebhookSecret     Secret `yaml:"webhook_secret"`
	WebhookSecretFile string `yaml:"webhook_secret_file"`
}

// Dashboard says whether pages are served. They have no login.
type Dashboard struct {
	Enabled bool `yaml:"enabled"`
	// AllowRemote permits them on an address that others can reach.
	AllowRemote bool `yaml:"allow_remote"`
}

// Log says how the server logs.
type Log struct {
	Level  slog.Level `yaml:"level"`
	Format string     `yaml:"format"` // text or json
}

// Limits bound what a review may cost. All are positive.
type Limits struct {
	Workers      int           `yaml:"workers"`
	RepoSlots    int           `yaml:"repo_slots"`
	ReviewTime   time.Duration `yaml:"review_time"`
	WorkerWall   time.Duration `yaml:"worker_wall"`
	WorkerCPU    time.Duration `yaml:"worker_cpu"`
	WorkerMemory Size          `yaml:"worker_memory"`
	MirrorBytes  Size          `yaml:"mirror_bytes"`
	FetchTime    time.Duration `yaml:"fetch_time"`
	TreeFiles    int           `yaml:"tree_files"`
	TreeBytes    Size          `yaml:"tree_bytes"`
	FileBytes    Size          `yaml:"file_bytes"`
}

// Code says how Go code is read.
type Code struct {
	GOOS        string        `yaml:"goos"`
	GOARCH      string        `yaml:"goarch"`
	Tags        []string      `yaml:"tags"`
	Sources     string        `yaml:"sources"`      // vendor, embedded, store, proxy or modcache
	ForkSources string        `yaml:"fork_sources"` // the same, for pull requests from forks
	ModuleCache string        `yaml:"module_cache"` // absolute after LoadServer
	PackageTime time.Duration `yaml:"package_time"`
	Proxy       Proxy         `yaml:"proxy"`
}

// Proxy is a module proxy that dependencies are downloaded from, for sources
// "proxy". Its credentials go to its own host only.
type Proxy struct {
	URL          string `yaml:"url"`
	User         string `yaml:"user"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`
	// Only, when set, are the module path patterns (as in GOPRIVATE) the proxy
	// is asked for; Private those it is not asked for unless Only names them.
	Only    string `yaml:"only"`
	Private string `yaml:"private"`
}

// DefaultServer is what holds for every key that is not set.
func DefaultServer() Server {
	return Server{
		Listen:  "127.0.0.1:8080",
		DataDir: "data",
		GitHub:  GitHub{URL: "https://github.com"},
		Log:     Log{Level: slog.LevelInfo, Format: "text"},
		Limits: Limits{
			Workers: 2, RepoSlots: 2, ReviewTime: 20 * time.Minute,
			WorkerWall: 5 * time.Minute, WorkerCPU: 10 * time.Minute, WorkerMemory: 2 << 30,
			MirrorBytes: 4 << 30, FetchTime: 10 * time.Minute,
			TreeFiles: 200_000, TreeBytes: 1 << 30, FileBytes: 16 << 20,
		},
		Code: Code{GOOS: "linux", GOARCH: "amd64", Sources: "store", ForkSources: "embedded", PackageTime: time.Minute},
	}
}

// SQLitePath is the database's file when no PostgreSQL is configured.
func (s Server) SQLitePath() string { return filepath.Join(s.DataDir, "launchgate.db") }

// KeyPath is where a server keeps the key of its installation that has not been
// told one: beside the database, never in it.
func (s Server) KeyPath() string { return filepath.Join(s.DataDir, "installation.key") }

// KeyDigits is how many hexadecimal digits the key of an installation has.
const KeyDigits = 64

// DecodeKey reads the key of an installation. It is hexadecimal digits and
// nothing else, so that nobody takes a passphrase for one: fingerprints under a
// key that can be guessed can be tested.
func DecodeKey(text []byte) ([]byte, bool) {
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	return key, err == nil && len(key) == KeyDigits/2
}

// ListensOnLoopback reports whether only this machine can reach the server's
// address. A proxy in front of it can of course let others in.
func (s Server) ListensOnLoopback() bool {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// Handler returns the handler that the configuration asks for.
func (l Log) Handler(w io.Writer) slog.Handler {
	opt := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.NewJSONHandler(w, opt)
	}
	return slog.NewTextHandler(w, opt)
}

// APIURL is the base of the REST API, without a trailing slash: a host of its
// own for github.com and *.ghe.com, a path on GitHub Enterprise Server
// (github-facts §4).
func (g GitHub) APIURL() string { return g.api("/api/v3") }

// UploadURL is the base of the upload API.
func (g GitHub) UploadURL() string { return g.api("/api/uploads") }

func (g GitHub) api(path string) string {
	u, err := url.Parse(g.URL)
	if err != nil {
		return ""
	}
	if u.Host == "github.com" || strings.HasSuffix(u.Host, ".ghe.com") {
		host := "api."
		if path == "/api/uploads" {
			host = "uploads."
		}
		return u.Scheme + "://" + host + u.Host
	}
	return strings.TrimRight(g.URL, "/") + path
}

// maxServerBytes bounds the configuration file and each file it names.
const maxServerBytes = 1 << 20

// LoadServer reads the file path ("" for none), then the LAUNCHGATE_* variables
// of env (as from os.Environ), which win, then the files that either names. Its
// error is a *review.Error with CodeBadConfig that lists every mistake and
// quotes no secret.
func LoadServer(path string, env []string) (Server, error) {
	cfg := DefaultServer()
	var root *yaml.Node
	var problems []string
	if path != "" {
		data, err := readBounded(path)
		if err != nil {
			return Server{}, badServer(path, []string{err.Error()})
		}
		root, problems = decodeStrict(data, &cfg)
	}
	problems = append(problems, applyEnv(&cfg, env)...)
	if len(problems) == 0 {
		v := validator{cfg: &cfg, root: root}
		v.validate()
		problems = v.problems
	}
	if len(problems) > 0 {
		return Server{}, badServer(path, problems)
	}
	return cfg, nil
}

func badServer(path string, problems []string) error {
	if path == "" {
		path = "from the environment"
	}
	return &review.Error{Code: review.CodeBadConfig, Op: "read the server's configuration", What: path,
		Do: strings.Join(problems, "; ") + ". docs/launchgate.example.yml explains every key."}
}

// readBounded reads a small file. Its errors may be shown: they name the file.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, errors.Unwrap(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxServerBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", path, errors.Unwrap(err))
	}
	if len(data) > maxServerBytes {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxServerBytes)
	}
	return data, nil
}

// validator checks a configuration whose values have the right types, and
// replaces paths and files by what they stand for.
type validator struct {
	cfg      *Server
	root     *yaml.Node
	problems []string
}

// add names a mistake by its key, and by its line if the file has the key.
func (v *validator) add(key, format string, args ...any) {
	text := key + " " + fmt.Sprintf(format, args...)
	var path []any
	for part := range strings.SplitSeq(key, ".") {
		path = append(path, part)
	}
	if v.root != nil && hasPath(v.root, path) {
		text = fmt.Sprintf("line %d: %s", lineOf(v.root, path...), text)
	}
	v.problems = append(v.problems, text)
}

func hasPath(root *yaml.Node, path []any) bool {
	n := root
	for _, step := range path {
		found := false
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				n, found = n.Content[i+1], true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func (v *validator) validate() {
	c := v.cfg
	v.checkListen()
	if c.BaseURL != "" {
		u, err := url.Parse(c.BaseURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			v.add("base_url", "must be an http or https address such as https://launchgate.example.com")
		}
		c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	}
	if c.DataDir == "" {
		v.add("data_dir", "must name a folder")
	}
	v.absolute("data_dir", &c.DataDir)
	v.secretFile("installation_key", &c.InstallationKey, c.InstallationKeyFile)
	if _, ok := DecodeKey(c.InstallationKey.Reveal()); c.InstallationKey.IsSet() && !ok {
		v.add("installation_key", "must be %d hexadecimal digits, as 'launchgate key new' makes them", KeyDigits)
	}
	v.secretFile("database.postgres_dsn", &c.Database.PostgresDSN, c.Database.PostgresDSNFile)
	v.checkGitHub()
	if c.Dashboard.Enabled && !c.Dashboard.AllowRemote && !c.ListensOnLoopback() {
		v.add("dashboard.enabled", "needs a loopback address in listen, because the dashboard has no login; set dashboard.allow_remote if only the right people can reach %s", c.Listen)
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		v.add("log.format", "must be text or json")
	}
	v.checkLimits()
	v.checkCode()
}

func (v *validator) checkListen() {
	_, port, err := net.SplitHostPort(v.cfg.Listen)
	if err != nil {
		v.add("listen", "must be an address and a port such as 127.0.0.1:8080")
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		v.add("listen", "must end in a port between 0 and 65535")
	}
}

func (v *validator) checkGitHub() {
	g := &v.cfg.GitHub
	u, err := url.Parse(g.URL)
	loopback := err == nil && isLoopback(u.Hostname())
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		v.add("github.url", "must be the address of GitHub itself, such as https://github.com or https://ghes.example.com")
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback):
		v.add("github.url", "must begin with https://, because tokens are sent there")
	default:
		g.URL = u.Scheme + "://" + u.Host
	}
	if g.AppID <= 0 {
		v.add("github.app_id", "must be the App id that the App's settings page shows")
	}
	v.secretFile("github.private_key", &g.PrivateKey, g.PrivateKeyFile)
	if !g.PrivateKey.IsSet() {
		if g.PrivateKeyFile == "" {
			v.add("github.private_key_file", "must name the private key of the App (or set github.private_key)")
		}
	} else if pemKey := unescapePEM(g.PrivateKey.Reveal()); !isRSAKey(pemKey) {
		v.add("github.private_key", "is not the PEM text of an RSA private key, as GitHub hands it out")
	} else {
		g.PrivateKey = NewSecret(pemKey)
	}
	v.secretFile("github.webhook_secret", &g.WebhookSecret, g.WebhookSecretFile)
	if !g.WebhookSecret.IsSet() && g.WebhookSecretFile == "" {
		v.add("github.webhook_secret", "must be the secret of the App's webhook (or set github.webhook_secret_file): without one anybody could send deliveries")
	}
}

// unescapePEM undoes what some tools do to put a PEM text into one line of an
// environment variable.
func unescapePEM(key []byte) []byte {
	if s := string(key); !strings.Contains(s, "\n") && strings.Contains(s, `\n`) {
		return []byte(strings.ReplaceAll(s, `\n`, "\n"))
	}
	return key
}

func isRSAKey(key []byte) bool {
	block, _ := pem.Decode(key)
	if block == nil {
		return false
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return true
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	_, isRSA := k.(*rsa.PrivateKey)
	return err == nil && isRSA
}

// secretFile fills a secret from the file that is named instead of it.
func (v *validator) secretFile(key string, secret *Secret, file string) {
	switch {
	case file == "":
		return
	case secret.IsSet():
		v.add(key+"_file", "and %s are both set; keep one", key)
		return
	}
	data, err := readBounded(file)
	if err != nil {
		v.add(key+"_file", "is wrong: %v", err)
		return
	}
	if *secret = NewSecret([]byte(strings.TrimSpace(string(data)))); !secret.IsSet() {
		v.add(key+"_file", "names an empty file: %s", file)
	}
}

func (v *validator) absolute(key string, path *string) {
	if *path == "" {
		return
	}
	abs, err := filepath.Abs(*path)
	if err != nil {
		v.add(key, "is wrong: %v", err)
		return
	}
	*path = abs
}

// minMemory is less than any scan of a real repository needs.
const minMemory = 256 << 20

func (v *validator) checkLimits() {
	l := v.cfg.Limits
	for _, n := range []struct {
		key   string
		value int64
	}{
		{"workers", int64(l.Workers)}, {"repo_slots", int64(l.RepoSlots)}, {"review_time", int64(l.ReviewTime)}, {"worker_wall", int64(l.WorkerWall)},
		{"mirror_bytes", int64(l.MirrorBytes)}, {"fetch_time", int64(l.FetchTime)}, {"tree_files", int64(l.TreeFiles)}, {"tree_bytes", int64(l.TreeBytes)}, {"file_bytes", int64(l.FileBytes)},
	} {
		if n.value <= 0 {
			v.add("limits."+n.key, "must be more than zero")
		}
	}
	if l.WorkerCPU < time.Second {
		v.add("limits.worker_cpu", "must be at least 1s")
	}
	if l.WorkerMemory < minMemory {
		v.add("limits.worker_memory", "must be at least %s", Size(minMemory))
	}
	if l.WorkerWall > l.ReviewTime && l.ReviewTime > 0 {
		v.add("limits.worker_wall", "must not be longer than limits.review_time (%s)", l.ReviewTime)
	}
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

func (v *validator) checkCode() {
	c := &v.cfg.Code
	for _, s := range []struct{ key, value string }{{"sources", c.Sources}, {"fork_sources", c.ForkSources}} {
		switch s.value {
		case "vendor", "embedded", "store":
		case "proxy":
			if c.Proxy.URL == "" {
				v.add("code."+s.key, "is proxy, so code.proxy.url must be the address of one")
			}
		case "modcache":
			if c.ModuleCache == "" {
				v.add("code."+s.key, "is modcache, so code.module_cache must name the folder")
			}
		default:
			v.add("code."+s.key, "must be vendor, embedded, store, proxy or modcache")
		}
	}
	for _, w := range []struct{ key, value string }{{"goos", c.GOOS}, {"goarch", c.GOARCH}} {
		if !isWord(w.value) {
			v.add("code."+w.key, "must be one word such as linux or amd64")
		}
	}
	for _, tag := range c.Tags {
		if !isWord(tag) {
			v.add("code.tags", "has %q, which is no build tag", clip(tag))
		}
	}
	if c.PackageTime < time.Second {
		v.add("code.package_time", "must be at least 1s")
	}
	v.absolute("code.module_cache", &c.ModuleCache)
	if c.Proxy.URL != "" {
		u, err := url.Parse(c.Proxy.URL)
		switch {
		case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "":
			v.add("code.proxy.url", "must be the address of a module proxy; user and password have keys of their own")
		case u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())):
			v.add("code.proxy.url", "must begin with https://")
		}
	}
	v.secretFile("code.proxy.password", &c.Proxy.Password, c.Proxy.PasswordFile)
}

func isWord(s string) bool {
	return s != "" && len(s) <= 100 && strings.IndexFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '.')
	}) < 0
}
