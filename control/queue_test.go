package control

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/backstay/backstay/policy"
)

func TestQueueCoalesces(t *testing.T) {
	t.Parallel()
	q := newQueue()
	for range 1000 {
		q.add(Event{At: time.Now(), Kind: EventRejected, Dependency: "payment", Detail: "breaker"})
		q.add(Event{At: time.Now(), Kind: EventRejected, Dependency: "stock", Detail: "breaker", Count: 2})
	}
	select {
	case <-q.wake:
		t.Error("a rejection cannot wait")
	default:
	}
	for range 3 {
		q.add(Event{Kind: EventState, From: "closed", To: "open"})
	}
	<-q.wake
	events, dropped := q.take()
	if len(events) != 5 || dropped != 0 || events[0].Count != 1000 || events[1].Count != 2000 || events[4].Count != 1 {
		t.Errorf("got %+v, %d dropped", events, dropped)
	}
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	q := newQueue()
	for i := range maxEvents + 50 {
		q.add(Event{Kind: EventPanic, Detail: fmt.Sprint(i)})
	}
	events, _ := q.take()
	for range 20 {
		q.add(Event{Kind: EventState, To: "open"})
	}
	q.giveBack(events)
	events, dropped := q.take()
	if len(events) != maxEvents || dropped != 70 || events[0].Detail != "0" {
		t.Errorf("%d events from %q, %d dropped", len(events), events[0].Detail, dropped)
	}
}

// TestQueueConcurrently: nothing is lost between adding, taking and giving back.
func TestQueueConcurrently(t *testing.T) {
	t.Parallel()
	q := newQueue()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				q.add(Event{Kind: EventFallback, Dependency: "payment"})
			}
		})
	}
	for range 100 {
		events, _ := q.take()
		q.giveBack(events)
	}
	wg.Wait()
	events, dropped := q.take()
	if len(events) != 1 || events[0].Count != 8000 || dropped != 0 {
		t.Errorf("got %+v, %d dropped", events, dropped)
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	f := func(text string, want ...message) {
		t.Helper()
		s := newStream(strings.NewReader(text), func() {})
		for _, w := range want {
			m, err := s.next()
			if err != nil || m.name != w.name || !bytes.Equal(m.data, w.data) {
				t.Errorf("%q: got %q %q %v, want %q %q", text, m.name, m.data, err, w.name, w.data)
			}
		}
		if m, err := s.next(); err == nil {
			t.Errorf("%q: one more: %q", text, m.data)
		}
	}
	f("")
	f("data: a\n\n", message{"", []byte("a")})
	f("event: x\r\ndata:a\r\ndata: b\r\n\r\ndata: c\n\n", message{"x", []byte("a\nb")}, message{"", []byte("c")})
	f(": alive\n\n\n\nevent: x\n\ndata: a\n\n", message{"", []byte("a")})
	f("id: 7\nretry: 10\ndata\n\n", message{"", nil})
	f("data: cut off\n")
	long := strings.Repeat("y", 100_000)
	f("data: "+long+"\n\n", message{"", []byte(long)})
}

func FuzzStream(f *testing.F) {
	f.Add([]byte("event: snapshot\ndata: {}\n\n: alive\n\n"))
	f.Add([]byte("data: a\r\ndata\r\n\r\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newStream(bytes.NewReader(data), func() {})
		for {
			m, err := s.next()
			if err != nil {
				return
			}
			if len(m.data) > len(data) {
				t.Error("more came out than went in")
			}
		}
	})
}

// FuzzEnvelope: no bytes from outside come into force or take the client down.
func FuzzEnvelope(f *testing.F) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	public, _ := key.Public().(ed25519.PublicKey)
	e, err := Sign(Snapshot{Version: 3, Service: "order"}, key)
	if err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal(e)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, []byte(`{"version":1}`))
	f.Add([]byte(`{"payload":"e30=","signature":""}`), []byte(`{"documents":[{"yaml":"kind: x"}]}`))
	f.Fuzz(func(t *testing.T, outside, payload []byte) {
		live := policy.NewLive("order", "", nil)
		c := &Client{cfg: Config{Key: public, Service: "order", Live: live}, base: live.Set(), queue: newQueue()}
		err := c.receive(outside)
		var got Envelope
		if err == nil && (json.Unmarshal(outside, &got) != nil || !bytes.Equal(got.Payload, e.Payload)) {
			t.Errorf("in force: %s", outside)
		}
		// What the server itself signs may be anything too, when its version is another.
		c.version.Store(0)
		signedAnything := Envelope{Payload: payload, KeyID: KeyID(public), Signature: ed25519.Sign(key, append([]byte(signed), payload...))}
		if err := c.put(signedAnything); errors.Is(err, ErrSignature) {
			t.Errorf("a good signature was refused: %v", err)
		}
		live.Outbound("payment", "")
		live.States()
	})
}
