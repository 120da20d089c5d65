package sensitive_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/launchgate/launchgate/analyzers/internal/callee"
	"github.com/launchgate/launchgate/analyzers/internal/sensitive"
)

// fields has one struct field a line; the comment says what it must be taken
// for: a class and a level, or nothing.
const fields = `package p

import ("time"; "database/sql"; "net/http"; "net/mail"; "crypto/rsa"; "net/url")

type UUID [16]byte
type Gender string
type Secret string
type Money int

type User struct {
	ID int64
	Name string // identity medium
	Email string // contact medium
	EmailVerified bool
	EmailVerifiedAt time.Time
	Password string // credential high
	PasswordHash string
	PasswordHashed []byte
	HasPassword bool
	Phone *string // contact medium
	PhoneNo int64 // contact medium
	Mobile sql.NullString // contact medium
	Address string // contact medium
	City string // contact medium
	Birth time.Time // identity medium
	DateOfBirth time.Time // identity medium
	Age int // identity medium
	Gender Gender // identity medium
	CreatedAt time.Time
	TokenCount int
	Tokens []string
	TokenType string
	OTP int // token high
	OtpEnabled bool
	Pin string // credential medium
	SSN string // gov_id high
	TaxID string // gov_id high
	Salary Money // finance medium
	UserAgent string
	AvatarURL string
	Bio string
	Role string
	AccountUUID UUID
	EmailID UUID
	Emails []string // contact medium
	APIKeys map[string]string // credential high
	SendEmail func(string)
	EmailService interface{ Send() }
	ResetToken *string // token high
	RefreshTokenExpiry time.Time
}

type Account struct {
	Name string
	Login string
	Balance int
	Key string ` + "`json:\"-\"`" + ` // credential medium
	PublicKey string
}

type Handle struct {
	Owner string
}

type Customer struct {
	Username string // identity low
	Name string // identity low
	Fax string // contact medium
}

type AddressBook struct { Address string; Size int }

type ShippingAddress struct {
	Street string // contact medium
	City string // contact medium
	Zip string // contact medium
	Country string
}

type Server struct {
	Name string
	Address string
	Port int
	City string
}

type Card struct {
	Number string
	CVV int // payment high
	Pan string // payment high
	Brand string
	Last4 string
	Expiry string // payment high
}

type Token struct {
	ID string
	Value string // token medium
	Expires time.Time
}

type LexToken struct {
	Kind int
	Value string
	Pos int
	Token string
}

type Tagged struct {
	A string ` + "`pii:\"email\"`" + ` // contact medium
	B string ` + "`log:\"-\"`" + ` // identity medium
	C string ` + "`masq:\"secret\"`" + ` // credential high
	D string ` + "`sensitive:\"true\"`" + ` // identity medium
	Email string ` + "`pii:\"false\"`" + `
	F string ` + "`db:\"ssn\"`" + ` // gov_id high
	G string ` + "`json:\"e_mail,omitempty\"`" + ` // contact medium
	H string ` + "`gorm:\"column:phone_number;index\"`" + ` // contact medium
	Q string ` + "`xorm:\"varchar(255) not null 'access_token'\"`" + ` // token high
	R string ` + "`xorm:\"varchar(255) default 'email'\"`" + `
	I int ` + "`json:\"email\"`" + `
	PasswordHash string ` + "`db:\"password\"`" + `
	K string ` + "`datapolicy:\"token\"`" + ` // token high
	L string ` + "`log:\"level\"`" + `
	M string ` + "`redact:\"true\"`" + ` // identity medium
	Username string ` + "`pii:\"true\"`" + ` // identity medium
	O string ` + "`pii:\"health\"`" + ` // health high
}

type Library struct {
	From mail.Address
	Cert *rsa.PrivateKey // credential high
	Session *http.Cookie // token medium
	Link *url.URL
	Err error
	S Secret // credential high
}

type UserService struct { Name string; Address string; Token string } // token medium
type PasswordPolicy struct { Name string; Min int; Value string }
`

func TestField(t *testing.T) {
	fset, pkg, file := check(t, fields)
	comments := make(map[int]string)
	for _, g := range file.Comments {
		comments[fset.Position(g.Pos()).Line] = strings.TrimSpace(g.Text())
	}
	n := 0
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		st, ok := obj.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range st.NumFields() {
			want := comments[fset.Position(st.Field(i).Pos()).Line]
			if strings.HasPrefix(name, "UserService") && st.Field(i).Name() != "Token" {
				want = ""
			}
			got := ""
			if m, ok := sensitive.Builtin().Field(obj.Type(), st.Field(i), st.Tag(i)); ok {
				got = fmt.Sprintf("%s %s", m.Class, m.Level)
			}
			if got != want {
				t.Errorf("%s.%s: %q, want %q", name, st.Field(i).Name(), got, want)
			}
			n++
		}
	}
	if n < 90 {
		t.Errorf("only %d fields were looked at", n)
	}
}

func check(t *testing.T, src string) (*token.FileSet, *types.Package, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: stubs{}}
	pkg, err := conf.Check("p", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return fset, pkg, file
}

// stubs declares what the cases need of the standard library.
type stubs map[string]*types.Package

func (s stubs) Import(path string) (*types.Package, error) {
	if s[path] != nil {
		return s[path], nil
	}
	fset := token.NewFileSet()
	name := path[strings.LastIndexByte(path, '/')+1:]
	file, err := parser.ParseFile(fset, path, "package "+name+"\n"+map[string]string{
		"time": "type Time struct{ wall uint64 }", "database/sql": "type NullString struct { String string; Valid bool }", "net/http": "type Cookie struct { Name, Value string }",
		"net/mail": "type Address struct { Name, Address string }", "crypto/rsa": "type PrivateKey struct { D int }", "net/url": "type URL struct { Host, Path string; User *Userinfo }; type Userinfo struct { username, password string }",
	}[path], 0)
	if err != nil {
		return nil, err
	}
	pkg, err := new(types.Config).Check(path, fset, []*ast.File{file}, nil)
	if err == nil {
		s[path] = pkg
	}
	return pkg, err
}

func TestObject(t *testing.T) {
	_, pkg, _ := check(t, `package p

type Base struct{ Email string }
type Card struct{ CVV string }
type Order struct {
	Base
	ID int
	Card *Card
	Buyer struct{ Password string `+"`json:\"-\"`"+` }
	Parent *Order
	secret string
}
type Plain struct{ ID int; Next *Plain }
type Orders []*Order
`)
	for name, want := range map[string]string{
		"Order":  "Base.Email contact, Card.CVV payment indirect, Buyer.Password credential hidden, secret credential hidden",
		"Plain":  "",
		"Orders": "Base.Email contact, Card.CVV payment indirect, Buyer.Password credential hidden, secret credential hidden",
	} {
		var got []string
		for _, m := range sensitive.Builtin().Object(pkg.Scope().Lookup(name).Type()) {
			s := m.Path + " " + string(m.Match.Class)
			if m.Hidden {
				s += " hidden"
			}
			if m.Indirect {
				s += " indirect"
			}
			got = append(got, s)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("Object(%s) = %q, want %q", name, strings.Join(got, ", "), want)
		}
	}
}

func TestPolicyAdditions(t *testing.T) {
	_, pkg, _ := check(t, "package p\ntype Ticket struct{ MemberNo, Note, Email string }\ntype Note string\n")
	l := sensitive.New(sensitive.Additions{
		Names:        map[string]sensitive.Class{"memberNo": sensitive.GovID},
		Fields:       map[string]sensitive.Class{"Ticket.Note": sensitive.Health},
		Types:        map[string]sensitive.Class{"p.Note": sensitive.Health},
		NotSensitive: []string{"email"},
	})
	st := pkg.Scope().Lookup("Ticket").Type()
	var got []string
	for _, m := range l.Object(st) {
		got = append(got, m.Path+" "+string(m.Match.Class))
	}
	if s := strings.Join(got, ", "); s != "MemberNo gov_id, Note health" {
		t.Errorf("with the policy's additions, Ticket holds %q", s)
	}
	if m, ok := l.Name("member_no"); !ok || m.Class != sensitive.GovID {
		t.Errorf("member_no is %v, want what the policy says of memberNo", m)
	}
	if m, ok := l.TypeOf(pkg.Scope().Lookup("Note").Type()); !ok || m.Class != sensitive.Health {
		t.Errorf("the type Note is %v, want health", m)
	}
	if _, ok := sensitive.Name("memberNo"); ok {
		t.Error("what one policy adds must not change the built-in words")
	}
}

func TestCall(t *testing.T) {
	for _, tt := range []struct {
		pkg, recv, name, arg string
		want                 string
	}{
		{"net/http", "Header", "Get", "Authorization", "http_sensitive 0"},
		{"net/http", "Header", "Get", "Content-Type", ""},
		{"net/http", "Header", "Values", "Cookie", "http_sensitive 0"},
		{"net/http", "Request", "FormValue", "password", "credential 0"},
		{"net/http", "Request", "FormValue", "page_token", ""},
		{"net/http", "Request", "Cookie", "sid", "token 0"},
		{"net/http", "Request", "Cookie", "theme", ""},
		{"net/http", "Request", "BasicAuth", "", "credential 1"},
		{"net/http", "Request", "PathValue", "id", ""},
		{"net/http", "Request", "UserAgent", "", ""},
		{"net/http/httputil", "", "DumpRequest", "", "http_sensitive 0 dump"},
		{"net/url", "Values", "Get", "api_key", "credential 0"},
		{"os", "", "Getenv", "DB_PASSWORD", "credential 0"},
		{"os", "", "Getenv", "HOME", ""},
		{"os", "", "Getenv", "TOKEN_TTL", ""},
		{"github.com/gin-gonic/gin", "Context", "PostForm", "email", "contact 0"},
		{"github.com/gin-gonic/gin", "Context", "Cookie", "session", "token 0"},
		{"github.com/labstack/echo/v4", "Context", "QueryParam", "access_token", "token 0"},
		{"github.com/gofiber/fiber/v2", "Ctx", "Get", "Authorization", "http_sensitive 0"},
		{"github.com/go-chi/chi/v5", "", "URLParam", "", ""},
		{"github.com/spf13/viper", "", "GetString", "smtp.password", "credential 0"},
		{"github.com/golang-jwt/jwt/v5", "Token", "SignedString", "", "token 0"},
		{"golang.org/x/oauth2", "Config", "Exchange", "", "token 0"},
		{"example.com/app", "", "getPassword", "", "credential 0"},
		{"example.com/app", "User", "GetEmail", "", "contact 0"},
		{"example.com/app", "User", "Email", "", "contact 0"},
		{"example.com/app", "", "GenerateAccessToken", "", "token 0"},
		{"example.com/app", "", "parseCredentials", "", ""},
		{"example.com/app", "", "hashPassword", "", ""},
		{"example.com/app", "", "ValidateToken", "", ""},
		{"example.com/app", "User", "HasPassword", "", ""},
		{"example.com/app", "", "SendEmail", "", ""},
		{"encoding/json", "Decoder", "Token", "", ""},
		{"example.com/app", "Lexer", "NextToken", "", ""},
		{"example.com/app", "", "GetTokenCount", "", ""},
	} {
		s, ok := sensitive.Builtin().Call(callee.Func{Pkg: tt.pkg, Recv: tt.recv, Name: tt.name}, func(int) (string, bool) { return tt.arg, tt.arg != "" })
		got := ""
		if ok {
			got = fmt.Sprintf("%s %d", s.Match.Class, s.Result)
			if s.Dump {
				got += " dump"
			}
		}
		if got != tt.want {
			t.Errorf("Call(%s %s.%s %q) = %q (%s), want %q", tt.pkg, tt.recv, tt.name, tt.arg, got, s.Match.Term, tt.want)
		}
	}
}
