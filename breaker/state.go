package breaker

// State is where a breaker stands.
type State uint8

const (
	// Closed lets calls through and watches how they end.
	Closed State = iota
	// HalfOpen follows the first probe that succeeded: a few more are let
	// through to make sure.
	HalfOpen
	// Open refuses calls, but for one probe at a time, at growing intervals.
	Open
	// Downgrade refuses calls because someone outside said so, for the time of
	// a lease, and probes at a slow pace.
	Downgrade
)

// String returns the name used in events and labels.
func (s State) String() string {
	switch s {
	case Closed:
		return "closed"
	case HalfOpen:
		return "half-open"
	case Open:
		return "open"
	case Downgrade:
		return "downgrade"
	default:
		return "unknown"
	}
}

// word is everything that admission needs, published in one atomic store: a
// reader can never pair the state of one moment with the deadline of another.
//
//	state 3 bits | generation 24 bits | deadline 37 bits, milliseconds since the breaker was made
//
// The generation changes when the circuit opens, closes or is downgraded, so
// that the result of a call admitted before is recognised as stale. The
// deadline is the earliest time at which another call may go; in the closed
// state it is zero. 37 bits of milliseconds are four years of uptime; past
// them the deadline saturates in the past and probes are merely not paced.
type word uint64

const (
	deadlineBits   = 37
	generationBits = 24
	deadlineMask   = 1<<deadlineBits - 1
	generationMask = 1<<generationBits - 1
	millisecond    = 1_000_000 // in nanoseconds
)

func newWord(s State, generation uint32, deadline int64) word {
	ms := min(max((deadline+millisecond-1)/millisecond, 0), deadlineMask)
	return word(s)<<(deadlineBits+generationBits) | word(generation&generationMask)<<deadlineBits | word(ms)
}

func (w word) state() State       { return State(w >> (deadlineBits + generationBits)) }
func (w word) generation() uint32 { return uint32(w>>deadlineBits) & generationMask }
func (w word) deadline() int64    { return int64(w&deadlineMask) * millisecond }
