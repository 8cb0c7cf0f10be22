package tracestore

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// maxBlockBytes bounds what a block may unfold to, so that a damaged one cannot
// ask for memory without end.
const maxBlockBytes = 32 << 20

// codec compresses blocks. Both sides are safe for concurrent use.
type codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

func newCodec() (*codec, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("tracestore: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxBlockBytes))
	if err != nil {
		return nil, fmt.Errorf("tracestore: %w", err)
	}
	return &codec{encoder: encoder, decoder: decoder}, nil
}

// pack returns nothing when the spans are too much for one block.
func (c *codec) pack(spans []Span) (data []byte, ok bool) {
	plain := encodeBlock(spans)
	if len(plain) > maxBlockBytes {
		return nil, false
	}
	return c.encoder.EncodeAll(plain, make([]byte, 0, len(plain)/4)), true
}

func (c *codec) unpack(data []byte) ([]Span, error) {
	plain, err := c.decoder.DecodeAll(data, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return decodeBlock(plain)
}

func (c *codec) close() { c.decoder.Close() }
