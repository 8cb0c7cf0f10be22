package slo

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/backstay/backstay/policy/document"
)

// Finding is one mistake in a document.
type Finding = document.Finding

// ParseError is a refusal of documents with every mistake that was found.
type ParseError = document.Error

// Parse reads objectives from OpenSLO v1 documents: the kinds SLO, SLI, Service and
// DataSource. References are looked up within data. On any mistake it returns no
// objective and a [*ParseError] that lists all of them.
func Parse(file string, data []byte) ([]Objective, error) {
	docs, findings := document.Parse(file, data)
	p := parser{findings: findings, refs: referable{slis: map[string]foundSLI{}, dataSources: map[string]foundDataSource{}}}
	var promises []document.Document
	seen := map[string]bool{}
	for _, d := range docs {
		kind := p.head(d, seen)
		switch kind {
		case kindSLO:
			promises = append(promises, d)
		case kindSLI:
			var v sliDocument
			p.take(d.Decode(&v))
			p.refs.slis[v.Metadata.Name] = foundSLI{spec: v.Spec, doc: d}
		case kindDataSource:
			p.dataSource(d)
		case kindService:
			var v serviceDocument
			p.take(d.Decode(&v))
		}
	}
	var objectives []Objective
	for _, d := range promises {
		objectives = append(objectives, p.promise(d))
	}
	if len(p.findings) == 0 && len(docs) == 0 {
		p.take([]Finding{{File: file, Line: 1, Column: 1, Message: "no document found", Suggestion: "write a document with apiVersion: " + openslo + " and kind: " + kindSLO}})
	}
	if len(p.findings) > 0 {
		slices.SortStableFunc(p.findings, func(a, b Finding) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, &ParseError{Findings: slices.Compact(p.findings)}
	}
	return objectives, nil
}

// parser collects findings.
type parser struct {
	findings []Finding
	refs     referable
}

func (p *parser) take(findings []Finding) { p.findings = append(p.findings, findings...) }

// wrongf notes a mistake at a path of the document.
func (p *parser) wrongf(d document.Document, path []string, suggestion, format string, args ...any) {
	f := d.At(path...)
	f.Message, f.Suggestion = fmt.Sprintf(format, args...), suggestion
	p.findings = append(p.findings, f)
}

// nameShape is an RFC 1123 label.
var nameShape = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// head checks what all kinds have in common and returns the kind, or "" when the
// rest is not worth reading.
func (p *parser) head(d document.Document, seen map[string]bool) string {
	version, ok := d.Text("apiVersion")
	switch {
	case !ok:
		p.wrongf(d, nil, "begin with apiVersion: "+openslo, "the document has no apiVersion")
		return ""
	case version != openslo:
		p.wrongf(d, []string{"apiVersion"}, document.Suggest(version, []string{openslo}), "apiVersion %q is not known for objectives", version)
		return ""
	}
	kind, ok := d.Text("kind")
	switch {
	case !ok:
		p.wrongf(d, nil, "write kind: "+kindSLO, "the document has no kind")
		return ""
	case kind == "AlertPolicy" || kind == "AlertCondition" || kind == "AlertNotificationTarget":
		p.wrongf(d, []string{"kind"}, "remove it: burn-rate windows follow from the objective", "kind %q is not read", kind)
		return ""
	case !slices.Contains([]string{kindSLO, kindSLI, kindService, kindDataSource}, kind):
		p.wrongf(d, []string{"kind"}, document.Suggest(kind, []string{kindSLO, kindSLI, kindService, kindDataSource}), "kind %q is not known", kind)
		return ""
	}
	name, ok := d.Text("metadata", "name")
	switch {
	case !ok:
		p.wrongf(d, []string{"metadata"}, "add metadata.name", "the %s has no name", kind)
	case !nameShape.MatchString(name):
		p.wrongf(d, []string{"metadata", "name"}, "use at most 63 lower-case letters, digits and dashes", "%q is not a name", name)
	case seen[kind+"/"+name]:
		p.wrongf(d, []string{"metadata", "name"}, "rename one of them", "there is another %s named %q", kind, name)
	}
	seen[kind+"/"+name] = true
	return kind
}

// dataSource reads a DataSource. All queries run on Backstay's own data.
func (p *parser) dataSource(d document.Document) {
	var v dataSourceDocument
	p.take(d.Decode(&v))
	if !slices.Contains(sourceTypes, v.Spec.Type) {
		p.wrongf(d, []string{"spec", "type"}, document.Suggest(v.Spec.Type, sourceTypes), "type %q of data source is not known", v.Spec.Type)
	}
	if len(v.Spec.ConnectionDetails) > 0 {
		p.wrongf(d, []string{"spec", "connectionDetails"}, "leave connectionDetails empty and bring the metrics to Backstay",
			"queries run on Backstay's own store, not on another server")
	}
	p.refs.dataSources[v.Metadata.Name] = foundDataSource{kind: v.Spec.Type, doc: d}
}

var sourceTypes = []string{string(Prometheus), string(Native)}

// promise reads an SLO.
func (p *parser) promise(d document.Document) Objective {
	before := len(p.findings)
	var v sloDocument
	p.take(d.Decode(&v))
	o := Objective{
		Name: v.Metadata.Name, DisplayName: v.Metadata.DisplayName, Description: v.Spec.Description,
		Service: v.Spec.Service, Source: strings.TrimSpace(d.Source) + "\n",
	}
	if len(p.findings) > before {
		return o // what follows would only repeat the mistakes
	}
	if o.Service == "" {
		p.wrongf(d, []string{"spec", "service"}, "name the service as its spans do", "spec.service is missing")
	}
	if m := v.Spec.BudgetingMethod; m != "" && m != "Occurrences" {
		suggestion := document.Suggest(m, []string{"Occurrences"})
		if m == "Timeslices" || m == "RatioTimeslices" {
			suggestion = "use Occurrences, which counts requests"
		}
		p.wrongf(d, []string{"spec", "budgetingMethod"}, suggestion, "budgeting method %q is not supported", m)
	}
	if len(v.Spec.AlertPolicies) > 0 {
		p.wrongf(d, []string{"spec", "alertPolicies"}, "remove them: burn-rate windows follow from the objective", "alert policies are not read")
	}
	o.Window = p.window(d, v.Spec.TimeWindow)
	if n := len(v.Spec.Objectives); n != 1 {
		p.wrongf(d, []string{"spec", "objectives"}, "write one SLO for each", "spec.objectives must have exactly one entry, not %d", n)
		return o
	}
	goal := v.Spec.Objectives[0]
	o.Target = p.target(d, goal)
	p.unsupported(d, goal)
	p.indicator(d, &o, v.Spec, goal)
	return o
}

// window reads the rolling time window.
func (p *parser) window(d document.Document, windows []timeWindow) time.Duration {
	path := []string{"spec", "timeWindow"}
	if len(windows) != 1 {
		p.wrongf(d, path, "write - duration: 30d with isRolling: true", "spec.timeWindow must have exactly one entry, not %d", len(windows))
		return 0
	}
	w := windows[0]
	path = append(path, "0")
	if w.Calendar != nil || !w.IsRolling {
		p.wrongf(d, path, "write isRolling: true", "only rolling windows are supported")
	}
	period, hint := parsePeriod(w.Duration)
	switch {
	case hint != "":
		p.wrongf(d, append(path, "duration"), hint, "%q is not a duration", w.Duration)
	case period < minPeriod || period > maxPeriod:
		p.wrongf(d, append(path, "duration"), "choose between 10m and 366d", "a window of %s cannot be judged", w.Duration)
	}
	return period
}

// parsePeriod reads OpenSLO's duration shorthand. hint is set when it is none.
func parsePeriod(text string) (period time.Duration, hint string) {
	const usual = `write a number with one of the units m, h, d, w, as in "30d"`
	if text == "" {
		return 0, usual
	}
	digits, unit := text[:len(text)-1], text[len(text)-1]
	n, err := strconv.ParseUint(digits, 10, 20)
	if err != nil || n == 0 {
		return 0, usual
	}
	switch unit {
	case 'm':
		return time.Duration(n) * time.Minute, ""
	case 'h':
		return time.Duration(n) * time.Hour, ""
	case 'd':
		return time.Duration(min(n, 10_000)) * 24 * time.Hour, ""
	case 'w':
		return time.Duration(min(n, 1_000)) * 7 * 24 * time.Hour, ""
	case 'M', 'Q', 'Y':
		return 0, "months and years differ in length: write 30d, 90d or 365d"
	}
	return 0, usual
}

// target reads the promised share.
func (p *parser) target(d document.Document, goal objective) float64 {
	path := []string{"spec", "objectives", "0"}
	switch {
	case goal.Target != nil && goal.TargetPercent != nil:
		p.wrongf(d, append(path, "targetPercent"), "keep one", "target and targetPercent are both given")
	case goal.Target != nil:
		if t := *goal.Target; t > 0 && t < 1 {
			return t
		}
		suggestion := "write a share, as in 0.999"
		if t := *goal.Target; t > 1 && t < 100 {
			suggestion = fmt.Sprintf("did you mean target: %s or targetPercent: %s?", trim(t/100), trim(t))
		}
		p.wrongf(d, append(path, "target"), suggestion, "target must lie between 0 and 1, both excluded, not %s", trim(*goal.Target))
	case goal.TargetPercent != nil:
		if t := *goal.TargetPercent; t > 0 && t < 100 {
			return t / 100
		}
		p.wrongf(d, append(path, "targetPercent"), "write a percentage, as in 99.9",
			"targetPercent must lie between 0 and 100, both excluded, not %s", trim(*goal.TargetPercent))
	default:
		p.wrongf(d, path, "add target: 0.999", "the objective has no target")
	}
	return 0
}

// trim writes a number without the noise of binary fractions.
func trim(v float64) string { return strconv.FormatFloat(v, 'g', 12, 64) }

// unsupported refuses the parts of OpenSLO that are not read, rather than dropping them.
func (p *parser) unsupported(d document.Document, goal objective) {
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"timeSliceTarget", goal.TimeSliceTarget != nil},
		{"timeSliceWindow", goal.TimeSliceWindow != ""},
		{"compositeWeight", goal.CompositeWeight != nil},
		{"indicator", goal.Indicator != nil},
		{"indicatorRef", goal.IndicatorRef != ""},
	} {
		if field.given {
			p.wrongf(d, []string{"spec", "objectives", "0", field.name}, "remove it", "%s within an objective is not supported", field.name)
		}
	}
}

// indicator finds and reads the indicator, inline or referred to.
func (p *parser) indicator(d document.Document, o *Objective, spec sloSpec, goal objective) {
	at, path := d, []string{"spec", "indicator", "spec"}
	var from indicatorSpec
	switch {
	case spec.Indicator != nil && spec.IndicatorRef != "":
		p.wrongf(d, []string{"spec", "indicatorRef"}, "keep one", "indicator and indicatorRef are both given")
		return
	case spec.Indicator != nil:
		from = spec.Indicator.Spec
	case spec.IndicatorRef != "":
		sli, ok := p.refs.slis[spec.IndicatorRef]
		if !ok {
			p.wrongf(d, []string{"spec", "indicatorRef"}, suggestName(spec.IndicatorRef, keys(p.refs.slis), "add an SLI document with this name"),
				"there is no SLI named %q", spec.IndicatorRef)
			return
		}
		from, at, path = sli.spec, sli.doc, []string{"spec"}
		o.Source += "---\n" + strings.TrimSpace(sli.doc.Source) + "\n"
	default:
		p.wrongf(d, []string{"spec"}, "add spec.indicator", "the SLO has no indicator")
		return
	}
	switch {
	case (from.RatioMetric == nil) == (from.ThresholdMetric == nil):
		p.wrongf(at, path, "give exactly one of ratioMetric and thresholdMetric", "an indicator is a ratio or a threshold")
	case from.RatioMetric != nil:
		p.ratio(at, append(path, "ratioMetric"), o, *from.RatioMetric)
		if goal.Op != "" || goal.Value != nil {
			p.wrongf(d, []string{"spec", "objectives", "0"}, "remove op and value", "op and value belong to a thresholdMetric")
		}
	default:
		p.threshold(at, append(path, "thresholdMetric"), o, *from.ThresholdMetric)
		p.bound(d, o, goal)
	}
}

// ratio reads good or bad events of all events.
func (p *parser) ratio(d document.Document, path []string, o *Objective, r ratioMetric) {
	if r.Raw != nil || r.RawType != "" {
		p.wrongf(d, append(path, "raw"), "give good or bad, and total", "raw ratios are not supported")
		return
	}
	if r.Total == nil || (r.Good == nil) == (r.Bad == nil) {
		p.wrongf(d, path, "give total and exactly one of good and bad", "a ratio needs two metrics")
		return
	}
	counter := r.Counter == nil || *r.Counter
	read := func(name string, h *metricHolder, usual Select) *Metric {
		if h == nil {
			return nil
		}
		m := p.metric(d, slices.Concat(path, []string{name, "metricSource"}), o, h.MetricSource)
		m.Counter = counter && m.Type == Prometheus
		if m.Type == Native && m.Select == "" {
			m.Select = usual
		}
		return m
	}
	o.Indicator.Total = read("total", r.Total, SelectTotal)
	o.Indicator.Good = read("good", r.Good, SelectGood)
	o.Indicator.Bad = read("bad", r.Bad, SelectBad)
}

// threshold reads a latency indicator.
func (p *parser) threshold(d document.Document, path []string, o *Objective, h metricHolder) {
	m := p.metric(d, append(path, "metricSource"), o, h.MetricSource)
	if m.Type == Prometheus {
		p.wrongf(d, append(path, "metricSource"), "use type: backstay, or a ratioMetric of a _bucket and a _count",
			"a thresholdMetric cannot be a query")
	}
	if m.Select != "" {
		p.wrongf(d, append(path, "metricSource", "spec", "select"), "remove it", "select belongs to a ratioMetric")
	}
	o.Indicator.Latency = m
}

// bound reads op and value of a latency objective.
func (p *parser) bound(d document.Document, o *Objective, goal objective) {
	path := []string{"spec", "objectives", "0"}
	if goal.Op != "lte" {
		p.wrongf(d, append(path, "op"), "write op: lte", "a latency objective promises at most a value, so op must be lte, not %q", goal.Op)
	}
	switch {
	case goal.Value == nil:
		p.wrongf(d, path, "add value, in seconds", "the latency objective has no value")
	case *goal.Value <= 0 || *goal.Value > 600:
		suggestion := "write seconds, as in 0.3"
		if ms := *goal.Value; ms > 600 {
			suggestion = "did you mean " + trim(ms/1000) + "? The unit is seconds"
		}
		p.wrongf(d, append(path, "value"), suggestion, "value must lie between 0 and 600 seconds, not %s", trim(*goal.Value))
	default:
		o.Indicator.Threshold = time.Duration(math.Round(*goal.Value * float64(time.Second)))
	}
}

// metric reads a metric source.
func (p *parser) metric(d document.Document, path []string, o *Objective, s metricSource) *Metric {
	if s.MetricSourceRef != "" {
		source, ok := p.refs.dataSources[s.MetricSourceRef]
		switch {
		case !ok:
			p.wrongf(d, append(path, "metricSourceRef"), suggestName(s.MetricSourceRef, keys(p.refs.dataSources), "add a DataSource document with this name"),
				"there is no DataSource named %q", s.MetricSourceRef)
			return &Metric{}
		case s.Type != "" && s.Type != source.kind:
			p.wrongf(d, append(path, "type"), "remove type", "the DataSource %q is of type %q", s.MetricSourceRef, source.kind)
		}
		s.Type = source.kind
		if text := strings.TrimSpace(source.doc.Source); !strings.Contains(o.Source, text) {
			o.Source += "---\n" + text + "\n"
		}
	}
	m := &Metric{Type: SourceType(s.Type)}
	spec := slices.Concat(path, []string{"spec"})
	foreign := func(fields map[string]string) {
		for _, name := range []string{"query", "service", "route", "select"} {
			if fields[name] != "" {
				p.wrongf(d, append(slices.Clone(spec), name), "remove it", "%s does not belong to a source of type %s", name, s.Type)
			}
		}
	}
	switch m.Type {
	case Prometheus:
		m.Query = strings.TrimSpace(s.Spec.Query)
		if m.Query == "" {
			p.wrongf(d, spec, "add query", "the metric has no query")
		} else if wrong := notPromQL(m.Query); wrong != "" {
			p.wrongf(d, append(slices.Clone(spec), "query"), "", "query cannot be used: %s", wrong)
		}
		foreign(map[string]string{"service": s.Spec.Service, "route": s.Spec.Route, "select": s.Spec.Select})
	case Native:
		m.Service, m.Route, m.Select = s.Spec.Service, s.Spec.Route, Select(s.Spec.Select)
		if m.Service == "" {
			p.wrongf(d, spec, "add service", "the metric names no service")
		}
		if known := []string{string(SelectTotal), string(SelectGood), string(SelectBad)}; m.Select != "" && !slices.Contains(known, s.Spec.Select) {
			p.wrongf(d, append(slices.Clone(spec), "select"), document.Suggest(s.Spec.Select, known), "select %q is not known", s.Spec.Select)
		}
		foreign(map[string]string{"query": s.Spec.Query})
	default:
		p.wrongf(d, append(path, "type"), document.Suggest(s.Type, sourceTypes), "type %q of metric source is not known", s.Type)
	}
	return m
}

func suggestName(word string, known []string, otherwise string) string {
	if s := document.Suggest(word, known); s != "" {
		return s
	}
	return otherwise
}

func keys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	return all
}
