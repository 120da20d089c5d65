package secrets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

func TestSecretOnALineOfTheDiffIsPlacedThere(t *testing.T) {
	w := newWork(t)
	base := w.write("main.go", "package main\n").commit("start")
	head := w.write("main.go", "package main\n\nvar key = \""+awsKey()+"\"\n").commit("add key")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token main.go:3")
	complete(t, rep, 1)
	f := rep.Head[0]
	if f.Severity != review.SeverityCritical || f.Confidence != review.ConfidenceHigh {
		t.Errorf("severity %v, confidence %v", f.Severity, f.Confidence)
	}
	if !strings.Contains(f.Message, "Amazon Web Services") {
		t.Errorf("message does not say whose it is: %s", f.Message)
	}
	if fix := infoOf("aws-access-token").rule().Fix; !strings.HasPrefix(fix, "First rotate it (https://console.aws.amazon.com/") {
		t.Errorf("the rule does not say where to rotate: %s", fix)
	}
	if len(f.Evidence) != 1 || f.Evidence[0].Place.Commit != head {
		t.Errorf("evidence %+v does not name the commit", f.Evidence)
	}
}

func TestSecretAddedAndRemovedIsReportedWithItsCommit(t *testing.T) {
	w := newWork(t)
	base := w.write("main.go", "package main\n").commit("start")
	bad := w.write("config.go", "package main\n\nvar key = \""+awsKey()+"\"\n").commit("add key")
	head := w.write("config.go", "package main\n").commit("remove key")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token config.go:3@"+bad.Short())
	complete(t, rep, 2)
	if !strings.Contains(rep.Head[0].Message, "no longer at the head") {
		t.Errorf("message: %s", rep.Head[0].Message)
	}
}

func TestConflictResolutionOfAMergeIsLookedAt(t *testing.T) {
	w := newWork(t)
	base := w.write("a.go", "package a\n\nvar x = 1\n").commit("start")
	w.git("checkout", "-q", "-b", "side")
	w.write("a.go", "package a\n\nvar x = 2\n").commit("side")
	w.git("checkout", "-q", "main")
	w.write("a.go", "package a\n\nvar x = 3\n").commit("ours")
	if _, err := w.try("merge", "-q", "side"); err == nil {
		t.Fatal("the merge was meant to conflict")
	}
	merge := w.write("a.go", "package a\n\nvar x = \""+awsKey()+"\"\n").commit("merge")
	head := w.write("a.go", "package a\n\nvar x = 4\n").commit("clean up")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token a.go:3@"+merge.Short())
	complete(t, rep, 4)
}

func TestFileSmuggledInByAMergeIsLookedAt(t *testing.T) {
	w := newWork(t)
	base := w.write("a.go", "package a\n").commit("start")
	w.git("checkout", "-q", "-b", "side")
	w.write("b.go", "package a\n").commit("side")
	w.git("checkout", "-q", "main")
	w.write("c.go", "package a\n").commit("ours")
	w.git("merge", "-q", "--no-commit", "--no-ff", "side")
	merge := w.write("evil.go", "package a\n\nconst t = \""+githubPAT()+"\"\n").commit("merge")
	w.git("rm", "-q", "evil.go")
	head := w.commit("drop it")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/github-pat evil.go:3@"+merge.Short())
	complete(t, rep, 4)
}

func TestSecondParentAndOctopusAreLookedAt(t *testing.T) {
	w := newWork(t)
	base := w.write("a.go", "package a\n").commit("start")
	var bad []string
	for i, name := range []string{"one", "two", "three"} {
		w.git("checkout", "-q", "-b", name, string(base))
		secret := []string{awsKey(), githubPAT(), stripeKey()}[i]
		id := w.write(name+".env", "X="+secret+"\n").commit(name)
		w.git("rm", "-q", name+".env")
		w.commit("drop " + name)
		bad = append(bad, id.Short())
	}
	w.git("checkout", "-q", "main")
	w.git("merge", "-q", "--no-ff", "-m", "octopus", "one", "two", "three")
	rep := w.scan(base, w.head())
	want(t, rep.Head, "secrets/aws-access-token one.env:1@"+bad[0], "secrets/github-pat two.env:1@"+bad[1], "secrets/stripe-access-token three.env:1@"+bad[2])
	complete(t, rep, 7)
}

func TestMovingAKnownSecretIsNotNew(t *testing.T) {
	w := newWork(t)
	base := w.write("a.go", "package a\n\nvar key = \""+awsKey()+"\"\n").write("b.go", "package a\n").commit("start")
	head := w.write("a.go", "package a\n").write("b.go", "package a\n\n\nvar key = \""+awsKey()+"\"\n").commit("move")
	rep := w.scan(base, head)
	for _, f := range findings.Compare(rep.Head, rep.Base, review.Diff{}) {
		if f.Origin != review.Existing {
			t.Errorf("%s %s:%d is called new", f.Rule, f.Place.Path, f.Place.Line)
		}
	}
	want(t, rep.Head, "secrets/aws-access-token b.go:4")
}

func TestCopyOfAKnownSecretIsNotNewButAnotherSecretIs(t *testing.T) {
	w := newWork(t)
	base := w.write("a.env", "KEY="+awsKey()+"\n").commit("start")
	head := w.write("b.env", "KEY="+awsKey()+"\nOTHER="+awsKey2()+"\n").commit("copy")
	rep := w.scan(base, head)
	got := findings.Compare(rep.Head, rep.Base, review.Diff{})
	if len(got) != 2 || got[0].Origin != review.Introduced || got[0].Place.Line != 2 || got[1].Origin != review.Existing || got[1].Place.Line != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestSameSecretHasOneKeyAndItIsKeyed(t *testing.T) {
	w := newWork(t)
	base := w.write("a", "a\n").commit("start")
	head := w.write("b.env", "A="+awsKey()+"\n").write("c/d.env", "\nB="+awsKey()+"\n").commit("twice")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token b.env:1", "secrets/aws-access-token c/d.env:2")
	if rep.Head[0].Key != rep.Head[1].Key {
		t.Error("one secret has two keys")
	}
	req := w.request(base, head)
	req.FingerprintKey = []byte("the key of another installation.")
	other, err := New().Scan(context.Background(), req, nil)
	if err != nil {
		t.Fatal(err)
	}
	if other.Head[0].Key == rep.Head[0].Key {
		t.Error("the key does not depend on the installation")
	}
}

func TestMessagesTagsAndFileNamesAreLookedAt(t *testing.T) {
	w := newWork(t)
	base := w.write("a", "a\n").commit("start")
	msg := w.write("b", "b\n").commit("use " + awsKey() + " for now")
	w.git("tag", "-a", "-m", "deploy with "+githubPAT(), "v1")
	named := w.write("dump-"+stripeKey()+".txt", "x\n").commit("dump")
	rep := w.scan(base, named)
	want(t, rep.Head, "secrets/aws-access-token :1@"+msg.Short(), "secrets/github-pat :1@"+msg.Short(),
		"secrets/stripe-access-token dump-[secret].txt@"+named.Short())
	complete(t, rep, 2)
}

func TestWhatCannotBeReadIsAGap(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(t *testing.T, w *work, base, head review.SHA) (review.SHA, review.SHA)
	}{
		{"a merge base that does not exist", func(_ *testing.T, _ *work, _, head review.SHA) (review.SHA, review.SHA) {
			return review.SHA(strings.Repeat("1", 40)), head
		}},
		{"a head that does not exist", func(_ *testing.T, _ *work, base, _ review.SHA) (review.SHA, review.SHA) {
			return base, review.SHA(strings.Repeat("2", 40))
		}},
		{"a missing blob", func(t *testing.T, w *work, base, head review.SHA) (review.SHA, review.SHA) {
			w.remove(w.git("rev-parse", string(head)+":b.txt"))
			return base, head
		}},
		{"a missing tree", func(t *testing.T, w *work, base, head review.SHA) (review.SHA, review.SHA) {
			w.remove(w.git("rev-parse", string(head)+"~1^{tree}"))
			return base, head
		}},
		{"a missing commit", func(t *testing.T, w *work, base, head review.SHA) (review.SHA, review.SHA) {
			w.remove(w.git("rev-parse", string(head)+"~1"))
			return base, head
		}},
		{"a corrupt blob", func(t *testing.T, w *work, base, head review.SHA) (review.SHA, review.SHA) {
			path := w.objectPath(w.git("rev-parse", string(head)+":b.txt"))
			if err := os.Chmod(path, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("not an object"), 0o644); err != nil {
				t.Fatal(err)
			}
			return base, head
		}},
		{"a shallow history", func(t *testing.T, w *work, _, head review.SHA) (review.SHA, review.SHA) {
			clone := t.TempDir()
			w.git("clone", "-q", "--depth", "1", "file://"+w.dir, clone)
			w.dir = clone
			return "", head
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWork(t)
			base := w.write("a.txt", "a\n").commit("start")
			w.write("a.txt", "b\n").commit("middle")
			head := w.write("b.txt", "c\n").commit("end")
			base, head = c.spoil(t, w, base, head)
			rep, err := New().Scan(context.Background(), w.request(base, head), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(rep.Receipt.Gaps) == 0 || rep.Receipt.Complete() {
				t.Errorf("no gap: %+v", rep.Receipt)
			}
		})
	}
}

func (w *work) objectPath(id string) string {
	return filepath.Join(w.dir, ".git", "objects", id[:2], id[2:])
}

func (w *work) remove(id string) {
	w.t.Helper()
	if err := os.Remove(w.objectPath(id)); err != nil {
		w.t.Fatal(err)
	}
}

func TestReplacedObjectsAndGraftsHideNothing(t *testing.T) {
	w := newWork(t)
	base := w.write("a.txt", "a\n").commit("start")
	bad := w.write("b.env", "X="+awsKey()+"\n").commit("bad")
	w.git("rm", "-q", "b.env")
	head := w.commit("gone")
	w.git("replace", string(bad), string(base))
	w.write(".git/info/grafts", string(head)+" "+string(base)+"\n")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token b.env:1@"+bad.Short())
	complete(t, rep, 2)
}

func TestAttributesHideNothing(t *testing.T) {
	w := newWork(t)
	base := w.write("a.txt", "a\n").commit("start")
	head := w.write(".gitattributes", "* -diff\n*.env binary\n").write("b.env", "X="+awsKey()+"\n").commit("hide")
	rep := w.scan(base, head)
	want(t, rep.Head, "secrets/aws-access-token b.env:1")
}

func TestCancelledScanReturnsTheCause(t *testing.T) {
	w := newWork(t)
	base := w.write("a.txt", "a\n").commit("start")
	head := w.write("a.txt", "b\n").commit("end")
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.Join(context.Canceled, errors.New("superseded"))
	cancel(reason)
	if _, err := New().Scan(ctx, w.request(base, head), nil); !errors.Is(err, reason) {
		t.Errorf("err = %v", err)
	}
}

func TestEveryRuleIsDocumented(t *testing.T) {
	rules := New().Rules()
	if len(rules) < 240 {
		t.Fatalf("%d rules", len(rules))
	}
	ids := make(map[review.RuleID]bool)
	for _, r := range rules {
		if _, err := review.ParseRuleID(string(r.ID)); err != nil {
			t.Error(err)
		}
		if ids[r.ID] {
			t.Errorf("%s twice", r.ID)
		}
		ids[r.ID] = true
		if r.Title == "" || r.What == "" || r.Why == "" || r.Bad == "" || r.Good == "" || r.Fix == "" || r.Suppress == "" || r.Severity == review.SeverityUnknown || r.Confidence == review.ConfidenceUnknown || r.Row != 7 {
			t.Errorf("%s is not documented: %+v", r.ID, r)
		}
	}
	for id := range gitleaksDefaults().Rules {
		if providerOf(id).name == "unknown issuer" && id != "generic-api-key" {
			t.Errorf("rule %s has no provider", id)
		}
	}
	if !slices.ContainsFunc(rules, func(r review.Rule) bool { return r.ID == customRule }) {
		t.Error("no documentation for custom rules")
	}
}

// TestAMergeOfManyParentsHidesNothing: of 64 parents, git keeps no account of which
// have a line, and shows some lines or none.
func TestAMergeOfManyParentsHidesNothing(t *testing.T) { bothWays(t, aMergeOfManyParentsHidesNothing) }

func aMergeOfManyParentsHidesNothing(t *testing.T) {
	for _, parents := range []int{maxShownParents, maxShownParents + 1, 64, 65, 128} {
		t.Run(itoa(parents), func(t *testing.T) {
			w := newWork(t)
			w.write("a.txt", "a\n").commit("start")
			cache := t.TempDir()
			w.history(look{cache: cache})
			base := w.git("rev-parse", "HEAD")
			args := []string{"commit-tree", "-m", "merge"}
			for i := range parents {
				args = append(args, "-p", w.git("commit-tree", "-m", itoa(i), "-p", base, base+"^{tree}"))
			}
			w.write("a.txt", "b\n\nK="+awsKey()+"\n").write("deep/new.env", "A=1\nK="+githubPAT()+"\n").git("add", "-A")
			w.git("reset", "-q", "--hard", w.git(append(args, w.git("write-tree"))...))
			for name, cache := range map[string]string{"a push": cache, "all": t.TempDir()} {
				if rep := w.history(look{cache: cache}); !rep.Receipt.Complete() || len(rep.Rotations) != 2 {
					t.Errorf("%s: %+v", name, rep)
				}
			}
		})
	}
}

// Whoever was told of a secret "in the message of a tag" did not learn of which.
func TestTheTagOfAMessageIsNamed(t *testing.T) {
	w := newWork(t)
	base := w.write("main.go", "package main\n").commit("start")
	head := w.write("main.go", "package main // x\n").commit("x")
	w.git("tag", "-a", "-m", "deploy with "+awsKey(), "v1.0-`rc`")
	rep := w.scan(base, head)
	if len(rep.Head) != 1 || !strings.Contains(rep.Head[0].Message, "in the message of tag \"v1.0-`rc`\" on commit "+head.Short()) {
		t.Errorf("the tag is not named: %+v", rep.Head)
	}
}
