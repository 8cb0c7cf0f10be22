package metastore

import (
	"context"
	"database/sql"
	"fmt"
)

// schema lists the steps from an empty file to the current form. A step is
// never edited once released: a change is a further step.
var schema = []string{
	`CREATE TABLE record (
		kind  TEXT NOT NULL,
		id    TEXT NOT NULL,
		state TEXT NOT NULL,
		at    INTEGER NOT NULL,
		body  BLOB NOT NULL,
		PRIMARY KEY (kind, id)
	) WITHOUT ROWID;
	CREATE INDEX record_by_age ON record (kind, at DESC, id DESC);
	CREATE INDEX record_by_state ON record (kind, state, at DESC, id DESC);
	CREATE TABLE audit (
		seq    INTEGER PRIMARY KEY AUTOINCREMENT,
		at     INTEGER NOT NULL,
		by     TEXT NOT NULL,
		verb   TEXT NOT NULL,
		object TEXT NOT NULL,
		detail TEXT NOT NULL
	);`,
}

// VersionError says that the file was written by a later Backstay.
type VersionError struct {
	File         string // path of the database
	Found, Known int    // schema steps
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("metastore: %s has schema %d, this Backstay knows up to %d", e.File, e.Found, e.Known)
}

// Hint says what the operator can do.
func (e *VersionError) Hint() string {
	return "start the Backstay version that wrote this directory, or a later one"
}

// migrate brings the file to the current schema, each step in its own
// transaction so that a crash leaves a whole number of steps.
func migrate(ctx context.Context, db *sql.DB, file string) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("metastore: read schema version: %w", err)
	}
	if have > len(schema) {
		return &VersionError{File: file, Found: have, Known: len(schema)}
	}
	for ; have < len(schema); have++ {
		if err := step(ctx, db, have); err != nil {
			return fmt.Errorf("metastore: schema step %d: %w", have+1, err)
		}
	}
	return nil
}

func step(ctx context.Context, db *sql.DB, n int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	if _, err := tx.ExecContext(ctx, schema[n]); err != nil {
		return err
	}
	// PRAGMA takes no bound values; n is a small number of ours.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", n+1)); err != nil {
		return err
	}
	return tx.Commit()
}
