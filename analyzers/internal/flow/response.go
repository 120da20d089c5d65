package flow

import (
	"go/types"
	"strings"

	"github.com/launchgate/launchgate/analyzers/internal/sinks"
)

// responders are methods of web frameworks' contexts that send what they are
// given to the client, with the arguments that are sent.
var responders = map[string]int{
	"JSON": -2, "IndentedJSON": -2, "PureJSON": -2, "SecureJSON": -2, "AsciiJSON": -2, "JSONP": -2, "JSONPretty": -2, "XML": -2, "YAML": -2,
	"String": -2, "AbortWithStatusJSON": -2, "HTML": -2, "Blob": -3, "Data": -3,
}

// response recognises calls that answer an HTTP request.
func (v *invocation) response() (Sink, bool) {
	s := Sink{Kind: Response, args: []int{-1}}
	id := v.id
	switch {
	case id.Pkg == "net/http" && id.Recv == "" && id.Name == "Error":
		s.args = []int{1}
		return s, true
	case id.Name == "Write" && v.recvX != nil && isResponseWriter(v.f.typeOf(v.recvX)):
		s.args = []int{0}
		return s, true
	case id.Pkg == "io" && id.Name == "WriteString" && len(v.args) == 2 && isResponseWriter(v.f.typeOf(v.args[0].expr)):
		s.args = []int{1}
		return s, true
	}
	framework := strings.HasPrefix(id.Pkg, "github.com/gin-gonic/gin") || strings.HasPrefix(id.Pkg, "github.com/labstack/echo") || strings.HasPrefix(id.Pkg, "github.com/gofiber/fiber")
	if !framework {
		return Sink{}, false
	}
	if id.Recv == "" {
		if id.Name == "NewHTTPError" || id.Name == "NewError" {
			s.args = []int{-2}
			return s, true
		}
		return Sink{}, false
	}
	if id.Recv != "Context" && id.Recv != "Ctx" {
		return Sink{}, false
	}
	if strings.HasPrefix(id.Pkg, "github.com/gofiber/") {
		switch id.Name {
		case "SendString", "JSON", "Send", "XML":
			s.args = []int{0}
			return s, true
		}
		return Sink{}, false
	}
	args, ok := responders[id.Name]
	if !ok {
		return Sink{}, false
	}
	s.args = []int{args}
	return s, true
}

// internals are packages whose errors tell of the inside of a service: of its
// database, its files, its network.
var internals = map[string]bool{
	"database/sql": true, "gorm.io/gorm": true, "github.com/jinzhu/gorm": true, "github.com/jmoiron/sqlx": true, "xorm.io/xorm": true, "go.mongodb.org/mongo-driver/mongo": true,
	"github.com/jackc/pgx": true, "github.com/jackc/pgx/v4": true, "github.com/jackc/pgx/v5": true, "github.com/jackc/pgx/v5/pgxpool": true, "github.com/jackc/pgx/v4/pgxpool": true,
	"github.com/redis/go-redis/v9": true, "github.com/go-redis/redis/v8": true, "github.com/go-redis/redis": true, "github.com/uptrace/bun": true, "github.com/lib/pq": true,
	"os": true, "os/exec": true, "net": true, "net/smtp": true, "go.etcd.io/bbolt": true, "github.com/dgraph-io/badger": true,
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// internalError labels the error a call into such a package returns.
func (v *invocation) internalError(out []*value) []*value {
	if !v.known || !internals[v.id.Pkg] {
		if !(v.id.Pkg == "net/http" && (v.id.Recv == "Client" || v.id.Recv == "") && (v.name == "Do" || v.name == "Get" || v.name == "Post" || v.name == "PostForm")) {
			return out
		}
	}
	sig, _ := v.f.typeOf(v.call.Fun).(*types.Signature)
	if sig == nil {
		return out
	}
	n := sig.Results().Len()
	if n == 0 || !isError(sig.Results().At(n-1).Type()) {
		return out
	}
	for len(out) < n {
		out = append(out, unknown)
	}
	what := "the text of an error of " + lastElement(sinks.Canonical(v.id.Pkg)) + " (from " + v.text + ")"
	out[n-1] = &value{labels: []label{internalLabel(v.call.Pos(), what, "error of "+v.text)}}
	return out
}
