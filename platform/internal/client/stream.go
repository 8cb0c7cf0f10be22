package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/backstay/backstay/platform/internal/api"
)

// Events calls yield for every live event until ctx ends, yield fails or the
// stream breaks; it returns the reason. Reconnecting is the caller's business.
func (c *Client) Events(ctx context.Context, yield func(api.Event) error) error {
	r, err := c.request(ctx, http.MethodGet, nil, nil, "api", "v1", "events")
	if err != nil {
		return err
	}
	resp, err := c.send(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e api.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return fmt.Errorf("event of %s: %w", c.URL(), err)
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err = lines.Err()
	if err == nil {
		err = io.EOF
	}
	return &UnreachableError{URL: c.URL(), Err: err}
}
