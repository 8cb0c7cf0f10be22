package ingest

import (
	"strconv"
	"strings"
)

// units are the words that Prometheus names carry for the units of UCUM.
var units = map[string]string{
	"d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
	"By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes",
	"m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius", "Hz": "hertz", "%": "percent",
}

// perUnits are the words after "per".
var perUnits = map[string]string{"s": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day"}

// metricName is the Prometheus name of an OTLP metric: what a name may not hold
// becomes an underscore, the unit follows as a word, and counters end in _total.
func metricName(name, unit string, counter bool) string {
	name = clean(name, true)
	base, per, _ := strings.Cut(unit, "/")
	suffix := unitWord(base, units)
	if word := unitWord(per, perUnits); word != "" {
		suffix = strings.TrimPrefix(suffix+"_per_"+word, "_")
	}
	if unit == "1" && !counter {
		suffix = "ratio"
	}
	stem, total := strings.CutSuffix(name, "_total")
	if suffix != "" && !strings.HasSuffix(stem, suffix) {
		stem += "_" + suffix
	}
	if counter || total {
		stem += "_total"
	}
	return stem
}

// unitWord is empty for no unit and for notes in braces, as in {request}.
func unitWord(unit string, words map[string]string) string {
	if unit == "" || unit == "1" || strings.ContainsAny(unit, "{}") {
		return ""
	}
	if word, ok := words[unit]; ok {
		return word
	}
	return strings.Trim(clean(unit, false), "_")
}

// labelName is the Prometheus label of an attribute.
func labelName(key string) string {
	name := clean(key, false)
	if strings.HasPrefix(name, "__") {
		name = "key" + name // names that begin so are Prometheus' own
	}
	return name
}

// clean replaces what is no letter, digit or underscore by underscores.
func clean(name string, colons bool) string {
	var b strings.Builder
	b.Grow(len(name) + 1)
	for i, r := range name {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || colons && r == ':':
			b.WriteRune(r)
		case r >= '0' && r <= '9':
			if i == 0 {
				b.WriteByte('_')
			}
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

// boundText writes a bucket's bound or a quantile as the scraper reads them from
// text, with a point or an exponent in any case: one series has one name,
// whichever way it came.
func boundText(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if strings.ContainsAny(text, ".eIN") { // also infinities and NaN
		return text
	}
	return text + ".0"
}
