package executor

import (
	"errors"
	"fmt"

	"github.com/backstay/backstay/platform/internal/action"
)

// Sentinels for control flow. Test with [errors.Is].
var (
	// ErrNotFound means that no action has the id.
	ErrNotFound = errors.New("executor: no such action")
	// ErrRefused matches every [RefusedError].
	ErrRefused = errors.New("executor: action refused")
	// ErrState means that the action's state does not allow the step, for
	// example an undo of an action whose lease has ended.
	ErrState = errors.New("executor: the action's state does not allow this")
	// ErrNotUndoable means that the kind of action has no way back.
	ErrNotUndoable = errors.New("executor: this kind of action cannot be undone")
)

// RefusedError says why an action was not done. It answers [errors.Is] for [ErrRefused].
type RefusedError struct {
	// Kind is what was wanted.
	Kind action.Kind
	// Service is whom it would have touched.
	Service string
	// Reason is one clause: a limit with its figures, or what is missing.
	Reason string
	// Hint tells an operator what would make it possible.
	Hint string
}

// Error says what was refused, why, and what to do next.
func (e *RefusedError) Error() string {
	text := fmt.Sprintf("%s of %s refused: %s", e.Kind, e.Service, e.Reason)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Is matches [ErrRefused].
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }
