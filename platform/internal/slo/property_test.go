package slo

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

// naive counts by walking over every event ever added.
type naive map[int64]sums

func (n naive) count(from, to int64) (good, total float64) {
	for sec, c := range n {
		if sec >= from && sec < to {
			good += c.good
			total += c.total
		}
	}
	return good, total
}

// TestCountsEqualNaiveRecount adds random seconds, some late, some skipped, some
// fractional, and compares every window with a recount of everything.
func TestCountsEqualNaiveRecount(t *testing.T) {
	t.Parallel()
	const tail = 60
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 7))
		window := []time.Duration{10 * time.Minute, time.Hour, 3 * time.Hour}[seed%3]
		track := newTrack(window, tail)
		all := naive{}
		start := zeroHour.Unix() + int64(seed*977)
		newest := start
		add := func(sec int64, good, total float64) {
			fits := len(all) == 0 || (sec >= start && sec >= newest-tail)
			if len(all) == 0 {
				start, newest = sec, sec
			}
			if got := track.add(sec, good, total); got != fits {
				t.Fatalf("seed %d: add %d: %v, want %v", seed, sec-start, got, fits)
			}
			if fits {
				c := all[sec]
				all[sec] = sums{c.good + good, c.total + total}
				newest = max(newest, sec)
			}
		}
		sec := start
		for range 3000 {
			switch rng.IntN(100) {
			case 0:
				sec += rng.Int64N(600) // a gap
			default:
				sec++
			}
			total := float64(rng.IntN(300))
			good := float64(rng.IntN(int(total) + 1))
			if rng.IntN(10) == 0 { // interpolated buckets give fractions
				good *= 0.75
			}
			add(sec, good, total)
			if rng.IntN(5) == 0 {
				add(sec-rng.Int64N(90), good/2, total/2)
			}
		}
		for range 300 {
			from := newest - rng.Int64N(2*int64(window/time.Second))
			if border := track.fine.oldest(); from < border && track.coarse != nil {
				from = floorDiv(from, track.coarse.step) * track.coarse.step // what the engine promises
			}
			to := from + rng.Int64N(newest-from+100)
			if border := track.fine.oldest(); to < border && track.coarse != nil {
				to = floorDiv(to, track.coarse.step) * track.coarse.step
			}
			good, total := track.count(from, to)
			wantGood, wantTotal := all.count(from, to)
			if math.Abs(good-wantGood) > 1e-6 || math.Abs(total-wantTotal) > 1e-6 {
				t.Fatalf("seed %d: [%d, %d): %g of %g, recount %g of %g", seed, from-start, to-start, good, total, wantGood, wantTotal)
			}
		}
	}
}

// TestCoarseRingEqualsNaiveRecount does the same where time is kept in wide slots.
func TestCoarseRingEqualsNaiveRecount(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 11))
		window := 30 * 24 * time.Hour
		track := newTrack(window, 60)
		step := track.coarse.step
		minutes := []sums{} // by slot, so that the recount is quick
		first := floorDiv(zeroHour.Unix(), step) * step
		sec := first
		for sec < first+70*24*3600 {
			total := float64(rng.IntN(50))
			good := float64(rng.IntN(int(total) + 1))
			track.add(sec, good, total)
			slot := int((sec - first) / step)
			for len(minutes) <= slot {
				minutes = append(minutes, sums{})
			}
			minutes[slot].good += good
			minutes[slot].total += total
			sec += 1 + rng.Int64N(40)
		}
		newest := int64(len(minutes))
		for range 200 {
			from := newest - rng.Int64N(2*int64(window/time.Second)/step-60)
			to := from + rng.Int64N(newest-from+1)
			var want sums
			for _, m := range minutes[from:to] {
				want.good += m.good
				want.total += m.total
			}
			good, total := track.count(first+from*step, first+to*step)
			if good != want.good || total != want.total {
				t.Fatalf("seed %d: [%d, %d): %g of %g, recount %g of %g", seed, from, to, good, total, want.good, want.total)
			}
		}
	}
}

// TestStateKeepsEveryCount saves and restores random tracks.
func TestStateKeepsEveryCount(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 13))
		window := []time.Duration{time.Hour, 24 * time.Hour}[seed%2]
		o := Objective{Name: "a", Service: "s", Target: 0.99, Window: window}
		before, after := NewEngine(Config{}), NewEngine(Config{})
		before.Set([]Objective{o})
		after.Set([]Objective{o})
		sec := zeroHour.Unix()
		for range 8000 {
			sec += 1 + rng.Int64N(3)
			total := float64(rng.IntN(9))
			before.Add("a", sec, total*rng.Float64(), total)
		}
		if err := after.Restore(before.State()); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(sec+1, 0)
		a, b := before.Evaluate(at)[0], after.Evaluate(at)[0]
		if math.Abs(a.Good-b.Good) > 1e-6 || a.Total != b.Total || a.Verdict.Reason != b.Verdict.Reason {
			t.Fatalf("seed %d: %g of %g, restored %g of %g", seed, a.Good, a.Total, b.Good, b.Total)
		}
	}
}

// TestSameQuestionsSameAnswers runs two engines side by side.
func TestSameQuestionsSameAnswers(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	o := Objective{Name: "a", Service: "s", Target: 0.99, Window: time.Hour}
	x, y := NewEngine(Config{}), NewEngine(Config{})
	x.Set([]Objective{o})
	y.Set([]Objective{o})
	for i := range int64(600) {
		sec := zeroHour.Unix() + i
		total := float64(rng.IntN(100))
		good := total - float64(rng.IntN(int(total)/4+1))
		x.Add("a", sec, good, total)
		y.Add("a", sec, good, total)
		a, b := x.Evaluate(time.Unix(sec+1, 0))[0].Verdict, y.Evaluate(time.Unix(sec+1, 0))[0].Verdict
		if a.Reason != b.Reason || a.Answer != b.Answer || len(a.Evidence) != len(b.Evidence) {
			t.Fatalf("second %d: %+v and %+v", i, a, b)
		}
	}
}

func FuzzRestore(f *testing.F) {
	o := Objective{Name: "a", Service: "s", Target: 0.99, Window: 10 * time.Minute}
	e := NewEngine(Config{})
	e.Set([]Objective{o})
	for i := range int64(20) {
		e.Add("a", zeroHour.Unix()+i, 9.5, 10)
	}
	f.Add(e.State())
	f.Add([]byte(stateMagic))
	f.Fuzz(func(t *testing.T, state []byte) {
		e := NewEngine(Config{})
		e.Set([]Objective{o})
		if err := e.Restore(state); err != nil {
			if again := e.Evaluate(zeroHour)[0]; again.Total != 0 || again.Verdict.Answer != verdict.Unknown {
				t.Fatal("a refused state left something behind")
			}
			return
		}
		e.Evaluate(zeroHour)
		if err := e.Restore(e.State()); err != nil {
			t.Fatalf("own state refused: %v", err)
		}
	})
}

// loaded returns an engine with a number of objectives over a month and their hour.
func loaded(count int) (*Engine, time.Time) {
	e := NewEngine(Config{})
	objectives := make([]Objective, count)
	for i := range objectives {
		name := "objective-" + string(rune('a'+i%26)) + formatCount(int64(i))
		objectives[i] = Objective{Name: name, Service: "s", Target: 0.999, Window: workbookPeriod}
	}
	e.Set(objectives)
	start := zeroHour.Unix()
	for i, o := range objectives {
		for sec := int64(0); sec < 4*24*3600; sec += 60 {
			e.Add(o.Name, start+sec, 99, 100)
		}
		for sec := range int64(4000) {
			bad := float64(i%3) * 2
			e.Add(o.Name, start+4*24*3600+sec, 100-bad, 100)
		}
	}
	return e, time.Unix(start+4*24*3600+4000, 0)
}

// BenchmarkEvaluate judges 200 objectives, each by eight windows.
func BenchmarkEvaluate(b *testing.B) {
	e, at := loaded(200)
	b.ReportAllocs()
	for b.Loop() {
		e.Evaluate(at)
	}
}

func BenchmarkAdd(b *testing.B) {
	e, at := loaded(200)
	name := e.Objectives()[100].Name
	sec := at.Unix()
	b.ReportAllocs()
	for b.Loop() {
		sec++
		e.Add(name, sec, 99, 100)
	}
}
