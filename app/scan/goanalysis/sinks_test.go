package goanalysis_test

import (
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/launchgate/launchgate/analyzers/piilog"
	"github.com/launchgate/launchgate/app/review"
	"github.com/launchgate/launchgate/app/scan"
	"github.com/launchgate/launchgate/app/scan/goanalysis"
)

// What several packages pass to one log call in another is one finding there, the
// worst: nobody wants a comment for each caller.
func TestOneFindingForASinkThatManyPackagesReach(t *testing.T) {
	dir := checkout(t, `
-- go.mod --
module example.com/shop

go 1.24
-- cache/cache.go --
package cache

import "log"

func Find(key string) { log.Print("looking for ", key) }
-- a/a.go --
package a

import "example.com/shop/cache"

func A(dateOfBirth string) { cache.Find("born:" + dateOfBirth) }
-- b/b.go --
package b

import "example.com/shop/cache"

func B(email string) { cache.Find("user:" + email) }
-- c/c.go --
package c

import "example.com/shop/cache"

func C(phone string) { cache.Find("phone:" + phone) }
`)
	s := goanalysis.Scanner{Suite: []*analysis.Analyzer{piilog.Analyzer}, RuleSet: piilog.Rules()}
	rep, err := s.Scan(t.Context(), scan.Request{HeadDir: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Head) != 1 {
		t.Fatalf("%d findings, want one: %+v", len(rep.Head), rep.Head)
	}
	if f := rep.Head[0]; f.Place.Path != "cache/cache.go" || f.Place.Line != 5 || f.Rule != review.RuleID("logs/personal-data") || len(f.Evidence) < 2 {
		t.Errorf("the finding is %+v", f)
	}
}
