package cli

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/backstay/backstay/platform/internal/api"
)

var rewrite = flag.Bool("rewrite", false, "rewrite golden files and reference documents")

func TestMain(m *testing.M) {
	time.Local = time.UTC
	testscript.Main(m, map[string]func(){"backstay": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		p := Program{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.LookupEnv, Serve: printSettings}
		os.Exit(p.Run(ctx))
	}})
}

// fakeServer serves the API over fixtures.
func fakeServer(t testing.TB, b *fakeBackend, token string) string {
	t.Helper()
	srv := httptest.NewServer(api.New(api.Config{Backend: b, Shop: &fakeShop{}, Token: token, Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// servers are the environment variables of scripts, each the address of a server.
func servers(t testing.TB) map[string]string {
	return map[string]string{
		"BROKEN": fakeServer(t, &fakeBackend{full: true, slos: []api.SLOStatus{spentSLO, burningSLO, metSLO, silentSLO}}, ""),
		"WELL":   fakeServer(t, &fakeBackend{slos: []api.SLOStatus{metSLO}}, ""),
		"YOUNG":  fakeServer(t, &fakeBackend{slos: []api.SLOStatus{metSLO, silentSLO}}, ""),
		"EMPTY":  fakeServer(t, &fakeBackend{}, ""),
		"LOCKED": fakeServer(t, &fakeBackend{full: true}, "0123456789abcdef"),
	}
}

// TestScripts runs the program as a process of its own against servers of
// fixtures, and against files.
func TestScripts(t *testing.T) {
	t.Parallel()
	env := servers(t)
	asked := make(chan struct{}, 1)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	env["SILENT"] = silent.URL
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *rewrite,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			// asked waits until the server that never answers has been asked.
			"asked": func(*testscript.TestScript, bool, []string) { <-asked },
		},
		Setup: func(e *testscript.Env) error {
			for name, url := range env {
				e.Setenv(name, url)
			}
			e.Setenv("BACKSTAY_URL", env["BROKEN"])
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
	})
}

// exits runs a program and demands an exit code: exits 3 backstay slo check.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// run carries out a command line in this process, at noon.
func run(env map[string]string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	p := Program{
		Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Serve: printSettings,
		Getenv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Now:    func() time.Time { return noon },
	}
	code = p.Run(context.Background())
	return code, out.String(), errs.String()
}

// golden compares text with a file in testdata/golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".txt")
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -rewrite and read the diff\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// TestTables compares what people see with golden files.
func TestTables(t *testing.T) {
	t.Parallel()
	env := servers(t)
	for _, args := range []string{
		"service list", "service show gateway", "slo list", "slo show checkout-available", "slo show refund-available", "slo check",
		"incident list", "incident show", "demo status", "service list --color always", "slo check -o json", "slo check -o yaml",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			_, stdout, _ := run(map[string]string{"BACKSTAY_URL": env["BROKEN"]}, strings.Fields(args)...)
			golden(t, strings.ReplaceAll(args, " ", "_"), stdout)
		})
	}
}

// TestHelp compares the help of every command with golden files, and demands
// that each starts with a sentence and examples that exist.
func TestHelp(t *testing.T) {
	t.Parallel()
	p := Program{Getenv: func(string) (string, bool) { return "", false }, Serve: printSettings}
	root := p.root()
	root.InitDefaultCompletionCmd()
	for _, cmd := range commands(root) {
		words := strings.Fields(cmd.CommandPath())[1:]
		if len(words) > 0 && words[0] == "completion" {
			continue // cobra's words
		}
		code, stdout, _ := run(nil, append(words, "--help")...)
		if code != 0 {
			t.Errorf("%s --help: exit code %d", cmd.CommandPath(), code)
		}
		if cmd.Example == "" || !strings.HasPrefix(stdout, cmd.Short+".\n\nExamples:\n") {
			t.Errorf("%s: help does not start with a sentence and examples", cmd.CommandPath())
		}
		for line := range strings.Lines(stdout) {
			if n := len([]rune(line)); n > 121 {
				t.Errorf("%s: a line of help has %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
		golden(t, strings.Join(append([]string{"help"}, words...), "_"), stdout)
	}
}
