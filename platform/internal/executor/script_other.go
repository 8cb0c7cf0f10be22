//go:build !unix

package executor

import "os/exec"

// endWithChildren ends the script alone: there are no process groups here.
func endWithChildren(*exec.Cmd) {}
