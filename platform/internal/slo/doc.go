// Package slo keeps promises in numbers: objectives read from OpenSLO documents,
// counters of good and total events per second, and what follows from them by
// arithmetic alone: attainment, the remaining error budget, burn rates over
// window pairs, and a three-valued verdict.
//
// The engine knows no storage and no network, and it never reads a clock: time
// is always a parameter, so the same additions and questions give the same
// answers. Package sli feeds it.
package slo
