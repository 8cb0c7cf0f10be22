package breaker

import "github.com/backstay/backstay"

// A ticket's word is what the end of a call must know of its beginning:
//
//	generation 24 bits | probe 16 bits, zero for none | serial of the flight 24 bits
const (
	probeBits  = 16
	serialBits = 24
	serialMask = 1<<serialBits - 1
)

func pack(generation uint32, probe uint16, serial uint32) uint64 {
	return uint64(generation)<<(probeBits+serialBits) | uint64(probe)<<serialBits | uint64(serial&serialMask)
}

func unpack(w uint64) (generation uint32, probe uint16, serial uint32) {
	return uint32(w >> (probeBits + serialBits)), uint16(w >> serialBits), uint32(w & serialMask)
}

// pass admits a call through the closed circuit.
func (c *count) pass(generation uint32, now int64) backstay.Ticket {
	t := backstay.Ticket{Start: now}
	if c.flight == nil {
		t.Word = pack(generation, 0, 0)
		return t
	}
	c.flight.start(now)
	t.Word = pack(generation, 0, c.flight.serial)
	return t
}
