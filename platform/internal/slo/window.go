package slo

import (
	"time"

	"github.com/backstay/backstay/platform/internal/verdict"
)

// pair is one rule of a multi-window alert: it fires when both windows spend the
// budget at least factor times faster than the promise allows.
type pair struct {
	severity    verdict.Severity
	long, short int64 // seconds
	factor      float64
}

// The rules of the SRE workbook ("Alerting on SLOs", table 5-8) for a period of 30
// days: the share of the period's budget that a long window may spend before
// somebody is called. The short window is a twelfth of the long one.
var workbook = [...]struct {
	severity verdict.Severity
	long     time.Duration
	share    float64
}{
	{verdict.Page, time.Hour, 0.02},
	{verdict.Page, 6 * time.Hour, 0.05},
	{verdict.Ticket, 24 * time.Hour, 0.10},
	{verdict.Ticket, 72 * time.Hour, 0.10},
}

const (
	workbookPeriod = 30 * 24 * time.Hour
	shortPerLong   = 12
)

// pairsFor scales the workbook's rules to an objective's window. A factor is
// derived from the share, the long window and the period, so it stays right when
// a window is rounded to whole seconds. No window is shorter than resolution.
func pairsFor(window time.Duration, resolution int64) []pair {
	pairs := make([]pair, 0, len(workbook))
	period := window.Seconds()
	for _, rule := range workbook {
		long := max(roundSeconds(rule.long.Seconds()*period/workbookPeriod.Seconds()), 2*resolution)
		short := max(roundSeconds(float64(long)/shortPerLong), resolution)
		pairs = append(pairs, pair{
			severity: rule.severity, long: long, short: short,
			factor: rule.share * period / float64(long),
		})
	}
	return pairs
}

func roundSeconds(s float64) int64 { return int64(s + 0.5) }

// Lint says in sentences what makes an objective hard to judge when its
// indicator is sampled every interval; it is empty when nothing does.
func Lint(o Objective, interval time.Duration) []string {
	var found []string
	for _, p := range pairsFor(o.Window, 1) {
		short := time.Duration(p.short) * time.Second
		if short < 2*interval {
			found = append(found, "the "+formatSpan(short)+" window of "+o.Name+
				" is shorter than two sample intervals of "+formatSpan(interval)+
				": choose a longer objective window or sample more often")
			break
		}
	}
	return found
}
