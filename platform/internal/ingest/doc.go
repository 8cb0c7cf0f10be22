// Package ingest takes telemetry in: OTLP over gRPC and HTTP for traces and
// metrics, and scrapes of registered instances.
//
// Acknowledged means stored: an answer of success is sent after the store has
// returned, never before. Under more load than it may take, ingest refuses at
// once and says when to come again.
package ingest
