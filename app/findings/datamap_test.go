package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/app/findings"
	"github.com/launchgate/launchgate/app/review"
)

func flow(service, category, class, what, file string, line int) review.DataFlow {
	return review.DataFlow{Service: service, Category: category, Via: strings.ToLower(service) + ".example", Class: class, What: what, File: file, Line: line}
}

func TestDataMap(t *testing.T) {
	flows := []review.DataFlow{
		flow("Stripe", "payment", "", "", "pay.go", 3),
		flow("OpenAI", "ai", "contact", "email", "ai.go", 9),
		flow("Stripe", "payment", "contact", "phone", "pay.go", 12),
		flow("Stripe", "payment", "identity", "name", "pay.go", 11),
		flow("Stripe", "payment", "contact", "email", "pay.go", 10),
		flow("Stripe", "payment", "contact", "email", "pay.go", 10),
		flow("AWS S3", "storage", "", "", "files.go", 1),
	}
	write := func(rs []review.Recipient) string {
		var b strings.Builder
		for _, r := range rs {
			fmt.Fprintf(&b, "%s (%s, %v) used %v\n", r.Service, r.Category, r.Via, r.Used)
			for _, x := range r.Receives {
				fmt.Fprintf(&b, "  %s: %v at %d places\n", x.Class, x.What, len(x.Places))
			}
		}
		return b.String()
	}
	const want = `Stripe (payment, [stripe.example]) used [{pay.go 3}]
  contact: [email phone] at 2 places
  identity: [name] at 1 places
OpenAI (ai, [openai.example]) used []
  contact: [email] at 1 places
AWS S3 (storage, [aws s3.example]) used [{files.go 1}]
`
	if got := write(findings.DataMap(flows)); got != want {
		t.Errorf("the map is\n%swant\n%s", got, want)
	}
	slices.Reverse(flows)
	if got := write(findings.DataMap(flows)); got != want {
		t.Errorf("in another order the map is\n%s", got)
	}
}

func TestDataChanges(t *testing.T) {
	stripe := flow("Stripe", "payment", "contact", "email", "pay.go", 10)
	openai := flow("OpenAI", "ai", "contact", "email", "ai.go", 9)
	for _, tt := range []struct {
		name       string
		base, head []review.DataFlow
		want       string
	}{
		{"nothing changes", []review.DataFlow{stripe}, []review.DataFlow{stripe}, ""},
		{"moved code is no change", []review.DataFlow{stripe}, []review.DataFlow{flow("Stripe", "payment", "contact", "email", "billing.go", 99)}, ""},
		{"a new recipient", []review.DataFlow{stripe}, []review.DataFlow{stripe, openai}, "added OpenAI contact [email] new ai.go:9"},
		{"a service that was used begins to receive", []review.DataFlow{flow("OpenAI", "ai", "", "", "ai.go", 1)}, []review.DataFlow{openai}, "added OpenAI contact [email] new ai.go:9"},
		{"more of a class it had", []review.DataFlow{stripe}, []review.DataFlow{stripe, flow("Stripe", "payment", "contact", "phone", "pay.go", 11)}, "added Stripe contact [phone] pay.go:11"},
		{"another class", []review.DataFlow{stripe}, []review.DataFlow{stripe, flow("Stripe", "payment", "health", "diagnosis", "pay.go", 12)}, "added Stripe health [diagnosis] pay.go:12"},
		{"a service without personal data", nil, []review.DataFlow{flow("AWS S3", "storage", "", "", "s3.go", 2)}, "added AWS S3  [] new s3.go:2"},
		{"no longer", []review.DataFlow{stripe, openai}, []review.DataFlow{stripe}, "removed OpenAI contact [email]"},
		{"the service is gone", []review.DataFlow{flow("AWS S3", "storage", "", "", "s3.go", 2)}, nil, "removed AWS S3  []"},
	} {
		var got []string
		for _, c := range findings.DataChanges(tt.base, tt.head) {
			s := fmt.Sprintf("%s %s %s %v", c.Change, c.Service, c.Class, c.What)
			if c.NewService {
				s += " new"
			}
			for _, p := range c.Places {
				s += fmt.Sprintf(" %s:%d", p.File, p.Line)
			}
			got = append(got, s)
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, strings.Join(got, "; "), tt.want)
		}
	}
}
