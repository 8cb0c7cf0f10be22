// Package metastore keeps the platform's records of low volume (incidents,
// actions, policies, objectives) and its audit log behind one small interface,
// in one SQLite file.
package metastore

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Errors of a store.
var (
	// ErrNotFound says that no record has the kind and id asked for.
	ErrNotFound = errors.New("metastore: no such record")
	// ErrInvalid says that a record or an entry lacks a required field or that
	// its body is not JSON.
	ErrInvalid = errors.New("metastore: invalid record")
)

// Record is one document of the platform.
type Record struct {
	Kind  string          // required; which sort of document, such as "incident"
	ID    string          // required; unique within the kind
	State string          // what List can filter by; may be empty
	At    time.Time       // what List orders by; kept to the nanosecond, read back in UTC
	Body  json.RawMessage // the document; empty is stored as null
}

// Filter narrows List. The zero value takes every record of the kind.
type Filter struct {
	State  string    // only this state; "" takes all
	Limit  int       // at most so many records; 0 or less takes all
	Before time.Time // only records strictly older; zero takes all
}

// Entry is one line of the audit log: who did what to which object.
type Entry struct {
	At     time.Time // when it happened
	By     string    // a person, or the component that acted
	Verb   string    // required; what was done, such as "apply"
	Object string    // what it was done to, such as "policy/checkout"
	Detail string    // free text
}

// Store keeps records and the audit log. Its methods are safe for concurrent
// use, and what Put, Delete and Audit acknowledged is on disk.
type Store interface {
	// Put writes a record, replacing the one of the same kind and id.
	Put(ctx context.Context, r Record) error
	// Get returns a record, or ErrNotFound.
	Get(ctx context.Context, kind, id string) (Record, error)
	// List returns records of a kind, newest first; equal times by id, descending.
	List(ctx context.Context, kind string, f Filter) ([]Record, error)
	// Delete removes a record. Removing one that does not exist is no error.
	Delete(ctx context.Context, kind, id string) error
	// Audit appends to the audit log, whose entries are never changed.
	Audit(ctx context.Context, e Entry) error
	// AuditLog returns at most limit entries (0 or less: all), the one written
	// last first.
	AuditLog(ctx context.Context, limit int) ([]Entry, error)
	// Close ends the store; every method fails afterwards.
	Close() error
}
