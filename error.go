package backstay

import (
	"errors"
	"fmt"
)

// Sentinels for control flow. Test with [errors.Is].
var (
	// ErrRejected matches every refusal by a policy: the dependency was not asked.
	ErrRejected = errors.New("backstay: call rejected by policy")
	// ErrTimeout matches a deadline that one of our policies set.
	ErrTimeout = errors.New("backstay: deadline of the policy ran out")
	// ErrFallbackType means that a fallback's value does not fit the result type of [Do].
	ErrFallbackType = errors.New("backstay: fallback value has another type than the result")
)

// RejectedError is the refusal of a named policy. It answers [errors.Is] for
// [ErrRejected] and for the policy's own sentinel.
type RejectedError struct {
	// Policy is the kind and name of the policy that refused, for example "breaker payment".
	Policy string
	// Reason is the policy's own sentinel, for example breaker.ErrOpen.
	Reason error
	// Hint tells an operator what to look at next.
	Hint string
}

// Error says who refused, why, and what to do next.
func (e *RejectedError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%s: %v", e.Policy, e.Reason)
	}
	return fmt.Sprintf("%s: %v; %s", e.Policy, e.Reason, e.Hint)
}

// Is matches [ErrRejected].
func (e *RejectedError) Is(target error) bool { return target == ErrRejected }

// Unwrap returns the policy's own sentinel.
func (e *RejectedError) Unwrap() error { return e.Reason }
