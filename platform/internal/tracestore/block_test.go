package tracestore

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// shopTraces makes n traces of four spans in three services, as the demo shop
// sends them: about 300 bytes a span as OTLP.
func shopTraces(n int, seed uint64, start time.Time) []Span {
	r := rand.New(rand.NewPCG(seed, 1))
	random := func(b []byte) {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
	}
	origin := func(service string) Span {
		return Span{
			Service: service, Instance: service + "-1", Version: "1.0.0",
			Resource: []Attr{{"telemetry.sdk.language", "go"}, {"telemetry.sdk.version", "1.47.0"}, {"deployment.environment.name", "demo"}},
		}
	}
	var out []Span
	for range n {
		var trace TraceID
		random(trace[:])
		start = start.Add(time.Duration(r.IntN(10_000)) * time.Microsecond)
		var parent SpanID
		for hop, service := range []string{"gateway", "gateway", "order", "payment"} {
			s := origin(service)
			s.TraceID, s.Parent = trace, parent
			random(s.SpanID[:])
			parent = s.SpanID
			s.Start = start.Add(time.Duration(hop*200+r.IntN(100)) * time.Microsecond)
			s.Duration = time.Duration(20_000-hop*3_000+r.IntN(1_000)) * time.Microsecond
			s.Kind, s.Name = KindServer, "POST /checkout"
			s.Attrs = []Attr{{"http.request.method", "POST"}, {"http.route", "/checkout"}, {"http.response.status_code", "200"}}
			if hop == 1 {
				s.Kind, s.Name = KindClient, "POST"
				s.Attrs = []Attr{{"http.request.method", "POST"}, {"peer.service", "order"}, {"server.address", "127.0.0.1"}, {"server.port", "8080"}, {"http.response.status_code", "200"}}
			}
			out = append(out, s)
		}
	}
	return out
}

func TestBlockRoundTrip(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 999, time.UTC)
	odd := Span{
		TraceID: TraceID{1}, SpanID: SpanID{2}, Parent: SpanID{2}, Name: "its own parent", Start: at.Add(-time.Hour),
		Duration: -5, Kind: 200, Status: 77, Message: "no \xff text", Attrs: []Attr{{"", ""}, {"k", "v"}, {"k", "v"}},
	}
	for name, spans := range map[string][]Span{
		"shop":      shopTraces(100, 1, at),
		"one":       {{Start: at}},
		"odd":       {odd, odd, {TraceID: TraceID{1}, SpanID: SpanID{3}, Parent: SpanID{4}, Start: at}, {SpanID: SpanID{4}, Parent: SpanID{9}, Start: at}},
		"far times": {{Start: time.Unix(0, 1<<62).UTC()}, {Start: time.Unix(0, -1<<62).UTC(), Duration: 1 << 62}},
	} {
		got, err := decodeBlock(encodeBlock(spans))
		if err != nil || !reflect.DeepEqual(got, spans) {
			t.Errorf("%s came back as %+v, %v", name, got, err)
		}
	}
}

func TestBlockCutShortIsCorrupt(t *testing.T) {
	t.Parallel()
	data := encodeBlock(shopTraces(3, 1, time.Unix(1e9, 0)))
	for n := range data {
		if _, err := decodeBlock(data[:n]); !errors.Is(err, errCorrupt) {
			t.Fatalf("%d of %d bytes: %v, want corrupt", n, len(data), err)
		}
	}
	if _, err := decodeBlock(append(data, 0)); !errors.Is(err, errCorrupt) {
		t.Fatalf("a byte too many: %v, want corrupt", err)
	}
}

func FuzzDecodeBlock(f *testing.F) {
	f.Add(encodeBlock(shopTraces(2, 1, time.Unix(1e9, 0))))
	f.Add(encodeBlock([]Span{{}}))
	f.Add([]byte{blockForm, 1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		spans, err := decodeBlock(data)
		if err != nil {
			return
		}
		// What decodes is a value like any other: it survives another round.
		again, err := decodeBlock(encodeBlock(spans))
		if err != nil || len(again) != len(spans) || len(spans) > 0 && !reflect.DeepEqual(again, spans) {
			t.Fatalf("round trip of %+v gave %+v, %v", spans, again, err)
		}
	})
}

func FuzzDecodeHeader(f *testing.F) {
	h := headerOf(shopTraces(2, 1, time.Unix(1e9, 0)), 2e18)
	f.Add(h.encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := decodeHeader(data)
		if err != nil {
			return
		}
		again, err := decodeHeader(h.encode())
		if err != nil || !reflect.DeepEqual(again, h) {
			t.Fatalf("round trip of %+v gave %+v, %v", h, again, err)
		}
	})
}

func FuzzUnpack(f *testing.F) {
	c, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.close)
	data, _ := c.pack(shopTraces(2, 1, time.Unix(1e9, 0)))
	f.Add(data)
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = c.unpack(data) // must neither panic nor take memory without bound
	})
}

func BenchmarkEncodeBlock(b *testing.B) {
	spans := shopTraces(250, 1, time.Unix(1e9, 0))
	c, err := newCodec()
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	b.ReportAllocs()
	var size int
	for b.Loop() {
		data, _ := c.pack(spans)
		size = len(data)
	}
	b.ReportMetric(float64(size)/float64(len(spans)), "B/span")
	b.ReportMetric(float64(len(spans)*b.N)/b.Elapsed().Seconds(), "spans/s")
}
