package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/backstay/backstay/platform/internal/demo"
)

func TestPromisesNotKeptAreANegativeVerdict(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := Program{Stdout: &out, Stderr: &out, Getenv: func(string) (string, bool) { return "", false }, output: "table"}
	row := demo.Row{Fault: "payment-errors", BreakerOpen: new(1.2), Cause: "payment", CauseClass: "errors", Right: true, RightClass: true}
	if err := p.printDrill(demo.Report{Rows: []demo.Row{row}}); err != nil {
		t.Errorf("all promises kept: %v", err)
	}
	if !strings.Contains(out.String(), "payment-errors") || !strings.Contains(out.String(), "1.2 s") {
		t.Errorf("table: %s", out.String())
	}
	err := p.printDrill(demo.Report{Rows: []demo.Row{row}, Missed: []string{"payment-errors: recovery never happened"}})
	var negative *negativeError
	if !errors.As(err, &negative) || negative.code != exitNegative || err.Error() != "1 promise was not kept" {
		t.Errorf("a promise not kept: %v", err)
	}
}
