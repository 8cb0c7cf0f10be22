// Package document reads strict YAML: every mistake is found in one pass and
// reported with file, line, column, what is wrong and what was probably meant.
// Policy documents, objectives and the server's settings are all read by it.
//
//	docs, findings := document.Parse("policies.yaml", data)
//	for _, d := range docs {
//		var p circuitBreaker
//		findings = append(findings, d.Decode(&p)...)
//	}
//
// It is the only importer of the YAML library in the SDK.
package document
