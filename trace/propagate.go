package trace

// Extract reads the trace context that came with a message. It reports false
// when there is none or its traceparent is malformed or given twice: then a new
// trace begins, and a tracestate that came along means nothing. A malformed
// tracestate alone is dropped and the trace goes on.
func Extract(c Carrier) (SpanContext, bool) {
	values := c.Values(HeaderTraceparent)
	if len(values) != 1 {
		return SpanContext{}, false
	}
	sc, err := ParseTraceparent(trimBlank(values[0]))
	if err != nil {
		return SpanContext{}, false
	}
	if lists := c.Values(HeaderTracestate); len(lists) > 0 {
		// The error says only what an empty State says too.
		sc.State, _ = JoinTracestate(lists)
	}
	return sc, true
}

// Inject writes the trace context into a message, in the place of any that the
// message carried. An invalid context writes nothing.
func Inject(sc SpanContext, c Carrier) {
	if !sc.IsValid() {
		return
	}
	c.Set(HeaderTraceparent, sc.Traceparent())
	if sc.State != "" {
		c.Set(HeaderTracestate, sc.State)
	} else {
		c.Del(HeaderTracestate)
	}
}
