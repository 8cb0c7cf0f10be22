package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Stats is what the generator tells about itself.
type Stats struct {
	Now      int64    `json:"now"`  // Unix time of the answer
	Rate     float64  `json:"rate"` // requests due each second
	Patience float64  `json:"patience"`
	InFlight int64    `json:"inFlight"`
	Total    Total    `json:"total"`
	Seconds  []Second `json:"seconds"` // oldest first
}

// Settled reports the last second whose requests have all ended.
func (s *Stats) Settled() int64 { return s.Now - int64(s.Patience) - 1 }

// Stats returns the seconds from ≤ t < to, as far as they are kept: 15 minutes.
func (g *Generator) Stats(from, to time.Time) Stats {
	now := g.cfg.Now()
	return Stats{
		Now: now.Unix(), Rate: g.cfg.Rate, Patience: g.cfg.Patience.Seconds(),
		InFlight: g.inFlight.Load(), Total: g.history.all(),
		Seconds: g.history.seconds(from, to, now),
	}
}

// Handler serves GET /stats?from=&to= with Unix times; without them, the last
// ten seconds.
func (g *Generator) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, r *http.Request) {
		now := g.cfg.Now()
		from, err := unix(r.FormValue("from"), now.Add(-10*time.Second))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		to, err := unix(r.FormValue("to"), now.Add(time.Second))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		// The reader may have gone; there is nobody else to tell.
		_ = json.NewEncoder(w).Encode(g.Stats(from, to))
	})
	return mux
}

func unix(text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	sec, err := strconv.ParseInt(text, 10, 64)
	if err != nil || sec < 0 || sec > 1<<40 {
		return time.Time{}, fmt.Errorf("%q is not a Unix time in seconds", text)
	}
	return time.Unix(sec, 0), nil
}

// maxStats bounds an answer of [Fetch]: 15 minutes of seconds are below 300 kB.
const maxStats = 4 << 20

// Fetch asks the generator at address (host:port) for the seconds from ≤ t < to.
func Fetch(ctx context.Context, client *http.Client, address string, from, to time.Time) (Stats, error) {
	query := url.Values{
		"from": {strconv.FormatInt(from.Unix(), 10)},
		"to":   {strconv.FormatInt(to.Unix(), 10)},
	}
	u := url.URL{Scheme: "http", Host: address, Path: "/stats", RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Stats{}, fmt.Errorf("load generator: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return Stats{}, fmt.Errorf("load generator: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Stats{}, fmt.Errorf("load generator at %s answered %s", address, resp.Status)
	}
	var stats Stats
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxStats)).Decode(&stats); err != nil {
		return Stats{}, fmt.Errorf("load generator at %s: %w", address, err)
	}
	return stats, nil
}
