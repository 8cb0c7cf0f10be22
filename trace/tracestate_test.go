package trace_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/backstay/backstay/trace"
)

// members makes n members, numbered from first.
func members(first, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("key%02d=%02d", first+i, first+i)
	}
	return strings.Join(list, ",")
}

// The rows are those of the W3C trace-context test suite, by the rules of level 2.
func TestJoinTracestate(t *testing.T) {
	t.Parallel()
	const (
		letters = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"
		bad     = "\x00refused"
	)
	var printable strings.Builder
	for c := byte(' '); c <= '~'; c++ {
		if c != ',' && c != '=' {
			printable.WriteByte(c)
		}
	}
	for _, row := range []struct {
		name string
		in   []string
		want string // or bad
	}{
		{"one", []string{"foo=1"}, "foo=1"},
		{"two", []string{"foo=1,bar=2"}, "foo=1,bar=2"},
		{"empty", []string{""}, ""},
		{"blank", []string{" \t"}, ""},
		{"empty header behind", []string{"foo=1", ""}, "foo=1"},
		{"empty header before", []string{"", "foo=1"}, "foo=1"},
		{"empty members", []string{"foo=1,,bar=2,"}, "foo=1,,bar=2,"},
		{"several headers", []string{"foo=1,bar=2", "rojo=1,congo=2", "baz=3"}, "foo=1,bar=2,rojo=1,congo=2,baz=3"},
		{"a key twice", []string{"foo=1,foo=1"}, "foo=1,foo=1"},
		{"a key twice with two values", []string{"foo=1,foo=2"}, "foo=1,foo=2"},
		{"a key twice in two headers", []string{"foo=1", "foo=2"}, "foo=1,foo=2"},
		{"all characters of a key", []string{letters + "=1"}, letters + "=1"},
		{"all characters of a vendor key", []string{letters + "@a-z0-9_-*/=1"}, letters + "@a-z0-9_-*/=1"},
		{"all characters of a value", []string{"foo=" + printable.String()}, "foo=" + printable.String()},
		{"white space between", []string{"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1 \t , \t bar=2, \t baz=3"},
		{"white space around", []string{"\t foo=1 \t"}, "foo=1"},
		{"blank in the key", []string{"foo =1"}, bad},
		{"capitals in the key", []string{"FOO=1"}, bad},
		{"dot in the key", []string{"foo.bar=1"}, bad},
		{"level 2: key ends in @", []string{"foo@=1,bar=2"}, "foo@=1,bar=2"},
		{"key begins with @", []string{"@foo=1,bar=2"}, bad},
		{"level 2: @ twice", []string{"foo@@bar=1,bar=2"}, "foo@@bar=1,bar=2"},
		{"level 2: two vendors", []string{"foo@bar@baz=1,bar=2"}, "foo@bar@baz=1,bar=2"},
		{"level 2: key begins with a digit", []string{"0foo=1"}, "0foo=1"},
		{"key begins with an underscore", []string{"_foo=1"}, bad},
		{"32 members", []string{members(1, 32)}, members(1, 32)},
		{"32 members over 4 headers", []string{members(1, 8), members(9, 8), members(17, 8), members(25, 8)}, members(1, 32)},
		{"33 members", []string{members(1, 33)}, bad},
		{"33 members over 2 headers", []string{members(1, 16), members(17, 17)}, bad},
		{"key of 256", []string{strings.Repeat("z", 256) + "=1"}, strings.Repeat("z", 256) + "=1"},
		{"key of 257", []string{strings.Repeat("z", 257) + "=1"}, bad},
		{"level 2: vendor part of 15", []string{strings.Repeat("t", 240) + "@" + strings.Repeat("v", 15) + "=1"}, strings.Repeat("t", 240) + "@" + strings.Repeat("v", 15) + "=1"},
		{"value of 256", []string{"foo=" + strings.Repeat("v", 256)}, "foo=" + strings.Repeat("v", 256)},
		{"value of 257", []string{"foo=" + strings.Repeat("v", 257)}, bad},
		{"equals sign in the value", []string{"foo=bar=baz"}, bad},
		{"empty value", []string{"foo=,bar=3"}, bad},
		{"no value", []string{"foo"}, bad},
		{"no key", []string{"=1"}, bad},
		{"tab in the value", []string{"foo=a\tb"}, bad},
		{"blank in the value", []string{"foo=a b"}, "foo=a b"},
		{"beyond ASCII", []string{"foo=ä"}, bad},
		{"nothing but commas, without end", []string{strings.Repeat(",", 20000)}, bad},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := trace.JoinTracestate(row.in)
			if row.want == bad {
				if !errors.Is(err, trace.ErrTracestate) || got != "" {
					t.Fatalf("got %q, %v; want a refusal", got, err)
				}
				return
			}
			if err != nil || got != row.want {
				t.Fatalf("got %q, %v; want %q", got, err, row.want)
			}
		})
	}
}

func FuzzJoinTracestate(f *testing.F) {
	f.Add("foo=1,bar=2", "baz=3")
	f.Add(members(1, 32), "")
	f.Add("a@b=c d", "\t,")
	f.Fuzz(func(t *testing.T, a, b string) {
		joined, err := trace.JoinTracestate([]string{a, b})
		if err != nil {
			if joined != "" {
				t.Fatalf("%q, %q are refused and yet give %q", a, b, joined)
			}
			return
		}
		again, err := trace.JoinTracestate([]string{joined})
		if err != nil || again != joined {
			t.Fatalf("%q, %q give %q, which gives %q, %v", a, b, joined, again, err)
		}
	})
}
