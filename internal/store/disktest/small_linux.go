package disktest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// smallFolder tells the child of a test where its small disk is.
const smallFolder = "DISKTEST_SMALL"

// Small runs the test in a process of its own whose folder is a disk of so many
// bytes, and returns that folder there. In the test itself it returns "" after
// that process has ended: nothing is left to do. Where no process may have mounts
// of its own the test is skipped.
func Small(t *testing.T, bytes int64) string {
	t.Helper()
	if folder := os.Getenv(smallFolder); folder != "" {
		// Else the host would see the mount, where mounts are shared.
		err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
		if err := errors.Join(err, syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", bytes))); err != nil {
			t.Skipf("A FULL DISK IS NOT TRIED: nothing can be mounted here: %v", err)
		}
		return folder
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), smallFolder+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSPC): // the latter: no more namespaces
		t.Skipf("A FULL DISK IS NOT TRIED: no process may have mounts of its own here: %v", err)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	case !strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Fatalf("the test did not run: %s", out)
	}
	t.Logf("%s", out)
	return ""
}

// ReadOnly makes the disk of Small one that cannot be written.
func ReadOnly(t *testing.T, folder string) {
	t.Helper()
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}
