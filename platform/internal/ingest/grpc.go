package ingest

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // lets senders compress
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/durationpb"
)

func (s *Server) newGRPC() *grpc.Server {
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(int(s.cfg.MaxBytes)),
		grpc.MaxConcurrentStreams(uint32(s.cfg.MaxRequests)), //nolint:gosec // positive by default
		grpc.SharedWriteBuffer(true),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 10 * time.Minute}),
		// Turn a request away before its message is read ...
		grpc.InTapHandle(func(ctx context.Context, _ *tap.Info) (context.Context, error) {
			if s.gate.full() {
				return nil, s.grpcError(errBusy)
			}
			return ctx, nil
		}),
		// ... and for certain before it is worked on.
		grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			p, err := s.gate.enter()
			if err != nil {
				return nil, s.grpcError(err)
			}
			defer p.leave()
			response, err := next(ctx, request)
			if err != nil {
				return nil, s.grpcError(err)
			}
			return response, nil
		}),
	)
	ptraceotlp.RegisterGRPCServer(server, grpcTraces{s: s})
	pmetricotlp.RegisterGRPCServer(server, grpcMetrics{s: s})
	return server
}

// grpcTraces and grpcMetrics embed what pdata wants embedded for growth.
type grpcTraces struct {
	ptraceotlp.UnimplementedGRPCServer
	s *Server
}

func (g grpcTraces) Export(ctx context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	return g.s.traces(ctx, r)
}

type grpcMetrics struct {
	pmetricotlp.UnimplementedGRPCServer
	s *Server
}

func (g grpcMetrics) Export(ctx context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	return g.s.metrics(ctx, r)
}

// grpcError gives an error the code by which OTLP exporters decide whether to
// send again: all of ours but a cancelled call ask for that.
func (s *Server) grpcError(err error) error {
	switch {
	case errors.Is(err, errBusy):
		s.busy.Add(1)
		busy := status.New(codes.ResourceExhausted, errBusy.Error())
		// Without the delay exporters take it for a refusal for good.
		if detailed, err := busy.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}); err == nil {
			busy = detailed
		}
		return busy.Err()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	default:
		return status.Error(codes.Unavailable, errStore.Error())
	}
}
