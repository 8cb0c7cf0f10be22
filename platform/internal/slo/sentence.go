package slo

import (
	"math"
	"strconv"
	"time"
)

// The sentences of this file are read by people who were asleep a minute ago:
// name first, then how bad, then over which time, then what would be normal.

// burnSentence says that a pair fires.
func (p *promise) burnSentence(r pairing) string {
	b := make([]byte, 0, 160)
	b = append(b, p.objective.Name...)
	b = append(b, " burns its budget "...)
	b = appendTimes(b, r.longs.rate)
	b = append(b, " times too fast: "...)
	return string(p.appendPair(b, r))
}

// burnDetail is the evidence of a pair that fires.
func (p *promise) burnDetail(r pairing) string {
	b := make([]byte, 0, 160)
	b = append(b, string(r.severity)...)
	b = append(b, ": "...)
	return string(p.appendPair(b, r))
}

func (p *promise) appendPair(b []byte, r pairing) []byte {
	b = appendPercent(b, r.longs.share())
	b = append(b, " bad in "...)
	b = append(b, formatSeconds(r.long)...)
	b = append(b, " and "...)
	b = appendPercent(b, r.shorts.share())
	b = append(b, " in "...)
	b = append(b, formatSeconds(r.short)...)
	b = append(b, " (limit "...)
	b = appendFactor(b, r.factor)
	b = append(b, "x, which is "...)
	b = appendPercent(b, min(r.factor*(1-p.objective.Target), 1))
	return append(b, " bad)"...)
}

// calmSentence says that nothing fires.
func (p *promise) calmSentence(r pairing) string {
	b := make([]byte, 0, 120)
	b = append(b, p.objective.Name...)
	b = append(b, " does not burn: "...)
	b = appendPercent(b, r.longs.share())
	b = append(b, " bad in "...)
	b = append(b, formatSeconds(r.long)...)
	b = append(b, ", "...)
	b = appendFactor(b, r.longs.rate)
	b = append(b, "x (limit "...)
	b = appendFactor(b, r.factor)
	return string(append(b, "x)"...))
}

// blindSentence says that there is too little to judge.
func (p *promise) blindSentence(r pairing) string {
	b := make([]byte, 0, 120)
	b = append(b, p.objective.Name...)
	b = append(b, ": not enough data to judge, "...)
	b = appendEvents(b, r.longs.total)
	b = append(b, " in the last "...)
	return string(append(b, formatSeconds(r.long)...))
}

func (p *promise) quietSentence(span int64) string {
	return p.objective.Name + ": not enough data to judge the last " + formatSeconds(span)
}

func (p *promise) metSentence(r reading, span int64) string {
	b := make([]byte, 0, 120)
	b = append(b, p.objective.Name...)
	b = append(b, " is met again: "...)
	return string(p.appendCalm(b, r, span))
}

func (p *promise) missedSentence(r reading, span int64) string {
	b := make([]byte, 0, 120)
	b = append(b, p.objective.Name...)
	b = append(b, " is still missed: "...)
	return string(p.appendCalm(b, r, span))
}

func (p *promise) appendCalm(b []byte, r reading, span int64) []byte {
	b = appendPercent(b, r.share())
	b = append(b, " bad in the last "...)
	b = append(b, formatSeconds(span)...)
	b = append(b, " (promised at most "...)
	b = appendPercent(b, 1-p.objective.Target)
	return append(b, ')')
}

func appendEvents(b []byte, n float64) []byte {
	if n == 0 {
		return append(b, "no events"...)
	}
	if n == 1 {
		return append(b, "1 event"...)
	}
	b = strconv.AppendFloat(b, math.Round(n), 'f', -1, 64)
	return append(b, " events"...)
}

// appendPercent writes a share with as many digits as it takes to tell it from
// zero and from one.
func appendPercent(b []byte, share float64) []byte {
	percent := 100 * share
	digits := 1
	switch near := min(percent, 100-percent); {
	case percent == 0 || percent == 100:
		digits = 0
	case near < 0.00995:
		digits = 4
	case near < 0.0995:
		digits = 3
	case near < 0.995:
		digits = 2
	}
	b = strconv.AppendFloat(b, percent, 'f', digits, 64)
	return append(b, '%')
}

// appendTimes writes a burn rate: whole from ten up, else with one digit.
func appendTimes(b []byte, rate float64) []byte {
	digits := 1
	if rate >= 9.95 {
		digits = 0
	}
	return strconv.AppendFloat(b, rate, 'f', digits, 64)
}

// appendFactor writes a limit as the workbook does: 14.4, 6, 3, 1.
func appendFactor(b []byte, factor float64) []byte {
	return strconv.AppendFloat(b, math.Round(factor*10)/10, 'f', -1, 64)
}

func formatCount(n int64) string { return strconv.FormatInt(n, 10) }

func formatSeconds(s int64) string { return formatSpan(time.Duration(s) * time.Second) }
