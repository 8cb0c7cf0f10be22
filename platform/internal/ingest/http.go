package ingest

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc/codes"
)

// The content types of OTLP/HTTP.
const (
	typeProto = "application/x-protobuf"
	typeJSON  = "application/json"
)

// Handler serves OTLP/HTTP: POST /v1/traces and /v1/metrics.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", s.endpoint(s.postTraces))
	mux.HandleFunc("POST /v1/metrics", s.endpoint(s.postMetrics))
	return mux
}

// refusal is an answer other than success.
type refusal struct {
	status  int
	code    codes.Code
	message string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, code codes.Code, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// exchange is one request whose body has been read.
type exchange struct {
	request *http.Request
	body    []byte
	json    bool
}

// endpoint wraps what all endpoints share: token, bound, body, answer.
func (s *Server) endpoint(take func(exchange) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		asJSON := err == nil && kind == typeJSON
		answer, err := func() ([]byte, error) {
			if s.cfg.Token == "" && r.Header.Get("Origin") != "" {
				// A page can reach a loopback server under the page's own name, by
				// DNS; browsers say so, and no sender of telemetry does.
				return nil, refuse(http.StatusForbidden, codes.PermissionDenied, "pages do not send telemetry here; configure a token to let programs in browsers do so")
			}
			if s.cfg.Token != "" && !s.authorized(r.Header.Get("Authorization")) {
				return nil, refuse(http.StatusUnauthorized, codes.Unauthenticated, "a token is required: Authorization: Bearer TOKEN")
			}
			if !asJSON && kind != typeProto {
				return nil, refuse(http.StatusUnsupportedMediaType, codes.InvalidArgument,
					"content type %q: send %s or %s", r.Header.Get("Content-Type"), typeProto, typeJSON)
			}
			release, ok := s.admit()
			if !ok {
				return nil, refuse(http.StatusTooManyRequests, codes.ResourceExhausted, "too many requests at once; try again in a second")
			}
			defer release()
			body, err := s.read(w, r)
			if err != nil {
				return nil, err
			}
			return take(exchange{request: r, body: body, json: asJSON})
		}()
		contentType := typeProto
		if asJSON {
			contentType = typeJSON
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if err != nil {
			s.refused(w, err, asJSON)
			return
		}
		_, _ = w.Write(answer) // a sender that has gone will send again
	}
}

// refused answers with google.rpc.Status, as OTLP asks for.
func (s *Server) refused(w http.ResponseWriter, err error, asJSON bool) {
	var no *refusal
	if !errors.As(err, &no) {
		// A store failed, which it has logged: the sender can only try again.
		no = refuse(http.StatusServiceUnavailable, codes.Unavailable, "could not be stored; try again")
	}
	switch no.status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	default:
		s.bad.Add(1)
	}
	w.WriteHeader(no.status)
	if asJSON {
		_ = json.NewEncoder(w).Encode(struct { //nolint:errchkjson // a number and a text always encode; a caller that left needs no answer
			Code    codes.Code `json:"code"`
			Message string     `json:"message"`
		}{no.code, no.message})
		return
	}
	b := binary.AppendUvarint([]byte{1 << 3}, uint64(no.code))
	b = binary.AppendUvarint(append(b, 2<<3|2), uint64(len(no.message)))
	_, _ = w.Write(append(b, no.message...))
}

// read returns the body, decompressed, within the bound.
func (s *Server) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var from io.Reader = http.MaxBytesReader(w, r.Body, s.cfg.MaxBytes)
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		unzip, err := gzip.NewReader(from)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, codes.InvalidArgument, "the body is not gzip: %v", err)
		}
		from = unzip
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, codes.InvalidArgument, "content encoding %q: send gzip or none", encoding)
	}
	body, err := io.ReadAll(io.LimitReader(from, s.cfg.MaxBytes+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large) || int64(len(body)) > s.cfg.MaxBytes:
		return nil, refuse(http.StatusRequestEntityTooLarge, codes.InvalidArgument,
			"the request is larger than %d bytes; send smaller batches", s.cfg.MaxBytes)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, codes.InvalidArgument, "the body ended early: %v", err)
	}
	return body, nil
}

func (s *Server) postTraces(x exchange) ([]byte, error) {
	request, answer := ptraceotlp.NewExportRequest(), ptraceotlp.NewExportResponse()
	if err := decode(x, request.UnmarshalProto, request.UnmarshalJSON); err != nil {
		return nil, err
	}
	left, err := s.storeTraces(x.request.Context(), request.Traces())
	if err != nil {
		return nil, err
	}
	if left.count > 0 {
		answer.PartialSuccess().SetRejectedSpans(left.count)
		answer.PartialSuccess().SetErrorMessage(left.reason)
	}
	return encode(x, answer.MarshalProto, answer.MarshalJSON)
}

func (s *Server) postMetrics(x exchange) ([]byte, error) {
	request, answer := pmetricotlp.NewExportRequest(), pmetricotlp.NewExportResponse()
	if err := decode(x, request.UnmarshalProto, request.UnmarshalJSON); err != nil {
		return nil, err
	}
	left, err := s.storeMetrics(x.request.Context(), request.Metrics())
	if err != nil {
		return nil, err
	}
	if left.count > 0 {
		answer.PartialSuccess().SetRejectedDataPoints(left.count)
		answer.PartialSuccess().SetErrorMessage(left.reason)
	}
	return encode(x, answer.MarshalProto, answer.MarshalJSON)
}

// decode reads the body in the form it came in.
func decode(x exchange, proto, asJSON func([]byte) error) error {
	read := proto
	if x.json {
		read = asJSON
	}
	if err := read(x.body); err != nil {
		return refuse(http.StatusBadRequest, codes.InvalidArgument, "the body is not OTLP: %v", err)
	}
	return nil
}

// encode writes an answer in the form of the request.
func encode(x exchange, proto, asJSON func() ([]byte, error)) ([]byte, error) {
	if x.json {
		return asJSON()
	}
	return proto()
}
