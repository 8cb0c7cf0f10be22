// Package backstayhttp puts Backstay around HTTP: [Handler] around what a
// service serves, [Transport] around what it calls.
//
// Both measure requests, carry W3C trace context and pass the time that is left
// in the X-Timeout header. Handler also turns panics into answers, ends requests
// that ran out of time and injects armed faults; Transport guards each call with
// the policies in force for its dependency. An answer that is worse than it
// should be, because a dependency was replaced by its fallback, says so in the
// Backstay-Degraded header, all the way up to the first caller.
package backstayhttp
