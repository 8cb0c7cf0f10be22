package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// lastGoodFile is the name of the file in the state directory.
const lastGoodFile = "last-good.json"

// lastGood keeps the envelope in force over a restart. The zero value keeps nothing.
type lastGood struct{ dir string }

// load returns the envelope; false when none was kept.
func (l lastGood) load() (Envelope, bool, error) {
	if l.dir == "" {
		return Envelope{}, false, nil
	}
	f, err := os.Open(filepath.Join(l.dir, lastGoodFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Envelope{}, false, nil
	}
	if err != nil {
		return Envelope{}, false, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 2*MaxEvent))
	if err != nil {
		return Envelope{}, false, err
	}
	var e Envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return Envelope{}, false, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return e, true, nil
}

// save replaces the file so that a crash leaves the old one or the new one.
func (l lastGood) save(e Envelope) (err error) {
	if l.dir == "" {
		return nil
	}
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(l.dir, lastGoodFile+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(l.dir, lastGoodFile))
}
