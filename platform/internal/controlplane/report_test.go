package controlplane

import "testing"

// FuzzReport: whatever an instance sends, what is taken has names that can be shown.
func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"service":"order","instance":"o1","states":[{"kind":"breaker"}],"events":[{"kind":"state","count":1}]}`))
	f.Add([]byte(`{"service":"\u0000","instance":"o1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readReport(data)
		if err == nil && (r.Service == "" || r.Instance == "" || len(r.Service) > maxName) {
			t.Errorf("taken: %+v", r)
		}
	})
}
