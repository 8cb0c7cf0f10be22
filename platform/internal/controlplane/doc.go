// Package controlplane serves policies, leased overrides and armed faults to the
// instances of services, and hears from them how they fare. Package control of
// the SDK is its client.
//
// Every change gives the services that it concerns a new version. Versions only
// grow, also over a restart, and over a restart with lost data: they begin at the
// milliseconds of the clock. What changed is on disk before any instance hears of
// it. Faults are not kept: a server that comes back arms none.
package controlplane
