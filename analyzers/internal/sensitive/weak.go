package sensitive

import (
	"slices"
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
	idempotency idempotent csrf xsrf draft poll resume resumption position snapshot watch edit sync form`)

// places are words that make a token the name of a place on a map.
var places = words.NewSet("cell cells tile tiles geo geohash grid s2 h3 quadkey square")

// connections are words that make a session one of a protocol: its id is a number
// both sides know.
var connections = words.NewSet("ssh sftp ftp checkout websocket terminal pty tty chat game recording")

// Harmless reports whether the words around a match say that it lets nobody in:
// the token of a place, the id of a connection.
func Harmless(m Match, around ...string) bool {
	for _, a := range around {
		ws := words.Split(a)
		if bareToken(m) && places.HasAny(ws) || sessionID(m) && connections.HasAny(ws) {
			return true
		}
	}
	return false
}

func sessionID(m Match) bool { return m.Term == "session id" || m.Term == "sessionid" }

// WeakPlace reports whether the function a name stands in does not bear out what it
// says: the token of an upload, the id of a session that no cookie brought.
func WeakPlace(m Match, symbol string) bool {
	ws := words.Split(symbol)
	switch {
	case bareToken(m):
		for _, w := range ws {
			if signingIn[w] && !everyday[w] {
				return false
			}
		}
		return handles.HasAny(ws)
	case sessionID(m):
		return true // often enough the key of a row, with a secret beside it
	}
	return false
}

// OtherToken reports whether a name is one of a token that lets nobody in:
// parseSyncToken, nextPageToken, tokenPrefix.
func (l *Lexicon) OtherToken(name string) bool {
	ws := words.Split(name)
	for len(ws) > 1 && (getterVerbs[ws[0]] || ws[0] == "parse") {
		ws = ws[1:]
	}
	if len(ws) < 2 || !slices.Contains(ws, "token") {
		return false
	}
	_, ok := l.Name(strings.Join(ws, " "))
	return !ok
}

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

func bareToken(m Match) bool { return m.Class == Token && bareTokens[m.Term] }

// bareTokens are terms that say no more than that something is a token.
var bareTokens = map[string]bool{"token": true, "raw token": true, "new token": true, "old token": true, "token string": true, "token value": true}

// BareToken reports whether a match says no more than that something is a token.
func BareToken(m Match) bool { return bareToken(m) }
