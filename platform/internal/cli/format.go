package cli

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/config"
	"github.com/backstay/backstay/platform/internal/verdict"
)

const nothing = "-"

// percent prints a ratio with as many digits as it needs to differ from 100 %.
func percent(ratio float64) string {
	switch {
	case ratio > 0.999 && ratio < 1:
		return strconv.FormatFloat(math.Floor(ratio*1e5)/1e3, 'f', 3, 64) + "%"
	case ratio != 0 && math.Abs(ratio) < 0.001:
		return strconv.FormatFloat(ratio*100, 'f', 3, 64) + "%"
	default:
		return strconv.FormatFloat(ratio*100, 'f', 1, 64) + "%"
	}
}

func maybePercent(ratio *float64) string {
	if ratio == nil {
		return nothing
	}
	return percent(*ratio)
}

// target prints a promise without trailing zeros: 99.9%.
func target(ratio float64) string {
	return strconv.FormatFloat(math.Round(ratio*1e8)/1e6, 'f', -1, 64) + "%"
}

// latency prints seconds.
func latency(sec float64) string {
	switch {
	case sec <= 0:
		return nothing
	case sec < 0.01:
		return strconv.FormatFloat(sec*1e3, 'f', 1, 64) + "ms"
	case sec < 1:
		return strconv.FormatFloat(sec*1e3, 'f', 0, 64) + "ms"
	default:
		return strconv.FormatFloat(sec, 'f', 2, 64) + "s"
	}
}

func rate(perSecond float64) string {
	if perSecond >= 100 {
		return strconv.FormatFloat(perSecond, 'f', 0, 64) + "/s"
	}
	return strconv.FormatFloat(perSecond, 'f', 1, 64) + "/s"
}

// factor prints a burn rate: 14.4x.
func factor(x *float64) string {
	if x == nil {
		return nothing
	}
	return strconv.FormatFloat(*x, 'f', 1, 64) + "x"
}

func size(n float64) string {
	const mib = 1 << 20
	if n <= 0 {
		return nothing
	}
	return strconv.FormatFloat(n/mib, 'f', 1, 64) + " MiB"
}

// clock prints a moment as RFC 3339 in local time, to the second.
func clock(t time.Time) string {
	if t.IsZero() {
		return nothing
	}
	return t.Local().Format(time.RFC3339)
}

// span prints a length of time in its two largest units.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < 0:
		return "0s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

func (p *Program) ago(t time.Time) string {
	if t.IsZero() {
		return nothing
	}
	return span(p.Now().Sub(t)) + " ago"
}

func health(h api.Health) cell {
	switch h {
	case api.HealthGood:
		return cell{string(h), good}
	case api.HealthWarn:
		return cell{string(h), warn}
	case api.HealthBad:
		return cell{string(h), bad}
	default:
		return cell{"unknown", faint}
	}
}

// budget colours what is left of an error budget.
func budget(left *float64) cell {
	c := text(maybePercent(left))
	switch {
	case left == nil:
		c.tone = faint
	case *left < 0:
		c.tone = bad
	case *left < 0.25:
		c.tone = warn
	}
	return c
}

// burning words a verdict about the burn rate.
func burning(a verdict.Answer) cell {
	switch a {
	case verdict.Yes:
		return cell{"yes", bad}
	case verdict.No:
		return cell{"no", good}
	default:
		return cell{"not enough data", faint}
	}
}

// window shortens a Go duration: 1h0m0s becomes 1h, 720h0m0s becomes 30d.
func window(goDuration string) string {
	d, err := time.ParseDuration(goDuration)
	if err != nil {
		return goDuration
	}
	if day := 24 * time.Hour; d > day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	return config.FormatDuration(d)
}

func orNothing(s string) string {
	if s == "" {
		return nothing
	}
	return s
}
