package webhooks

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/launchgate/launchgate/app/review"
)

// payload has the fields of all events that are read; see github-facts §8.
type payload struct {
	Action       string `json:"action"`
	Number       int    `json:"number"`
	Installation *struct {
		ID      int64   `json:"id"`
		AppID   int64   `json:"app_id"` // in events about installations only
		Account account `json:"account"`
	} `json:"installation"`
	Repository  *repository `json:"repository"`
	PullRequest *struct {
		Number int    `json:"number"`
		Head   commit `json:"head"`
		Base   commit `json:"base"`
	} `json:"pull_request"`
	Changes struct {
		Base *struct {
			Ref *struct{} `json:"ref"`
		} `json:"base"`
	} `json:"changes"`
	CheckRun *struct {
		ID         int64  `json:"id"`
		HeadSHA    string `json:"head_sha"`
		ExternalID string `json:"external_id"`
		App        *app   `json:"app"`
	} `json:"check_run"`
	CheckSuite *struct {
		HeadSHA string `json:"head_sha"`
		App     *app   `json:"app"`
	} `json:"check_suite"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	Hook *struct {
		Type   string   `json:"type"`
		Events []string `json:"events"`
	} `json:"hook"`
	Ref                 string       `json:"ref"`
	After               string       `json:"after"`
	Deleted             bool         `json:"deleted"`
	Repositories        []repository `json:"repositories"`
	RepositoriesAdded   []repository `json:"repositories_added"`
	RepositoriesRemoved []repository `json:"repositories_removed"`
}

type app struct {
	ID int64 `json:"id"`
}

type account struct {
	Login string `json:"login"`
}

type commit struct {
	SHA string `json:"sha"`
	Ref string `json:"ref"`
}

type repository struct {
	ID            int64   `json:"id"`
	Name          string  `json:"name"`
	FullName      string  `json:"full_name"`
	Private       bool    `json:"private"`
	DefaultBranch string  `json:"default_branch"`
	Owner         account `json:"owner"`
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	alnums = lower + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "0123456789"
	// inNames is what GitHub lets an owner or a repository be called. A name ends
	// up in addresses, so nothing else is let through.
	inNames = alnums + "_.-"
)

// only reports whether s is some of these characters, and at most so many.
func only(chars string, most int, s string) bool {
	return s != "" && len(s) <= most && strings.Trim(s, chars) == ""
}

func (r repository) domain() (review.Repo, error) {
	owner, name, _ := strings.Cut(r.FullName, "/")
	if r.ID <= 0 || !only(inNames, 100, owner) || !only(inNames, 100, name) || name == "." || name == ".." {
		return review.Repo{}, errors.New("the repository has no id or name")
	}
	if r.DefaultBranch != "" && !isRef(r.DefaultBranch) {
		return review.Repo{}, errors.New("the default branch has no name that git allows")
	}
	return review.Repo{ID: review.RepoID(r.ID), Owner: owner, Name: name, DefaultBranch: r.DefaultBranch, Private: r.Private}, nil
}

func domains(list []repository) ([]review.Repo, error) {
	var out []review.Repo
	for _, r := range list {
		repo, err := r.domain()
		if err != nil {
			return nil, err
		}
		out = append(out, repo)
	}
	return out, nil
}

// place fills the part that every intent about a repository has. Schemas call
// the two optional, deliveries to an App carry them (github-facts §8).
func (p payload) place(kind review.IntentKind) (review.Intent, error) {
	if p.Installation == nil || p.Installation.ID <= 0 {
		return review.Intent{}, errors.New("the payload names no installation: the webhook must be an App's")
	}
	if p.Repository == nil {
		return review.Intent{}, errors.New("the payload names no repository")
	}
	repo, err := p.Repository.domain()
	if err != nil {
		return review.Intent{}, err
	}
	return review.Intent{Kind: kind, Installation: review.InstallationID(p.Installation.ID), Repo: repo}, nil
}

// sha reads the name of a commit that exists.
func sha(field, s string) (review.SHA, error) {
	parsed, err := review.ParseSHA(s)
	if err != nil || parsed.IsZero() {
		return "", fmt.Errorf("%s is not the name of a commit", field)
	}
	return parsed, nil
}

// isRef reports whether git allows s as the name of a branch or a ref (see
// git-check-ref-format) and no command line can take it for an option. It is no
// stricter than that: a delivery that is refused is a review that is lost.
func isRef(s string) bool {
	if s == "" || len(s) > 1024 || !utf8.ValidString(s) || s == "@" ||
		strings.HasPrefix(s, "-") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") || strings.Contains(s, "@{") {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c == 0x7f || strings.IndexByte("~^:?*[\\", c) >= 0 {
			return false
		}
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}
