// Package metric counts and measures inside a process and shows the result in
// the text formats that Prometheus reads.
//
// A family is declared once with its label names; [CounterFamily.With] binds
// label values to a handle, and the handle is what hot code keeps. Writing is one
// atomic operation and allocates nothing. A family holds a bounded number of
// series: what comes beyond is counted in one series whose labels all say
// "overflow", so that a label gone wild costs accuracy and not memory.
//
// The package depends on the standard library only.
package metric
