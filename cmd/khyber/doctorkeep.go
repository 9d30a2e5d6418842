package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"khyber/internal/config"
	"khyber/internal/fetch"
	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/store/bolt"
)

const (
	backupOld   = 7 * 24 * time.Hour  // of an archive that is older itself
	verifyOld   = 90 * 24 * time.Hour // likewise
	clockFar    = 10 * time.Minute
	memoryLow   = 128 << 20        // bytes: a thousand sources take more
	handshakes  = 16               // at a time
	handshaking = 20 * time.Second // for all of them: who does not answer is told by polls
)

// keeping judges how safe the archive is.
func (x *examination) keeping(path string, s *store.Status) []finding {
	var out []finding
	if said := bolt.Place(path); said != "" {
		out = append(out, finding{losing, path + ": " + said, nil})
	}
	switch {
	case x.oldest.IsZero() || x.now.Sub(x.oldest) < backupOld || x.now.Sub(s.Backup) < backupOld:
	case s.Backup.IsZero():
		out = append(out, finding{costly, path + ": there was never a backup: khyber backup F makes one, also while the daemon runs", nil})
	default:
		out = append(out, finding{costly, fmt.Sprintf("%s: the last backup is of %s: khyber backup F makes one, also while the daemon runs", path, s.Backup.UTC().Format(time.DateOnly)), nil})
	}
	looked := s.Verified
	if s.Backup.After(looked) { // a copy is looked at when it is made
		looked = s.Backup
	}
	switch {
	case x.oldest.IsZero() || x.now.Sub(x.oldest) < verifyOld || x.now.Sub(looked) < verifyOld:
	case looked.IsZero():
		out = append(out, finding{costly, path + ": nobody ever looked for damage: khyber verify does, also while the daemon runs", nil})
	default:
		out = append(out, finding{costly, fmt.Sprintf("%s: the last look for damage is of %s: khyber verify looks again, also while the daemon runs", path, looked.UTC().Format(time.DateOnly)), nil})
	}
	return out
}

// examineDaemon looks at what only a daemon knows, where it is the one that runs
// the command.
func (a *app) examineDaemon() []finding {
	if a.errand == nil {
		return nil
	}
	d := a.errand.daemon
	return judgeDaemon(d.poller.Status().Offset, d.metricsAt, grantedMemory(os.ReadFile))
}

// judgeDaemon judges how far the clock is off, where metrics are served, and how
// much memory is granted.
func judgeDaemon(offset time.Duration, metrics string, memory int64) []finding {
	var out []finding
	if offset.Abs() > clockFar {
		where := "behind"
		if offset < 0 {
			where = "ahead of"
		}
		out = append(out, finding{losing, fmt.Sprintf("the clock of this machine is %s %s most servers: set it, and let it be kept", wait(offset.Abs().Round(time.Minute)), where), nil})
	}
	if host, _, err := net.SplitHostPort(metrics); err == nil {
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			out = append(out, finding{costly, fmt.Sprintf("/metrics is open to all who reach %s: it names every source and how it answers; let it listen on loopback, or close the port", metrics), nil})
		}
	}
	if memory > 0 && memory < memoryLow {
		out = append(out, finding{costly, fmt.Sprintf("only %d MiB of memory are granted: a large list takes more; raise MemoryMax= or the container's limit", memory>>20), nil})
	}
	return out
}

// unusedTerms tells that terms or rules of topics were good for nothing.
func unusedTerms(warnings []news.Problem) []finding {
	if len(warnings) == 0 {
		return nil
	}
	text := fmt.Sprintf("%s of topics were of no use in 90 days: khyber check names each, such as %s", count(len(warnings), "term or rule"), warnings[0].Text)
	return []finding{{costly, strings.Replace(text, "term or rules", "terms and rules", 1), nil}}
}

// certificates asks the servers of sources when their certificates end.
func (a *app) certificates(ctx context.Context, cfg *config.Config) map[string]time.Time {
	client := fetch.New(fetch.Options{UserAgent: a.userAgent(cfg.Site), Now: a.now})
	ctx, cancel := context.WithTimeout(ctx, handshaking)
	defer cancel()
	var mu sync.Mutex
	ends := make(map[string]time.Time)
	var g errgroup.Group
	g.SetLimit(handshakes)
	for i := range cfg.Sources {
		src := &cfg.Sources[i]
		if src.Disabled {
			continue
		}
		g.Go(func() error {
			if end, err := client.CertificateEnd(ctx, src); err == nil && !end.IsZero() { // why there is no answer polls tell
				mu.Lock()
				defer mu.Unlock()
				ends[src.ID] = end
			}
			return nil
		})
	}
	_ = g.Wait() // none of them fails
	return ends
}
