// Package cli is the command line: it parses words, asks the server or a file,
// and prints. Every answer has a table for people and JSON or YAML for
// programs; every failure says what failed, on which object, and what to do next.
package cli
