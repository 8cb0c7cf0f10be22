package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// gather is how long a report that cannot wait does wait for more of the kind.
const gather = 20 * time.Millisecond

// reportTimeout bounds one report; a server that is slower has other worries.
const reportTimeout = 2 * time.Second

// report sends reports until ctx ends. A report that fails is not tried again:
// its events go with the next one, after a pause that grows while the server is
// away.
func (c *Client) report(ctx context.Context) {
	every := time.NewTimer(0)
	defer every.Stop()
	pause := c.cfg.Every
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-c.queue.wake:
			if !sleep(ctx, gather) {
				return
			}
		}
		if err := c.send(ctx); err != nil {
			pause = min(2*pause, max(maxPause, c.cfg.Every))
			if !sleep(ctx, pause/2) { // what cannot wait has to, or a dead server is asked at the pace of events
				return
			}
		} else {
			pause = c.cfg.Every
		}
		every.Reset(pause)
	}
}

// send reports once.
func (c *Client) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	r := Report{
		Service: c.cfg.Service, Version: c.cfg.Version, Instance: c.cfg.Instance,
		PolicyVersion: c.PolicyVersion(), Problem: c.Problem(),
		States: c.cfg.Live.States(), DegradeLevel: c.cfg.Live.DegradeLevel(),
	}
	r.Events, r.Dropped = c.queue.take()
	err := c.post(ctx, r)
	if err != nil {
		c.queue.giveBack(r.Events)
	}
	return err
}

func (c *Client) post(ctx context.Context, r Report) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("control: report: %w", err)
	}
	req, err := c.request(ctx, http.MethodPost, ReportPath, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return refused(res)
	}
	// Read what there is, so that the connection can be used again.
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10))
	return err
}
