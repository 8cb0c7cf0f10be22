// Package api serves the JSON API v1, its OpenAPI document and the live event
// stream. Handlers translate; they decide nothing.
package api
