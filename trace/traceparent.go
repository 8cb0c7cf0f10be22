package trace

import "errors"

// ErrTraceparent means that a traceparent value does not follow the specification.
var ErrTraceparent = errors.New("trace: malformed traceparent")

const (
	traceparentLen = 55 // "00-" + 32 + "-" + 16 + "-" + 2
	hexDigits      = "0123456789abcdef"
)

// ParseTraceparent reads one traceparent value (W3C Trace Context level 2,
// §3.2). Values of future versions are read as far as this version goes. Flags
// that this version does not know are dropped.
func ParseTraceparent(s string) (SpanContext, error) {
	var sc SpanContext
	if len(s) < traceparentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return SpanContext{}, ErrTraceparent
	}
	var version, flags [1]byte
	// Every digit is looked at before any verdict, so one check suffices.
	bad := decodeHex(version[:], s[0:2])
	bad |= decodeHex(sc.TraceID[:], s[3:35])
	bad |= decodeHex(sc.SpanID[:], s[36:52])
	bad |= decodeHex(flags[:], s[53:55])
	switch {
	case bad != 0, version[0] == 0xff, !sc.IsValid():
		return SpanContext{}, ErrTraceparent
	case version[0] == 0 && len(s) != traceparentLen:
		return SpanContext{}, ErrTraceparent
	case len(s) > traceparentLen && s[traceparentLen] != '-':
		return SpanContext{}, ErrTraceparent
	}
	sc.Flags = Flags(flags[0]) & knownFlags
	return sc, nil
}

// Traceparent renders the context as a traceparent value of version 00.
func (sc SpanContext) Traceparent() string {
	var b [traceparentLen]byte
	b[0], b[1], b[2], b[35], b[52] = '0', '0', '-', '-', '-'
	encodeHex(b[3:35], sc.TraceID[:])
	encodeHex(b[36:52], sc.SpanID[:])
	encodeHex(b[53:55], []byte{byte(sc.Flags & knownFlags)})
	return string(b[:])
}

// decodeHex fills dst from twice as many lower-case hex digits and returns a
// value above 0x0f when one of them was something else.
func decodeHex(dst []byte, s string) byte {
	var seen byte
	for i := range dst {
		hi, lo := nibbles[s[2*i]], nibbles[s[2*i+1]]
		seen |= hi | lo
		dst[i] = hi<<4 | lo&0x0f
	}
	return seen & 0xf0
}

func encodeHex(dst, src []byte) {
	for i, c := range src {
		dst[2*i], dst[2*i+1] = hexDigits[c>>4], hexDigits[c&0x0f]
	}
}

// nibbles maps a lower-case hex digit to its value and all else to 0xff:
// upper-case digits are an error in trace context.
var nibbles = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte(hexDigits) {
		t[c] = byte(i)
	}
	return t
}()
