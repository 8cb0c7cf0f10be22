package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
)

// outputKept is how much of a script's output stays with the action, in bytes.
const outputKept = 4 << 10

// runScript starts the configured script without a shell. It sees what the
// action is about in BACKSTAY_* variables and of our environment only what a
// program needs to start: no secret of the server reaches it.
func (e *Executor) runScript(ctx context.Context, a *action.Action) error {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.ScriptTimeout)
	defer cancel()
	out := &tail{keep: outputKept}
	cmd := exec.CommandContext(ctx, e.cfg.Script[0], e.cfg.Script[1:]...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + os.Getenv("HOME"),
		"BACKSTAY_ACTION=" + a.ID,
		"BACKSTAY_INCIDENT=" + a.Incident,
		"BACKSTAY_SERVICE=" + a.Target.Service,
		"BACKSTAY_DEPENDENCY=" + a.Target.Dependency,
		"BACKSTAY_INSTANCE=" + a.Target.Instance,
		"BACKSTAY_REASON=" + a.Reason,
	}
	cmd.Stdout, cmd.Stderr = out, out
	// A grandchild that keeps the pipe open must not keep us.
	cmd.WaitDelay = time.Second
	endWithChildren(cmd)
	err := cmd.Run()
	params := map[string]string{}
	maps.Copy(params, a.Params)
	params["output"] = out.String()
	a.Params = params
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended well and left a child behind
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("script %s did not end within %s", e.cfg.Script[0], e.cfg.ScriptTimeout)
	default:
		return fmt.Errorf("script %s: %w", e.cfg.Script[0], err)
	}
}

// tail keeps the last bytes written to it.
type tail struct {
	keep int
	buf  []byte
	lost int
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - t.keep; over > 0 {
		t.lost += over
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String returns what was kept, after a note about what was not.
func (t *tail) String() string {
	if t.lost == 0 {
		return string(t.buf)
	}
	return fmt.Sprintf("(%d bytes before this are not kept)\n%s", t.lost, t.buf)
}
