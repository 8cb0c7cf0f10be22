package heal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/backstay/backstay/platform/internal/action"
)

// Executor carries commands out. Package executor provides it.
type Executor interface {
	Do(ctx context.Context, want action.Action) (action.Action, error)
	Undo(ctx context.Context, id, by string) (action.Action, error)
}

// pace is how often the ladder is told the time.
const pace = 250 * time.Millisecond

// Runner runs a ladder: it is safe for concurrent use, ticks by the clock and at
// once when a situation changes.
type Runner struct {
	exec Executor
	now  func() time.Time
	log  *slog.Logger
	wake chan struct{}

	mu     sync.Mutex
	ladder *Ladder
}

// NewRunner returns a runner for the ladder, which must not be used by anybody
// else from then on. A nil clock means [time.Now], a nil logger [slog.Default].
func NewRunner(ladder *Ladder, exec Executor, now func() time.Time, log *slog.Logger) *Runner {
	if now == nil {
		now = time.Now
	}
	if log == nil {
		log = slog.Default()
	}
	return &Runner{exec: exec, now: now, log: log, wake: make(chan struct{}, 1), ladder: ladder}
}

// Observe hands a situation to the ladder. It never blocks on an action.
func (r *Runner) Observe(s Situation) {
	r.mu.Lock()
	r.ladder.Observe(s)
	r.mu.Unlock()
	r.nudge()
}

// Heard hands a step of an action to the ladder; give it to the executor's Subscribe.
func (r *Runner) Heard(a action.Action) {
	r.mu.Lock()
	r.ladder.Heard(a)
	r.mu.Unlock()
}

func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default: // a wake-up is waiting already
	}
}

// Run carries out what the ladder decides until ctx is done, and returns when
// the last command has ended. Overrides are carried out in order and at once;
// rungs, which take time, run beside, at most one for each incident.
func (r *Runner) Run(ctx context.Context) {
	var rungs sync.WaitGroup
	defer rungs.Wait()
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-r.wake:
		}
		r.mu.Lock()
		commands := r.ladder.Tick(r.now())
		r.mu.Unlock()
		for _, c := range commands {
			if c.Do == nil || c.Do.Kind == action.Override || c.Do.Kind == action.Degrade {
				r.carryOut(ctx, c)
				continue
			}
			rungs.Go(func() {
				r.carryOut(ctx, c)
				r.nudge()
			})
		}
	}
}

// carryOut does one command and tells the ladder.
func (r *Runner) carryOut(ctx context.Context, c Command) {
	var (
		a   action.Action
		err error
	)
	if c.Do != nil {
		a, err = r.exec.Do(ctx, *c.Do)
	} else {
		a, err = r.exec.Undo(ctx, c.Undo, By)
	}
	if err != nil && ctx.Err() == nil {
		// The ladder decides what follows; the executor has written down what failed.
		r.log.Warn("healing command failed", "command", c.Key, "error", err)
	}
	r.mu.Lock()
	r.ladder.Done(c.Key, a, err, r.now())
	r.mu.Unlock()
}
