package policy

import "strings"

// Any is how a target says "every one".
const Any = "*"

// Target says which calls a document is about. An empty service, version or
// route means every one, and so does "*".
//
// A target with a dependency is about the calls that the service makes to it;
// dependency "*" means all of them. A target without a dependency is about the
// requests that the service answers; only a Timeout can have one.
type Target struct {
	// Service makes the calls, or answers the requests.
	Service string `json:"service,omitempty" yaml:"service"`
	// Dependency is what is called.
	Dependency string `json:"dependency,omitempty" yaml:"dependency"`
	// Route is a path template, "/orders/{id}": of the dependency for calls, of
	// the service for requests.
	Route string `json:"route,omitempty" yaml:"route"`
	// Version of the service, as the service reports it.
	Version string `json:"version,omitempty" yaml:"version"`
}

// normal writes "every one" in one way: as the empty text, and "*" for a dependency.
func (t Target) normal() Target {
	for _, field := range []*string{&t.Service, &t.Route, &t.Version} {
		if *field == Any {
			*field = ""
		}
	}
	return t
}

// String writes the target as "service → dependency route".
func (t Target) String() string {
	service := t.Service
	if service == "" {
		service = Any
	}
	if t.Version != "" {
		service += "@" + t.Version
	}
	parts := []string{service}
	if t.Dependency != "" {
		parts = append(parts, "→", t.Dependency)
	}
	if t.Route != "" {
		parts = append(parts, t.Route)
	}
	return strings.Join(parts, " ")
}

// about reports whether the target is about the service in the version.
func (t Target) about(service, version string) bool {
	return (t.Service == "" || t.Service == service) && (t.Version == "" || t.Version == version)
}

// covers reports whether the target, which is about the calling service, covers
// calls of the dependency's route.
func (t Target) covers(dependency, route string) bool {
	return (t.Dependency == dependency || t.Dependency == Any && dependency != "") && (t.Route == "" || t.Route == route)
}

// rank orders targets by how specific they are: a target that names the route
// wins over all that do not, then the dependency, the version, the service. Two
// different targets that cover the same call never have the same rank.
func (t Target) rank() int {
	rank := 0
	for _, named := range []bool{t.Route != "", t.Dependency != "" && t.Dependency != Any, t.Version != "", t.Service != ""} {
		rank <<= 1
		if named {
			rank++
		}
	}
	return rank
}
