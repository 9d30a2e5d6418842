package main

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSupervisorIsToldHowItGoes starts serve under a supervisor of its own,
// reloads it and stops it.
func TestSupervisorIsToldHowItGoes(t *testing.T) {
	ctx := patient(t)
	dir, err := os.MkdirTemp("", "khyber") // short: a socket's path has at most 107 bytes
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	socket := filepath.Join(dir, "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	must(t, err)
	defer l.Close()
	must(t, l.SetReadDeadline(time.Now().Add(patience)))
	t.Setenv("NOTIFY_SOCKET", socket)
	t.Setenv("WATCHDOG_USEC", "60000000")

	file := filepath.Join(dir, "feeds.yaml")
	write(t, file, strings.NewReplacer("lang: en}", "lang: en, disabled: true}", "every: 30m", "disabled: true").Replace(smallFile))
	daemon := startServe(ctx, t, file, filepath.Join(dir, "khyber.db"))
	alive := false
	var told []string
	hear := func(until string) {
		t.Helper()
		buf := make([]byte, 4096)
		for {
			n, err := l.Read(buf)
			if err != nil {
				t.Fatalf("the supervisor never hears %q, only %q: %v", until, told, err)
			}
			text := regexp.MustCompile(`=\d{4,}`).ReplaceAllString(string(buf[:n]), "=N")
			text = strings.ReplaceAll(strings.TrimSpace(text), "\n", " ")
			if text == "WATCHDOG=1" { // at any time
				alive = true
				continue
			}
			told = append(told, text)
			if strings.HasPrefix(text, until) {
				return
			}
		}
	}
	hear("STATUS=2 sources")
	must(t, daemon.Process.Signal(syscall.SIGHUP))
	hear("RELOADING=1")
	hear("READY=1")
	daemon.stop(t)
	hear("STOPPING=1")

	want := []string{
		"READY=1 STATUS=serves what is kept; the first poll is to come", "STATUS=2 sources, 0 ok, 1 topic",
		"RELOADING=1 MONOTONIC_USEC=N", "READY=1", "STOPPING=1",
	}
	if !slices.Equal(told, want) {
		t.Errorf("the supervisor hears\n\t%s\nwant\n\t%s", strings.Join(told, "\n\t"), strings.Join(want, "\n\t"))
	}
	if !alive {
		t.Error("there was no sign of life")
	}
}

// TestUnitIsSoundAndTight has systemd judge what systemd-unit prints.
func TestUnitIsSoundAndTight(t *testing.T) {
	needs(t, "systemd-analyze")
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "khyber.service")
	write(t, file, output(ctx, t, nil, "khyber", "systemd-unit"))
	if said := output(ctx, t, nil, "systemd-analyze", "verify", file); said != "" {
		t.Errorf("verify says\n%s", said)
	}
	said := output(ctx, t, nil, "systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", file) // tenths; above it fails
	t.Log(said[max(0, len(said)-120):])
}

func TestPathInAUnitIsQuoted(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/bin/khyber":        "/usr/bin/khyber",
		"/opt/my tools/khyber":   `"/opt/my tools/khyber"`,
		"/opt/100%/khyber$1":     "/opt/100%%/khyber$$1",
		`/opt/a "quote"/khy\ber`: `"/opt/a \"quote\"/khy\\ber"`,
	} {
		if got := quoteUnit(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestMemoryIsWhatTheControlGroupGrants(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"version 2, least of the path": {map[string]string{
			"/proc/self/cgroup": "0::/system.slice/khyber.service\n",
			"/sys/fs/cgroup/system.slice/khyber.service/memory.max": "max\n",
			"/sys/fs/cgroup/system.slice/memory.max":                "536870912\n",
			"/sys/fs/cgroup/memory.max":                             "1073741824\n",
		}, 512 << 20},
		"a container sees itself as the root": {map[string]string{
			"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "268435456\n",
		}, 256 << 20},
		"version 1": {map[string]string{
			"/proc/self/cgroup": "5:cpu,cpuacct:/a\n4:memory:/docker/x\n",
			"/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes": "134217728\n",
			"/sys/fs/cgroup/memory/memory.limit_in_bytes":          "9223372036854771712\n",
		}, 128 << 20},
		"no limit": {map[string]string{"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n"}, 0},
		"no group": {nil, 0},
	} {
		got := grantedMemory(func(path string) ([]byte, error) {
			if text, ok := c.files[path]; ok {
				return []byte(text), nil
			}
			return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
		})
		if got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}
