package trace_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/backstay/backstay/trace"
)

const (
	traceText = "12345678901234567890123456789012"
	spanText  = "1234567890123456"
)

// The rows are those of the W3C trace-context test suite, by the rules of level 2.
func TestParseTraceparent(t *testing.T) {
	t.Parallel()
	const good = "00-" + traceText + "-" + spanText
	for _, row := range []struct {
		name, value string
		ok          bool
		flags       trace.Flags
	}{
		{"sampled", good + "-01", true, trace.FlagSampled},
		{"not sampled", good + "-00", true, 0},
		{"random", good + "-03", true, trace.FlagSampled | trace.FlagRandom},
		{"unknown flags are dropped", good + "-ff", true, trace.FlagSampled | trace.FlagRandom},
		{"version 00 with a tail", good + "-01.", false, 0},
		{"version 00 with a field more", good + "-01-what-the-future-will-be-like", false, 0},
		{"version 00 ends in a dash", good + "-01-", false, 0},
		{"future version", "cc-" + traceText + "-" + spanText + "-01", true, trace.FlagSampled},
		{"future version with a field more", "cc-" + traceText + "-" + spanText + "-01-what-the-future-will-be-like", true, trace.FlagSampled},
		{"future version with a tail", "cc-" + traceText + "-" + spanText + "-01.what-the-future-will-be-like", false, 0},
		{"version ff", "ff-" + traceText + "-" + spanText + "-01", false, 0},
		{"version with a dot before", ".0-" + traceText + "-" + spanText + "-01", false, 0},
		{"version with a dot behind", "0.-" + traceText + "-" + spanText + "-01", false, 0},
		{"version too long", "000-" + traceText + "-" + spanText + "-01", false, 0},
		{"version far too long", "0000-" + traceText + "-" + spanText + "-01", false, 0},
		{"version too short", "0-" + traceText + "-" + spanText + "-01", false, 0},
		{"version in capitals", "CC-" + traceText + "-" + spanText + "-01", false, 0},
		{"trace id all zero", "00-00000000000000000000000000000000-" + spanText + "-01", false, 0},
		{"trace id with a dot before", "00-.2345678901234567890123456789012-" + spanText + "-01", false, 0},
		{"trace id with a dot behind", "00-1234567890123456789012345678901.-" + spanText + "-01", false, 0},
		{"trace id too long", "00-" + traceText + "3-" + spanText + "-01", false, 0},
		{"trace id too short", "00-1234567890123456789012345678901-" + spanText + "-01", false, 0},
		{"trace id in capitals", "00-ABCDEF78901234567890123456789012-" + spanText + "-01", false, 0},
		{"parent id all zero", "00-" + traceText + "-0000000000000000-01", false, 0},
		{"parent id with a dot before", "00-" + traceText + "-.234567890123456-01", false, 0},
		{"parent id with a dot behind", "00-" + traceText + "-123456789012345.-01", false, 0},
		{"parent id too long", "00-" + traceText + "-" + spanText + "7-01", false, 0},
		{"parent id too short", "00-" + traceText + "-123456789012345-01", false, 0},
		{"flags with a dot before", good + "-.0", false, 0},
		{"flags with a dot behind", good + "-0.", false, 0},
		{"flags too long", good + "-001", false, 0},
		{"flags too short", good + "-1", false, 0},
		{"flags in capitals", good + "-0A", false, 0},
		{"other separators", strings.ReplaceAll(good+"-01", "-", "_"), false, 0},
		{"empty", "", false, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			sc, err := trace.ParseTraceparent(row.value)
			if !row.ok {
				if !errors.Is(err, trace.ErrTraceparent) || sc.IsValid() {
					t.Fatalf("got %v, %v; want a refusal", sc, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if sc.TraceID.String() != traceText || sc.SpanID.String() != spanText || sc.Flags != row.flags {
				t.Fatalf("got %s %s %02x, want flags %02x", sc.TraceID, sc.SpanID, sc.Flags, row.flags)
			}
		})
	}
}

func FuzzParseTraceparent(f *testing.F) {
	f.Add("00-" + traceText + "-" + spanText + "-01")
	f.Add("cc-" + traceText + "-" + spanText + "-01-more")
	f.Add("ff-" + traceText + "-" + spanText + "-01")
	f.Fuzz(func(t *testing.T, s string) {
		sc, err := trace.ParseTraceparent(s)
		if err != nil {
			if sc != (trace.SpanContext{}) {
				t.Fatalf("%q is refused and yet gives %v", s, sc)
			}
			return
		}
		if !sc.IsValid() {
			t.Fatalf("%q gives an invalid context", s)
		}
		out := sc.Traceparent()
		again, err := trace.ParseTraceparent(out)
		if err != nil || again != sc {
			t.Fatalf("%q is written as %q, which reads as %v, %v", s, out, again, err)
		}
		if strings.HasPrefix(s, "00-") && out[:53] != s[:53] {
			t.Fatalf("%q came out as %q", s, out)
		}
	})
}
