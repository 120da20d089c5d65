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
	app    int64
	large  chan struct{}
}

const (
	// smallBody is what a request may take without asking. Larger ones share
	// largeSlots: anybody can send a large body with a made-up signature, and
	// that it is made up shows only once the whole body was read.
	smallBody  = 1 << 20
	largeSlots = 4

	// acceptTime bounds storing: GitHub waits ten seconds for an answer, and
	// one that comes later is worth nothing.
	acceptTime = 8 * time.Second
)

// New returns a handler for deliveries signed with secret. An empty secret is
// refused: everybody could sign with it.
func New(secret []byte, accept Accepter, log *slog.Logger) (*Handler, error) {
	if len(secret) == 0 {
		return nil, &review.Error{Code: review.CodeBadConfig, Op: "receive webhooks", What: "without a secret", Do: "set github.webhook_secret to the secret of the App's webhook"}
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Handler{secret: secret, accept: accept, log: log, now: time.Now, large: make(chan struct{}, largeSlots)}, nil
}

// OnlyApp makes the handler ignore what is about another App: check runs and
// suites of others, and installations of an App that has the same secret. It
// must be called before the first request.
func (h *Handler) OnlyApp(id int64) { h.app = id }

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

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, "deliveries are POST requests")
		return
	}
	mac, ok := signature(r.Header.Values("X-Hub-Signature-256"))
	if !ok {
		answer(w, http.StatusUnauthorized, badSignature)
		return
	}
	body, release, err := h.read(w, r)
	defer release()
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.Is(err, errBusy) {
			w.Header().Set("Retry-After", "30")
			answer(w, http.StatusServiceUnavailable, "too many large deliveries at once; redeliver it")
			return
		}
		if errors.As(err, &tooLarge) {
			answer(w, http.StatusRequestEntityTooLarge, "the body is larger than GitHub ever sends")
			return
		}
		answer(w, http.StatusBadRequest, "the body ended early")
		return
	}
	if !h.signed(mac, body) {
		answer(w, http.StatusUnauthorized, badSignature)
		return
	}
	event, guid := r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery")
	if !only(lower+"_", 64, event) || !only(alnums+"-", 64, guid) {
		answer(w, http.StatusBadRequest, "X-GitHub-Event or X-GitHub-Delivery is missing or malformed")
		return
	}
	raw, err := payloadOf(r.Header.Get("Content-Type"), body)
	if err != nil {
		answer(w, http.StatusBadRequest, err.Error())
		return
	}
	d, err := h.decode(event, raw)
	if err != nil {
		answer(w, http.StatusBadRequest, err.Error())
		return
	}
	if d.Intent.Kind == review.IntentNone && chatter[event+"."+d.Action] {
		answer(w, http.StatusOK, d.Intent.Note)
		return
	}
	d.GUID, d.Received = guid, h.now().UTC()

	ctx, cancel := context.WithTimeout(r.Context(), acceptTime)
	defer cancel()
	accepted, err := h.accept.Accept(ctx, d)
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

// badSignature is said of every signature that does not hold.
const badSignature = "the signature X-Hub-Signature-256 is missing or wrong: check that the App's webhook secret is the one configured here"

// chatter is what GitHub tells every App that may write checks about all the
// others' checks: a busy organisation sends hundreds for each pull request. It
// is answered and not stored.
var chatter = map[string]bool{"check_run.created": true, "check_run.completed": true, "check_suite.completed": true}

// signature reads the SHA-256 signature. The older SHA-1 header is not looked
// at.
func signature(header []string) (mac []byte, ok bool) {
	if len(header) != 1 {
		return nil, false
	}
	sum, ok := strings.CutPrefix(header[0], "sha256=")
	if !ok || len(sum) != hex.EncodedLen(sha256.Size) {
		return nil, false
	}
	mac, err := hex.DecodeString(sum)
	return mac, err == nil
}

// signed compares in constant time.
func (h *Handler) signed(got, body []byte) bool {
	mac := hmac.New(sha256.New, h.secret)
	mac.Write(body)
	return hmac.Equal(got, mac.Sum(nil))
}

// errBusy is the end of a large body that finds every slot taken.
var errBusy = errors.New("no slot for a large body")

// read reads the raw body; release gives back what it took, also after errors.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	release = func() {}
	if r.ContentLength > MaxBody {
		return nil, release, &http.MaxBytesError{Limit: MaxBody}
	}
	src := http.MaxBytesReader(w, r.Body, MaxBody)
	if body, err = io.ReadAll(io.LimitReader(src, smallBody)); err != nil || len(body) < smallBody {
		return body, release, err
	}
	select {
	case h.large <- struct{}{}:
		release = func() { <-h.large }
	default:
		return nil, release, errBusy
	}
	rest, err := io.ReadAll(src)
	return append(body, rest...), release, err
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
func (h *Handler) decode(event string, raw []byte) (review.Delivery, error) {
	var read *payload // null would leave a struct as it is
	if err := json.Unmarshal(raw, &read); err != nil || read == nil {
		return review.Delivery{}, errors.New("the payload is not the JSON of a delivery")
	}
	p := *read
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
	if d.Intent, err = decoder(p); err != nil {
		return d, err
	}
	if h.app != 0 && p.foreign(h.app) && d.Intent.Kind != review.IntentNone {
		d.Intent = nothing("this %s is about another App", event)
	}
	if event == "ping" {
		d.Intent.Note += unsubscribed(p)
	}
	if d.Intent.Kind == review.IntentNone {
		// Kept for the record: where it happened helps who looks for it.
		if at, err := p.place(review.IntentNone); err == nil {
			at.Note = d.Intent.Note
			d.Intent = at
		}
	}
	return d, nil
}

// foreign reports whether what happened is about another App than ours. A check
// of no App at all (the schema allows it) is not ours either.
func (p payload) foreign(ours int64) bool {
	switch {
	case p.CheckRun != nil:
		return p.CheckRun.App == nil || p.CheckRun.App.ID != ours
	case p.CheckSuite != nil:
		return p.CheckSuite.App == nil || p.CheckSuite.App.ID != ours
	case p.Installation != nil:
		return p.Installation.AppID != 0 && p.Installation.AppID != ours
	}
	return false
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
