//go:build unix

package executor

import (
	"os/exec"
	"syscall"
)

// endWithChildren makes the end of a script's time reach what the script started.
func endWithChildren(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
