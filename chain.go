package backstay

import (
	"fmt"
	"strings"
)

// MaxDepth is how many policies a chain holds at most. The bound keeps the
// tickets of a call on the stack.
const MaxDepth = 8

// Chain is a stack of policies, outermost first. It is immutable and safe for
// concurrent use. The nil chain guards nothing.
type Chain struct {
	policies []Policy
}

// NewChain stacks policies outermost first. It panics when there are more than
// [MaxDepth], which is a programming error.
func NewChain(policies ...Policy) *Chain {
	if len(policies) > MaxDepth {
		panic(fmt.Sprintf("backstay: a chain holds at most %d policies, got %d", MaxDepth, len(policies)))
	}
	return &Chain{policies: append([]Policy(nil), policies...)}
}

// Explain prints the chain, one policy a line, outermost first.
func (c *Chain) Explain() string {
	if c == nil || len(c.policies) == 0 {
		return "no policies"
	}
	var b strings.Builder
	for i, p := range c.policies {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.Repeat("  ", i))
		b.WriteString(p.Explain())
	}
	return b.String()
}
