package slo

import "time"

const (
	// fineSpan is kept by the second, for the windows on which pages depend.
	fineSpan = int64(time.Hour / time.Second)
	// coarseSlots bounds the memory of an objective: 16 bytes a slot, 0.66 MiB at most.
	coarseSlots = 43_200
)

// track holds the counts of one objective for twice its window, so that a curve
// can show a whole window of points each of which looks back a whole window.
// The latest hour is kept by the second and older time in wider slots; both rings
// run on the same totals, so a span may start in one and end in the other.
type track struct {
	span   int64 // seconds kept
	tail   int64 // seconds by which an addition may come late
	fine   *prefix
	coarse *prefix // nil when the fine ring spans everything
	since  int64   // first second counted
	latest int64   // newest second counted; valid when started
	begun  bool
}

func newTrack(window time.Duration, tail int64) *track {
	span := 2 * int64(window/time.Second)
	t := &track{span: span, tail: tail}
	if span <= 2*fineSpan {
		t.fine = newPrefix(1, int(span+tail)+1)
		return t
	}
	step := max((span+coarseSlots-1)/coarseSlots, 1)
	t.fine = newPrefix(1, int(fineSpan+tail)+1)
	t.coarse = newPrefix(step, int(span/step)+2)
	return t
}

// add counts events of a second. It refuses what comes later than the tail
// allows, or before the first second ever counted.
func (t *track) add(sec int64, good, total float64) bool {
	if !t.begun {
		t.begun, t.since, t.latest = true, sec, sec
		t.fine.start(sec, sums{})
		if t.coarse != nil {
			t.coarse.start(floorDiv(sec, t.coarse.step), sums{})
		}
	}
	if sec < t.since || sec < t.latest-t.tail || sec < t.fine.oldest() {
		return false
	}
	t.advance(sec)
	if good == 0 && total == 0 {
		return true
	}
	t.fine.add(sec, good, total)
	if t.coarse != nil {
		t.coarse.add(floorDiv(sec, t.coarse.step), good, total)
	}
	return true
}

// advance notes that the counts up to sec are known.
func (t *track) advance(sec int64) {
	t.latest = max(t.latest, sec)
	t.fine.advance(sec)
	if t.coarse != nil {
		t.coarse.advance(floorDiv(sec, t.coarse.step))
	}
}

// before returns what was counted before a second. Beyond the fine ring the
// second is rounded down to a slot border, at most 1/21600 of the window.
func (t *track) before(sec int64) sums {
	counted, known := t.fine.before(sec)
	if !known && t.coarse != nil {
		counted, _ = t.coarse.before(sec)
	}
	return counted
}

// count returns the good and all events from the second from on and before the
// second to. Counters that are read one after another may disagree for a second;
// never does more than everything count as good.
func (t *track) count(from, to int64) (good, total float64) {
	if !t.begun || to <= from {
		return 0, 0
	}
	start, end := t.before(from), t.before(to)
	total = max(end.total-start.total, 0)
	good = min(max(end.good-start.good, 0), total)
	return good, total
}

// slots calls each with every span of time kept at its finest, oldest first.
func (t *track) slots(each func(sec int64, good, total float64)) {
	if !t.begun {
		return
	}
	border := t.fine.oldest()
	if t.coarse != nil {
		for slot := t.coarse.oldest(); slot*t.coarse.step < border; slot++ {
			from, to := slot*t.coarse.step, min((slot+1)*t.coarse.step, border)
			start, end := t.before(from), t.before(to)
			each(max(from, t.since), end.good-start.good, end.total-start.total)
		}
	}
	for sec := border; sec <= t.fine.head; sec++ {
		start, end := t.before(sec), t.before(sec+1)
		each(sec, end.good-start.good, end.total-start.total)
	}
}

// resize returns a track for another window that holds what this one knows.
func (t *track) resize(window time.Duration) *track {
	wider := newTrack(window, t.tail)
	t.slots(func(sec int64, good, total float64) { wider.add(sec, good, total) })
	return wider
}
