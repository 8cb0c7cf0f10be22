package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// tone is a colour with a meaning; the words carry the meaning without it.
type tone string

const (
	plain  tone = ""
	good   tone = "32"
	warn   tone = "33"
	bad    tone = "31"
	strong tone = "1"
	faint  tone = "2"
)

// cell is text with a tone.
type cell struct {
	text string
	tone tone
}

func text(s string) cell { return cell{text: s} }

// page collects what a command prints for people.
type page struct {
	b     strings.Builder
	paint bool
}

func (pg *page) String() string { return pg.b.String() }

func (pg *page) style(c cell, padded string) string {
	if !pg.paint || c.tone == plain {
		return padded
	}
	return "\x1b[" + string(c.tone) + "m" + padded + "\x1b[0m"
}

func (pg *page) linef(format string, args ...any) {
	fmt.Fprintf(&pg.b, format+"\n", args...)
}

// heading starts a section.
func (pg *page) heading(s string) {
	if pg.b.Len() > 0 {
		pg.b.WriteByte('\n')
	}
	pg.b.WriteString(pg.style(cell{s, strong}, s) + "\n")
}

// field is a name with its value.
type field struct {
	name  string
	value cell
}

// fields prints names and values in two columns; fields without a value are left out.
func (pg *page) fields(list ...field) {
	width := 0
	for _, f := range list {
		if f.value.text != "" {
			width = max(width, utf8.RuneCountInString(f.name))
		}
	}
	for _, f := range list {
		if f.value.text == "" {
			continue
		}
		name := f.name + strings.Repeat(" ", width-utf8.RuneCountInString(f.name))
		pg.b.WriteString("  " + pg.style(cell{name, faint}, name) + "  " + pg.style(f.value, f.value.text) + "\n")
	}
}

// table prints aligned columns. A head that starts with ">" aligns to the right.
func (pg *page) table(indent string, heads []string, rows [][]cell) {
	widths := make([]int, len(heads))
	for i, h := range heads {
		widths[i] = utf8.RuneCountInString(strings.TrimPrefix(h, ">"))
	}
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	write := func(row []cell) {
		var b strings.Builder
		for i, c := range row {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text))
			if i > 0 {
				b.WriteString("  ")
			}
			if strings.HasPrefix(heads[i], ">") {
				b.WriteString(gap + pg.style(c, c.text))
			} else {
				b.WriteString(pg.style(c, c.text) + gap)
			}
		}
		pg.b.WriteString(indent + strings.TrimRight(b.String(), " ") + "\n")
	}
	head := make([]cell, len(heads))
	for i, h := range heads {
		head[i] = cell{strings.TrimPrefix(h, ">"), faint}
	}
	write(head)
	for _, row := range rows {
		write(row)
	}
}
