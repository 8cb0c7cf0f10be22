package cli

import "github.com/backstay/backstay/platform/internal/action"

func actionTable(pg *page, list []action.Action) {
	if len(list) == 0 {
		return
	}
	pg.heading("Actions")
	rows := make([][]cell, 0, len(list))
	for _, a := range list {
		object := a.Target.Service
		if a.Target.Dependency != "" {
			object += " → " + a.Target.Dependency
		}
		state := cell{string(a.State), plain}
		switch a.State {
		case action.Failed, action.Refused:
			state.tone = bad
		case action.Applied:
			state.tone = warn
		case action.Done, action.Undone, action.Planned:
		}
		reason := a.Reason
		if a.Error != "" {
			reason = a.Error
		}
		rows = append(rows, []cell{text(a.PlannedAt.Local().Format("15:04:05")), text(string(a.Kind)), text(object), state, text(a.By), text(reason)})
	}
	pg.table("  ", []string{"TIME", "ACTION", "ON", "STATE", "BY", "WHY"}, rows)
}
