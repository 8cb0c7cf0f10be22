package policy

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestReference: the page names every field, and its examples are accepted.
func TestReference(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/reference/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, s := range []any{Target{}, breakerSpec{}, timeoutSpec{}, retrySpec{}, fallbackSpec{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(s)) {
			if name := f.Tag.Get("yaml"); name != "target" && !strings.Contains(page, "| `"+name+"` |") {
				t.Errorf("the page does not explain %s of %T", name, s)
			}
		}
	}
	blocks := strings.Split(page, "```yaml\n")
	if len(blocks) != 3 {
		t.Fatalf("%d examples, want 2", len(blocks)-1)
	}
	for _, block := range blocks[1:] {
		example, _, _ := strings.Cut(block, "```")
		mustParse(t, example)
	}
}
