// Package topology builds the service graph from spans: who calls whom, how
// often, how well and how fast, second by second for the last minutes.
//
// A call is counted from both ends. The callee's server span makes the figures of
// a node, the caller's client span those of an edge; so an edge to a process that
// is dead still shows its errors. An edge learns who its callee is from the
// server span that has the client span as parent; until then it goes by the
// peer.service attribute or the address that was called.
//
// Everything is bounded: what is past a bound is counted under [Overflow].
package topology
