package config_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/launchgate/launchgate/app/config"
	"github.com/launchgate/launchgate/app/review"
)

const exampleServer = "../../docs/launchgate.example.yml"

// newKey makes a private key as GitHub hands one out.
var newKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
})

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// needed is the environment that makes an empty file valid.
func needed(more ...string) []string {
	return append([]string{"LAUNCHGATE_GITHUB_APP_ID=7", "LAUNCHGATE_GITHUB_PRIVATE_KEY=" + newKey(), "LAUNCHGATE_GITHUB_WEBHOOK_SECRET=its a secret"}, more...)
}

func TestLoadServerExampleIsComplete(t *testing.T) {
	data, err := os.ReadFile(exampleServer)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	leaves(doc.Content[0], "", documented)
	known := make(map[string]bool)
	keys(reflect.TypeFor[config.Server](), "", known)
	for key := range known {
		if !documented[key] {
			t.Errorf("the example does not explain %s", key)
		}
	}
	if len(known) < 30 {
		t.Errorf("only %d keys are known; the comparison would prove nothing", len(known))
	}
}

// TestLoadServerExampleHoldsTheDefaults: the example promises that what it sets
// is what holds anyway.
func TestLoadServerExampleHoldsTheDefaults(t *testing.T) {
	got, err := config.LoadServer(exampleServer, needed())
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.LoadServer("", needed())
	if err != nil {
		t.Fatal(err)
	}
	got.Code.Tags = nil // [] and nothing are the same
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("example\n%+v\ndefaults\n%+v", got, want)
	}
}

// leaves lists the paths of a document's values; keys those of a struct type.
func leaves(n *yaml.Node, path string, out map[string]bool) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		p := strings.TrimPrefix(path+"."+n.Content[i].Value, ".")
		if n.Content[i+1].Kind == yaml.MappingNode {
			leaves(n.Content[i+1], p, out)
		} else {
			out[p] = true
		}
	}
}

func keys(t reflect.Type, path string, out map[string]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		p := strings.TrimPrefix(path+"."+f.Tag.Get("yaml"), ".")
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[config.Secret]() {
			keys(f.Type, p, out)
		} else {
			out[p] = true
		}
	}
}

func TestLoadServerFileAndEnvironment(t *testing.T) {
	secret := write(t, "secret", "from a file\n")
	file := write(t, "launchgate.yml", `
listen: 127.0.0.1:9000
base_url: https://launchgate.example.com/
github:
  url: https://ghes.example.com/
  app_id: 1
  webhook_secret_file: `+secret+`
limits: {review_time: 90s, worker_memory: 512MiB, tree_files: 10}
code: {tags: [a]}
`)
	cfg, err := config.LoadServer(file, []string{"PATH=/bin", "LAUNCHGATE_GITHUB_APP_ID=42", "LAUNCHGATE_LIMITS_WORKER_WALL=1m", "LAUNCHGATE_LIMITS_MIRROR_BYTES=3GiB",
		"LAUNCHGATE_LOG_LEVEL=debug", "LAUNCHGATE_CODE_TAGS=integration, postgres", "LAUNCHGATE_DASHBOARD_ENABLED=true", "LAUNCHGATE_SERVICE_HOST=10.0.0.1",
		"LAUNCHGATE_GITHUB_PRIVATE_KEY=" + strings.ReplaceAll(newKey(), "\n", `\n`)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"listen", cfg.Listen, "127.0.0.1:9000"},
		{"base URL without the slash", cfg.BaseURL, "https://launchgate.example.com"},
		{"the variable wins", cfg.GitHub.AppID, int64(42)},
		{"API of an Enterprise Server", cfg.GitHub.APIURL(), "https://ghes.example.com/api/v3"},
		{"uploads of an Enterprise Server", cfg.GitHub.UploadURL(), "https://ghes.example.com/api/uploads"},
		{"secret from a file, without its newline", string(cfg.GitHub.WebhookSecret.Reveal()), "from a file"},
		{"key from one line", string(cfg.GitHub.PrivateKey.Reveal()), newKey()},
		{"duration", cfg.Limits.ReviewTime, 90 * time.Second},
		{"duration from a variable", cfg.Limits.WorkerWall, time.Minute},
		{"size", cfg.Limits.WorkerMemory, config.Size(512 << 20)},
		{"size from a variable", cfg.Limits.MirrorBytes, config.Size(3 << 30)},
		{"number", cfg.Limits.TreeFiles, 10},
		{"default stays", cfg.Limits.TreeBytes, config.Size(1 << 30)},
		{"list from a variable", strings.Join(cfg.Code.Tags, "|"), "integration|postgres"},
		{"level", cfg.Log.Level, slog.LevelDebug},
		{"dashboard", cfg.Dashboard.Enabled, true},
		{"paths are absolute", filepath.IsAbs(cfg.DataDir) && filepath.IsAbs(cfg.SQLitePath()), true},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestLoadServerVariableReplacesTheFilesOtherForm(t *testing.T) {
	file := write(t, "launchgate.yml", "github: {webhook_secret_file: /does/not/exist}\n")
	cfg, err := config.LoadServer(file, needed())
	if err != nil {
		t.Fatal(err)
	}
	if got := string(cfg.GitHub.WebhookSecret.Reveal()); got != "its a secret" {
		t.Errorf("webhook secret %q", got)
	}
}

func TestGitHubURLs(t *testing.T) {
	for url, want := range map[string][2]string{
		"https://github.com":       {"https://api.github.com", "https://uploads.github.com"},
		"https://octo.ghe.com":     {"https://api.octo.ghe.com", "https://uploads.octo.ghe.com"},
		"https://ghes.example.com": {"https://ghes.example.com/api/v3", "https://ghes.example.com/api/uploads"},
	} {
		g := config.GitHub{URL: url}
		if g.APIURL() != want[0] || g.UploadURL() != want[1] {
			t.Errorf("%s: %s and %s, want %v", url, g.APIURL(), g.UploadURL(), want)
		}
	}
}

func TestLoadServerNamesEveryMistake(t *testing.T) {
	tests := []struct {
		name, yaml string
		env        []string
		want       []string
	}{
		{"unknown keys, all at once", "lisen: x\ngithub:\n  app_ip: 1\nlimits: {worker_mem: 1}\n", needed(), []string{
			`line 1: there is no key "lisen", did you mean "listen"?`,
			`line 3: there is no key "app_ip" in github, did you mean "app_id"?`,
			`line 4: there is no key "worker_mem" in limits, did you mean "worker_memory"?`}},
		{"key of another section", "app_id: 1\n", needed(), []string{`line 1: there is no key "app_id"; it belongs under github`}},
		{"unknown variable", "", needed("LAUNCHGATE_LISTN=x"), []string{"there is no variable LAUNCHGATE_LISTN, did you mean LAUNCHGATE_LISTEN?"}},
		{"nothing set", "", nil, []string{"github.app_id", "github.private_key_file", "github.webhook_secret"}},
		{"empty secret", "", needed("LAUNCHGATE_GITHUB_WEBHOOK_SECRET="), []string{"github.webhook_secret must be the secret"}},
		{"wrong types, all at once", "limits:\n  workers: many\n  worker_wall: 5 minutes\n  tree_bytes: huge\nlog: {level: loud}\ndashboard: {enabled: maybe}\ngithub: []\n", needed(), []string{
			"line 2: limits.workers must be a whole number", "line 3: limits.worker_wall must be a duration", "line 4: limits.tree_bytes", "line 5: log.level", "line 6: dashboard.enabled must be true or false", "line 7: github must be"}},
		{"wrong types in variables", "", needed("LAUNCHGATE_LIMITS_WORKERS=many", "LAUNCHGATE_LIMITS_FETCH_TIME=soon", "LAUNCHGATE_LOG_LEVEL=loud"), []string{
			"LAUNCHGATE_LIMITS_WORKERS must be a whole number", "LAUNCHGATE_LIMITS_FETCH_TIME must be a duration", "LAUNCHGATE_LOG_LEVEL must be debug"}},
		{"wrong values, all at once", "listen: nowhere\nbase_url: ftp://x\nlog: {format: xml}\nlimits:\n  workers: 0\n  worker_memory: 1MiB\n  worker_wall: 1h\ncode: {sources: internet}\n", needed(), []string{
			"line 1: listen", "line 2: base_url", "line 3: log.format", "line 5: limits.workers", "line 6: limits.worker_memory", "line 7: limits.worker_wall must not be longer", "line 8: code.sources"}},
		{"dashboard for everybody", "listen: 0.0.0.0:80\ndashboard: {enabled: true}\n", needed(), []string{"line 2: dashboard.enabled needs a loopback address"}},
		{"plain http to GitHub", "", needed("LAUNCHGATE_GITHUB_URL=http://ghes.example.com"), []string{"github.url must begin with https://"}},
		{"API address instead of GitHub's", "", needed("LAUNCHGATE_GITHUB_URL=https://ghes.example.com/api/v3"), []string{"github.url must be the address of GitHub itself"}},
		{"secret said twice", "github: {webhook_secret: a, webhook_secret_file: b}\n", []string{"LAUNCHGATE_GITHUB_APP_ID=7", "LAUNCHGATE_GITHUB_PRIVATE_KEY=" + newKey()}, []string{"both set"}},
		{"no such key file", "github: {private_key_file: /does/not/exist}\n", []string{"LAUNCHGATE_GITHUB_APP_ID=7", "LAUNCHGATE_GITHUB_WEBHOOK_SECRET=x"}, []string{"/does/not/exist cannot be read: no such file"}},
		{"modcache without a folder", "code: {sources: modcache}\n", needed(), []string{"code.module_cache must name the folder"}},
		{"proxy without an address", "code: {sources: proxy}\n", needed(), []string{"code.proxy.url must be the address of one"}},
		{"credentials in the proxy's address", "code: {proxy: {url: 'https://u:p@proxy.example'}}\n", needed(), []string{"line 1: code.proxy.url must be the address of a module proxy"}},
		{"the same key twice", "listen: a:1\nlisten: b:2\n", needed(), []string{`line 2: has the key "listen" twice, first in line 1`}},
		{"not YAML", "listen: [\n", needed(), []string{"line"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.LoadServer(write(t, "launchgate.yml", tt.yaml), tt.env)
			var e *review.Error
			if !errors.As(err, &e) || e.Code != review.CodeBadConfig {
				t.Fatalf("error = %v, want one with code %s", err, review.CodeBadConfig)
			}
			for _, want := range tt.want {
				if !strings.Contains(e.Public(), want) {
					t.Errorf("message lacks %q:\n%s", want, e.Public())
				}
			}
		})
	}
}

func TestLoadServerNoFile(t *testing.T) {
	_, err := config.LoadServer("/does/not/exist.yml", needed())
	if review.CodeOf(err) != review.CodeBadConfig || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "/does/not/exist.yml") {
		t.Errorf("error = %v", err)
	}
}

// TestSecretsAreNeverShown puts a marker into every secret, good and bad, and
// looks for it in everything that can be printed.
func TestSecretsAreNeverShown(t *testing.T) {
	marker := "s3cr3t-" + rand.Text()
	bad := write(t, "bad.yml", "github:\n  private_key: "+marker+"\n  webhook_secret: ["+marker+"]\n  app_id: x\ndatabase: {postgres_dsn: {a: "+marker+"}}\n")
	_, err := config.LoadServer(bad, []string{"LAUNCHGATE_GITHUB_PRIVATE_KEY=" + marker, "LAUNCHGATE_GITHUB_APP_ID=" + marker})
	if err == nil || strings.Contains(err.Error(), marker) {
		t.Errorf("error quotes a secret or is missing: %v", err)
	}
	_, err = config.LoadServer("", append(needed(), "LAUNCHGATE_GITHUB_PRIVATE_KEY="+marker))
	if err == nil || strings.Contains(err.Error(), marker) {
		t.Errorf("error quotes a secret or is missing: %v", err)
	}

	cfg, err := config.LoadServer("", needed("LAUNCHGATE_GITHUB_WEBHOOK_SECRET="+marker, "LAUNCHGATE_DATABASE_POSTGRES_DSN=postgres://u:"+marker+"@h/db"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "cfg", cfg, "secret", cfg.GitHub.WebhookSecret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "cfg", cfg, "secret", cfg.GitHub.WebhookSecret)
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	hidden := struct{ s config.Secret }{cfg.GitHub.WebhookSecret} // fmt cannot call methods of unexported fields
	printed := log.String() + string(asJSON) + string(asYAML)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{cfg, &cfg, cfg.GitHub.WebhookSecret, hidden} {
			printed += fmt.Sprintf(verb, v)
		}
	}
	for _, form := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprintf("%X", marker)} {
		if strings.Contains(printed, form) {
			t.Errorf("a secret was printed: %s", printed)
		}
	}
	if !strings.Contains(string(asJSON), "[redacted]") {
		t.Errorf("JSON does not say that a secret is set: %s", asJSON)
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]config.Size{"0": 0, "17": 17, "3 KiB": 3 << 10, "2GiB": 2 << 30, "1TiB": 1 << 40, "5B": 5} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "1.5GiB", "1GB", "9999999999TiB", "GiB", "1 2"} {
		var got config.Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}
