package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// cookieName is the cookie of a console session.
const cookieName = "backstay_token"

// guard decides who may call. It stands before every route.
type guard struct {
	token  string // empty: none is asked for
	origin *http.CrossOriginProtection
}

func newGuard(token string) *guard {
	return &guard{token: token, origin: http.NewCrossOriginProtection()}
}

func loopbackHost(host string) bool {
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// check returns why the request is refused, or nil.
//
// A page of another site can make a browser send requests to a loopback server,
// and by DNS rebinding even read the answers under its own name. The Host header
// gives such a page away; the Origin check stops it from changing anything. With
// a token the Host may be any, as behind a proxy: the page has no token.
func (g *guard) check(r *http.Request, public bool) *Problem {
	if g.token == "" && !loopbackHost(hostOf(r.Host)) {
		return NewProblem(http.StatusMisdirectedRequest,
			"the host "+quote(r.Host)+" is not this server's own name",
			"call it by localhost, or configure listen and token to open it wider")
	}
	if err := g.origin.Check(r); err != nil {
		return NewProblem(http.StatusForbidden, "a page of another origin may not change anything here", "")
	}
	if public || g.token == "" {
		return nil
	}
	presented, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		if c, err := r.Cookie(cookieName); err == nil {
			presented = c.Value
		}
	}
	if presented == "" {
		return NewProblem(http.StatusUnauthorized, "this server asks for a token", "set BACKSTAY_TOKEN or pass --token")
	}
	if !g.holds(presented) {
		return NewProblem(http.StatusUnauthorized, "the token is not this server's", "set BACKSTAY_TOKEN or pass --token")
	}
	return nil
}

// holds compares in constant time, and by hash so that the length stays secret too.
func (g *guard) holds(presented string) bool {
	a, b := sha256.Sum256([]byte(presented)), sha256.Sum256([]byte(g.token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func hostOf(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

// quote bounds foreign text before it is repeated.
func quote(s string) string {
	if len(s) > 100 {
		s = s[:100] + "…"
	}
	return `"` + s + `"`
}
