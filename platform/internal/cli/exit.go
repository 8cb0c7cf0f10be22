package cli

//go:generate go test -count=1 -run ^TestReference . -rewrite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/client"
)

// Exit codes; docs/reference/exit-codes.md is generated from exitCodes.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitNegative    = 3
	exitForbidden   = 4
	exitUnreachable = 5
	exitUnknown     = 8
	exitInterrupted = 130
)

// exitCodes documents the codes. A script should treat a code that it does not
// know as failure.
var exitCodes = []struct {
	code           int
	name, text, by string
}{
	{exitOK, "ok", "what was asked for was done", "every command"},
	{exitError, "error", "it could not be done; the message says why", "every command"},
	{exitUsage, "usage or malformed", "the command line or a file is malformed: policy, SLO or config file, with file, line and what was meant", "every command; `policy check`, `slo check FILE`, `serve`"},
	{exitNegative, "negative verdict", "the question was answered, and the answer is no: an SLO is violated, a drill failed", "`slo check`, `demo drill`"},
	{exitForbidden, "not allowed", "the server asks for a token, or refuses this one", "every command that asks the server"},
	{exitUnreachable, "unreachable", "no server answers at the address", "every command that asks the server"},
	{exitUnknown, "not enough data", "the question cannot be answered yet; ask again later", "`slo check`"},
	{exitInterrupted, "interrupted", "Ctrl-C or a termination signal ended the command", "every command but `dev` and `serve`, which end with 0"},
}

// usageError is a mistake on the command line.
type usageError struct{ why, next string }

func (e *usageError) Error() string { return e.why }
func (e *usageError) Hint() string  { return e.next }

func usage(why, next string) error { return &usageError{why: why, next: next} }

// negativeError carries the code of an answer that is not yes; what was asked for is printed already.
type negativeError struct {
	code      int
	why, next string
}

func (e *negativeError) Error() string { return e.why }
func (e *negativeError) Hint() string  { return e.next }

// objectError names the object that a command failed on.
type objectError struct {
	object string
	err    error
	next   string // when err knows no better
}

func (e *objectError) Error() string {
	if e.object == "" {
		return e.err.Error()
	}
	return e.object + ": " + e.err.Error()
}
func (e *objectError) Unwrap() error { return e.err }

// on names the object of a failure; next is the advice when err has none.
func on(object string, err error, next string) error {
	if err == nil {
		return nil
	}
	return &objectError{object: object, err: err, next: next}
}

// codeOf maps an error to its exit code.
func codeOf(ctx context.Context, err error) int {
	var (
		negative    *negativeError
		misuse      *usageError
		malformed   *malformedError
		problem     *api.Problem
		unreachable *client.UnreachableError
	)
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &negative):
		return negative.code
	case errors.As(err, &misuse), errors.As(err, &malformed):
		return exitUsage
	case errors.As(err, &unreachable):
		return exitUnreachable
	case errors.As(err, &problem):
		switch problem.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusMisdirectedRequest:
			return exitForbidden
		case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
			return exitUsage
		default:
			return exitError
		}
	default:
		return exitError
	}
}

// report prints a failure as one sentence, and the findings of a refused
// document before it, and returns the exit code.
func (p *Program) report(ctx context.Context, cmd *cobra.Command, err error) int {
	code := codeOf(ctx, err)
	what := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "backstay"), " ")
	if code == exitInterrupted {
		fmt.Fprintln(p.Stderr, sentence(what, "interrupted", ""))
		return code
	}
	for _, f := range findingsOf(err) {
		fmt.Fprintln(p.Stderr, f)
	}
	fmt.Fprintln(p.Stderr, sentence(what, explain(err), hintOf(err)))
	return code
}

// sentence builds "backstay: <what> <object>: <why>; <next step>".
func sentence(what, why, next string) string {
	s := "backstay: "
	if what != "" {
		s += what
		if !strings.HasPrefix(why, " ") {
			s += ": "
		}
	}
	s += strings.TrimSuffix(why, ".")
	if next != "" {
		s += "; " + next
	}
	return s
}

// explain puts the object right after the verb: " payment: not found".
func explain(err error) string {
	var o *objectError
	if errors.As(err, &o) && o.object != "" {
		why := o.err.Error()
		if _, rest, twice := strings.Cut(why, o.object+": "); twice {
			why = rest // the server names it too
		}
		return " " + o.object + ": " + why
	}
	return err.Error()
}

// hintOf finds the next step that the innermost knowing error gives.
func hintOf(err error) string {
	fallback := ""
	for err != nil {
		var h interface{ Hint() string }
		if errors.As(err, &h) && h.Hint() != "" {
			return h.Hint()
		}
		var problem *api.Problem
		if errors.As(err, &problem) && problem.Hint != "" {
			return problem.Hint
		}
		var o *objectError
		if !errors.As(err, &o) {
			break
		}
		fallback, err = o.next, o.err
	}
	return fallback
}

// noArguments and the two after it are cobra's checks in our words.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := "see '" + cmd.CommandPath() + " --help'"
	if cmd.HasSubCommands() {
		cmd.SuggestionsMinimumDistance = 2
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			next = "did you mean '" + cmd.CommandPath() + " " + strings.Join(near, "' or '"+cmd.CommandPath()+" ") + "'?"
		}
		return usage(fmt.Sprintf("unknown command %q", args[0]), next)
	}
	return usage(fmt.Sprintf("takes no argument, got %q", args[0]), next)
}

func oneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return usage(fmt.Sprintf("takes one %s, got %d", name, len(args)), "see '"+cmd.CommandPath()+" --help'")
	}
}

func atMostOneArgument(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return usage(fmt.Sprintf("takes at most one %s, got %d", name, len(args)), "see '"+cmd.CommandPath()+" --help'")
	}
}

func someArguments(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return usage("takes at least one "+name, "see '"+cmd.CommandPath()+" --help'")
	}
}
