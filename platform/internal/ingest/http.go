package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

// message is a request or a response in both encodings of OTLP/HTTP.
type message interface {
	MarshalProto() ([]byte, error)
	MarshalJSON() ([]byte, error)
}

// httpError is an answer other than 200.
type httpError struct {
	status int
	code   codes.Code
	reason string
}

func (e *httpError) Error() string { return e.reason }

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", s.export(s.exportTraces))
	mux.HandleFunc("POST /v1/metrics", s.export(s.exportMetrics))
	return mux
}

// export reads a request, hands its body to store and writes the answer.
func (s *Server) export(store func(ctx context.Context, body []byte, asJSON bool) (message, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asJSON, err := encodingOf(r)
		var answer message
		if err == nil {
			answer, err = s.withPass(func(p *pass) (message, error) {
				body, err := s.body(w, r, p)
				if err != nil {
					return nil, err
				}
				return store(r.Context(), body, asJSON)
			})
		}
		if err != nil {
			s.refuse(w, asJSON, err)
			return
		}
		s.answer(w, asJSON, answer)
	}
}

// withPass runs work when the gate lets it.
func (s *Server) withPass(work func(*pass) (message, error)) (message, error) {
	p, err := s.gate.enter()
	if err != nil {
		return nil, err
	}
	defer p.leave()
	return work(p)
}

// encodingOf reads the request's Content-Type.
func encodingOf(r *http.Request) (asJSON bool, err error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == jsonType:
		return true, nil
	case err == nil && kind == protobufType:
		return false, nil
	}
	return false, &httpError{http.StatusUnsupportedMediaType, codes.InvalidArgument,
		fmt.Sprintf("Content-Type %q is not spoken here: send %s or %s", r.Header.Get("Content-Type"), protobufType, jsonType)}
}

// body reads and unpacks the request's body within the limits.
func (s *Server) body(w http.ResponseWriter, r *http.Request, p *pass) ([]byte, error) {
	tooLarge := &httpError{http.StatusRequestEntityTooLarge, codes.InvalidArgument,
		fmt.Sprintf("the request exceeds %d bytes; send smaller batches", s.cfg.MaxBytes)}
	if r.ContentLength > s.cfg.MaxBytes {
		return nil, tooLarge
	}
	var from io.Reader = http.MaxBytesReader(w, r.Body, s.cfg.MaxBytes)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		unzip, err := gzip.NewReader(from)
		if err != nil {
			return nil, badRequest("the body is not gzip: %v", err)
		}
		defer func() { _ = unzip.Close() }() // its errors are those of Read
		from = unzip
	default:
		return nil, &httpError{http.StatusUnsupportedMediaType, codes.InvalidArgument,
			fmt.Sprintf("Content-Encoding %q is not spoken here: send gzip or none", encoding)}
	}
	var out bytes.Buffer
	n, err := out.ReadFrom(p.reader(io.LimitReader(from, s.cfg.MaxBytes+1)))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over) || n > s.cfg.MaxBytes:
		return nil, tooLarge
	case errors.Is(err, errBusy):
		return nil, err
	case err != nil:
		return nil, badRequest("the body could not be read: %v", err)
	}
	return out.Bytes(), nil
}

func badRequest(format string, args ...any) error {
	return &httpError{http.StatusBadRequest, codes.InvalidArgument, fmt.Sprintf(format, args...)}
}

func (s *Server) exportTraces(ctx context.Context, body []byte, asJSON bool) (message, error) {
	request := ptraceotlp.NewExportRequest()
	if err := decode(body, asJSON, request.UnmarshalJSON, request.UnmarshalProto); err != nil {
		return nil, err
	}
	return s.traces(ctx, request)
}

func (s *Server) traces(ctx context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	refused, err := s.storeTraces(ctx, request.Traces())
	response := ptraceotlp.NewExportResponse()
	if refused.count > 0 {
		response.PartialSuccess().SetRejectedSpans(refused.count)
		response.PartialSuccess().SetErrorMessage(refused.reason)
	}
	return response, err
}

func (s *Server) exportMetrics(ctx context.Context, body []byte, asJSON bool) (message, error) {
	request := pmetricotlp.NewExportRequest()
	if err := decode(body, asJSON, request.UnmarshalJSON, request.UnmarshalProto); err != nil {
		return nil, err
	}
	return s.metrics(ctx, request)
}

func (s *Server) metrics(ctx context.Context, request pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	refused, err := s.storeMetrics(ctx, request.Metrics())
	response := pmetricotlp.NewExportResponse()
	if refused.count > 0 {
		response.PartialSuccess().SetRejectedDataPoints(refused.count)
		response.PartialSuccess().SetErrorMessage(refused.reason)
	}
	return response, err
}

func decode(body []byte, asJSON bool, fromJSON, fromProto func([]byte) error) error {
	form, read := "protobuf", fromProto
	if asJSON {
		form, read = "JSON", fromJSON
	}
	if err := read(body); err != nil {
		return badRequest("the body is not OTLP in %s: %v", form, err)
	}
	return nil
}

func (s *Server) answer(w http.ResponseWriter, asJSON bool, m message) {
	kind, marshal := protobufType, m.MarshalProto
	if asJSON {
		kind, marshal = jsonType, m.MarshalJSON
	}
	body, err := marshal()
	if err != nil {
		s.refuse(w, asJSON, err)
		return
	}
	s.write(w, kind, http.StatusOK, body)
}

// refuse answers with the status message that OTLP/HTTP asks for.
func (s *Server) refuse(w http.ResponseWriter, asJSON bool, err error) {
	var bad *httpError
	switch {
	case errors.As(err, &bad):
		s.bad.Add(1)
	case errors.Is(err, errBusy):
		s.busy.Add(1)
		bad = &httpError{http.StatusTooManyRequests, codes.ResourceExhausted, errBusy.Error()}
	default:
		bad = &httpError{http.StatusServiceUnavailable, codes.Unavailable, errStore.Error()}
	}
	if bad.status == http.StatusTooManyRequests || bad.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	kind, marshal := protobufType, statusProto
	if asJSON {
		kind, marshal = jsonType, statusJSON
	}
	body, err := marshal(bad)
	if err != nil {
		s.cfg.Log.Error("ingest: encode status", "error", err)
	}
	s.write(w, kind, bad.status, body)
}

func statusProto(e *httpError) ([]byte, error) {
	return proto.Marshal(&spb.Status{Code: int32(e.code), Message: strings.ToValidUTF8(e.reason, "?")}) //nolint:gosec // a small number
}

func statusJSON(e *httpError) ([]byte, error) {
	return json.Marshal(map[string]any{"code": int(e.code), "message": e.reason})
}

func (s *Server) write(w http.ResponseWriter, kind string, status int, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		s.cfg.Log.Debug("ingest: answer not delivered", "error", err)
	}
}
