// Package metricstore keeps samples and answers PromQL, with the storage and
// query engines of Prometheus as libraries. What Append acknowledged has been
// handed to the operating system and so survives the end of this process,
// however sudden.
package metricstore
