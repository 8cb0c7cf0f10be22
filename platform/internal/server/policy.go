package server

import (
	"context"

	"github.com/backstay/backstay/platform/internal/api"
	"github.com/backstay/backstay/platform/internal/controlplane"
)

// Policies lists the stored documents.
func (b *backend) Policies(context.Context) ([]api.PolicyDocument, error) {
	return policyRows(b.server.plane.Policies()), nil
}

// ApplyPolicies stores policy documents, all or none; with check it only judges them.
func (b *backend) ApplyPolicies(ctx context.Context, d api.Document, check bool) ([]api.PolicyDocument, error) {
	apply := func() ([]controlplane.Policy, error) {
		if check {
			return b.server.plane.CheckPolicies(d.File, d.Data)
		}
		return b.server.plane.ApplyPolicies(ctx, d.File, d.Data, d.By)
	}
	found, err := apply()
	if err != nil {
		return nil, malformed("the policy", err)
	}
	return policyRows(found), nil
}

// policyRows turns documents into rows.
func policyRows(policies []controlplane.Policy) []api.PolicyDocument {
	rows := make([]api.PolicyDocument, 0, len(policies))
	for _, p := range policies {
		rows = append(rows, api.PolicyDocument{Name: p.Name, Kind: p.Kind, Service: p.Service, YAML: p.YAML, At: p.At})
	}
	return rows
}
