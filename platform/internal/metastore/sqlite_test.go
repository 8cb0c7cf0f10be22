package metastore_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/backstay/backstay/platform/internal/metastore"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	conformance(t, metastore.Open)
}

func TestOpenInDirectoryWithOddName(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?c#d%20é")
	s := must(t)(metastore.Open(dir))
	put(t, s, "n", "a", "", start)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "meta.db")); err != nil {
		t.Fatal(err)
	}
}

func TestRefusesLaterSchema(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := must(t)(metastore.Open(dir)).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "meta.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = metastore.Open(dir)
	var version *metastore.VersionError
	if !errors.As(err, &version) || version.Found != 99 {
		t.Fatalf("err = %v, want a VersionError for 99", err)
	}
}
