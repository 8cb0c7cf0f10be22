package metastore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // registers the "sqlite" driver
)

// fileName is the database within the store's directory.
const fileName = "meta.db"

// readers bounds the connections that read; each holds its own page cache.
const readers = 2

// file is the store on SQLite: one connection writes, a few read beside it
// (WAL lets them), so that a writer never meets "database is locked".
type file struct {
	write *sql.DB
	read  *sql.DB
}

// Open opens the store in dir, which is created when missing.
func Open(dir string) (Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("metastore: %w", err)
	}
	path, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return nil, fmt.Errorf("metastore: %w", err)
	}
	ctx := context.Background()
	write, err := connect(path, 1, "&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, write, path); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read, err := connect(path, readers, "&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return &file{write: write, read: read}, nil
}

// connect opens a pool of at most n connections. synchronous(FULL) makes a
// commit durable before it is acknowledged, also in WAL mode.
func connect(path string, n int, more string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: path}
	dsn := u.String() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-1024)" + more
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("metastore: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

func (f *file) Put(ctx context.Context, r Record) error {
	if r.Kind == "" || r.ID == "" {
		return fmt.Errorf("%w: kind and id are required", ErrInvalid)
	}
	body := r.Body
	if len(body) == 0 {
		body = json.RawMessage("null")
	}
	if !json.Valid(body) {
		return fmt.Errorf("%w: body of %s/%s is not JSON", ErrInvalid, r.Kind, r.ID)
	}
	_, err := f.write.ExecContext(ctx, `INSERT INTO record (kind, id, state, at, body) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET state = excluded.state, at = excluded.at, body = excluded.body`,
		r.Kind, r.ID, r.State, nanos(r.At), []byte(body))
	if err != nil {
		return fmt.Errorf("metastore: put %s/%s: %w", r.Kind, r.ID, err)
	}
	return nil
}

func (f *file) Get(ctx context.Context, kind, id string) (Record, error) {
	row := f.read.QueryRowContext(ctx, "SELECT id, state, at, body FROM record WHERE kind = ? AND id = ?", kind, id)
	r, err := scanRecord(kind, row)
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, fmt.Errorf("%w: %s/%s", ErrNotFound, kind, id)
	}
	if err != nil {
		return Record{}, fmt.Errorf("metastore: get %s/%s: %w", kind, id, err)
	}
	return r, nil
}

func (f *file) List(ctx context.Context, kind string, filter Filter) ([]Record, error) {
	query, args := "SELECT id, state, at, body FROM record WHERE kind = ?", []any{kind}
	if filter.State != "" {
		query, args = query+" AND state = ?", append(args, filter.State)
	}
	if !filter.Before.IsZero() {
		query, args = query+" AND at < ?", append(args, nanos(filter.Before))
	}
	query += " ORDER BY at DESC, id DESC LIMIT ?"
	rows, err := f.read.QueryContext(ctx, query, append(args, bound(filter.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("metastore: list %s: %w", kind, err)
	}
	return collect(rows, "list "+kind, func(s scanner) (Record, error) { return scanRecord(kind, s) })
}

func (f *file) Delete(ctx context.Context, kind, id string) error {
	if _, err := f.write.ExecContext(ctx, "DELETE FROM record WHERE kind = ? AND id = ?", kind, id); err != nil {
		return fmt.Errorf("metastore: delete %s/%s: %w", kind, id, err)
	}
	return nil
}

func (f *file) Audit(ctx context.Context, e Entry) error {
	if e.Verb == "" {
		return fmt.Errorf("%w: an audit entry needs a verb", ErrInvalid)
	}
	_, err := f.write.ExecContext(ctx, "INSERT INTO audit (at, by, verb, object, detail) VALUES (?, ?, ?, ?, ?)",
		nanos(e.At), e.By, e.Verb, e.Object, e.Detail)
	if err != nil {
		return fmt.Errorf("metastore: audit %s %s: %w", e.Verb, e.Object, err)
	}
	return nil
}

func (f *file) AuditLog(ctx context.Context, limit int) ([]Entry, error) {
	rows, err := f.read.QueryContext(ctx, "SELECT at, by, verb, object, detail FROM audit ORDER BY seq DESC LIMIT ?", bound(limit))
	if err != nil {
		return nil, fmt.Errorf("metastore: audit log: %w", err)
	}
	return collect(rows, "audit log", func(s scanner) (Entry, error) {
		var e Entry
		var at int64
		err := s.Scan(&at, &e.By, &e.Verb, &e.Object, &e.Detail)
		e.At = moment(at)
		return e, err
	})
}

func (f *file) Close() error {
	// Readers first: the last connection to close folds the WAL into the file.
	return errors.Join(f.read.Close(), f.write.Close())
}

// scanner is what *sql.Row and *sql.Rows share.
type scanner interface{ Scan(dest ...any) error }

func scanRecord(kind string, s scanner) (Record, error) {
	r := Record{Kind: kind}
	var at int64
	var body []byte
	if err := s.Scan(&r.ID, &r.State, &at, &body); err != nil {
		return Record{}, err
	}
	r.At, r.Body = moment(at), body
	return r, nil
}

// collect reads all rows and closes them; what names the query in errors.
func collect[T any](rows *sql.Rows, what string, scan func(scanner) (T, error)) ([]T, error) {
	var out []T
	var err error
	for err == nil && rows.Next() {
		var one T
		if one, err = scan(rows); err == nil {
			out = append(out, one)
		}
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("metastore: %s: %w", what, err)
	}
	return out, nil
}

// bound turns a limit into SQLite's, where a negative one means none.
func bound(limit int) int {
	if limit <= 0 {
		return -1
	}
	return limit
}

// nanos is how a time is stored. The zero time lies outside the range of
// nanoseconds and gets a value of its own, older than every other.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return math.MinInt64
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == math.MinInt64 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
