package demo

import (
	"fmt"
	"os"
	"sync"
)

// logLimit bounds one log file, in bytes; with the one before it a process keeps
// at most twice as much.
const logLimit = 1 << 20

// logFile is a log of bounded size: when it is full it becomes path.1 and a new
// one begins. It is safe for concurrent use.
//
// Write never fails. A process whose standard error breaks is ended by the
// system, and a full disk must not take the shop down; what could not be written
// is counted and said once writing works again.
type logFile struct {
	path string

	mu   sync.Mutex
	file *os.File // nil when it could not be opened
	size int64
	lost int
}

func openLog(path string) (*logFile, error) {
	l := &logFile{path: path}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("demo: log: %w", err)
	}
	return l, nil
}

func (l *logFile) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write appends p, first turning the page when it does not fit.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.write(p); err != nil {
		l.lost += len(p)
	}
	return len(p), nil
}

func (l *logFile) write(p []byte) error {
	if l.file != nil && l.size > 0 && l.size+int64(len(p)) > logLimit {
		l.file.Close()
		l.file = nil
		if err := os.Rename(l.path, l.path+".1"); err != nil {
			return err
		}
	}
	if l.file == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	if l.lost > 0 {
		n, err := fmt.Fprintf(l.file, "(%d bytes could not be written here)\n", l.lost)
		l.size += int64(n)
		if err != nil {
			return err
		}
		l.lost = 0
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return err
}

// Close ends the log.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
