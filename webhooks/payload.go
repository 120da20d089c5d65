package webhooks

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/launchgate/launchgate/app/review"
)

// payload has the fields of all events that are read; see github-facts §8.
type payload struct {
	Action       string `json:"action"`
	Number       int    `json:"number"`
	Installation *struct {
		ID      int64   `json:"id"`
		Account account `json:"account"`
	} `json:"installation"`
	Repository  *repository `json:"repository"`
	PullRequest *struct {
		Head commit `json:"head"`
		Base commit `json:"base"`
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
		Name       string `json:"name"`
	} `json:"check_run"`
	CheckSuite *struct {
		HeadSHA string `json:"head_sha"`
	} `json:"check_suite"`
	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
		BaseRef string `json:"base_ref"`
	} `json:"merge_group"`
	Ref                 string       `json:"ref"`
	After               string       `json:"after"`
	Deleted             bool         `json:"deleted"`
	Repositories        []repository `json:"repositories"`
	RepositoriesAdded   []repository `json:"repositories_added"`
	RepositoriesRemoved []repository `json:"repositories_removed"`
	Zen                 string       `json:"zen"`
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

// nameForm is what GitHub lets an owner or a repository be called. A name ends
// up in addresses, so nothing else is let through.
var nameForm = regexp.MustCompile(`^([A-Za-z0-9_.-]{1,100})/([A-Za-z0-9_.-]{1,100})$`)

func (r repository) domain() (review.Repo, error) {
	m := nameForm.FindStringSubmatch(r.FullName)
	if r.ID <= 0 || m == nil || m[2] == "." || m[2] == ".." {
		return review.Repo{}, errors.New("the repository has no id or name")
	}
	if len(r.DefaultBranch) > 255 {
		return review.Repo{}, errors.New("the name of the default branch is too long")
	}
	return review.Repo{ID: review.RepoID(r.ID), Owner: m[1], Name: m[2], DefaultBranch: r.DefaultBranch, Private: r.Private}, nil
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

func sha(field, s string) (review.SHA, error) {
	parsed, err := review.ParseSHA(s)
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	return parsed, nil
}
