// Package bolt is the embedded engine of package store: one bbolt file, one
// process. It owns the layout of that file, its creation, its codec and the
// grouping of concurrent writes into one fsync. It must not know why anything is
// written: rules stand in store.
//
// Claims and the states of polls that brought nothing live in memory, in a
// [store.Ledger]; the next write takes the latter along. It starts no goroutine:
// of concurrent writers the first one leads and commits for all that queue
// meanwhile. Read transactions must be short, since the file grows while one is
// open; while a long one is, as for a backup, there is one commit a second.
//
// A file that was not closed is known by a mark, and one that cannot be synced
// takes no more writes: only a restart tells what is on the disk.
package bolt

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"khyber/internal/news"
	"khyber/internal/store"
)

// ErrClosed is the error of an engine that was closed. It comes wrapped.
var ErrClosed = berrors.ErrDatabaseNotOpen

// ErrOlder says that a file which may not be written is of an earlier Khyber, so
// that it cannot be brought to the layout of this one. It comes wrapped.
var ErrOlder = errors.New("was written by an earlier Khyber")

// ErrInUse says that another process has the file open. It comes wrapped.
var ErrInUse = errors.New("is in use by another process")

const (
	// lockWait is the default of Options.Wait.
	lockWait = 2 * time.Second
	// DefaultMaxSize of the file, in bytes.
	DefaultMaxSize = 8 << 30
	// growth is by how many bytes the file grows at least.
	growth = 2 << 20
	// maxSize32 is for 32-bit systems, whose address space must hold the file.
	maxSize32 = 1 << 30
)

// Options of an engine. The zero value works.
type Options struct {
	MaxSize int64 // of the file, in bytes; 0: DefaultMaxSize
	Reserve int64 // that the file leaves free on its disk, in bytes; 0: DefaultReserve, below: none
	Log     *slog.Logger
	Now     func() time.Time // for the age of reads; nil: it is not measured
	NoSync  bool             // for tests that do not crash: no fsync
	Read    bool             // nothing is written, nor made, nor brought up to date; several may read at once
	Wait    time.Duration    // for another process to let go of the file; 0: 2 s
	// Broken is told once why there are no more writes until a restart; nil:
	// nobody wants to know before the next write.
	Broken func(error)
	// Upgrading is told each time that a file of an earlier version has come a little
	// nearer to ours, which may take minutes; nil: nobody wants to know.
	Upgrading func()
	// Crash is told where a file is put in its place, for tests that kill the
	// process; nil outside of them.
	Crash func(point string)
}

// Engine is an open file.
type Engine struct {
	db      *bbolt.DB
	path    string
	limit   int64
	reserve int64
	read    bool // Options.Read
	packer  *packer
	ledger  *store.Ledger
	group   group
	nearLog *nearLog // of the transaction that writes; nil: not read yet
	logMost int      // entries of it
	now     func() time.Time
	tell    func(error) // Options.Broken
	nearer  func()      // Options.Upgrading
	crash   func(string)

	mu      sync.Mutex
	reads   map[*bbolt.Tx]time.Time
	longs   int           // reads through the whole file
	calm    chan struct{} // closed when the last of them ends; nil: there is none
	fault   error         // of the write that broke the engine, or of a Check
	full    error         // of the last write, if there was no room for it
	marked  bool          // the file says that it is open
	crashed bool          // it did so when it was opened, and was not checked since
	commits store.CommitSizes
}

// Open opens the file, or makes one where there is none. Its folder must exist.
// It fails with ErrInUse, or with ErrOlder where it may only read.
func Open(path string, o Options) (e *Engine, err error) {
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	if strconv.IntSize == 32 {
		o.MaxSize = min(o.MaxSize, maxSize32)
	}
	if o.Wait == 0 {
		o.Wait = lockWait
	}
	if o.Reserve == 0 {
		o.Reserve = DefaultReserve
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Broken == nil {
		o.Broken = func(error) {}
	}
	if o.Upgrading == nil {
		o.Upgrading = func() {}
	}
	if o.Crash == nil {
		o.Crash = func(string) {}
	}
	if err := checkVolume(path, look(filepath.Dir(path)).kind, o.Log); err != nil {
		return nil, err
	}
	if err := place(path, o); err != nil {
		return nil, err
	}
	defer damaged(path, &err)()
	db, err := open(path, o, int(o.MaxSize))
	if err != nil {
		return nil, err
	}
	e = &Engine{
		db: db, path: path, limit: o.MaxSize, reserve: o.Reserve, read: o.Read, now: o.Now, tell: o.Broken, nearer: o.Upgrading, crash: o.Crash,
		logMost: logMost,
		commits: store.CommitSizes{Seconds: store.NewHistogram(secondsOfCommit...), Writes: store.NewHistogram(writesOfCommit...)},
		reads:   make(map[*bbolt.Tx]time.Time),
	}
	if err := e.load(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if !o.Read {
		tidy(path)
	}
	return e, nil
}

// place makes the file if there is none and refuses one that cannot be ours.
func place(path string, o Options) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && !o.Read:
		o.Log.Warn("database is new", "file", path)
		return create(path, o.Crash)
	case err != nil:
		return fmt.Errorf("look for the database: %w", err)
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name a file", path)
	case info.Size() == 0:
		return fmt.Errorf("%s is an empty file, not a database: restore a backup, or remove it to begin anew", path)
	}
	return nil
}

// open maps the file whole, because a writer that must map anew waits for every
// reader. Where the address space does not allow it, it starts small.
func open(path string, o Options, mapped int) (*bbolt.DB, error) {
	if strconv.IntSize == 32 {
		mapped = 0
	}
	speaks := new(atomic.Bool)
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: o.Wait, FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapped, MaxSize: int(o.MaxSize),
		NoSync: o.NoSync, ReadOnly: o.Read, PreLoadFreelist: true, Logger: logger{o.Log, speaks},
	})
	switch {
	case err == nil:
		db.AllocSize = growth
		return db, nil
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("%s is no database of Khyber, or one whose first pages are damaged (%w): name another file, or restore a backup", path, err)
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%s %w: stop that one, or name another --data", path, ErrInUse)
	case errors.Is(err, syscall.ENOMEM) && mapped > 0:
		o.Log.Warn("the address space is too small to map the database whole: writes wait for reads", "bytes", mapped)
		return open(path, o, 0)
	}
	return nil, fmt.Errorf("open the database %s: %w", path, err)
}

// load checks the schema and reads what lives in memory.
func (e *Engine) load() error {
	var err error
	if e.packer, err = newPacker(); err != nil {
		return err
	}
	if err := e.upgrade(steps()); err != nil {
		return err
	}
	if err := e.readMark(); err != nil {
		return err
	}
	return e.db.View(func(b *bbolt.Tx) error {
		e.ledger = store.NewLedger(nil)
		all, err := (&tx{Tx: b, engine: e}).Sources(nil)
		e.ledger.Put(all)
		return err
	})
}

// Read runs f on one snapshot.
func (e *Engine) Read(ctx context.Context, f func(store.ReadTx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, err := e.db.Begin(false)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer e.begun(b)()
	return f(&tx{Tx: b, engine: e})
}

// begun notes a read for the gauge; what it returns ends the read.
func (e *Engine) begun(b *bbolt.Tx) func() {
	if e.now != nil {
		e.mu.Lock()
		e.reads[b] = e.now()
		e.mu.Unlock()
	}
	return func() {
		e.mu.Lock()
		delete(e.reads, b)
		e.mu.Unlock()
		_ = b.Rollback() // the end of a read: fails only when it has ended
	}
}

// Claim is the method of store.Engine.
func (e *Engine) Claim(_ context.Context, _ string, now time.Time, ahead time.Duration, n int, ttl time.Duration) ([]news.Claim, error) {
	return e.ledger.Claim(now, ahead, n, ttl), nil
}

// Settle keeps the poll in memory until the next Write or Flush.
func (e *Engine) Settle(_ context.Context, s store.Source, p news.Poll) error {
	return e.ledger.Settle(s, p)
}

// Flush writes what Settle keeps.
func (e *Engine) Flush(ctx context.Context) error {
	if len(e.ledger.All()) == 0 {
		return nil
	}
	return e.Write(ctx, func(store.Tx) error { return nil })
}

// Backup copies one snapshot to a file beside the database and that one to w:
// a slow w must not hold a snapshot open, since the file grows meanwhile.
func (e *Engine) Backup(ctx context.Context, w io.Writer) (err error) {
	f, err := os.CreateTemp(filepath.Dir(e.path), "."+filepath.Base(e.path)+".backup-*")
	if err != nil {
		return fmt.Errorf("make a file beside the database: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if err := e.copyTo(f); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := unmarkCopy(f.Name()); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("write the copy: %w", err)
	}
	return ctx.Err()
}

func (e *Engine) copyTo(w io.Writer) error {
	b, err := e.db.Begin(false)
	if err != nil {
		return err
	}
	defer e.long(b)()
	_, err = b.WriteTo(w)
	return err
}

// Sizes measures the file.
func (e *Engine) Sizes(context.Context) (store.Sizes, error) {
	s := store.Sizes{Limit: e.limit, DiskFree: max(0, look(filepath.Dir(e.path)).free)}
	info, err := os.Stat(e.path)
	if err != nil {
		return s, fmt.Errorf("measure the file: %w", err)
	}
	s.Bytes = info.Size()
	err = e.db.View(func(b *bbolt.Tx) error {
		// Beyond the last page that was ever used lies what the file grew ahead.
		s.Free = s.Bytes - b.Size() + e.freed()
		if v := b.Bucket(bMeta).Get(metaItems); v != nil {
			s.Items = int(be(v))
		}
		return nil
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	s.Fault, s.Crashed, s.Schema = cmp.Or(e.fault, e.full), e.crashed, int(Schema())
	s.Commits = store.CommitSizes{Seconds: e.commits.Seconds.Copy(), Writes: e.commits.Writes.Copy()}
	for _, at := range e.reads {
		s.OldestRead = max(s.OldestRead, e.now().Sub(at))
	}
	return s, err
}

// freed returns the bytes of the pages that were used and are free now. Unlike
// bbolt's own sum of them it is right before the first write, too.
func (e *Engine) freed() int64 {
	s := e.db.Stats()
	return int64(s.FreePageN+s.PendingPageN) * int64(e.db.Info().PageSize)
}

// Path returns the name of the file.
func (e *Engine) Path() string { return e.path }

// Close closes the file. Closing twice is once.
func (e *Engine) Close() error {
	if err := errors.Join(e.unmark(), e.db.Close()); err != nil {
		return fmt.Errorf("close the file: %w", err)
	}
	return nil
}

// logger hands what bbolt has to say to slog: only its errors are of interest,
// and those of opening come back as an error anyway.
type logger struct {
	log    *slog.Logger
	speaks *atomic.Bool
}

func (l logger) fault(text string) {
	if l.speaks.Load() {
		l.log.Error(text)
	}
}

func (l logger) Debug(...any)                {}
func (l logger) Debugf(string, ...any)       {}
func (l logger) Info(...any)                 {}
func (l logger) Infof(string, ...any)        {}
func (l logger) Warning(v ...any)            { l.log.Warn(fmt.Sprint(v...)) }
func (l logger) Warningf(f string, v ...any) { l.log.Warn(fmt.Sprintf(f, v...)) }
func (l logger) Error(v ...any)              { l.fault(fmt.Sprint(v...)) }
func (l logger) Errorf(f string, v ...any)   { l.fault(fmt.Sprintf(f, v...)) }
func (l logger) Fatal(v ...any)              { l.fault(fmt.Sprint(v...)) }
func (l logger) Fatalf(f string, v ...any)   { l.fault(fmt.Sprintf(f, v...)) }
func (l logger) Panic(v ...any)              { l.fault(fmt.Sprint(v...)) }
func (l logger) Panicf(f string, v ...any)   { l.fault(fmt.Sprintf(f, v...)) }

// be reads what be8 wrote.
func be(b []byte) uint64 { return binary.BigEndian.Uint64(b) }
