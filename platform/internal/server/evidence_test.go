package server

import (
	"testing"
	"time"

	"github.com/backstay/backstay/platform/internal/controlplane"
)

func TestReplaced(t *testing.T) {
	t.Parallel()
	at := func(id string, connected bool, since int64) controlplane.Instance {
		return controlplane.Instance{Service: "payment", ID: id, Connected: connected, Since: time.Unix(since, 0)}
	}
	f := func(want bool, lost controlplane.Instance, others ...controlplane.Instance) {
		t.Helper()
		if got := replaced(lost, append(others, lost)); got != want {
			t.Errorf("%s lost at %d beside %+v: replaced %t, want %t", lost.ID, lost.Since.Unix(), others, got, want)
		}
	}
	f(false, at("a", false, 10))
	f(false, at("a", false, 10), at("b", true, 5)) // was there before: one of two is gone
	f(true, at("a", false, 10), at("b", true, 12))
	f(false, at("a", false, 10), at("b", false, 12)) // the successor is gone too
	f(false, at("a", true, 10), at("b", true, 12))
	other := at("c", true, 12)
	other.Service = "order"
	f(false, at("a", false, 10), other)
}
