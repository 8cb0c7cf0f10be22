package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3gen"

	"github.com/backstay/backstay/platform/internal/verdict"
)

var rewrite = flag.Bool("rewrite", false, "rewrite openapi.json and docs/reference/openapi.json")

// TestOpenAPI generates the document from routes and types, validates it, and
// compares it with both committed copies: the served one and the one to read.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(describe(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	doc, err := openapi3.NewLoader().LoadFromData(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("the generated document is not OpenAPI: %v", err)
	}
	for _, file := range []string{"openapi.json", filepath.FromSlash("../../../docs/reference/openapi.json")} {
		if *rewrite {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s does not match the routes and types: run 'make generate'", file)
		}
	}
}

// TestNoUndocumentedRoute asks the multiplexer, through the handler, for every
// documented operation: each is routed, and the document holds all routes.
func TestNoUndocumentedRoute(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			documented[method+" "+path] = true
		}
	}
	for _, rt := range routes {
		if !documented[rt.method+" "+rt.path] {
			t.Errorf("%s %s is not documented", rt.method, rt.path)
		}
		delete(documented, rt.method+" "+rt.path)
		for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(rt.path, -1) {
			found := false
			for _, p := range doc.Paths.Value(rt.path).GetOperation(rt.method).Parameters {
				found = found || p.Value.In == "path" && p.Value.Name == name[1]
			}
			if !found {
				t.Errorf("%s %s: path parameter %s is not documented", rt.method, rt.path, name[1])
			}
		}
	}
	for left := range documented {
		t.Errorf("%s is documented and does not exist", left)
	}
}

// describe builds the OpenAPI document of all routes.
func describe(t *testing.T) *openapi3.T {
	t.Helper()
	doc := &openapi3.T{
		OpenAPI: "3.0.3",
		Info: &openapi3.Info{
			Title: "Backstay API", Version: "v1",
			Description: "What the Backstay server knows and does. Fields and routes are only ever added. " +
				"Times are RFC 3339, durations and latencies are seconds, ratios run from 0 to 1.",
			License: &openapi3.License{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		Paths: openapi3.NewPaths(),
		Components: &openapi3.Components{
			Schemas: openapi3.Schemas{},
			SecuritySchemes: openapi3.SecuritySchemes{
				"bearer": {Value: openapi3.NewSecurityScheme().WithType("http").WithScheme("bearer")},
				"cookie": {Value: openapi3.NewSecurityScheme().WithType("apiKey").WithIn("cookie").WithName(cookieName)},
			},
		},
		Servers: openapi3.Servers{{URL: "http://127.0.0.1:4400"}},
	}
	doc.Security = openapi3.SecurityRequirements{{"bearer": {}}, {"cookie": {}}, {}}
	problem := openapi3.NewResponse().WithDescription("What went wrong and what to do").
		WithContent(openapi3.NewContentWithSchemaRef(schemaOf(t, doc, Problem{}), []string{"application/problem+json"}))
	for _, rt := range routes {
		doc.AddOperation(rt.path, rt.method, operation(t, doc, rt, problem))
	}
	return doc
}

func operation(t *testing.T, doc *openapi3.T, rt route, problem *openapi3.Response) *openapi3.Operation {
	t.Helper()
	op := openapi3.NewOperation()
	op.Summary, op.Tags = rt.summary, []string{rt.tag}
	op.OperationID = strings.ToLower(rt.method) + regexp.MustCompile(`[^a-zA-Z]+`).ReplaceAllString(
		strings.TrimPrefix(strings.TrimSuffix(rt.path, ".json"), "/api/v1"), "-")
	op.OperationID = strings.Trim(op.OperationID, "-")
	if rt.public {
		op.Security = &openapi3.SecurityRequirements{}
	}
	for _, name := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(rt.path, -1) {
		op.AddParameter(openapi3.NewPathParameter(name[1]).WithSchema(openapi3.NewStringSchema()))
	}
	for _, p := range rt.query {
		schema := openapi3.NewStringSchema()
		switch p.kind {
		case "integer":
			schema = openapi3.NewInt64Schema().WithMin(1).WithMax(1000)
		case "boolean":
			schema = openapi3.NewBoolSchema()
		}
		op.AddParameter(openapi3.NewQueryParameter(p.name).WithDescription(p.text).WithRequired(p.required).WithSchema(schema))
	}
	switch rt.in.(type) {
	case nil:
	case yamlBody:
		op.RequestBody = &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithRequired(true).
			WithContent(openapi3.NewContentWithSchema(openapi3.NewStringSchema(), []string{"application/yaml"}))}
	default:
		op.RequestBody = &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithRequired(true).
			WithContent(openapi3.NewContentWithSchemaRef(schemaOf(t, doc, rt.in), []string{"application/json"}))}
	}
	op.Responses = &openapi3.Responses{}
	switch {
	case rt.stream != nil:
		op.AddResponse(http.StatusOK, openapi3.NewResponse().WithDescription("Endless").
			WithContent(openapi3.NewContentWithSchemaRef(schemaOf(t, doc, rt.out), []string{"text/event-stream"})))
	case rt.out != nil:
		op.AddResponse(http.StatusOK, openapi3.NewResponse().WithDescription("OK").
			WithContent(openapi3.NewContentWithSchemaRef(schemaOf(t, doc, rt.out), []string{"application/json"})))
	default:
		op.AddResponse(http.StatusNoContent, openapi3.NewResponse().WithDescription("Done"))
	}
	op.Responses.Set("default", &openapi3.ResponseRef{Value: problem})
	return op
}

// schemaOf puts the schema of v's type among the components and refers to it.
func schemaOf(t *testing.T, doc *openapi3.T, v any) *openapi3.SchemaRef {
	t.Helper()
	typ := reflect.TypeOf(v)
	if typ.Kind() == reflect.Map {
		return openapi3.NewObjectSchema().NewRef()
	}
	ref, err := openapi3gen.NewSchemaRefForValue(v, doc.Components.Schemas,
		openapi3gen.CreateComponentSchemas(openapi3gen.ExportComponentSchemasOptions{
			ExportComponentSchemas: true, ExportTopLevelSchema: true,
		}),
		openapi3gen.SchemaCustomizer(customize))
	if err != nil {
		t.Fatalf("schema of %s: %v", typ, err)
	}
	return ref
}

// customize says what Go's types do not: required fields, words of enumerations.
func customize(_ string, typ reflect.Type, tag reflect.StructTag, schema *openapi3.Schema) error {
	switch typ {
	case reflect.TypeFor[verdict.Answer]():
		*schema = *openapi3.NewStringSchema().WithEnum("unknown", "no", "yes")
		return nil
	case reflect.TypeFor[Health]():
		schema.Enum = []any{HealthUnknown, HealthGood, HealthWarn, HealthBad}
	case reflect.TypeFor[time.Time]():
		return nil
	}
	if typ.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(typ) {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" && !strings.Contains(rest, "omit") && !f.Anonymous {
			schema.Required = append(schema.Required, name)
		}
	}
	return nil
}
