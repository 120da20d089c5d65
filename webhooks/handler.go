package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/launchgate/launchgate/app/review"
)

// MaxBody is the largest body that is read: GitHub never sends more than 25 MB
// (github-facts §3).
const MaxBody = 25 << 20

// Accepter takes responsibility for a delivery. When Accept returns nil, the
// delivery and its job are stored durably, in one transaction; a delivery with a
// known GUID may come again. Accept may be called concurrently and must return
// well within GitHub's ten seconds.
type Accepter interface {
	Accept(ctx context.Context, d review.Delivery) (review.Acceptance, error)
}

// Handler answers POST requests of GitHub.
type Handler struct {
	secret []byte
	accept Accepter
	log    *slog.Logger
	now    func() time.Time
}

// New returns a handler for deliveries signed with secret. An empty secret is
// refused: everybody could sign with it.
func New(secret []byte, accept Accepter, log *slog.Logger) (*Handler, error) {
	if len(secret) == 0 {
		return nil, &review.Error{Code: review.CodeBadConfig, Op: "receive webhooks", What: "without a secret", Do: "set github.webhook_secret to the secret of the App's webhook"}
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Handler{secret: secret, accept: accept, log: log, now: time.Now}, nil
}

// decoders turn an event's payload into what it asks for. Their errors say what
// is malformed.
var decoders = map[string]func(payload) (review.Intent, error){
	"pull_request":              pullRequest,
	"check_run":                 checkRun,
	"check_suite":               checkSuite,
	"merge_group":               mergeGroup,
	"installation":              installation,
	"installation_repositories": installationRepositories,
	"push":                      push,
	"ping":                      ping,
}

// Events lists the events the App must subscribe to, sorted. Events every App
// gets anyway (installation, installation_repositories, ping) are not among
// them: a manifest that names one is refused.
func Events() []string {
	automatic := map[string]bool{"installation": true, "installation_repositories": true, "ping": true}
	var out []string
	for e := range decoders {
		if !automatic[e] {
			out = append(out, e)
		}
	}
	sort.Strings(out)
	return out
}

var (
	eventForm = regexp.MustCompile(`^[a-z_]{1,64}$`)
	guidForm  = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, "deliveries are POST requests")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			answer(w, http.StatusRequestEntityTooLarge, "the body is larger than GitHub ever sends")
			return
		}
		answer(w, http.StatusBadRequest, "the body ended early")
		return
	}
	if !h.signed(r.Header.Get("X-Hub-Signature-256"), body) {
		answer(w, http.StatusUnauthorized, "the signature X-Hub-Signature-256 is missing or wrong: check that the App's webhook secret is the one configured here")
		return
	}
	event, guid := r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery")
	if !eventForm.MatchString(event) || !guidForm.MatchString(guid) {
		answer(w, http.StatusBadRequest, "X-GitHub-Event or X-GitHub-Delivery is missing or malformed")
		return
	}
	raw, err := payloadOf(r.Header.Get("Content-Type"), body)
	if err != nil {
		answer(w, http.StatusBadRequest, err.Error())
		return
	}
	d, err := decode(event, raw)
	if err != nil {
		answer(w, http.StatusBadRequest, err.Error())
		return
	}
	d.GUID, d.Received = guid, h.now().UTC()

	accepted, err := h.accept.Accept(r.Context(), d)
	if err != nil {
		// GitHub does not try again by itself, but it keeps the delivery as
		// failed, so that it can be redelivered (github-facts §3).
		h.log.Error("a delivery could not be stored", "guid", guid, "event", event, "error", err)
		w.Header().Set("Retry-After", "30")
		answer(w, http.StatusServiceUnavailable, "the delivery could not be stored; redeliver it")
		return
	}
	h.log.Info("delivery", "guid", guid, "event", event, "action", d.Action, "became", accepted.String())
	switch accepted {
	case review.Queued, review.AlreadyQueued:
		answer(w, http.StatusAccepted, accepted.String())
	case review.NothingToQueue:
		answer(w, http.StatusOK, d.Intent.Note)
	default:
		answer(w, http.StatusOK, accepted.String())
	}
}

// signed compares the SHA-256 signature in constant time. The older SHA-1
// header is not looked at.
func (h *Handler) signed(header string, body []byte) bool {
	sum, ok := strings.CutPrefix(header, "sha256=")
	if !ok {
		return false
	}
	got, err := hex.DecodeString(sum)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, h.secret)
	mac.Write(body)
	return hmac.Equal(got, mac.Sum(nil))
}

// payloadOf returns the JSON of a body in either of GitHub's encodings.
func payloadOf(contentType string, body []byte) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, errors.New("the Content-Type is missing or malformed")
	}
	switch kind {
	case "application/json":
		return body, nil
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil || !form.Has("payload") {
			return nil, errors.New("the form has no field payload")
		}
		return []byte(form.Get("payload")), nil
	}
	return nil, errors.New("the Content-Type is neither application/json nor application/x-www-form-urlencoded")
}

// decode turns a payload into a delivery. Events and actions that are not ours
// are fine and ask for nothing.
func decode(event string, raw []byte) (review.Delivery, error) {
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		return review.Delivery{}, errors.New("the payload is not the JSON of a delivery")
	}
	if len(p.Action) > 64 {
		return review.Delivery{}, errors.New("the action is too long")
	}
	d := review.Delivery{Event: event, Action: p.Action}
	decoder, ok := decoders[event]
	if !ok {
		d.Intent = nothing("the event %s is not one Launchgate acts on", event)
		return d, nil
	}
	var err error
	d.Intent, err = decoder(p)
	return d, err
}

func nothing(format string, args ...any) review.Intent {
	return review.Intent{Kind: review.IntentNone, Note: fmt.Sprintf(format, args...)}
}

func answer(w http.ResponseWriter, status int, note string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The client may be gone; nothing is lost by that.
	_, _ = io.WriteString(w, note+"\n")
}
