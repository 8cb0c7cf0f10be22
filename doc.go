// Package backstay is the vocabulary of the Backstay SDK: what a policy is, how
// policies compose, and what the outcome of a guarded call can be.
//
// Read it in this order: [Policy] is one guard, [Chain] stacks several of them
// outermost first, [Do] runs a function inside a chain, [Outcome] says how the
// function ended, and [Listener] hears what the guards decided.
//
//	chain := backstay.NewChain(
//		fallback.New("payment", fallback.Config{Value: pending}), // outermost: answers when all else failed
//		retry.New("payment", retry.Config{}),
//		breaker.New("payment", breaker.Config{}),
//		timeout.New("payment", timeout.Config{}),  // innermost: bounds one attempt
//	)
//	receipt, err := backstay.Do(ctx, chain, func(ctx context.Context) (Receipt, error) {
//		return charge(ctx, order)
//	})
//
// Each policy lives in a package of its own and never imports another policy;
// composition happens here. The package depends on the standard library only.
package backstay
