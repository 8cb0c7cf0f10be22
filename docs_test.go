package backstay_test

import (
	"context"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/backstay/backstay/policy"
	"github.com/backstay/backstay/service"
)

// pages lists the documents for people.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"docs", "examples", "changes"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".md" {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// block is a fenced block of a page.
type block struct {
	language string
	source   string // file named by a comment right before the fence
	line     int    // of the fence, from 1
	lines    []string
}

var sourceComment = regexp.MustCompile(`^<!-- code: (\S+) -->$`)

// blocks reads the fenced blocks of a page.
func blocks(text string) []block {
	var found []block
	var open *block
	source := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		fence, fenced := strings.CutPrefix(line, "```")
		switch {
		case open == nil && fenced:
			open = &block{language: fence, source: source, line: i + 1}
		case fenced:
			found, open = append(found, *open), nil
		case open != nil:
			open.lines = append(open.lines, line)
		}
		source = ""
		if m := sourceComment.FindStringSubmatch(line); m != nil && open == nil {
			source = m[1]
		}
	}
	return found
}

// code is a line without what may differ between a page and a program: the
// spaces that gofmt aligns by, and a comment at its end, which may be translated.
func code(line string) string {
	if at := strings.Index(line, " // "); at > 0 {
		line = line[:at]
	}
	return strings.Join(strings.Fields(line), " ")
}

// quotes reports whether the lines stand in the file, in order. A line "// …"
// leaves something out; between two of them the lines follow each other.
func quotes(file, lines []string) bool {
	for len(lines) > 0 {
		end := slices.Index(lines, "// …")
		if end < 0 {
			end = len(lines)
		}
		piece := lines[:end]
		at := 0
		for ; at+len(piece) <= len(file) && !slices.Equal(file[at:at+len(piece)], piece); at++ {
		}
		if at+len(piece) > len(file) {
			return false
		}
		file, lines = file[at+len(piece):], lines[min(end+1, len(lines)):]
	}
	return true
}

// TestDocumentedCode keeps the Go code on the pages that compiles: every block
// quotes a file that is built or tested.
func TestDocumentedCode(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks(string(text)) {
			if b.language != "go" {
				continue
			}
			if b.source == "" {
				t.Errorf("%s:%d: name the file of this code in a line before it: <!-- code: path -->", page, b.line)
				continue
			}
			source, err := os.ReadFile(filepath.FromSlash(b.source))
			if err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
				continue
			}
			var file, lines []string
			for line := range strings.Lines(string(source)) {
				file = append(file, code(strings.TrimSpace(line)))
			}
			for _, line := range b.lines {
				lines = append(lines, code(line))
			}
			if !quotes(file, lines) {
				t.Errorf("%s:%d: this code is not what %s says", page, b.line, b.source)
			}
		}
	}
}

// TestDocumentedPolicies reads the policy documents on the pages as a server would.
func TestDocumentedPolicies(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(string(raw), -1) {
			text := piece[1]
			if !strings.Contains(text, "apiVersion: backstay.dev/") && !strings.Contains(text, "apiVersion: stability.k8s.io/") {
				continue
			}
			if _, err := policy.Parse(page, []byte(text)); err != nil {
				t.Errorf("%s: %v\n%s", page, err, text)
			}
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestDocumentedLinks follows the links between the pages, anchors included.
func TestDocumentedLinks(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(path))
			}
			data, err := os.ReadFile(target)
			if err != nil {
				if info, statErr := os.Stat(target); statErr != nil || !info.IsDir() {
					t.Errorf("%s: link to %s: %v", page, m[1], err)
				}
				continue
			}
			if anchor != "" && !slices.Contains(anchors(string(data)), anchor) {
				t.Errorf("%s: link to %s: no such heading", page, m[1])
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N}\- ]`)

// anchors are the names by which the headings of a page are linked to.
func anchors(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			name := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			found = append(found, strings.ReplaceAll(name, " ", "-"))
		}
	}
	return found
}

// TestDocumentedMetrics holds the page on metrics against what a service exposes.
func TestDocumentedMetrics(t *testing.T) {
	t.Parallel()
	const page = "docs/reference/metrics.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := service.Start(t.Context(), service.Config{Name: "documented", Unprotected: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = svc.Shutdown(context.WithoutCancel(t.Context())) }()
	_, _ = svc.Handler(http.NewServeMux()), svc.Transport("payment") // both declare their metrics

	answer := httptest.NewRecorder()
	svc.Metrics().Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	exposed := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(answer.Body.String(), -1) {
		exposed[m[1]] = m[2]
	}
	documented := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (counter|gauge|histogram) ").FindAllStringSubmatch(string(text), -1) {
		documented[m[1]] = m[2]
	}
	if !maps.Equal(exposed, documented) {
		t.Errorf("%s lists\n%v\nand a service exposes\n%v", page, documented, exposed)
	}
}

var (
	prompt      = regexp.MustCompile(`^(?:\S+=\S* )*(?:backstay|bin/backstay|go run \./platform/cmd/backstay)((?: [^#&|>]*)?)`)
	inlineCall  = regexp.MustCompile("`(backstay [a-z][^`]*)`")
	commandPart = regexp.MustCompile(`^[a-z]+$`)
)

// TestDocumentedCommands holds the calls of the command line on the pages
// against the reference, which is generated from the commands.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/reference/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for section := range strings.SplitSeq(string(text), "\n## ") {
		name, body, _ := strings.Cut(section, "\n")
		sections[name] = body
	}
	common := sections["Flags of every command"]
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var calls []string
		for _, b := range blocks(string(text)) {
			if b.language == "sh" {
				calls = append(calls, b.lines...)
			}
		}
		for _, m := range inlineCall.FindAllStringSubmatch(string(text), -1) {
			calls = append(calls, m[1])
		}
		for _, line := range calls {
			m := prompt.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			name, words := "backstay", strings.Fields(m[1])
			for len(words) > 0 && commandPart.MatchString(words[0]) && sections[name+" "+words[0]] != "" {
				name, words = name+" "+words[0], words[1:]
			}
			if len(words) > 0 && commandPart.MatchString(words[0]) && (name == "backstay" || !strings.Contains(sections[name], "`"+name+" ")) {
				t.Errorf("%s: %q: no command %q", page, line, name+" "+words[0])
			}
			for _, word := range words {
				if flag, _, _ := strings.Cut(word, "="); strings.HasPrefix(flag, "-") && flag != "--help" &&
					!strings.Contains(sections[name]+common, " "+flag+" ") && !strings.Contains(sections[name]+common, " "+flag+",") {
					t.Errorf("%s: %q: %s has no flag %s", page, line, name, flag)
				}
			}
		}
	}
}

// TestDecisionsListed keeps the list of decisions complete.
func TestDecisionsListed(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("docs/adr/README.md")
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob("docs/adr/0*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		if entry := "[" + title + "](" + filepath.Base(file) + ")"; !strings.Contains(string(list), entry) {
			t.Errorf("docs/adr/README.md lacks %s", entry)
		}
	}
}
