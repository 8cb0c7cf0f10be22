package slo

// prefix is a ring of running totals: entry of slot s holds everything counted in
// slots up to and including s, so the count of any span is one subtraction. Slots
// are step seconds wide and numbered by Unix time divided by step.
//
// Whole counts stay exact up to 2^53 events.
type prefix struct {
	step  int64
	limit int // slots kept at most
	first int64
	head  int64 // newest slot; valid when rows is not empty
	rows  []sums
	base  sums // running total up to the oldest slot kept, that slot excluded
}

// sums are running totals.
type sums struct{ good, total float64 }

func newPrefix(step int64, limit int) *prefix { return &prefix{step: step, limit: limit} }

// oldest returns the oldest slot kept; valid when rows is not empty.
func (p *prefix) oldest() int64 { return p.head - int64(len(p.rows)) + 1 }

func (p *prefix) row(slot int64) *sums {
	return &p.rows[(slot-p.first)%int64(p.limit)]
}

// start begins the ring at a slot with what was counted before it.
func (p *prefix) start(slot int64, before sums) {
	p.first, p.head, p.base = slot, slot, before
	p.rows = append(p.rows[:0], before)
}

// advance makes slot the newest one; nothing was counted in between.
func (p *prefix) advance(slot int64) {
	if slot <= p.head {
		return
	}
	last := *p.row(p.head)
	if slot-p.head >= int64(p.limit) {
		// Everything kept becomes older than the ring: keep one empty round, all equal.
		p.rows = p.rows[:0]
		p.first, p.head, p.base = slot, slot, last
		p.rows = append(p.rows, last)
		return
	}
	for p.head < slot {
		if len(p.rows) < p.limit {
			p.rows = append(p.rows, last)
		} else {
			p.base = *p.row(p.head + 1) // the oldest slot is overwritten
			*p.row(p.head + 1) = last
		}
		p.head++
	}
}

// add counts into a slot that is kept. Slots after it carry the addition on.
func (p *prefix) add(slot int64, good, total float64) {
	for s := slot; s <= p.head; s++ {
		row := p.row(s)
		row.good += good
		row.total += total
	}
}

// before returns what was counted before the Unix second sec, rounded down to a
// slot border. known is false when that lies before the oldest slot kept.
func (p *prefix) before(sec int64) (counted sums, known bool) {
	slot := floorDiv(sec, p.step) - 1
	oldest := p.oldest()
	switch {
	case slot > p.head:
		slot = p.head
	case slot == oldest-1:
		return p.base, true
	case slot < oldest:
		return p.base, false
	}
	return *p.row(slot), true
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
