package goanalysis

import (
	"reflect"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/analyzers/authz"
)

// TestSwitchesOfFiles: what is on, off or a mode is read with its line, and nothing
// that may be a secret.
func TestSwitchesOfFiles(t *testing.T) {
	one := func(file string, line int, value string, key ...string) authz.List {
		return authz.List{Key: key, Switch: value, Lines: []int{line}, File: file}
	}
	secret := strings.Repeat("S3cret", 2)
	for _, c := range []struct {
		name, file, text string
		want             []authz.List
	}{
		{"yaml", "config.yml", "# x\nauth:\n  enabled: Yes\n  mode: basic\n  secret: " + secret + "\n  url: http://a\n",
			[]authz.List{one("config.yml", 3, "true", "auth", "enabled"), one("config.yml", 4, "basic", "auth", "mode")}},
		{"json", "config.json", "{\n\"auth\": {\"enabled\": false,\n\"n\": 3}}", []authz.List{one("config.json", 2, "false", "auth", "enabled")}},
		{"toml", "conf/app.toml", "debug = true # not here\n[auth]\nenabled = false\n[[list]]\non = true\n",
			[]authz.List{one("conf/app.toml", 1, "true", "debug"), one("conf/app.toml", 3, "false", "auth", "enabled")}},
		{"variables", ".env", "export AUTH=on\n# B=true\nMODE='strict'\nKEY=" + secret + "\n", []authz.List{one(".env", 1, "on", "AUTH"), one(".env", 3, "strict", "MODE")}},
		{"an alias", "config.yml", "a: &a true\nb: *a\n", []authz.List{one("config.yml", 1, "true", "a")}},
		{"no document", "config.toml", "debug = true\n[", nil},
		{"too large", "config.yml", "on: true\n# " + strings.Repeat("x", maxSwitchBytes), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := configuration(checkoutOf(t, c.file, c.text)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
