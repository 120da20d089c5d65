// Package requests has headers, cookies, forms and URLs.
package requests

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httputil"
	"net/url"
)

func headers(r *http.Request) {
	log.Println(r.Header.Get("Authorization")) // want "logs/token"
	log.Println(r.Header.Get("User-Agent"))    // ok: user agent
	log.Println(r.Header["Cookie"])            // want "logs/token"
	log.Println(r.Header["Accept"])            // ok: accept
	log.Println(r.Header.Values("X-Api-Key"))  // want "logs/token"
	log.Println(r.Header.Get("X-Request-Id"))  // ok: request id
	log.Println(r.Header)                      // want "logs/request-dump"
	log.Println(len(r.Header))                 // ok: count
	h := r.Header.Clone()
	h.Del("Authorization")
	log.Println(r.UserAgent(), r.Method, r.ContentLength) // ok: harmless
	for k, vs := range r.Header {
		log.Println(k) // ok: header names
		for _, v := range vs {
			log.Println(v) // want "logs/request-dump"
		}
	}
	name := "Authorization"
	log.Println(r.Header.Get(name))                                    // want "logs/token"
	log.Println(r.Header.Get(http.CanonicalHeaderKey("content-type"))) // ok: content type
	log.Println(r.Header.Get("Authorization") != "")                   // ok: bool
}

func auth(r *http.Request) {
	u, p, ok := r.BasicAuth()
	log.Println(ok) // ok: bool
	log.Println(p)  // want "logs/credential"
	_ = u
	c, err := r.Cookie("session")
	log.Println(err)              // ok: no cookie
	log.Println(c.Value)          // want "logs/token"
	log.Println(c.Name)           // ok: name
	log.Println(c.Path, c.MaxAge) // ok: attributes
	log.Println(c)                // want "logs/token"
	log.Println(r.Cookies())      // want "logs/token"
	for _, c := range r.Cookies() {
		log.Println(c.Name) // ok: names
	}
	log.Println(len(r.Cookies())) // ok: count
	th, _ := r.Cookie("theme")
	log.Println(th.Value) // ok: theme
}

func forms(r *http.Request) {
	log.Println(r.FormValue("password"))           // want "logs/credential"
	log.Println(r.FormValue("page"))               // ok: page
	log.Println(r.PostFormValue("email"))          // want "logs/personal-data"
	log.Println(r.Form.Get("token"))               // want "logs/token"
	log.Println(r.PostForm["card_number"])         // want "logs/payment"
	log.Println(r.Form.Has("password"))            // ok: bool
	log.Println(r.URL.Query().Get("access_token")) // want "logs/token"
	log.Println(r.URL.Query().Get("q"))            // ok: query
	log.Println(r.URL.Path)                        // ok: path
	log.Println(r.PathValue("token"))              // want "logs/token"
	log.Println(r.PathValue("id"))                 // ok: id
	vs := url.Values{}
	vs.Set("client_secret", r.FormValue("x"))
	log.Println(vs.Encode()) // want "logs/credential"
	vs2 := url.Values{"grant_type": {"code"}}
	log.Println(vs2.Encode()) // ok: constants
}

func dumps(w http.ResponseWriter, r *http.Request, resp *http.Response) {
	d, err := httputil.DumpRequest(r, true)
	log.Println(err)       // ok: error
	log.Println(string(d)) // want "logs/request-dump"
	d2, _ := httputil.DumpResponse(resp, true)
	log.Printf("%s", d2)                         // want "logs/request-dump"
	log.Println(len(d2))                         // ok: length
	log.Println(resp.Status, resp.StatusCode)    // ok: status
	log.Println(resp.Header.Get("Set-Cookie"))   // want "logs/token"
	log.Println(resp.Header.Get("Content-Type")) // ok: type
	log.Println(resp.Cookies())                  // want "logs/token"
}

func out(apiKey string) {
	req, err := http.NewRequest("GET", "https://x.example/v1", nil)
	log.Println(err) // ok: bad url error without secret
	req.Header.Set("X-Api-Key", apiKey)
	log.Println(req.URL)    // ok: url has no key
	log.Println(req.Header) // want "logs/request-dump"
	req.SetBasicAuth("u", apiKey)
	u := "https://x.example/?key=" + apiKey
	log.Println(u) // want "logs/credential"
	pu, err := url.Parse(u)
	log.Println(pu)                    // want "logs/credential"
	log.Println(pu.Host)               // ok: host
	log.Println(pu.RawQuery)           // want "logs/credential"
	log.Println(pu.Query().Get("key")) // want "logs/credential"
	resp, err := http.Get(u)
	log.Println(err) // want "errors/sensitive"
	_ = resp
	pu.RawQuery = ""
	log.Println(pu) // ok: query removed
}

func userinfo(dsn string) {
	u, _ := url.Parse(dsn)
	log.Println(u.Redacted()) // ok: redacted
	pw, _ := u.User.Password()
	log.Println(pw)                // want "logs/credential"
	log.Println(u.User.Username()) // ok: name of a service account
	log.Println(u.Host)            // ok: host
	log.Println(u.String())        // want "logs/credential"
	u.User = nil
	log.Println(u.Host, u.Path) // ok: host and path
}

func body(r *http.Request, password string) {
	req, _ := http.NewRequest("POST", "https://x.example", bytes.NewBufferString(password))
	b, _ := io.ReadAll(req.Body)
	log.Println(string(b)) // want "logs/request-dump"
	c := &http.Cookie{Name: "session", Value: password}
	log.Println(c.String()) // want "logs/credential"
	log.Println(c.Name)     // ok: name
	jar, _ := cookiejar.New(nil)
	jar.SetCookies(req.URL, []*http.Cookie{c})
	log.Println(jar.Cookies(req.URL)) // want "logs/token"
	rec := http.Header{}
	rec.Add("X", password)
	log.Println(rec.Get("X")) // want "logs/credential"
	rec.Del("X")
	log.Println(rec) // ok: deleted
}

func tlsInfo(cs tls.ConnectionState) {
	log.Println(cs.ServerName, cs.Version)                                  // ok: tls facts
	log.Println(url.QueryEscape("a"))                                       // ok: constant
	log.Println(url.PathEscape("b"), url.UserPassword("a", "b").Username()) // ok: constant
}

func proxyAuth(r *http.Request) {
	ref := r.Referer()
	log.Println(ref != "")       // ok: bool
	log.Println(r.Host, r.Proto) // ok: host
	if tok := r.Header.Get("X-Csrf-Token"); tok == "" {
		log.Println("csrf token missing") // ok: constant
	}
	log.Println(r.Header.Get("Proxy-Authorization")) // want "logs/token"
}
