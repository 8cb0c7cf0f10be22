// Package shop holds the programs of the demo shop, one a file: gateway → order →
// inventory and payment. Each is the main function of a small service and uses
// the Backstay SDK the way a user's would: one call for telemetry, one call that
// starts the service, a handler and a transport. [Host] is the only thing they
// have that yours have not: it lets the supervisor throw their fault switches.
package shop
