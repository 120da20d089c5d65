package eval

import "testing"

// TestGuardsOfServersThatAreNoRouters: what guards servers whose routes cannot be
// listed is known all the same, for where they are called or wrapped.
func TestGuardsOfServersThatAreNoRouters(t *testing.T) {
	for _, f := range []struct{ pkg, name string }{
		{"github.com/go-kratos/kratos/v2/middleware/auth/jwt", "Server"},
		{"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth", "UnaryServerInterceptor"},
		{"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth", "StreamServerInterceptor"},
		{"github.com/grpc-ecosystem/go-grpc-middleware/auth", "UnaryServerInterceptor"},
	} {
		if fact := factOf(f.pkg, "", f.name); fact == nil || fact.kind != auth {
			t.Errorf("%s.%s is not known to authenticate", f.pkg, f.name)
		}
	}
}
