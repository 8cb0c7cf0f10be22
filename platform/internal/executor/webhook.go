package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
)

// Page is what the webhook receives, as JSON.
type Page struct {
	Action   string    `json:"action"`
	Incident string    `json:"incident,omitempty"`
	Service  string    `json:"service"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// callWebhook posts the page. The address was given by an operator, so what it
// resolves to is held against the allow list at the moment of connecting, and
// neither a redirect nor a proxy can lead elsewhere.
func (e *Executor) callWebhook(ctx context.Context, a action.Action) error {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.WebhookTimeout)
	defer cancel()
	body, err := json.Marshal(Page{
		Action: a.ID, Incident: a.Incident, Service: a.Target.Service, Reason: a.Reason, By: a.By, At: a.AppliedAt,
	})
	if err != nil {
		return fmt.Errorf("encode page: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.cfg.Webhook, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", a.ID)
	transport := &http.Transport{
		DialContext:       (&net.Dialer{Control: e.allowed}).DialContext,
		DisableKeepAlives: true,
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		// Without the address: what is secret about a webhook is often its path.
		if asked := new(url.Error); errors.As(err, &asked) {
			err = asked.Err
		}
		return fmt.Errorf("webhook: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 64<<10); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("webhook: read answer: %w", err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("webhook answered %s", resp.Status)
	}
	return nil
}

// allowed refuses a connection to an address outside the allow list.
func (e *Executor) allowed(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	for _, prefix := range e.cfg.WebhookAllow {
		if prefix.Contains(to.Addr().Unmap()) {
			return nil
		}
	}
	return fmt.Errorf("address %s is not on the webhook's allow list; set heal.webhookAllow", to.Addr())
}
