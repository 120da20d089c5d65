package sinks

import (
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/words"
)

// Sanitizer says why the result of a call tells nothing of what it was given.
type Sanitizer struct {
	Why string
	// Pseudonym is set for plain hashes: safe for secrets of many bits; a hash
	// of a phone number can be undone by trying all of them.
	Pseudonym bool
}

// Which words a function's name is a sanitizer by, and which take it back.
var (
	redactWords = words.NewSet(`redact redacted redactor redacting mask masked masker masking sanitize sanitized sanitise sanitised scrub scrubbed scrubber obfuscate obfuscated
		obscure obscured censor censored anonymize anonymized anonymise anonymised anonymizer pseudonymize pseudonymise pseudonym hide hidden conceal blur
		encrypt encrypted seal sealed tokenize tokenise desensitize desensitise elide bcrypt argon2 scrypt pbkdf2 masq`)
	hashWords = words.NewSet("hash hashed hasher hashing digest hmac checksum fingerprint sha1 sha256 sha512 md5 sum sum256 sum512 sum224 sum384 crc32 fnv xxhash")
	undoWords = words.NewSet("unmask decrypt decrypted reveal decode unseal unredact unhide detokenize detokenise without not no unmasked unhash open parse")
)

// exact are library functions whose names do not say it.
var exact = map[callee.Func]Sanitizer{
	{Pkg: "strings", Name: "Repeat"}:                                   {Why: "it repeats a filler"},
	{Pkg: "unicode/utf8", Name: "RuneCountInString"}:                   {Why: "it counts"},
	{Pkg: "unicode/utf8", Name: "RuneCount"}:                           {Why: "it counts"},
	{Pkg: "golang.org/x/crypto/argon2", Name: "IDKey"}:                 {Why: "it is a one-way hash"},
	{Pkg: "golang.org/x/crypto/argon2", Name: "Key"}:                   {Why: "it is a one-way hash"},
	{Pkg: "golang.org/x/crypto/scrypt", Name: "Key"}:                   {Why: "it is a one-way hash"},
	{Pkg: "golang.org/x/crypto/pbkdf2", Name: "Key"}:                   {Why: "it is a one-way hash"},
	{Pkg: "net/url", Recv: "URL", Name: "Redacted"}:                    {Why: "it takes the password out"},
	{Pkg: "github.com/cockroachdb/redact", Name: "Safe"}:               {Why: "it is declared safe"},
	{Pkg: "github.com/cockroachdb/redact", Name: "Sprint"}:             {Why: "it marks what is sensitive"},
	{Pkg: "github.com/cockroachdb/redact", Name: "Sprintf"}:            {Why: "it marks what is sensitive"},
	{Pkg: "k8s.io/klog", Name: "KObj"}:                                 {Why: "it keeps the name of the object only"},
	{Pkg: "k8s.io/klog", Name: "KRef"}:                                 {Why: "it keeps the name of the object only"},
	{Pkg: "k8s.io/klog", Name: "KObjs"}:                                {Why: "it keeps the names of the objects only"},
	{Pkg: "k8s.io/klog", Name: "KObjSlice"}:                            {Why: "it keeps the names of the objects only"},
	{Pkg: "github.com/zeromicro/go-zero/core/logx", Name: "Sensitive"}: {Why: "it masks itself"},
}

// Sanitize reports whether the result of f tells nothing of its arguments: by
// the libraries' documentation, or by the words of its name, its receiver's type
// and its package. Encoding, quoting, trimming and wrapping are no sanitizers.
func Sanitize(f callee.Func) (Sanitizer, bool) {
	c := f
	c.Pkg = Canonical(f.Pkg)
	if s, ok := exact[c]; ok {
		return s, true
	}
	name := words.Split(f.Name)
	if undoWords.HasAny(name) || lookalike.HasAny(name) {
		return Sanitizer{}, false
	}
	if last4(f.Name) {
		return Sanitizer{Why: f.Name + " keeps the last digits only"}, true
	}
	switch {
	case redactWords.HasAny(name):
		return Sanitizer{Why: "its name says that it takes out what is sensitive"}, true
	case hashWords.HasAny(name), strings.HasPrefix(c.Pkg, "crypto/") && hashWords[lastElement(c.Pkg)]:
		return Sanitizer{Why: "it is a hash", Pseudonym: true}, true
	case strings.HasPrefix(c.Pkg, "golang.org/x/crypto/") && redactWords[lastElement(c.Pkg)]:
		return Sanitizer{Why: "it is a one-way hash"}, true
	case maskerWords[lastWord(f.Recv)], maskerWords[lastWord(lastElement(c.Pkg))]:
		return Sanitizer{Why: "it belongs to something that takes out what is sensitive"}, true
	}
	return Sanitizer{}, false
}

// maskerWords name types and packages all of whose functions sanitize.
var maskerWords = words.NewSet("masker redactor scrubber anonymizer anonymiser sanitizer sanitiser obfuscator mask redact masq scrub redaction masking")

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func lastWord(name string) string {
	if ws := words.Split(name); len(ws) > 0 {
		return ws[len(ws)-1]
	}
	return ""
}

// lookalike are words that make a name with a sanitizer's word in it something
// else: stripPrefix, hideCursor, sumOf.
var lookalike = words.NewSet("prefix suffix space spaces html tags ansi color colors slash slashes quotes newline newlines comments whitespace path url extension bom crlf map netmask subnet")

func last4(name string) bool {
	n := strings.ToLower(name)
	return strings.Contains(n, "last4") || strings.Contains(n, "lastfour") || strings.Contains(n, "last_4")
}
