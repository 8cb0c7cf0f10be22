package api

import (
	"net/http"
	"strings"

	"github.com/backstay/backstay/platform/internal/action"
)

// route is one operation of the API: what serves it and what documents it.
type route struct {
	method, path string
	summary      string // one sentence for the OpenAPI document
	tag          string
	public       bool    // answers without a token
	query        []param // of the query string
	in           any     // zero value of the JSON body; [yamlBody] for documents; nil for none
	out          any     // zero value of the JSON answer; nil for 204

	do     func(h *handler, w http.ResponseWriter, r *http.Request) (outcome, error)
	stream func(h *handler, w http.ResponseWriter, r *http.Request) // instead of do, for endless answers
}

// param is one query parameter.
type param struct {
	name, kind, text string // kind is "string", "integer", "boolean", "time" or "duration"
	required         bool
}

// yamlBody marks a route that takes YAML documents.
type yamlBody struct{}

var (
	rangeParams = []param{
		{name: "from", kind: "time", text: "start, RFC 3339 or Unix seconds; one hour before the end when absent"},
		{name: "to", kind: "time", text: "end, RFC 3339 or Unix seconds; now when absent"},
		{name: "step", kind: "duration", text: "time between points as a Go duration or seconds; chosen to fit when absent"},
	}
	checkParam = param{name: "check", kind: "boolean", text: "judge the documents and store nothing"}
)

// routes is every operation; the multiplexer, the OpenAPI document and its test read it.
var routes = []route{
	{method: http.MethodGet, path: "/api/v1/overview", tag: "overview", out: Overview{}, do: overview,
		summary: "Services by worst budget, open incidents, objectives"},

	{method: http.MethodGet, path: "/api/v1/services", tag: "services", out: []ServiceSummary{}, do: services,
		summary: "All known services, worst budget first"},
	{method: http.MethodGet, path: "/api/v1/services/{name}", tag: "services", out: Service{}, do: service,
		summary: "One service: processes, dependencies, policies, objectives"},
	{method: http.MethodGet, path: "/api/v1/services/{name}/red", tag: "services", query: rangeParams, out: Chart{}, do: serviceRED,
		summary: "Rate, error ratio and latencies of a service over time"},

	{method: http.MethodGet, path: "/api/v1/slos", tag: "slos", out: []SLOStatus{}, do: slos,
		summary: "All objectives, worst budget first"},
	{method: http.MethodPost, path: "/api/v1/slos", tag: "slos", query: []param{checkParam}, in: yamlBody{}, out: []SLOStatus{}, do: applySLOs,
		summary: "Store OpenSLO documents, all or none"},
	{method: http.MethodGet, path: "/api/v1/slos/{name}", tag: "slos", out: SLOStatus{}, do: slo,
		summary: "One objective with its document"},
	{method: http.MethodDelete, path: "/api/v1/slos/{name}", tag: "slos", do: deleteSLO,
		summary: "Remove an objective"},
	{method: http.MethodGet, path: "/api/v1/slos/{name}/budget", tag: "slos", query: rangeParams, out: Chart{}, do: sloBudget,
		summary: "Remaining error budget over time"},
	{method: http.MethodGet, path: "/api/v1/slos/{name}/burn", tag: "slos", out: Chart{}, do: sloBurn,
		query: append([]param{
			{name: "window", kind: "duration", text: "window of the burn rate; the shortest long window when absent"},
		}, rangeParams...),
		summary: "Burn rate over time"},

	{method: http.MethodGet, path: "/api/v1/topology", tag: "topology", out: Graph{}, do: topology,
		summary: "The service map over the last minute"},

	{method: http.MethodGet, path: "/api/v1/incidents", tag: "incidents", out: []IncidentSummary{}, do: incidents,
		query: []param{
			{name: "state", kind: "string", text: "open or resolved; both when absent"},
			{name: "limit", kind: "integer", text: "at most so many, 1 to 1000; 50 when absent"},
		},
		summary: "Incidents, latest first"},
	{method: http.MethodGet, path: "/api/v1/incidents/{id}", tag: "incidents", out: Incident{}, do: incident,
		summary: "One incident: signal, verdict, cause, action, recovery"},

	{method: http.MethodGet, path: "/api/v1/actions", tag: "actions", out: []action.Action{}, do: actions,
		query:   []param{{name: "limit", kind: "integer", text: "at most so many, 1 to 1000; 50 when absent"}},
		summary: "Actions, latest first"},
	{method: http.MethodPost, path: "/api/v1/actions/{id}/undo", tag: "actions", out: action.Action{}, do: undoAction,
		summary: "Undo an action that is in force"},

	{method: http.MethodGet, path: "/api/v1/policies", tag: "policies", out: []PolicyDocument{}, do: policies,
		summary: "All policy documents"},
	{method: http.MethodPost, path: "/api/v1/policies", tag: "policies", query: []param{checkParam}, in: yamlBody{}, out: []PolicyDocument{}, do: applyPolicies,
		summary: "Store policy documents, all or none"},

	{method: http.MethodGet, path: "/api/v1/traces", tag: "traces", out: []TraceSummary{}, do: traces,
		query: []param{
			{name: "service", kind: "string", text: "traces that touch this service; any when absent"},
			rangeParams[0], rangeParams[1],
			{name: "minDuration", kind: "duration", text: "traces at least this long"},
			{name: "errors", kind: "boolean", text: "only traces with an error"},
			{name: "limit", kind: "integer", text: "at most so many, 1 to 1000; 50 when absent"},
		},
		summary: "Traces, latest first"},
	{method: http.MethodGet, path: "/api/v1/traces/{id}", tag: "traces", out: Trace{}, do: trace,
		summary: "One trace with its spans"},

	{method: http.MethodGet, path: "/api/v1/query", tag: "query", out: Chart{}, do: query,
		query: []param{
			{name: "query", kind: "string", text: "PromQL", required: true},
			{name: "time", kind: "time", text: "moment of evaluation; now when absent"},
		},
		summary: "PromQL at one moment"},
	{method: http.MethodGet, path: "/api/v1/query_range", tag: "query", out: Chart{}, do: queryRange,
		query:   append([]param{{name: "query", kind: "string", text: "PromQL", required: true}}, rangeParams...),
		summary: "PromQL over time"},

	{method: http.MethodGet, path: "/api/v1/status", tag: "server", out: Status{}, do: status,
		summary: "The server's own condition"},
	{method: http.MethodGet, path: "/api/v1/events", tag: "server", out: Event{}, stream: events,
		summary: "Live events as server-sent events; each has one Event as its data"},
	{method: http.MethodPost, path: "/api/v1/session", tag: "server", public: true, in: SessionRequest{}, do: openSession,
		summary: "Trade the token for a cookie, for the console"},
	{method: http.MethodDelete, path: "/api/v1/session", tag: "server", public: true, do: closeSession,
		summary: "Forget the cookie"},

	{method: http.MethodGet, path: "/api/v1/demo", tag: "demo", out: Demo{}, do: demo,
		summary: "The demo shop: processes, load, armed fault"},
	{method: http.MethodPost, path: "/api/v1/demo/faults", tag: "demo", in: BreakRequest{}, out: Demo{}, do: breakDemo,
		summary: "Arm a fault in the demo shop"},
	{method: http.MethodDelete, path: "/api/v1/demo/faults", tag: "demo", out: Demo{}, do: healDemo,
		summary: "Lift the fault of the demo shop"},
	{method: http.MethodPost, path: "/api/v1/demo/protection", tag: "demo", in: ProtectionRequest{}, out: Demo{}, do: protectDemo,
		summary: "Run the demo shop with or without its policies"},

	{method: http.MethodGet, path: "/healthz", tag: "server", public: true, do: healthz,
		summary: "Alive: answers 204"},
	{method: http.MethodGet, path: "/readyz", tag: "server", public: true, do: readyz,
		summary: "Ready: answers 204, or 503 with the reason"},
	{method: http.MethodGet, path: "/openapi.json", tag: "server", public: true, out: map[string]any{}, do: openAPIDocument,
		summary: "This document"},
}

// unknownRoute answers what no route does: 405 when the path knows other
// methods, else 404.
func unknownRoute(mux *http.ServeMux) func(*handler, http.ResponseWriter, *http.Request) (outcome, error) {
	return func(_ *handler, w http.ResponseWriter, r *http.Request) (outcome, error) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) > 0 {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			return outcome{}, NewProblem(http.StatusMethodNotAllowed,
				r.Method+" is not possible here", "possible: "+strings.Join(allowed, ", "))
		}
		return outcome{}, NewProblem(http.StatusNotFound, "no such route: "+quote(r.URL.Path), "/openapi.json lists all routes")
	}
}
