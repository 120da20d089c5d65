// Package nasty has what looks like a leak and is none.
package nasty

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"go/token"
	"io"
	"log"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"model"
)

type config struct {
	TokenTTL        time.Duration
	TokenIssuer     string
	PasswordMinLen  int
	EmailFrom       string
	SMTPHost        string
	CookieName      string
	CookieSecure    bool
	SecretPath      string
	APIKeyHeader    string
	PublicKeyURL    string
	AuthProvider    string
	SessionStore    string
	CSRFFieldName   string
	PhoneRegion     string
	AddressBookSize int
}

func settings(c config) {
	log.Print(c.TokenTTL, c.TokenIssuer)         // ok: a duration, a name
	log.Print(c.PasswordMinLen)                  // ok: a rule
	log.Print(c.SMTPHost)                        // ok: a host
	log.Print(c.CookieName, c.CookieSecure)      // ok: a name, a flag
	log.Print(c.SecretPath)                      // ok: a path
	log.Print(c.APIKeyHeader, c.PublicKeyURL)    // ok: a header's name, a URL
	log.Print(c.AuthProvider, c.SessionStore)    // ok: names
	log.Print(c.CSRFFieldName)                   // ok: a field's name
	log.Print(c.PhoneRegion)                     // ok: a region
	log.Printf("%+v", c)                         // ok: nothing sensitive in it
	slog.Info("config", "token_ttl", c.TokenTTL) // ok: a duration
	slog.Info("config", "cookie", c.CookieName)  // ok: a name under a telling key
}

type lexer struct{ tok token.Token }

type lexToken struct {
	Kind  int
	Value string
	Pos   token.Pos
}

func (l *lexer) nextToken() lexToken { return lexToken{} }

func parsing(l *lexer, tokens []string) {
	tok := l.nextToken()
	log.Printf("%v at %d", tok.Value, tok.Pos) // ok: a parser's token
	log.Print(tok)                             // ok: a parser's token
	log.Print(l.tok)                           // ok: Go's token
	log.Print(tokens)                          // ok: a parser's tokens
	for _, token := range strings.Fields("a b") {
		_ = token
	}
	startToken, endToken := tokens[0], tokens[1]
	log.Print(startToken, endToken) // ok: a parser's tokens
}

type page struct {
	Items         []string
	NextToken     string
	NextPageToken string
	PageToken     string
	Cursor        string
}

func pagination(p page, nextToken string, syncToken string) {
	log.Print(p.NextToken, p.NextPageToken, p.PageToken) // ok: pagination
	log.Print(nextToken, syncToken)                      // ok: pagination
	log.Printf("%+v", p)                                 // ok: nothing sensitive in it
	slog.Info("page", "next_token", p.NextToken)         // ok: pagination
}

func verdicts(u model.User, password, token string, r *http.Request) {
	ok := checkPassword(u, password)
	log.Print(ok)                                                          // ok: a verdict
	log.Print(u.Password == password)                                      // ok: a comparison
	log.Print(subtle.ConstantTimeCompare([]byte(token), []byte(password))) // ok: a verdict
	log.Print(strings.HasPrefix(token, "ghp_"))                            // ok: a verdict
	log.Print(strings.Index(u.Email, "@"))                                 // ok: an index
	log.Print(strings.Count(password, "a"))                                // ok: a count
	valid := token != "" && len(token) > 10
	log.Print("token valid: ", valid) // ok: a verdict
	hasToken := r.Header.Get("Authorization") != ""
	slog.Info("request", "has_token", hasToken) // ok: a verdict
	if _, err := strconv.Atoi(password); err != nil {
		log.Print("the pin must be a number") // ok: a constant
	}
	n, _ := strconv.Atoi("3")
	log.Print("password attempt ", n) // ok: a count
	start := time.Now()
	checkPassword(u, password)
	log.Print("password check took ", time.Since(start)) // ok: a duration
}

func checkPassword(u model.User, password string) bool { return u.Password == password }

func hashes(u model.User, token string, key []byte) {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(token))
	log.Print(hex.EncodeToString(mac.Sum(nil))) // ok: a keyed hash
	h := sha256.New()
	io.WriteString(h, u.Email)
	log.Printf("%x", h.Sum(nil))  // ok: a hash
	log.Print(hashToken(token))   // ok: a hash
	log.Print(fingerprint(token)) // ok: a fingerprint
	log.Print(last4("4111"))      // ok: the last digits
	log.Print(anonymize(u.Email)) // ok: anonymised
	log.Print(u.PasswordHash)     // ok: a hash
	tokenHash := hashToken(token)
	log.Print("token ", tokenHash) // ok: a hash
	encryptedEmail := encrypt(u.Email)
	log.Print(encryptedEmail) // ok: encrypted
}

func hashToken(s string) string   { b := sha256.Sum256([]byte(s)); return hex.EncodeToString(b[:]) }
func fingerprint(s string) string { return hashToken(s)[:8] }
func last4(s string) string       { return s[max(0, len(s)-4):] }
func anonymize(s string) string   { return "anon" }
func encrypt(s string) string     { return "…" }

func elsewhere(t *testing.T, w http.ResponseWriter, u model.User, password string) {
	t.Logf("%s", password) // ok: a test's log
	quiet := log.New(io.Discard, "", 0)
	quiet.Print(password) // ok: a logger that discards
	nothing := slog.New(slog.DiscardHandler)
	nothing.Info("x", "password", password) // ok: a logger that discards
	fmt.Fprintf(w, "%s", u.Email)           // ok: the answer, no log
	fmt.Fprintf(io.Discard, "%s", password) // ok: nowhere
	_ = fmt.Sprintf("%s", password)         // ok: formatted only
	var b strings.Builder
	b.WriteString(password) // ok: built only
	store(password)         // ok: stored, no log
}

var saved string

func store(s string) { saved = "***" }

func control(u model.User, password string) {
	var msg string
	if password == "" {
		msg = "no password"
	} else {
		msg = "password given"
	}
	log.Print(msg) // ok: the value decides, it is not in it
	kind := "user"
	switch {
	case strings.HasSuffix(u.Email, "@example.com"):
		kind = "staff"
	}
	log.Print(kind) // ok: the value decides, it is not in it
	email := u.Email
	email = ""
	log.Print(email) // ok: emptied
	v := lookup[u.Email]
	log.Print(v) // ok: what is found under the address
	domain := "example.com"
	log.Print("mail domain ", domain) // ok: no address
}

var lookup = map[string]int{}

type service struct {
	emailSender  sender
	tokenManager manager
	passwords    validator
}

type sender struct{ name string }
type manager struct{ count int }
type validator func(string) bool

func services(s service) {
	log.Print(s.emailSender)        // ok: a service
	log.Print(s.tokenManager.count) // ok: a count
	log.Printf("%T", s.passwords)   // ok: the type only
	log.Print(s.emailSender.name)   // ok: the name of a service
}

var (
	ErrInvalidPassword = errors.New("invalid password")
	ErrTokenExpired    = errors.New("token expired")
	emailTemplate      = "Hello, %s"
	passwordRegexp     = "^.{8,}$"
)

func constants(ctx context.Context) {
	log.Print(ErrInvalidPassword, ErrTokenExpired) // ok: constants
	log.Print(emailTemplate, passwordRegexp)       // ok: a template, a pattern
	slog.InfoContext(ctx, "forgot password")       // ok: a constant
	slog.Info("email", "kind", "welcome")          // ok: a constant
	const apiKeyParam = "api_key"
	log.Print("missing ", apiKeyParam) // ok: the name of a parameter
	var passwordPolicy = struct{ Min, Max int }{8, 64}
	log.Print(passwordPolicy) // ok: a policy
}

type Status string

type account struct {
	ID              int64
	EmailVerifiedAt *time.Time
	PasswordSetAt   time.Time
	TokensUsed      int
	Status          Status
	EmailOptIn      bool
	PhoneVerified   bool
	AddressCount    int
	CardBrand       string
	CardLast4       string
	CardExpired     bool
	OTPEnabled      bool
	SSNOnFile       bool
	ContactID       int64
	DeviceKind      string
}

func records(a account) {
	log.Printf("%+v", a)                                                                         // ok: nothing sensitive in it
	log.Print(a.EmailVerifiedAt)                                                                 // ok: a time
	log.Print(a.PasswordSetAt, a.TokensUsed)                                                     // ok: a time, a count
	log.Print(a.EmailOptIn, a.PhoneVerified)                                                     // ok: flags
	log.Print(a.CardBrand, a.CardLast4)                                                          // ok: the harmless parts of a card
	log.Print(a.OTPEnabled, a.SSNOnFile)                                                         // ok: flags
	log.Print(a.ContactID, a.AddressCount)                                                       // ok: an id, a count
	slog.Info("account", "id", a.ID, "status", a.Status, "email_verified_at", a.EmailVerifiedAt) // ok: nothing personal
}

func network(addr string, listenAddress, serverAddress, macSuffix string, ipVersion int) {
	log.Print("listening on ", addr)        // ok: an address of ours
	log.Print(listenAddress, serverAddress) // ok: addresses of ours
	log.Print(ipVersion)                    // ok: a version
	log.Print("memory at ", &addr)          // ok: an address in memory
}

type shipment struct {
	WalletAddress   string
	ContractAddress string
	Weight          int
}

func chains(s shipment, tokenAddress, tokenSymbol string, tokenId int) {
	log.Print(s.WalletAddress, s.ContractAddress) // ok: public on the chain
	log.Print(tokenAddress, tokenSymbol, tokenId) // ok: about a coin
}

func identifiers(userID int64, customerId string, accountUUID string, tenantID, requestID, sessionCount int) {
	log.Print(userID, customerId, accountUUID)   // ok: ids
	log.Print(tenantID, requestID, sessionCount) // ok: ids, a count
	slog.Info("x", "user", userID)               // ok: an id under a telling key
}

// What shows itself shows what its method returns, whatever was put into it.
type parcel struct {
	ID       string
	Postcode string
	Label    string
}

func (p *parcel) String() string { return "parcel " + p.ID }

func (p *parcel) relabel() {
	log.Printf("relabelled %s", p) // ok: its id is all that String returns
	log.Print(p)                   // ok: its id is all that String returns
}

func (p *parcel) dispatch(to model.User) {
	p.Label = to.Email
	p.Postcode = "1234"
	p.relabel()
	log.Printf("dispatched %s", p) // ok: its id is all that String returns
}

// Of a pair that holds a secret one half is none.
func signOn(credentials, dsn string) {
	username, secretHalf := halves(credentials)
	log.Printf("sign-on of %s", username) // ok: the user of a pair
	log.Print(secretHalf)                 // want "logs/credential: credentials .the parameter credentials. reaches the log"
	file, _, _ := strings.Cut(strings.TrimPrefix(dsn, "file:"), "?")
	log.Printf("opening %s", file)                       // ok: the file of a connection string
	folder := filepath.Dir(dsn)                          // the folder of a database in a file
	log.Printf("making the folder %s", folder)           // ok: a folder
	log.Printf("cannot open %s", strings.TrimSpace(dsn)) // want "logs/credential: a dsn"
}

func halves(s string) (string, string) {
	a, b, _ := strings.Cut(s, ":")
	return a, b
}

// Settings name a header, rules and tables name a field.
type gateway struct {
	AuthHeader string `yaml:"auth_header"`
}

type Rules map[string][]string

var signInRules = Rules{"Password": {notBlank()}, "Email": {notBlank()}}

func notBlank() string { return "not blank" }

var sqlTableAPIKeys = "api_keys"

func naming(g gateway) {
	log.Printf("reading the header %s", g.AuthHeader) // ok: the name of a header
	log.Print("by default ", configuredAuthHeader())  // ok: the name of a header
	log.Print("rules: ", signInRules)                 // ok: what a password must be like
	sqlTableAPIKeys = "x_" + sqlTableAPIKeys
	log.Print("creating ", sqlTableAPIKeys) // ok: the name of a table
}

var gateways map[string]gateway

func configuredAuthHeader() string { return strings.TrimSpace(gateways["main"].AuthHeader) }
