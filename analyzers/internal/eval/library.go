package eval

import (
	"maps"
	"slices"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/importpath"
)

// Libraries' functions, during a simulated request.

// simExternal is a call out of the program during a simulated request.
func (m *machine) simExternal(name string, recv value, c call) value {
	s := m.sim
	m.filled(name, recv, c)
	m.writes(name, c)
	pkg, typ, fn := split(name)
	t := resultType(c)
	if v, ok := m.signature(name, recv, c); ok {
		return v
	}
	switch name {
	case "net/http.Error":
		if code, ok := firstInt(c.args); ok && code >= 400 {
			s.refuse(m, code, c.pos, "http.Error")
		}
		return tuple{}
	case "net/http.Redirect":
		s.redirect(m, c)
		return tuple{}
	case "net/http.NotFound":
		s.refuse(m, 404, c.pos, "http.NotFound")
		return tuple{}
	case "net/http.StripPrefix":
		if len(c.args) == 2 {
			p, _ := asString(c.args[0])
			return &wrapped{mw: &external{name: name, pos: c.pos}, inner: c.args[1], pos: c.pos, strip: p}
		}
	case "net/http.HandlerFunc":
		if len(c.args) > 0 {
			return c.args[0]
		}
	case "errors.Is", "errors.As":
		if v, ok := m.asksError(name, c); ok {
			return v
		}
	case "context.WithValue", "github.com/danielgtaylor/huma/v2.WithValue":
		if len(c.args) == 3 && c.n != nil && len(c.n.K) > 2 {
			s.keep(contextKey(c.args[1], c.n.K[2]), c.args[2])
		}
		return request{"ctx"}
	case "github.com/gorilla/mux.Vars":
		return request{"vars"}
	case "context.WithTimeout", "context.WithCancel":
		if len(c.args) > 0 {
			if t := tupleTypes(t); len(t) > 1 {
				return tuple{request{"ctx"}, &unknown{}}
			}
			return request{"ctx"}
		}
	case "crypto/subtle.ConstantTimeCompare":
		for _, a := range c.args {
			if _, ok := a.(absent); ok {
				return constant{k: 'i', s: "0", anon: true}
			}
		}
		if len(c.args) == 2 {
			if m.provesSecret(c.args[0], c.args[1]) || m.provesSecret(c.args[1], c.args[0]) {
				return constant{k: 'i', s: "0", anon: true}
			}
			a, ok1 := asString(c.args[0])
			b, ok2 := asString(c.args[1])
			if ok1 && ok2 { // both stand in the program
				if a == b {
					return num(1)
				}
				return num(0)
			}
		}
	case "crypto/hmac.Equal":
		if len(c.args) == 2 && (m.provesSecret(c.args[0], c.args[1]) || m.provesSecret(c.args[1], c.args[0])) {
			return boolean(false, true)
		}
	case "os.Exit", "log.Fatal", "log.Fatalf":
		return stop{}
	}
	if v, ok := m.rewrites(pkg, c); ok {
		return v
	}
	if v, ok := m.recodes(pkg, c); ok {
		return v
	}
	base := importpath.Unversioned(pkg)
	if f := factOf(pkg, typ, fn); f != nil {
		for _, a := range c.args {
			switch a.(type) {
			case *closure, next:
				return &wrapped{mw: &external{name: name, recv: recv, args: c.args, called: true, pos: c.pos}, inner: a, pos: c.pos}
			}
		}
	}
	if VerifiesMessage(name) {
		return labelled(m.unknownResult(c, nil), checkedLabel)
	}
	if verifiesQueryToken(base, fn, c.args) {
		return labelled(m.unknownResult(c, nil), verifiedLabel)
	}
	if namedIn(policyFuncs, base, fn) && (!s.anonymous || slices.ContainsFunc(c.args, func(a value) bool { return holdsNobody(a, 0) })) {
		return m.identity(t, mergeLabels(words(fn), []string{"policy"}))
	}
	if namedIn(callerFuncs, base, fn) {
		return m.identity(t, words(fn))
	}
	switch base + "." + fn {
	case "github.com/supertokens/supertokens-golang/supertokens.ErrorHandler":
		s.refuse(m, 401, c.pos, fn)
		return m.unknownResult(c, nil)
	case goframePkg + "/frame/g.RequestFromCtx", goframePkg + "/net/ghttp.RequestFromCtx":
		return request{"c"}
	case kratosPkg + "/transport.FromServerContext", kratosPkg + "/transport/http.RequestFromServerContext":
		return tuple{request{"c"}, boolean(true, false)}
	case grpcPkg + "/metadata.ValueFromIncomingContext":
		if len(c.args) == 2 {
			return m.header(c.args[1], noNode, t)
		}
	case grpcPkg + ".Method":
		if m.operation != "" {
			s.usedPath = true
			return tuple{str(m.operation), boolean(true, false)}
		}
	case grpcMiddleware + "/interceptors.FullMethod":
		if m.operation != "" {
			return str(m.operation)
		}
	case "google.golang.org/grpc/metadata.FromIncomingContext":
		return tuple{request{"hdr"}, boolean(true, false)}
	case "github.com/grpc-ecosystem/grpc-gateway/runtime.AnnotateIncomingContext":
		return tuple{request{"ctx"}, nilValue{}}
	case "google.golang.org/grpc.NewContextWithServerTransportStream":
		return request{"ctx"}
	}
	if v, ok := m.rpcError(base, fn, c); ok {
		return v
	}
	if fa, ok := statusError(name, c.args); ok {
		if fa.code >= 400 {
			s.refuse(m, fa.code, c.pos, fn)
		}
		fa.anon = m.anonNow()
		return fa
	}
	if v, ok := m.keptUnderKey(base, fn, c); ok {
		return v
	}
	switch base {
	case "github.com/go-chi/chi":
		if fn == "URLParam" && len(c.args) == 2 {
			return m.param(c.args[1], "string")
		}
	case "log", "log/slog", "fmt", "github.com/sirupsen/logrus", "go.uber.org/zap", "github.com/rs/zerolog", "github.com/rs/zerolog/log", "time":
		if fn != "Sscanf" && fn != "Sscan" {
			return m.unknownResult(c, nil)
		}
	}
	if isSessionPackage(base) {
		switch fn {
		case "Default", "DefaultMany", "Get", "New", "GetSession", "Start":
			if typ == "" || !s.anonymous || len(c.args) > 1 || m.takesRequest(c.args) {
				ts := tupleTypes(t)
				if len(ts) == 2 {
					return tuple{request{"session"}, nilValue{}}
				}
				if len(ts) == 0 && len(c.args) == 2 && m.takesRequest(c.args) {
					return tuple{request{"session"}, nilValue{}} // everybody gets one
				}
				if len(ts) == 1 && !strings.Contains(ts[0], "interface") && ts[0] != "any" {
					return request{"session"}
				}
				if len(ts) == 0 && fn == "Start" {
					return request{"session"} // returned alone, whatever its type
				}
			}
		}
	}
	if r, ok := recv.(request); ok && r.kind == "session" && readsSession(fn) && len(c.args) == 1 && c.n != nil && len(c.n.K) > 1 {
		return m.ofSession(t, m.argWords(c), c.args[0], c.n.K[1])
	}
	if r, ok := recv.(request); ok && r.kind == "session" && !(len(c.args) == 1 && kept(m.argWords(c))) {
		return m.identity(t, []string{"session"})
	}
	if code, ok := firstInt(c.args); ok && code >= 400 && code < 600 && (m.takesRequest(c.args) || m.holdsRequest(recv)) {
		s.refuse(m, code, c.pos, fn)
	} else if m.takesRequest(c.args) {
		for _, a := range c.args {
			if code := statusOf(a); code != 0 {
				s.refuse(m, code, c.pos, fn)
				break
			}
		}
	}
	anon := false
	for _, a := range append([]value{recv}, c.args...) {
		switch x := a.(type) {
		case absent:
			anon = true
		case failure:
			anon = anon || x.anon && typ != "" && fn != "Error"
		case *table: // a condition of a query
			for _, v := range x.e {
				_, gone := v.(absent)
				anon = anon || gone
			}
		case *external:
			anon = anon || looksUpNobody(x)
		}
	}
	if anon && s.anonymous {
		return m.absentOf(t)
	}
	for _, a := range c.args {
		if _, ok := a.(next); ok {
			// A library's middleware around the rest.
			return &wrapped{mw: &external{name: name, pos: c.pos}, inner: a, pos: c.pos}
		}
	}
	if len(c.args) == 2 && (fn == "Get" || fn == "GetOk" || fn == "Value" || isSessionPackage(base) && readsSession(fn)) && m.takesRequest(c.args[:1]) {
		// What the request carries under a key, by a library's own function.
		if isSessionPackage(base) && readsSession(fn) && c.n != nil && len(c.n.K) > 2 {
			key := c.n.K[2]
			return m.ofSession(t, mergeLabels(labels(c.args[1]), m.nodeWords(key)), c.args[1], key)
		}
		if ws := labels(c.args[1]); hasIdentity(ws) || m.carriesIdentity(c, 1) {
			return m.identity(t, ws)
		}
	}
	if len(c.args) == 3 && fn == "Set" && m.takesRequest(c.args[:1]) && c.n != nil && len(c.n.K) > 2 {
		s.keep(contextKey(c.args[1], c.n.K[2]), c.args[2])
	}
	if m.takesRequest(c.args) && !namedIn(signInFuncs, base, fn) {
		ws := mergeLabels(words(fn), words(lastPart(pkg)))
		if (hasIdentity(ws) && !strings.HasPrefix(name, "unknown.") || isAuthPackage(base)) && !m.looksElsewhere(c.args) && !asksAboutAll(words(fn), t, c.args) {
			return m.identity(t, ws)
		}
	}
	v := m.sought(m.sameRequest(m.askedBy(m.unknownResult(c, nil), c.args), recv, c), recv, c)
	if u, ok := v.(*unknown); ok && u.t == "" && isSessionPackage(base) {
		return u.typed(pkg + ".T") // so that its methods are known for the library's
	}
	if s.forging && slices.Contains(labels(recv), identityLabel) {
		return concerning(v) // a query made with a credential, for one, that is run now
	}
	return v
}

// concerning is a value, or several, that depend on who is calling.
func concerning(v value) value { return labelled(v, identityLabel) }

// callerFuncs are functions of libraries that say who the caller is, or fail, and
// whose names do not tell them from those that give everybody a session.
var callerFuncs = map[string]string{
	"github.com/supertokens/supertokens-golang/recipe/session": "GetSession GetSessionWithContext GetSessionFromRequestContext GetSessionFromRequestContextWithContext",
}

// holdsNobody reports whether something of a library was made with what only
// somebody has, and that is not there.
func holdsNobody(v value, depth int) bool {
	if depth > 3 {
		return false
	}
	within := func(a value) bool { return holdsNobody(a, depth+1) }
	switch x := v.(type) {
	case absent:
		return true
	case fieldArg:
		return within(x.v)
	case *external:
		return slices.ContainsFunc(x.args, within)
	case *table:
		return slices.ContainsFunc(slices.Collect(maps.Values(x.e)), within)
	case *list:
		return slices.ContainsFunc(x.e, within)
	}
	return false
}

// policyFuncs are functions of libraries that decide by a policy whether somebody
// may do something: nobody may not.
var policyFuncs = map[string]string{
	"github.com/osohq/go-oso":                "Authorize IsAllowed AuthorizeRequest AuthorizeField",
	"github.com/cerbos/cerbos-sdk-go/cerbos": "IsAllowed CheckResources",
	"github.com/cerbos/cerbos/client":        "IsAllowed CheckResourceSet CheckResourceBatch CheckResources",
	"github.com/open-policy-agent/opa/rego":  "Eval",
	"github.com/open-policy-agent/opa/sdk":   "Decision",
	"github.com/ory/ladon":                   "IsAllowed",
	"github.com/openfga/go-sdk/client":       "Check",
}

// signInFuncs are functions of libraries that learn who somebody is from what a
// provider sends after a sign-in: they fail for a sign-in that went wrong, not
// for a caller who is nobody yet.
var signInFuncs = map[string]string{
	"github.com/markbates/goth/gothic":               "CompleteUserAuth BeginAuthHandler GetAuthURL GetState Logout",
	"github.com/coreos/go-oidc/oidc":                 "UserInfo Exchange",
	"golang.org/x/oauth2":                            "Exchange TokenSource Token Client",
	"github.com/workos/workos-go/pkg/sso":            "GetProfileAndToken GetProfile",
	"github.com/workos/workos-go/pkg/usermanagement": "AuthenticateWithCode AuthenticateWithPassword AuthenticateWithMagicAuth AuthenticateWithTOTP AuthenticateWithRefreshToken AuthenticateWithEmailVerificationCode",
}

// messageChecks are functions of libraries that check the signature of a message
// that another service sends. Who passes is that service, no caller of the
// program's own: the route stays one that anybody may call, and is meant to be.
var messageChecks = map[string]string{
	"github.com/stripe/stripe-go/webhook":                         "ConstructEvent ConstructEventWithOptions ConstructEventWithTolerance ValidatePayload ValidatePayloadWithTolerance",
	"github.com/google/go-github/github":                          "ValidatePayload ValidatePayloadFromBody ValidateSignature",
	"github.com/slack-go/slack":                                   "Ensure",
	"github.com/twilio/twilio-go/client":                          "Validate ValidateBody",
	"github.com/svix/svix-webhooks/go":                            "Verify",
	"github.com/standard-webhooks/standard-webhooks/libraries/go": "Verify",
	"github.com/line/line-bot-sdk-go/linebot":                     "ParseRequest ValidateSignature",
	"github.com/line/line-bot-sdk-go/linebot/webhook":             "ParseRequest ValidateSignature",
}

// VerifiesMessage reports whether a library's function checks the signature of a
// message that another service sends, as a webhook.
func VerifiesMessage(name string) bool {
	pkg, _, fn := split(name)
	return namedIn(messageChecks, importpath.Unversioned(pkg), lastName(fn))
}

func namedIn(table map[string]string, base, fn string) bool {
	return slices.Contains(strings.Fields(table[base]), fn)
}

// looksUpNobody reports whether a literal of a library's map of conditions, as
// bson.M and squirrel.Eq are, asks for what only somebody has.
func looksUpNobody(x *external) bool {
	switch lastName(x.name) {
	case "M", "D", "Eq":
	default:
		return false
	}
	return slices.ContainsFunc(x.args, func(a value) bool {
		if fa, ok := a.(fieldArg); ok {
			a = fa.v
		}
		_, gone := a.(absent)
		return gone
	})
}

// carriesIdentity reports whether what the request carries under the key that a
// call is given is the identity that an earlier part of the chain put there.
func (m *machine) carriesIdentity(c call, arg int) bool {
	if c.n == nil || arg+1 >= len(c.n.K) {
		return false
	}
	_, gone := m.ctx[contextKey(c.args[arg], c.n.K[arg+1])].(absent)
	return gone
}

// looksElsewhere reports whether a handler asks about a credential that is not
// where callers present theirs, as a token of another service in the body of a
// sign-in.
func (m *machine) looksElsewhere(args []value) bool {
	return !m.sim.middleware && slices.ContainsFunc(args, func(a value) bool {
		u, ok := a.(*unknown)
		return ok && u.t == "string" && !slices.ContainsFunc(u.labels, func(l string) bool { return l == identityLabel || l == requestLabel || l == derivedLabel })
	})
}

// asksAboutAll reports whether a function named so says how many there are of all
// users, or whether there are any: that is asked before the first one signs up,
// and says nothing of who is calling.
func asksAboutAll(ws []string, t string, args []value) bool {
	for _, a := range args {
		if _, ok := a.(request); !ok {
			return false // of somebody that it is told
		}
	}
	ts := tupleTypes(t)
	if len(ts) == 0 || ts[0] != "bool" && !strings.HasPrefix(ts[0], "int") && !strings.HasPrefix(ts[0], "uint") {
		return false
	}
	return slices.ContainsFunc(ws, func(w string) bool {
		switch w {
		case "users", "accounts", "members", "admins", "owners", "count", "any":
			return true
		}
		return false
	})
}

func (m *machine) holdsRequest(v value) bool {
	switch x := v.(type) {
	case request:
		return true
	case *object:
		for _, f := range x.f {
			if _, ok := f.(request); ok {
				return true
			}
		}
	}
	return false
}

// readsSession reports whether a session's method asks for what is kept under a key.
func readsSession(name string) bool {
	return strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "Pop") || strings.HasPrefix(name, "Exists") || strings.HasPrefix(name, "Has")
}

func isSessionPackage(p string) bool {
	switch p {
	case "github.com/gorilla/sessions", "github.com/gin-contrib/sessions", "github.com/labstack/echo-contrib/session", "github.com/gofiber/fiber/middleware/session", "github.com/alexedwards/scs":
		return true
	}
	return strings.HasSuffix(p, "/sessions") || strings.HasSuffix(p, "/session")
}

func isAuthPackage(p string) bool {
	for _, s := range []string{"jwt", "oidc", "casbin", "firebase.google.com/go/auth", "clerk", "go-pkgz/auth", "jwtauth", "authboss", "paseto", "session"} {
		if strings.Contains(p, s) {
			return true
		}
	}
	return false
}

// libraryGlobal is a well-known variable of a library.
func libraryGlobal(pkg, name string) value {
	switch importpath.Unversioned(pkg) {
	case goframePkg + "/errors/gcode":
		switch name {
		case "CodeNotAuthorized":
			return num(gcodeNotAuthorized)
		case "CodeSecurityReason":
			return num(gcodeForbidden)
		}
	case "google.golang.org/grpc/codes":
		switch name {
		case "Unauthenticated":
			return num(16)
		case "PermissionDenied":
			return num(7)
		}
	case "connectrpc.com/connect", "github.com/bufbuild/connect-go":
		switch name {
		case "CodeUnauthenticated":
			return num(16)
		case "CodePermissionDenied":
			return num(7)
		}
	case "github.com/labstack/echo-jwt", "github.com/labstack/echo/middleware", "github.com/gofiber/contrib/jwt", "github.com/gofiber/jwt",
		"github.com/gofiber/fiber/middleware/keyauth", "github.com/gofiber/keyauth", "github.com/hertz-contrib/keyauth", "github.com/auth0/go-jwt-middleware":
		switch name {
		case "ErrJWTMissing", "ErrJWTMissingOrMalformed", "ErrMissingOrMalformedAPIKey", "ErrMissing":
			return failure{name: noCredential}
		case "ErrJWTInvalid", "ErrJWTAlg", "ErrInvalidAPIKey":
			return failure{name: "a wrong credential"}
		}
	case "net/http":
		switch name {
		case "ErrNoCookie":
			return failure{name: noCookie}
		}
		if strings.HasPrefix(name, "Method") && len(name) > 6 {
			return str(strings.ToUpper(name[6:]))
		}
	case "github.com/labstack/echo", "github.com/gofiber/fiber":
		switch name {
		case "ErrUnauthorized":
			return failure{code: 401, name: "unauthorized"}
		case "ErrForbidden":
			return failure{code: 403, name: "forbidden"}
		case "ErrNotFound":
			return failure{code: 404, name: "not found"}
		case "ErrBadRequest":
			return failure{code: 400, name: "bad request"}
		}
		if verb := strings.ToUpper(strings.TrimPrefix(name, "Method")); methods[verb] && verb != "ANY" {
			return str(verb)
		}
	}
	switch name { // every router calls them so
	case "StatusUnauthorized":
		return num(401)
	case "StatusForbidden":
		return num(403)
	}
	return nil
}

// redirect notes that a request is sent elsewhere: to where one signs in, which
// refuses it, or to a place that says nothing of why.
func (s *simulation) redirect(m *machine, c call) {
	if redirectsToLogin(m.argWords(c)) {
		s.refuse(m, 302, c.pos, "redirects to sign in")
		return
	}
	s.refuse(m, 300, c.pos, "redirects")
}
