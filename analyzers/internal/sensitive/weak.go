package sensitive

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// signingIn are words that say that a token beside them lets somebody in.
var signingIn = words.NewSet(`auth authn authz authentication authorization authorize oauth oauth2 oidc openid saml sso jwt jws session sessions bearer login signin signup
	access refresh api reset verify verification confirm confirmation activation password passwd account identity user users member customer client invite invitation magic
	security secret credential credentials personal service bot admin mfa totp otp vault secrets keycloak`)

// handles are words that make a token the handle of a thing: who has it can name
// the thing, at best fetch it.
var handles = words.NewSet(`zip archive preview thumb thumbnail upload uploads download cell cells map tile tiles geo place grid s2 chunk multipart batch job lease trace dedup
	idempotency idempotent csrf xsrf draft poll resume resumption position snapshot watch edit`)

// WeakName reports whether only the bare word token in a name speaks for m, and
// the words beside it say of what thing it is the handle.
func WeakName(m Match, name string) bool {
	ws := words.Split(name)
	return bareToken(m) && handles.HasAny(ws) && !signingIn.HasAny(ws)
}

// WeakCall reports whether only the bare word token in the name of a call speaks
// for m, and neither its receiver nor the packages of callee and caller speak of
// signing in.
func WeakCall(m Match, name, recv string, pkgs ...string) bool {
	if !bareToken(m) || signingIn.HasAny(words.Split(name)) || signingIn.HasAny(words.Split(recv)) {
		return false
	}
	for _, p := range pkgs {
		if base := p[strings.LastIndexByte(p, '/')+1:]; base == "token" || base == "tokens" {
			return false
		}
		for _, w := range words.Split(p) {
			if signingIn[w] && !everyday[w] {
				return false
			}
		}
	}
	return true
}

// everyday are words of signing in that name packages about anything.
var everyday = words.NewSet("api client service user users member customer admin access bot")

func bareToken(m Match) bool { return m.Class == Token && m.Term == "token" && m.Level == Medium }
