package policy

// APIVersion is the form of our own documents.
const APIVersion = "backstay.dev/v1"

// StabilityVersion is the form of the CircuitBreaker documents that are accepted
// besides our own.
const StabilityVersion = "stability.k8s.io/v1"

// The kinds of documents. In [State] they appear as "breaker", "timeout",
// "retry" and "fallback".
const (
	KindCircuitBreaker = "CircuitBreaker"
	KindTimeout        = "Timeout"
	KindRetry          = "Retry"
	KindFallback       = "Fallback"
)

// kinds lists what each apiVersion may hold.
var kinds = map[string][]string{
	APIVersion:       {KindCircuitBreaker, KindTimeout, KindRetry, KindFallback},
	StabilityVersion: {KindCircuitBreaker},
}
