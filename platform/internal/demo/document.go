package demo

import _ "embed" // the documents are files that a user can read and copy

// PolicyFile and ObjectiveFile are the names that findings give the documents.
const (
	PolicyFile    = "demo/policies.yaml"
	ObjectiveFile = "demo/objectives.yaml"
)

//go:embed documents/policies.yaml
var policies []byte

//go:embed documents/objectives.yaml
var objectives []byte

// Policies are the policy documents of the shop.
func Policies() []byte { return append([]byte(nil), policies...) }

// Objectives are the OpenSLO documents of the shop.
func Objectives() []byte { return append([]byte(nil), objectives...) }
