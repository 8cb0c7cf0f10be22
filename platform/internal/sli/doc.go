// Package sli measures what objectives count: every second it asks the metric store
// and the service graph for what happened and adds it to the engine of package slo.
// Counters are differenced series by series, so a restarted process is neither lost
// nor counted twice. When there is nothing to count, it says why.
package sli
