package executor

import (
	"context"
	"time"
)

// Run ends leases once a second until ctx is done.
func (e *Executor) Run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := e.Tick(ctx); err != nil && ctx.Err() == nil {
				// Tried again in a second; the instances end the lease by their own clock meanwhile.
				e.cfg.Log.Warn("lease not closed", "error", err)
			}
		}
	}
}
