package api

import (
	"net/http"
	"strings"
	"time"
)

func overview(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.Overview(r.Context()))
}

func services(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.Services(r.Context()))
}

func service(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.Service(r.Context(), r.PathValue("name")))
}

func serviceRED(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "from", "to", "step")
	span := a.span(time.Now())
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.ServiceRED(r.Context(), r.PathValue("name"), span))
}

func slos(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.SLOs(r.Context()))
}

func slo(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.SLO(r.Context(), r.PathValue("name")))
}

func applySLOs(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "check")
	check := a.boolean("check")
	if a.err != nil {
		return outcome{}, a.err
	}
	doc, err := readDocument(r)
	if err != nil {
		return outcome{}, err
	}
	return answer(h.Backend.ApplySLOs(r.Context(), doc, check))
}

func deleteSLO(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return outcome{}, h.Backend.DeleteSLO(r.Context(), r.PathValue("name"))
}

func sloBudget(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "from", "to", "step")
	span := a.span(time.Now())
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.SLOBudget(r.Context(), r.PathValue("name"), span))
}

func sloBurn(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "window", "from", "to", "step")
	window, span := a.duration("window"), a.span(time.Now())
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.SLOBurn(r.Context(), r.PathValue("name"), window, span))
}

func topology(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.Topology(r.Context()))
}

func incidents(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "state", "limit")
	f := IncidentFilter{State: a.text("state"), Limit: a.limit()}
	if f.State != "" && f.State != "open" && f.State != "resolved" {
		a.fail("state", "is neither open nor resolved")
	}
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.Incidents(r.Context(), f))
}

func incident(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.Incident(r.Context(), r.PathValue("id")))
}

func actions(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "limit")
	limit := a.limit()
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.Actions(r.Context(), limit))
}

func undoAction(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.UndoAction(r.Context(), r.PathValue("id"), "user"))
}

func policies(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.Policies(r.Context()))
}

func applyPolicies(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "check")
	check := a.boolean("check")
	if a.err != nil {
		return outcome{}, a.err
	}
	doc, err := readDocument(r)
	if err != nil {
		return outcome{}, err
	}
	return answer(h.Backend.ApplyPolicies(r.Context(), doc, check))
}

func traces(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "service", "from", "to", "minDuration", "errors", "limit")
	span := a.span(time.Now())
	f := TraceFilter{
		Service: a.text("service"), From: span.From, To: span.To,
		MinDuration: a.duration("minDuration"), ErrorsOnly: a.boolean("errors"), Limit: a.limit(),
	}
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.Traces(r.Context(), f))
}

func trace(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	id := strings.ToLower(r.PathValue("id"))
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return outcome{}, NewProblem(http.StatusBadRequest, "a trace id has 32 hexadecimal digits, got "+quote(id), "")
	}
	return answer(h.Backend.Trace(r.Context(), id))
}

func query(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "query", "time")
	expr, at := a.expression(), a.time("time", time.Now())
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.Query(r.Context(), expr, at))
}

func queryRange(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	a := readArguments(r, "query", "from", "to", "step")
	expr, span := a.expression(), a.span(time.Now())
	if a.err != nil {
		return outcome{}, a.err
	}
	return answer(h.Backend.QueryRange(r.Context(), expr, span))
}

func (a *arguments) expression() string {
	expr := a.text("query")
	if strings.TrimSpace(expr) == "" {
		a.fail("query", "is missing")
	}
	return expr
}

func status(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	return answer(h.Backend.Status(r.Context()))
}

func healthz(*handler, http.ResponseWriter, *http.Request) (outcome, error) {
	return outcome{}, nil
}

func readyz(h *handler, _ http.ResponseWriter, r *http.Request) (outcome, error) {
	if err := h.Backend.Ready(r.Context()); err != nil {
		return outcome{}, NewProblem(http.StatusServiceUnavailable, "not ready: "+err.Error(), "")
	}
	return outcome{}, nil
}

func openAPIDocument(*handler, http.ResponseWriter, *http.Request) (outcome, error) {
	return outcome{status: http.StatusOK, raw: openAPI, kind: "application/json"}, nil
}

// answer turns what a backend method returns into an outcome.
func answer[T any](body T, err error) (outcome, error) {
	if err != nil {
		return outcome{}, err
	}
	return ok(body)
}
