package ingest

import (
	"context"
	"crypto/subtle"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // senders may compress
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
)

// enter checks the token before anything of the message is read: what it takes to
// decode one is not for everybody.
func (s *Server) enter(ctx context.Context, call *tap.Info) (context.Context, error) {
	if s.cfg.Token == "" {
		return ctx, nil
	}
	if given := call.Header.Get("authorization"); len(given) != 1 || !s.authorized(given[0]) {
		s.bad.Add(1)
		return ctx, status.Error(codes.Unauthenticated, "a token is required: authorization: Bearer TOKEN")
	}
	return ctx, nil
}

// intercept checks the bound of requests in work. OTLP senders repeat what was
// answered with Unavailable.
func (s *Server) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	release, ok := s.admit()
	if !ok {
		return nil, status.Error(codes.Unavailable, "too many requests at once; try again in a second")
	}
	defer release()
	return handle(ctx, req)
}

// authorized compares an Authorization value in constant time.
func (s *Server) authorized(given string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+s.cfg.Token)) == 1
}

type traceService struct {
	ptraceotlp.UnimplementedGRPCServer
	server *Server
}

// Export stores a batch of spans.
func (t *traceService) Export(ctx context.Context, req ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	answer := ptraceotlp.NewExportResponse()
	left, err := t.server.storeTraces(ctx, req.Traces())
	if err != nil {
		return answer, status.Error(codes.Unavailable, "spans could not be stored; try again")
	}
	if left.count > 0 {
		answer.PartialSuccess().SetRejectedSpans(left.count)
		answer.PartialSuccess().SetErrorMessage(left.reason)
	}
	return answer, nil
}

type metricService struct {
	pmetricotlp.UnimplementedGRPCServer
	server *Server
}

// Export stores a batch of data points.
func (m *metricService) Export(ctx context.Context, req pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	answer := pmetricotlp.NewExportResponse()
	left, err := m.server.storeMetrics(ctx, req.Metrics())
	if err != nil {
		return answer, status.Error(codes.Unavailable, "samples could not be stored; try again")
	}
	if left.count > 0 {
		answer.PartialSuccess().SetRejectedDataPoints(left.count)
		answer.PartialSuccess().SetErrorMessage(left.reason)
	}
	return answer, nil
}
