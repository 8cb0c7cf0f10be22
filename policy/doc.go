// Package policy turns policy documents into the policies that guard calls.
//
// A document has a kind, a target and the figures of one policy:
//
//	apiVersion: backstay.dev/v1
//	kind: CircuitBreaker
//	metadata:
//	  name: payment
//	spec:
//	  target:
//	    service: order
//	    dependency: payment
//	  errorRatio: 0.5
//
// [Parse] and [Load] read documents strictly and report every mistake with file,
// line and column. [Live] holds the documents in force in a process and hands out
// the chain of policies of each dependency. Documents change as a whole: there
// is no moment at which half of a new set is in force.
package policy
