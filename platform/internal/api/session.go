package api

import "net/http"

// openSession trades the token for a cookie that scripts cannot read and other
// sites cannot use.
func openSession(h *handler, w http.ResponseWriter, r *http.Request) (outcome, error) {
	req, err := readJSON[SessionRequest](r)
	if err != nil {
		return outcome{}, err
	}
	if h.Token == "" {
		return outcome{}, nil
	}
	if !h.guard.holds(req.Token) {
		return outcome{}, NewProblem(http.StatusUnauthorized, "the token is not this server's", "")
	}
	http.SetCookie(w, sessionCookie(r, req.Token, 0))
	return outcome{}, nil
}

func closeSession(_ *handler, w http.ResponseWriter, r *http.Request) (outcome, error) {
	http.SetCookie(w, sessionCookie(r, "", -1))
	return outcome{}, nil
}

func sessionCookie(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure follows the scheme: a server on plain HTTP needs its console too
		Name: cookieName, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}
