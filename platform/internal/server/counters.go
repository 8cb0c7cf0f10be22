package server

// counters are the server's own figures, as its status page shows them.
func (s *server) counters() map[string]float64 {
	return map[string]float64{}
}
