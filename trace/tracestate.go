package trace

import (
	"errors"
	"strings"
)

// ErrTracestate means that a tracestate list does not follow the specification.
var ErrTracestate = errors.New("trace: malformed tracestate")

const (
	maxMembers     = 32
	maxKey         = 256
	maxValue       = 256
	maxStateLength = maxMembers * (maxKey + 1 + maxValue + 1) // beyond it there is nothing but blanks and commas
)

// JoinTracestate checks the tracestate lists of one message and joins them in
// order, each byte as it came (W3C Trace Context level 2, §3.3). One malformed
// member, or more than 32 members, makes the whole list malformed. Repeated
// keys are kept: which of them counts is their vendor's business.
func JoinTracestate(lists []string) (string, error) {
	members, length := 0, 0
	for _, list := range lists {
		n, ok := countMembers(list)
		members += n
		length += len(list) + 1
		if !ok || members > maxMembers || length > maxStateLength {
			return "", ErrTracestate
		}
	}
	if members == 0 {
		return "", nil
	}
	if len(lists) == 1 {
		return trimBlank(lists[0]), nil
	}
	kept := make([]string, 0, len(lists))
	for _, list := range lists {
		if list = trimBlank(list); list != "" {
			kept = append(kept, list)
		}
	}
	return strings.Join(kept, ","), nil
}

// countMembers counts the members of a list and reports whether all are well formed.
func countMembers(list string) (n int, ok bool) {
	for more := true; more; {
		var member string
		member, list, more = strings.Cut(list, ",")
		if member = trimBlank(member); member == "" {
			continue // empty members are allowed
		}
		key, value, found := strings.Cut(member, "=")
		if !found || !validKey(key) || !validValue(value) {
			return n, false
		}
		n++
	}
	return n, true
}

// validKey checks a key by the grammar of level 2: a lower-case letter or
// digit, then up to 255 of those or _ - * / @.
func validKey(key string) bool {
	if len(key) == 0 || len(key) > maxKey || !lowerOrDigit(key[0]) {
		return false
	}
	for i := 1; i < len(key); i++ {
		switch c := key[i]; {
		case lowerOrDigit(c), c == '_', c == '-', c == '*', c == '/', c == '@':
		default:
			return false
		}
	}
	return true
}

// validValue checks a value: 1 to 256 printable ASCII characters but comma and
// equals sign, the last of them no blank.
func validValue(value string) bool {
	if len(value) == 0 || len(value) > maxValue || value[len(value)-1] == ' ' {
		return false
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == ',' || c == '=' {
			return false
		}
	}
	return true
}

func lowerOrDigit(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// trimBlank removes what HTTP calls optional white space.
func trimBlank(s string) string { return strings.Trim(s, " \t") }
