package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/backstay/backstay/policy"
)

// Client is the connection of a process to the control server. It is safe for
// concurrent use.
type Client struct {
	cfg       Config
	base      *policy.Set // in force before any snapshot
	lastGood  lastGood
	queue     *queue
	http      *http.Client
	stop      context.CancelFunc
	done      sync.WaitGroup
	version   atomic.Uint64
	connected atomic.Bool

	mu      sync.Mutex // one snapshot at a time
	problem atomic.Pointer[string]
}

// Start puts the last good snapshot in force, if there is one, and begins to
// follow the server. It fails for settings that cannot be used, never because the
// server or the kept snapshot is not good. ctx bounds the start only; [Client.Close]
// ends the client.
func Start(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 3 * time.Second}
	c := &Client{
		cfg: cfg, base: cfg.Live.Set(), lastGood: lastGood{cfg.StateDir}, queue: newQueue(),
		http: &http.Client{
			Transport: &http.Transport{
				Proxy:                  http.ProxyFromEnvironment,
				DialContext:            dialer.DialContext,
				TLSHandshakeTimeout:    3 * time.Second,
				ResponseHeaderTimeout:  5 * time.Second,
				MaxResponseHeaderBytes: 64 << 10,
				DisableCompression:     true,
				IdleConnTimeout:        30 * time.Second,
			},
			// The server is the one that was configured and no other.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.resume()
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	c.done.Go(func() { c.follow(life) })
	c.done.Go(func() { c.report(life) })
	return c, nil
}

// resume puts the kept snapshot in force. A process must start without it too, so
// a bad one is told and left alone: the next good snapshot replaces it.
func (c *Client) resume() {
	e, ok, err := c.lastGood.load()
	if err == nil && ok {
		err = c.put(e)
	}
	if err != nil {
		c.note(fmt.Errorf("the snapshot kept in %s cannot be used: %w", c.cfg.StateDir, err))
	}
}

// receive handles the data of a snapshot event.
func (c *Client) receive(data []byte) error {
	var e Envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("control: no envelope: %w", err)
	}
	before := c.version.Load()
	if err := c.put(e); err != nil {
		return err
	}
	if c.version.Load() == before {
		return nil // known already
	}
	c.queue.add(Event{At: time.Now(), Kind: EventPolicy, Detail: fmt.Sprintf("version %d is in force", c.version.Load())})
	c.queue.urge()
	if err := c.lastGood.save(e); err != nil {
		return fmt.Errorf("in force, but not kept for the next start: %w", err)
	}
	return nil
}

// put verifies an envelope and puts its snapshot in force as a whole, or not at all.
func (c *Client) put(e Envelope) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, err := e.Verify(c.cfg.Key)
	if err != nil {
		return err
	}
	if s.Service != c.cfg.Service {
		return fmt.Errorf("%w: %q, not %q", ErrService, s.Service, c.cfg.Service)
	}
	switch version := c.version.Load(); {
	case s.Version == 0:
		return errors.New("control: the snapshot has no version")
	case s.Version < version:
		return fmt.Errorf("%w: version %d, in force is %d", ErrOlder, s.Version, version)
	case s.Version == version:
		return nil
	}
	set, err := s.policies()
	if err != nil {
		return fmt.Errorf("control: version %d: %w", s.Version, err)
	}
	if err := c.cfg.Live.Apply(set.Over(c.base)); err != nil {
		return err
	}
	c.cfg.Live.SetOverrides(s.Overrides)
	c.cfg.Live.Arm(s.Faults)
	c.version.Store(s.Version)
	return nil
}

// policies reads the documents of the snapshot.
func (s Snapshot) policies() (*policy.Set, error) {
	sets := make([]*policy.Set, 0, len(s.Documents))
	for _, d := range s.Documents {
		set, err := policy.Parse(d.Name, []byte(d.YAML))
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return policy.Join(sets...)
}

// note remembers the problem for the next report, and logs it when it is news.
// Nil means that all is well.
func (c *Client) note(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	old := c.problem.Swap(&text)
	if text != "" && (old == nil || *old != text) {
		c.cfg.Logger.Warn("control server: "+text, "url", c.cfg.URL)
	}
}

// Problem says why the latest snapshot is not in force, or why the server is not
// reached; empty when all is well.
func (c *Client) Problem() string {
	if p := c.problem.Load(); p != nil {
		return *p
	}
	return ""
}

// PolicyVersion is the version of the snapshot in force; 0 when there is none.
func (c *Client) PolicyVersion() uint64 { return c.version.Load() }

// Connected reports whether the stream stands.
func (c *Client) Connected() bool { return c.connected.Load() }

// Add takes an event into the next report. It never waits: what there is no room
// for is counted and dropped.
func (c *Client) Add(e Event) { c.queue.add(e) }

// Close ends the client. The policies in force stay.
func (c *Client) Close() error {
	c.stop()
	c.done.Wait()
	c.http.CloseIdleConnections()
	return nil
}
