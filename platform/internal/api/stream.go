package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// writeTime is how long one write to a reader of the stream may take; past it
// the reader is gone.
const writeTime = 10 * time.Second

// events streams the feed until the reader goes or the server shuts down.
func events(h *handler, w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	reader := h.Feed.subscribe()
	if reader == nil {
		h.fail(w, r, NewProblem(http.StatusServiceUnavailable, fmt.Sprintf("%d event streams are open already", maxReaders), "close some"))
		return
	}
	defer h.Feed.unsubscribe(reader)

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	send := func(text string) error {
		if err := control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return err
		}
		return control.Flush()
	}
	err := send("retry: 1000\n\n")
	for err == nil && r.Context().Err() == nil {
		err = h.sendNext(r.Context(), reader, send)
	}
	if err != nil {
		h.Log.Debug("event stream ended", "error", err)
	}
}

// sendNext waits for events or for the time of a heartbeat and sends one of them.
func (h *handler) sendNext(ctx context.Context, reader *feedReader, send func(string) error) error {
	wait, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	pending := reader.next(wait)
	if pending == nil && ctx.Err() == nil {
		return send(": alive\n\n")
	}
	for _, e := range pending {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if err := send(fmt.Sprintf("event: %s\ndata: %s\n\n", e.Name, data)); err != nil {
			return err
		}
	}
	return nil
}
