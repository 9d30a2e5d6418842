package bolt

import (
	"log/slog"

	"go.etcd.io/bbolt"
)

// Queued returns how many writes wait or run.
func (e *Engine) Queued() int {
	e.group.mu.Lock()
	defer e.group.mu.Unlock()
	return len(e.group.queue)
}

// Break does what a write does that could not be synced.
func (e *Engine) Break(err error) error { return e.broken(err) }

// Pages returns the number of pages ever written.
func (e *Engine) Pages() int64 {
	stats := e.db.Stats()
	return stats.TxStats.GetWrite()
}

// Mend forgets what broke the engine.
func (e *Engine) Mend() { e.stop(nil) }

// Update changes the file behind the engine's back.
func (e *Engine) Update(f func(*bbolt.Tx) error) error { return e.db.Update(f) }

// LongRead begins a read through the whole file and returns what ends it.
func (e *Engine) LongRead() (func(), error) {
	b, err := e.db.Begin(false)
	if err != nil {
		return nil, err
	}
	return e.long(b), nil
}

// Judge says of the kind of a file system whether it is refused, and whether
// there is a warning.
func Judge(kind uint32, log *slog.Logger) error { return checkVolume("khyber.db", kind, log) }

// GiveName is how a new file gets its name.
func GiveName(from, to string) error { return giveName(from, to) }

// NearBytes returns the bytes of the pages that hold the near indexes.
func (e *Engine) NearBytes() (n int64, err error) {
	err = e.db.View(func(b *bbolt.Tx) error {
		s := b.Bucket(bNear).Stats()
		n = int64(s.LeafAlloc + s.BranchAlloc)
		return nil
	})
	return n, err
}
