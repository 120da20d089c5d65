package sensitive

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// Source is a call that gives something sensitive.
type Source struct {
	Match Match
	// Result is the index of the result that holds it.
	Result int
	// Dump says that the result is a whole request or response.
	Dump bool
}

// kind is how a call names what it gives.
type kind uint8

const (
	byHeader kind = iota // the argument is the name of a header
	byCookie             // the argument is the name of a cookie: its value is a session
	byName               // the argument is the name of a form value, a parameter, a variable
	always               // whatever its arguments
	dump                 // a whole request or response
)

// accessor is a call that reads a named value.
type accessor struct {
	kind   kind
	arg    int   // of the name
	result int   // index of the result
	match  Match // for always
}

func f(pkg, recv, name string) callee.Func { return callee.Func{Pkg: pkg, Recv: recv, Name: name} }

// accessors, by canonical path.
var accessors = func() map[callee.Func]accessor {
	m := map[callee.Func]accessor{
		f("net/http", "Header", "Get"):            {kind: byHeader},
		f("net/http", "Header", "Values"):         {kind: byHeader},
		f("net/textproto", "MIMEHeader", "Get"):   {kind: byHeader},
		f("net/http", "Request", "Cookie"):        {kind: byCookie},
		f("net/http", "Request", "Cookies"):       {kind: always, match: Match{Class: Token, Term: "cookie", Level: High, Why: "they are the cookies of a request"}},
		f("net/http", "Request", "FormValue"):     {kind: byName},
		f("net/http", "Request", "PostFormValue"): {kind: byName},
		f("net/http", "Request", "PathValue"):     {kind: byName},
		f("net/http", "Request", "BasicAuth"):     {kind: always, result: 1, match: Match{Class: Credential, Term: "password", Level: High, Why: "it is the password of HTTP basic authentication"}},
		f("net/url", "Values", "Get"):             {kind: byName},
		f("net/url", "Userinfo", "Password"):      {kind: always, match: Match{Class: Credential, Term: "password", Level: High, Why: "it is the password of a URL"}},
		f("net/url", "Userinfo", "String"):        {kind: always, match: Match{Class: Credential, Term: "password", Level: High, Why: "it holds the password of a URL"}},
		f("net/http/httputil", "", "DumpRequest"): {kind: dump}, f("net/http/httputil", "", "DumpRequestOut"): {kind: dump}, f("net/http/httputil", "", "DumpResponse"): {kind: dump},
		f("os", "", "Environ"): {kind: always, match: Match{Class: Credential, Term: "environment variables", Level: Medium, Why: "all there are, with the secrets among them"}},
		f("os", "", "Getenv"):  {kind: byName}, f("os", "", "LookupEnv"): {kind: byName}, f("syscall", "", "Getenv"): {kind: byName},
		f("golang.org/x/term", "", "ReadPassword"):                     {kind: always, match: Match{Class: Credential, Term: "password", Level: High, Why: "it is typed in as a password"}},
		f("golang.org/x/crypto/ssh/terminal", "", "ReadPassword"):      {kind: always, match: Match{Class: Credential, Term: "password", Level: High, Why: "it is typed in as a password"}},
		f("crypto/rsa", "", "GenerateKey"):                             {kind: always, match: Match{Class: Credential, Term: "private key", Level: High, Why: "it is a private key"}},
		f("crypto/ecdsa", "", "GenerateKey"):                           {kind: always, match: Match{Class: Credential, Term: "private key", Level: High, Why: "it is a private key"}},
		f("crypto/ed25519", "", "GenerateKey"):                         {kind: always, result: 1, match: Match{Class: Credential, Term: "private key", Level: High, Why: "it is a private key"}},
		f("crypto/x509", "", "MarshalPKCS1PrivateKey"):                 {kind: always, match: Match{Class: Credential, Term: "private key", Level: High, Why: "it is a private key"}},
		f("crypto/x509", "", "MarshalPKCS8PrivateKey"):                 {kind: always, match: Match{Class: Credential, Term: "private key", Level: High, Why: "it is a private key"}},
		f("crypto/x509", "", "MarshalECPrivateKey"):                    {kind: always, match: Match{Class: Credential, Term: "private key", Level: High, Why: "it is a private key"}},
		f("golang.org/x/oauth2", "Config", "Exchange"):                 {kind: always, match: Match{Class: Token, Term: "oauth token", Level: High, Why: "it is a token of OAuth"}},
		f("golang.org/x/oauth2", "Config", "PasswordCredentialsToken"): {kind: always, match: Match{Class: Token, Term: "oauth token", Level: High, Why: "it is a token of OAuth"}},
		f("golang.org/x/oauth2", "TokenSource", "Token"):               {kind: always, match: Match{Class: Token, Term: "oauth token", Level: High, Why: "it is a token of OAuth"}},
		f("golang.org/x/oauth2/clientcredentials", "Config", "Token"):  {kind: always, match: Match{Class: Token, Term: "oauth token", Level: High, Why: "it is a token of OAuth"}},
		f("google.golang.org/grpc/metadata", "MD", "Get"):              {kind: byHeader},
		f("github.com/go-chi/chi", "", "URLParam"):                     {kind: byName, arg: 1},
		f("github.com/julienschmidt/httprouter", "Params", "ByName"):   {kind: byName},
		f("github.com/pquerna/otp/totp", "", "GenerateCode"):           {kind: always, match: Match{Class: Token, Term: "otp", Level: High, Why: "it is a one-time password"}},
		f("github.com/pquerna/otp", "Key", "Secret"):                   {kind: always, match: Match{Class: Credential, Term: "totp secret", Level: High, Why: "it is the secret of one-time passwords"}},
		f("github.com/pquerna/otp", "Key", "URL"):                      {kind: always, match: Match{Class: Credential, Term: "totp secret", Level: High, Why: "it holds the secret of one-time passwords"}},
		f("github.com/urfave/cli", "Context", "String"):                {kind: byName},
		f("github.com/urfave/cli", "Command", "String"):                {kind: byName},
		f("github.com/spf13/pflag", "FlagSet", "GetString"):            {kind: byName},
	}
	for _, jwt := range []string{"github.com/golang-jwt/jwt", "github.com/dgrijalva/jwt-go", "github.com/form3tech-oss/jwt-go"} {
		m[f(jwt, "Token", "SignedString")] = accessor{kind: always, match: Match{Class: Token, Term: "jwt", Level: High, Why: "it is a signed JWT"}}
	}
	for _, router := range []struct{ pkg, recv, headers, names, cookies string }{
		{"github.com/gin-gonic/gin", "Context", "GetHeader", "Query DefaultQuery GetQuery PostForm DefaultPostForm GetPostForm Param QueryArray PostFormArray GetString MustGet Get", "Cookie"},
		{"github.com/labstack/echo", "Context", "", "FormValue QueryParam Param PathParam Get", "Cookie"},
		{"github.com/gofiber/fiber", "Ctx", "Get GetReqHeader", "FormValue Query Params Locals", "Cookies"},
		{"github.com/cloudwego/hertz/pkg/app", "RequestContext", "GetHeader", "Query DefaultQuery PostForm DefaultPostForm Param FormValue", "Cookie"},
		{"github.com/kataras/iris", "Context", "GetHeader", "URLParam FormValue PostValue Params", "GetCookie"},
		{"github.com/kataras/iris/context", "Context", "GetHeader", "URLParam FormValue PostValue", "GetCookie"},
		{"github.com/beego/beego/server/web", "Controller", "", "GetString Query", ""},
		{"github.com/beego/beego/server/web/context", "BeegoInput", "Header", "Query Param", "Cookie"},
		{"github.com/astaxie/beego", "Controller", "", "GetString", ""},
		{"github.com/valyala/fasthttp", "RequestHeader", "Peek", "", "Cookie"},
		{"github.com/valyala/fasthttp", "Args", "", "Peek", ""},
		{"github.com/spf13/viper", "", "", "GetString Get", ""},
		{"github.com/spf13/viper", "Viper", "", "GetString Get", ""},
		{"github.com/gogf/gf/net/ghttp", "Request", "GetHeader", "Get GetQuery GetForm", ""},
	} {
		for _, n := range strings.Fields(router.headers) {
			m[f(router.pkg, router.recv, n)] = accessor{kind: byHeader}
		}
		for _, n := range strings.Fields(router.names) {
			m[f(router.pkg, router.recv, n)] = accessor{kind: byName}
		}
		for _, n := range strings.Fields(router.cookies) {
			m[f(router.pkg, router.recv, n)] = accessor{kind: byCookie}
		}
	}
	return m
}()

// getterVerbs begin the names of functions that give what they name.
var getterVerbs = words.NewSet("get read fetch load find lookup generate gen new create make build extract retrieve obtain request decode decrypt issue mint sign must ask prompt current")

// verdictWords in a function's name say that it tells about a value and does not
// give it.
var verdictWords = words.NewSet("is has check verify validate compare valid count len exists send reset update set delete remove revoke invalidate rotate store save write put log print encode hash")

// settings are words of calls that read a setting.
var settings = words.NewSet("configured config configuration setting settings default")

// parsers are types whose tokens are those of a language.
var parsers = words.NewSet("decoder tokenizer scanner lexer parser reader encoder")

// Call classifies a call by what it reads: a header, a cookie, a form value
// named password, an OAuth token; or, for a function the libraries do not know,
// by its name (getPassword, user.Email()). The caller checks
// with Holds that the result can hold it. lit gives the constant string that
// argument i is, if it is one.
func (l *Lexicon) Call(fn callee.Func, lit func(i int) (string, bool)) (Source, bool) {
	key := fn
	key.Pkg = canonical(fn.Pkg)
	a, ok := accessors[key]
	if !ok {
		return l.getter(fn)
	}
	switch a.kind {
	case dump:
		return Source{Match: Match{Class: HTTP, Term: "dump of a whole request or response", Level: High, Why: "httputil." + fn.Name}, Dump: true}, true
	case always:
		return Source{Match: a.match, Result: a.result}, true
	}
	name, ok := lit(a.arg)
	if !ok {
		return Source{}, false
	}
	var m Match
	switch a.kind {
	case byHeader:
		m, ok = l.Header(name)
		m.Why = "it is the header " + name
	case byCookie:
		m, ok = l.cookie(name)
		m.Why = "it is the cookie " + name
	default:
		m, ok = l.Name(name)
		m.Why = "it is read as " + name
	}
	return Source{Match: m, Result: a.result}, ok
}

// preference words name cookies that identify nobody.
var preference = words.NewSet("lang language locale theme consent tz timezone currency color colour sidebar layout view sort banner flash dismissed popup notice region country")

// Preference reports whether a cookie of this name keeps a setting and tells
// nothing about who somebody is.
func Preference(name string) bool { return preference.HasAny(words.Split(name)) }

func (l *Lexicon) cookie(name string) (Match, bool) {
	if preference.HasAny(words.Split(name)) {
		return Match{}, false
	}
	if m, ok := l.Name(name); ok {
		return m, m.Level != Low
	}
	return Match{Class: Token, Term: "cookie", Level: Medium}, true
}

// getter classifies a function by its name.
func (l *Lexicon) getter(fn callee.Func) (Source, bool) {
	if parsers.HasAny(words.Split(fn.Recv)) || fn.Pkg == "go/token" || fn.Pkg == "html" {
		return Source{}, false
	}
	ws := words.Split(fn.Name)
	for len(ws) > 1 && getterVerbs[ws[0]] {
		ws = ws[1:]
	}
	if len(ws) == 0 || verdictWords.HasAny(ws) {
		return Source{}, false
	}
	m, ok := l.Name(strings.Join(ws, " "))
	if !ok {
		return Source{}, false
	}
	if strings.HasSuffix(m.Term, " header") && settings.HasAny(ws) {
		return Source{}, false // which header it is, not what is in it
	}
	m.Why = "it comes from " + fn.Name
	return Source{Match: m}, true
}
