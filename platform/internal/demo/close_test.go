package demo_test

import "testing"

func TestNothingHappensAfterClose(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"break":   s.Break(t.Context(), "payment-kill"),
		"heal":    s.Heal(t.Context()),
		"protect": s.Protect(t.Context(), false),
		"restart": s.Restart(t.Context(), "payment", ""),
	} {
		if err == nil {
			t.Errorf("%s works on a closed shop", what)
		}
	}
	for _, p := range status(t, s).Processes {
		if p.PID != 0 {
			t.Errorf("%s still runs as process %d", p.Service, p.PID)
		}
	}
}
