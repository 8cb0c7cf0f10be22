// Package demo is the shop that Backstay shows itself with: four services and
// their users as operating-system processes of their own, faults to break them
// with, and the drill that measures what Backstay makes of each fault.
//
// The programs are in package shop and use the SDK as anybody would. This
// package starts and watches them, and never restarts one by itself: that is for
// the executor to decide, or for whoever lifts the fault.
package demo
