// Package trace carries trace context: who began this work, and which step of it
// runs now.
//
// It reads and writes the W3C Trace Context headers (level 2) strictly, over any
// [Carrier] with named values: HTTP headers, message properties. What arrives
// broken is dropped whole, as the specification demands, and what arrives well
// is passed on byte for byte.
//
// Spans are made by a [Recorder]. The one in this package, [Propagation], only
// makes new ids so that the context travels on; the adapter backstayotel brings
// one that exports. The package depends on the standard library only.
package trace
