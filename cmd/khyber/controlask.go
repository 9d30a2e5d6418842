package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"khyber/internal/config"
	"khyber/internal/server"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

// access is what a command may do with a database.
type access uint8

const (
	reads  access = iota // nothing is written, not even where the file is of an earlier version
	writes               // what the command was asked to write
)

// withStore calls f with the store of a database that is there. Inside the
// daemon that is its own; where a daemon has the database, it is asked to run
// the command in the place of f. cfg is nil for commands that need none. Nothing
// may be printed before.
func (a *app) withStore(ctx context.Context, c runner, cfg *config.Config, may access, f func(*store.Store) error) error {
	if a.errand != nil {
		return f(a.errand.daemon.store)
	}
	if !exists(a.data) {
		return fmt.Errorf("there is no database %s: name it with --data, or let khyber poll make one", a.data)
	}
	if asked, err := a.askDaemon(ctx, c, cfg); asked {
		return err
	}
	if cfg != nil {
		a.hide(cfg.Secrets)
	}
	return a.withFile(ctx, a.data, may, f)
}

// withFile calls f with the store of a file, and closes it.
func (a *app) withFile(ctx context.Context, path string, may access, f func(*store.Store) error) (err error) {
	if !exists(path) {
		return fmt.Errorf("there is no %s: name a database that is there", path)
	}
	st, err := a.openFile(ctx, path, bolt.Options{Log: a.logger(nil, slog.LevelWarn), Read: may == reads})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return f(st)
}

// withParts is withStore for commands that poll; it makes a database where there
// is none. Inside the daemon the file counts that is in force there.
func (a *app) withParts(ctx context.Context, c runner, cfg *config.Config, f func(*parts) error) (err error) {
	if a.errand != nil {
		return f(a.errand.daemon.parts)
	}
	if asked, err := a.askDaemon(ctx, c, cfg); asked {
		return err
	}
	log := a.logger(cfg.Secrets, slog.LevelError) // what a source did stands in its line
	st, err := a.openStore(ctx, log, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	p := a.build(log, st, cfg, defaultBase, server.Options{})
	if err := p.apply(ctx, cfg, nil, false); err != nil {
		return err
	}
	return f(p)
}

// withServer is withStore for commands that publish what is kept. Fresh topics are
// those that the database knows nothing of yet: they are left out.
func (a *app) withServer(ctx context.Context, c runner, cfg *config.Config, f func(s *server.Server, fresh []string) error) error {
	if a.errand != nil {
		return f(a.errand.daemon.server, nil)
	}
	return a.withStore(ctx, c, cfg, reads, func(st *store.Store) error {
		p := a.build(a.logger(cfg.Secrets, slog.LevelWarn), st, cfg, defaultBase, server.Options{})
		fresh, err := p.use(ctx, cfg)
		if err != nil {
			return err
		}
		return f(p.server, fresh)
	})
}

// dialTimeout bounds how long a daemon may take to accept: it does nothing else
// before.
const dialTimeout = 2 * time.Second

// daemonClient speaks to the daemon that has the database; false: there is none
// that answers.
func daemonClient(ctx context.Context, data string) (*http.Client, bool) {
	d := net.Dialer{Timeout: dialTimeout}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "unix", socketPath(data))
	}
	probe, err := dial(ctx, "", "")
	if err != nil {
		return nil, false
	}
	_ = probe.Close() // nothing was said
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}, true
}

// daemonURL stands for the socket: HTTP wants a host.
const daemonURL = "http://daemon/-/"

// holder says which process has the database, where it can be asked.
func holder(ctx context.Context, data string) (pid int, ok bool) {
	client, ok := daemonClient(ctx, data)
	if !ok {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, daemonURL+"status", nil)
	if err != nil {
		return 0, false
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, false
	}
	defer resp.Body.Close()
	const most = 4 << 10 // bytes of the answer, which is one line
	var status daemonStatus
	err = json.NewDecoder(io.LimitReader(resp.Body, most)).Decode(&status)
	return status.PID, err == nil && status.PID > 0
}

// askDaemon has the daemon run a command on its database; asked is false where no
// daemon answers. What the command prints there is printed here.
func (a *app) askDaemon(ctx context.Context, c runner, cfg *config.Config) (asked bool, err error) {
	client, ok := daemonClient(ctx, a.data)
	if !ok {
		return false, nil
	}
	body, err := a.errandOf(c, cfg)
	if err != nil {
		return true, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, daemonURL+"run", bytes.NewReader(body))
	if err != nil {
		return true, fmt.Errorf("ask the daemon: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return true, fmt.Errorf("ask the daemon that has %s: %w", a.data, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxFrame)) // the status alone says enough
		return true, fmt.Errorf("the daemon that has %s refuses: %s: is it of another version", a.data, strings.TrimPrefix(strings.TrimSpace(string(text)), "khyber: "))
	}
	code, err := unframe(resp.Body, a.stdout, a.stderr)
	switch {
	case err != nil:
		return true, fmt.Errorf("the daemon that has %s did not end its answer: %w", a.data, err)
	case code != exitOK:
		return true, shownError(code)
	}
	return true, nil
}

// errandOf writes a command as the daemon reads it.
func (a *app) errandOf(c runner, cfg *config.Config) ([]byte, error) {
	flags, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("ask the daemon: %w", err)
	}
	e := errand{Command: nameOf(c), Flags: flags, Config: a.config}
	if e.Folder, err = os.Getwd(); err != nil {
		return nil, fmt.Errorf("ask the daemon: %w", err)
	}
	if cfg != nil {
		e.Files = cfg.Revision.Files
	}
	return json.Marshal(e)
}
