package trace

import "strings"

// Names of the headers, in the canonical form of HTTP so that an http.Header is
// read without rewriting them. Header names compare without case.
const (
	HeaderTraceparent = "Traceparent"
	HeaderTracestate  = "Tracestate"
)

// Carrier is a set of named values that travels with a request or message. An
// http.Header is one. Names compare without case.
type Carrier interface {
	// Values returns all values of the name, in the order in which they came.
	Values(name string) []string
	// Set puts one value in the place of all values of the name.
	Set(name, value string)
	// Del removes all values of the name.
	Del(name string)
}

// MapCarrier adapts the property map of a message, such as those of Kafka and
// RocketMQ clients. Names are written in lower case.
type MapCarrier map[string]string

// Values returns the value of the name, whatever its case.
func (m MapCarrier) Values(name string) []string {
	if v, ok := m[strings.ToLower(name)]; ok {
		return []string{v}
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return []string{v}
		}
	}
	return nil
}

// Set stores the value under the name in lower case.
func (m MapCarrier) Set(name, value string) {
	m.Del(name)
	m[strings.ToLower(name)] = value
}

// Del removes the name, whatever its case.
func (m MapCarrier) Del(name string) {
	for k := range m {
		if strings.EqualFold(k, name) {
			delete(m, k)
		}
	}
}
