package demo

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/backstay/backstay/platform/internal/demo/load"
	"github.com/backstay/backstay/platform/internal/verdict"
)

// What Backstay promises for each fault of the shop, in seconds. The drill
// measures against it; it does not measure by it.
const (
	promiseBreaker  = 2
	promiseBurn     = 15
	promiseCause    = 30
	promiseRecovery = 10
	promiseRatio    = 10 // times fewer failed users with policies, for the faults of payment
)

// Report is the outcome of a drill. Times are in seconds; a missing one means
// that it did not happen.
type Report struct {
	Began       time.Time `json:"began"`
	Ended       time.Time `json:"ended"`
	Rate        float64   `json:"rate"`     // users each second
	Duration    float64   `json:"duration"` // of a fault
	Tail        float64   `json:"tail"`     // that failures are counted after it
	Rows        []Row     `json:"rows"`
	Missed      []string  `json:"missed"` // promises that were not kept; empty is good
	Definitions []string  `json:"definitions"`
}

// Row is one fault.
type Row struct {
	Fault         string        `json:"fault"`
	Expected      string        `json:"expected"` // service to be named
	ExpectedClass verdict.Class `json:"expectedClass"`

	BreakerOpen *float64      `json:"breakerOpen,omitempty"`
	BurnVerdict *float64      `json:"burnVerdict,omitempty"`
	NamedCause  *float64      `json:"namedCause,omitempty"` // until the right service was named
	Cause       string        `json:"cause,omitempty"`      // as first named rightly; else as named last
	CauseClass  verdict.Class `json:"causeClass,omitempty"` // of Cause
	Right       bool          `json:"right"`                // the service named last is the broken one
	RightClass  bool          `json:"rightClass"`           // and CauseClass is the kind of its fault
	Named       []Naming      `json:"named,omitempty"`      // every naming, in order
	Repaired    *float64      `json:"repaired,omitempty"`   // until Backstay replaced the broken process, when it did
	Recovery    *float64      `json:"recovery,omitempty"`

	With    Count `json:"with"`
	Without Count `json:"without"`
}

// Naming is a cause as it was named during a run.
type Naming struct {
	After   float64       `json:"after"` // seconds
	Service string        `json:"service"`
	Class   verdict.Class `json:"class"`
}

// Count is what became of the users of one run.
type Count struct {
	Users    uint64   `json:"users"`
	Failed   uint64   `json:"failed"`
	Degraded uint64   `json:"degraded"`
	Unsent   uint64   `json:"unsent"`   // requests the generator could not send: says nothing about the shop
	Lasted   float64  `json:"lasted"`   // seconds until the fault was over
	Recovery *float64 `json:"recovery"` // seconds; null when not within the tail
}

// fill takes over what one run has shown.
func (r *Row) fill(w *watch, seconds []load.Second, protected bool) {
	over := w.over()
	count := Count{Lasted: over.Sub(w.began).Seconds(), Recovery: since(over, recovered(seconds, over))}
	for _, s := range seconds {
		count.Users += uint64(s.Sent())
		count.Failed += uint64(s.Failed())
		count.Degraded += uint64(s.Degraded)
		count.Unsent += uint64(s.Unsent)
	}
	if !protected {
		r.Without = count
		return
	}
	r.With = count
	from := w.began
	if w.fault.Grows {
		if first := firstBad(seconds, w.began); !first.IsZero() {
			from = first
		}
	}
	r.BreakerOpen = since(from, w.opened)
	r.BurnVerdict = since(from, w.burning)
	for _, n := range w.named {
		right := n.cause.Service == w.fault.Service
		if r.NamedCause == nil {
			r.Cause, r.CauseClass = n.cause.Service, n.cause.Class
			if right {
				r.NamedCause = since(from, n.at)
			}
		}
		r.Right = right
		r.Named = append(r.Named, Naming{After: *since(from, n.at), Service: n.cause.Service, Class: n.cause.Class})
	}
	r.RightClass = r.Right && r.CauseClass == w.fault.Class
	r.Repaired = since(w.began, w.repaired)
	r.Recovery = count.Recovery
}

// since is the time between two moments, nil when the second never came. What
// came before the first counts as zero: it was not waited for.
func since(from, to time.Time) *float64 {
	if to.IsZero() {
		return nil
	}
	s := max(to.Sub(from).Seconds(), 0)
	return &s
}

// judge holds the rows against the promises.
func (r *Report) judge() {
	r.Missed = []string{}
	miss := func(format string, args ...any) { r.Missed = append(r.Missed, fmt.Sprintf(format, args...)) }
	within := func(fault, what string, got *float64, promise float64) {
		switch {
		case got == nil:
			miss("%s: %s never happened", fault, what)
		case *got > promise:
			miss("%s: %s after %.1f s, promised within %g s", fault, what, *got, promise)
		}
	}
	for _, row := range r.Rows {
		within(row.Fault, "breaker open", row.BreakerOpen, promiseBreaker)
		within(row.Fault, "burn verdict", row.BurnVerdict, promiseBurn)
		within(row.Fault, "right cause named", row.NamedCause, promiseCause)
		if n := len(row.Named); n > 0 && !row.Right {
			miss("%s: the cause named last is %s, it was %s", row.Fault, row.Named[n-1].Service, row.Expected)
		}
		within(row.Fault, "recovery", row.Recovery, promiseRecovery)
		if strings.HasPrefix(row.Fault, "payment-") && promiseRatio*row.With.Failed > row.Without.Failed {
			miss("%s: %d users failed with policies and %d without, promised %d times fewer",
				row.Fault, row.With.Failed, row.Without.Failed, promiseRatio)
		}
	}
	r.Definitions = r.define()
}

// define says what the columns mean, in sentences that are printed with them.
func (r *Report) define() []string {
	return []string{
		fmt.Sprintf("Load: %g users a second who do not wait for each other and give up after 1 s. Each fault lasts %g s, unless Backstay replaces the broken process before.", r.Rate, r.Duration),
		"breaker: until the caller's breaker refused calls to the broken service, by the caller's own clock.",
		"burn: until the incident was opened by a burning objective. cause: until the right service was named. named: all that was named, in order; right when the last one is the broken service, of its kind when it was first named with the kind of its fault.",
		"For inventory-leak, which grows, these three count from the first bad second that the users saw; the others count from the fault.",
		fmt.Sprintf("A bad second is one in which more than %g %% of the users got no full answer within %g s; a degraded answer is not a full one.", badShare*100, goodAnswer.Seconds()),
		"lasted: how long the fault was there, until Backstay had replaced the broken process or the drill lifted it.",
		fmt.Sprintf("recovery: from the end of the fault (lifted or repaired) to the first of %d good seconds in a row.", goodRun),
		fmt.Sprintf("failed: users with an error, no connection or no answer within 1 s, over %g s from the fault; of the rest, degraded got an answer by a fallback.", r.Duration+r.Tail),
		"without: the same load, fault and time in a shop whose SDK measures but guards nothing (BACKSTAY_PROTECT=off). The ladder that restarts processes works in both.",
	}
}

// WriteTable writes the report for a person.
func (r *Report) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FAULT\tBREAKER\tBURN\tCAUSE\tNAMED\tLASTED\tRECOVERY\tFAILED WITH\tFAILED WITHOUT\tDEGRADED WITH\tLASTED WITHOUT")
	for _, row := range r.Rows {
		fmt.Fprintln(table, strings.Join([]string{
			row.Fault, seconds(row.BreakerOpen), seconds(row.BurnVerdict), seconds(row.NamedCause), row.named(),
			seconds(&row.With.Lasted), seconds(row.Recovery),
			strconv.FormatUint(row.With.Failed, 10), strconv.FormatUint(row.Without.Failed, 10),
			strconv.FormatUint(row.With.Degraded, 10), seconds(&row.Without.Lasted),
		}, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, d := range r.Definitions {
		b.WriteString(d + "\n")
	}
	for _, row := range r.Rows {
		if n := row.With.Unsent + row.Without.Unsent; n > 0 {
			fmt.Fprintf(&b, "%s: this machine was too busy to send %d requests; they are not counted.\n", row.Fault, n)
		}
	}
	if len(r.Missed) > 0 {
		b.WriteString("\nNot kept:\n")
		for _, m := range r.Missed {
			b.WriteString("  " + m + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// named tells which causes were named, and whether the last one is right.
func (row *Row) named() string {
	if len(row.Named) == 0 {
		return "none"
	}
	var text strings.Builder
	for i, n := range row.Named {
		if i > 0 {
			text.WriteString(", then ")
		}
		fmt.Fprintf(&text, "%s (%s)", n.Service, n.Class)
	}
	switch {
	case !row.Right:
		return text.String() + ": wrong"
	case !row.RightClass:
		return fmt.Sprintf("%s: right, but not its kind (%s)", text.String(), row.ExpectedClass)
	default:
		return text.String() + ": right"
	}
}

func seconds(s *float64) string {
	if s == nil {
		return "–"
	}
	return strconv.FormatFloat(*s, 'f', 1, 64) + " s"
}
