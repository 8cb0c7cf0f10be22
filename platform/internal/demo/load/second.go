package load

import "time"

// Bounds are the upper bounds of the latency buckets, in seconds. A last bucket
// without bound follows them.
var Bounds = [...]float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1}

// Result is how one request ended.
type Result uint8

// Results.
const (
	OK         Result = iota // full answer in time
	Degraded                 // answer in time, part of it by a fallback
	BadStatus                // an error status
	NoAnswer                 // no connection, or it broke
	Impatience               // the user gave up waiting
)

// Second is what happened to the requests that were due in one second. It is
// final once the patience of its last request has run out.
type Second struct {
	T          int64  `json:"t"` // Unix time
	OK         uint32 `json:"ok"`
	Degraded   uint32 `json:"degraded"`
	BadStatus  uint32 `json:"badStatus"`
	NoAnswer   uint32 `json:"noAnswer"`
	Impatience uint32 `json:"impatience"`
	// Unsent counts requests that this generator itself could not send: too
	// many in flight, or no processor time when they were due. They say
	// nothing about the shop.
	Unsent uint32 `json:"unsent"`
	// Latency counts the full answers by the time since they were due; see [Bounds].
	Latency [len(Bounds) + 1]uint32 `json:"latency"`
}

// Failed is how many users got no answer that helps them.
func (s *Second) Failed() uint32 { return s.BadStatus + s.NoAnswer + s.Impatience }

// Sent is how many requests were sent.
func (s *Second) Sent() uint32 { return s.OK + s.Degraded + s.Failed() }

// Slower counts the full answers that took longer than d, which should be one of
// [Bounds]; otherwise the next lower bound is taken.
func (s *Second) Slower(d time.Duration) uint32 {
	var n uint32
	for i, count := range s.Latency {
		if i == len(Bounds) || Bounds[i] > d.Seconds() {
			n += count
		}
	}
	return n
}

func (s *Second) add(r Result, took time.Duration) {
	switch r {
	case OK:
		s.OK++
		i := 0
		for i < len(Bounds) && took.Seconds() > Bounds[i] {
			i++
		}
		s.Latency[i]++
	case Degraded:
		s.Degraded++
	case BadStatus:
		s.BadStatus++
	case NoAnswer:
		s.NoAnswer++
	case Impatience:
		s.Impatience++
	}
}
