// Package control connects a process to the control server: policy documents,
// leased overrides and armed faults come in by a stream of signed snapshots, and
// what the policies do goes out as reports.
//
// The server is a convenience, never a condition. [Start] does not wait for it;
// a snapshot with a wrong signature, of another service or older than the one in
// force is refused; the last good one is kept on disk for the next start; and
// overrides and faults end with their lease, by the clock of this process,
// whether or not the server is there to end them. No call of a [Client] waits for
// the network, except [Client.Close] for the end of what is under way.
package control
