package topology

import "time"

// Stats counts requests and how they ended. The zero value is empty.
type Stats struct {
	Requests uint64
	Errors   uint64
	Panics   uint64 // requests whose handler panicked; these are errors too
	times    histogram
}

// Add counts one request.
func (s *Stats) Add(d time.Duration, failed bool) {
	s.Requests++
	if failed {
		s.Errors++
	}
	s.times.add(binFor(d), 1)
}

// Merge adds all of another's.
func (s *Stats) Merge(other Stats) {
	s.Requests += other.Requests
	s.Errors += other.Errors
	s.Panics += other.Panics
	s.times.merge(other.times)
}

// ErrorRatio is the share of requests that failed, 0 without requests.
func (s Stats) ErrorRatio() float64 {
	if s.Requests == 0 {
		return 0
	}
	return float64(s.Errors) / float64(s.Requests)
}

// Quantile returns the duration that the share q of requests did not exceed,
// exact to two significant digits; 0 without requests.
func (s Stats) Quantile(q float64) time.Duration { return s.times.quantile(q) }

// AtMost counts the requests that took at most d: exactly when d has two
// significant decimal digits, else those up to the next lower such bound.
func (s Stats) AtMost(d time.Duration) uint64 { return s.times.atMost(d) }
