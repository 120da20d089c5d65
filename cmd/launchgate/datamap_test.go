package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// A shop on a bare checkout: its dependencies are not there.
const shop = `package shop

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/stripe/stripe-go/v82"
	"github.com/stripe/stripe-go/v82/customer"
)

type Member struct {
	ID       int64
	Email    string
	Badge    string
	Verified bool
}

func charge(m Member) error {
	_, err := customer.New(&stripe.CustomerParams{Email: stripe.String(m.Email)})
	return err
}

const base = "https://api.openai.com/v1"

func draft(m Member) error {
	_, err := http.Post(base+"/responses", "application/json", strings.NewReader(fmt.Sprintf("{%q: %q}", "input", ASKED)))
	return err
}
`

func TestDatamap(t *testing.T) {
	dir := t.TempDir()
	layCanaries(t, dir)
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	datamap := func(args ...string) string {
		t.Helper()
		got, out, errs := launchgate(t, append([]string{"datamap", dir}, args...)...)
		if got != 0 {
			t.Fatalf("datamap %v ended with %d: %s", args, got, errs)
		}
		return out
	}
	contains := func(got string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("the output lacks %q:\n%s", w, got)
			}
		}
	}
	write("go.mod", "module example.com/shop\n\ngo 1.24\n\nrequire github.com/stripe/stripe-go/v82 v82.0.0\n")
	write("shop.go", strings.Replace(shop, "ASKED", "fmt.Sprint(m.ID)", 1))
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	got := datamap()
	contains(got, "Stripe", "payment", "contact", "email", "shop.go:20", "2 third parties are used, 1 receives personal data")
	if strings.Contains(got, "OpenAI") {
		t.Errorf("OpenAI receives only an id:\n%s", got)
	}
	contains(datamap("--all"), "OpenAI", "nothing personal was seen")
	contains(datamap("--diff", "main"), "Nobody receives other data than before.")

	// A change: the e-mail address goes to OpenAI too.
	write("shop.go", strings.Replace(shop, "ASKED", "m.Email", 1))
	contains(datamap("--diff", "main"), "+ OpenAI (ai)  contact: email  shop.go:27")
	contains(datamap("--format", "markdown"), "| `OpenAI` | ai | contact: `email` | `shop.go:27` |")
	var doc struct {
		Recipients []struct {
			Service  string
			Receives []struct{ Class string }
		}
	}
	if err := json.Unmarshal([]byte(datamap("--format", "json")), &doc); err != nil || len(doc.Recipients) != 2 || doc.Recipients[0].Receives[0].Class != "contact" {
		t.Errorf("as JSON: %+v, %v", doc, err)
	}

	// The policy knows more of the data than its names tell.
	write("shop.go", strings.Replace(shop, "ASKED", "m.Badge", 1))
	contains(datamap("--diff", "main"), "Nobody receives other data than before.")
	write(".github/launchgate.yml", "version: 1\nsensitive:\n  fields:\n    Member.Badge: government-id\n")
	contains(datamap("--diff", "main"), "+ OpenAI (ai)  government-id: badge  shop.go:27")

	write(".github/launchgate.yml", "version: 1\nsensitive:\n  fields:\n    Member.Badge: secretive\n")
	if status, _, errs := launchgate(t, "datamap", dir); status == 0 || !strings.Contains(errs, `"secretive" is no class of data`) {
		t.Errorf("a wrong policy is not said: %s", errs)
	}
}

func TestDatamapSaysWhatItCouldNotLookAt(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/shop\n\ngo 1.24\n", "shop.go": "package shop\n\nfunc charge() {"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, out, errs := launchgate(t, "datamap", dir)
	if !strings.Contains(errs, "not looked at: package example.com/shop: syntax error") {
		t.Errorf("an empty map of a package that nobody could read, with no word of it: %q, %q", out, errs)
	}
}

func TestDataOfCodeThatCouldNotBeReadIsNotSaidToBeSentNoLonger(t *testing.T) {
	mod := txtar.File{Name: "go.mod", Data: []byte("module example.com/shop\n\ngo 1.24\n\nrequire github.com/stripe/stripe-go/v82 v82.0.0\n")}
	with := txtar.File{Name: "shop.go", Data: []byte(shop)}
	without := txtar.File{Name: "shop.go", Data: []byte("package shop\n")}
	broken := txtar.File{Name: "shop.go", Data: []byte("package shop\n\nfunc charge() {")}
	if o := reviewFiles(t, []txtar.File{mod, with}, []txtar.File{without}); len(o.DataChanges) == 0 || o.DataChanges[0].Change != "removed" {
		t.Errorf("changes %+v; the data is sent no longer", o.DataChanges)
	}
	if o := reviewFiles(t, []txtar.File{mod, with}, []txtar.File{broken}); len(o.DataChanges) > 0 {
		t.Errorf("changes %+v of code that nobody could read", o.DataChanges)
	}
}
