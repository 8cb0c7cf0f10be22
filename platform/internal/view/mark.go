package view

import (
	"cmp"
	"context"
	"slices"

	"github.com/backstay/backstay/platform/internal/api"
)

// marks are the moments of a span of time that charts show: incidents that
// opened and ended, and what was done about them.
func (v *View) marks(ctx context.Context, r api.Range) ([]api.Mark, error) {
	var marks []api.Mark
	add := func(at int64, kind, text, link string) {
		if at >= r.From.Unix() && at <= r.To.Unix() {
			marks = append(marks, api.Mark{T: at, Kind: kind, Text: text, Link: link})
		}
	}
	known, err := v.Book.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range known {
		in := &known[i]
		if !in.EndedAt.IsZero() && in.EndedAt.Before(r.From) {
			continue
		}
		link := "/incidents/" + in.ID
		add(in.OpenedAt.Unix(), "incident", in.Title, link)
		if !in.EndedAt.IsZero() {
			add(in.EndedAt.Unix(), "recovery", in.Title, link)
		}
		for _, a := range in.Actions {
			if !a.AppliedAt.IsZero() {
				add(a.AppliedAt.Unix(), "action", string(a.Kind)+" "+a.Target.Service, link)
			}
		}
	}
	slices.SortFunc(marks, func(a, b api.Mark) int { return cmp.Compare(a.T, b.T) })
	return marks, nil
}
