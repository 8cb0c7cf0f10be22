package slo

import (
	"errors"
	"fmt"
	"strings"

	promql "github.com/prometheus/prometheus/promql/parser"
)

// notPromQL says what is wrong with a query, and where in it; "" when nothing is.
func notPromQL(query string) string {
	expr, err := promql.NewParser(promql.Options{}).ParseExpr(query)
	if all, ok := errors.AsType[promql.ParseErrors](err); ok && len(all) > 0 {
		at := min(max(int(all[0].PositionRange.Start), 0), len(query))
		if rest := strings.TrimSpace(query[at:]); rest != "" {
			return fmt.Sprintf("%v at %q", all[0].Err, rest)
		}
		return fmt.Sprintf("%v at its end", all[0].Err)
	}
	if err != nil {
		return err.Error()
	}
	if kind := expr.Type(); kind == promql.ValueTypeMatrix || kind == promql.ValueTypeString {
		return "it gives a " + promql.DocumentedType(kind) + ", not one number for each series"
	}
	return ""
}
