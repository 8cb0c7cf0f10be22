// Package e2e tests whole programs: the backstay binary, the demo shop and a
// stranger's service run as processes of their own and meet over loopback.
package e2e
