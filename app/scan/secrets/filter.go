package secrets

import "github.com/zricethezav/gitleaks/v8/config"

// filter answers whether gitleaks could report anything in a text.
type filter struct{}

func newFilter(*config.Config) *filter { return &filter{} }

func (f *filter) pass(content []byte, path string) bool { return true }
