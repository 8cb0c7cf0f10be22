// Package load plays the users of the demo shop: an open loop of requests at a
// steady rate that does not slow down when answers do, because real users do not
// either. It keeps what happened to every request, second by second.
package load
