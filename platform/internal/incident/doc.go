// Package incident keeps the chain from the first signal to the recovery: what was
// seen, what was concluded, what was named as the cause, what was done, and when it
// was over. There is one open incident per burning service; all objectives of the
// service that burn join it. The book is written to the metastore at every step, so
// that a restart of the server loses none of it.
package incident
