package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Paths of the control server.
const (
	StreamPath = "/control/v1/stream"
	ReportPath = "/control/v1/report"
)

// SnapshotEvent is the name of stream events that carry an [Envelope].
const SnapshotEvent = "snapshot"

// How long to wait before the stream is opened again: doubling, and spread so
// that a restarted server is not met by everybody at once.
const (
	minPause = 200 * time.Millisecond
	maxPause = 5 * time.Second
)

// errSilent is the cause of a stream that was given up.
var errSilent = errors.New("control: the stream was silent for too long")

// follow keeps the stream open until ctx ends.
func (c *Client) follow(ctx context.Context) {
	pause := minPause
	for {
		heard, err := c.listen(ctx)
		c.connected.Store(false)
		if ctx.Err() != nil {
			return
		}
		c.note(err)
		if heard {
			pause = minPause
		}
		if !sleep(ctx, pause/2+rand.N(pause/2)) { //nolint:gosec // spread, not a secret
			return
		}
		pause = min(2*pause, maxPause)
	}
}

// listen opens the stream and handles what comes until it ends, which it always
// does with an error. It reports whether the server said anything.
func (c *Client) listen(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(c.cfg.Silence, func() { cancel(errSilent) })
	defer watchdog.Stop()

	query := url.Values{
		"service": {c.cfg.Service}, "version": {c.cfg.Version},
		"instance": {c.cfg.Instance}, "metrics": {c.cfg.MetricsURL},
	}
	req, err := c.request(ctx, http.MethodGet, StreamPath+"?"+query.Encode(), nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Accept", "text/event-stream")
	res, err := c.http.Do(req)
	if err != nil {
		return false, orCause(ctx, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return false, refused(res)
	}
	c.connected.Store(true)
	c.queue.urge() // a new server wants to know how things stand
	s := newStream(res.Body, func() { watchdog.Reset(c.cfg.Silence) })
	for {
		m, err := s.next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("control: the server ended the stream")
			}
			return heard, orCause(ctx, err)
		}
		heard = true
		if m.name == SnapshotEvent {
			c.note(c.receive(m.data))
		}
	}
}

// orCause prefers why we gave up over how that looked.
func orCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errSilent) {
		return cause
	}
	return err
}

// request makes a request to the server.
func (c *Client) request(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.cfg.URL, "/")+path, body)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	}
	return req, nil
}

// refused is the error of an answer that is not what was asked for.
func refused(res *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, 200))
	if err != nil {
		text = nil
	}
	return fmt.Errorf("control: the server answered %s: %s", res.Status, strings.TrimSpace(string(text)))
}

// sleep waits and reports whether ctx still stands.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
