package importpath

import "testing"

func TestUnversioned(t *testing.T) {
	for in, want := range map[string]string{
		"github.com/labstack/echo/v4":                   "github.com/labstack/echo",
		"github.com/gofiber/fiber/v2/middleware/cors":   "github.com/gofiber/fiber/middleware/cors",
		"github.com/vmihailenco/msgpack/v5":             "github.com/vmihailenco/msgpack",
		"github.com/vektah/gqlparser/v2/validator":      "github.com/vektah/gqlparser/validator",
		"gopkg.in/square/go-jose.v2":                    "gopkg.in/square/go-jose",
		"gopkg.in/square/go-jose.v2/jwt":                "gopkg.in/square/go-jose/jwt",
		"example.com/shop/vendor/github.com/gin/gin/v2": "github.com/gin/gin",
		"vendor/golang.org/x/net/http2":                 "golang.org/x/net/http2",
		"k8s.io/api/core/v1":                            "k8s.io/api/core",
		"k8s.io/api/core/v1beta1":                       "k8s.io/api/core/v1beta1",
		"v2":                                            "v2",
		"github.com/go-chi/chi.v":                       "github.com/go-chi/chi.v",
		"net/http":                                      "net/http",
		"":                                              "",
	} {
		if got := Unversioned(in); got != want {
			t.Errorf("Unversioned(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"github.com/labstack/echo/v4": "echo",
		"gopkg.in/yaml.v3":            "yaml",
		"github.com/go-chi/chi/v5":    "chi",
		"github.com/foo/go-bar":       "bar",
		"net/http":                    "http",
	} {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
}
