// Package ghtest is a stand-in GitHub on loopback: the double that tests talk
// to and the stage of "launchgate demo". It is laid out like GitHub Enterprise
// Server: REST under /api/v3, git smart HTTP under /OWNER/REPO.git, and the
// page of a pull request under /OWNER/REPO/pull/N.
//
//	s, err := ghtest.NewServer(ghtest.Options{})
//	defer s.Close()
//	app, err := s.AddApp(ghtest.AppOptions{WebhookURL: url, WebhookSecret: secret})
//	inst := s.AddInstallation(app, "acme")
//	repo, err := s.AddRepo(inst, "acme/api", ghtest.Change{Message: "Start", Files: ghtest.Txtar(base)})
//	head, err := repo.Commit("feature", "main", ghtest.Change{Message: "Add a route", Files: ghtest.Txtar(change)})
//	pr, err := repo.OpenPullRequest(ghtest.PullOptions{Head: "feature", Base: "main", Title: "Add a route"})
//	d, err := s.DeliverPullRequest(repo, pr, "opened")
//	... let the product work against s.URL() as app.ID with app.PEM ...
//	for _, run := range repo.CheckRuns(head) { ... }
//	for _, c := range repo.ReviewComments(pr) { ... }
//	if v := s.Violations(); len(v) > 0 { t.Fatal(v) }
//
// Every request and response of the REST API is validated against a subset of
// GitHub's own OpenAPI document (testdata/openapi-subset.json, from
// @octokit/openapi 23.0.2, MIT), in which request bodies refuse unknown
// properties. A violation is kept for [Server.Violations]; a request that
// violates is answered 422, a response that does is replaced by a 500. Fields
// that the document requires and the stand-in does not model are filled with
// neutral values of the right type.
//
// Behaviour the document does not tell (a completed run does not reopen, one
// bad review comment refuses the whole review, a suspended installation answers
// 403) follows GitHub's documentation and what integrators report.
//
// It imports app/gh and app/review at most, the git command line does git's
// work, and it never listens on anything but loopback. It is not a product:
// there are no users, branches are not protected and nothing is kept.
package ghtest
