package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
)

// Times and sizes of telling.
const (
	tellEvery   = time.Minute      // what comes in a minute is told at once
	tellTimeout = 20 * time.Second // of one request
	firstRetry  = time.Minute      // doubled with each failure
	lastRetry   = time.Hour
	maxDigest   = 100     // news of a topic in one request: the newest
	notTaken    = 3       // failures in a row are a trouble to tell of
	tellAnswer  = 4 << 10 // bytes of the answer that are read, so that its connection can serve again
)

// NoticeStore keeps what is to be told, and how far it was.
type NoticeStore interface {
	// LastEvent returns the number of the newest event; 0: there is none.
	LastEvent(ctx context.Context) (uint64, error)
	// Events returns those with a number above after, up to last, in order.
	Events(ctx context.Context, after, last uint64) ([]store.Event, error)
	// Targets returns how far was told, by target.
	Targets(ctx context.Context) (map[string][]byte, error)
	// PutTarget keeps how far was told, or deletes it when it is nil.
	PutTarget(ctx context.Context, target string, row []byte) error
}

// Target is where notices are sent.
type Target struct {
	URL    string
	Secret string // signs what is sent; empty: unsigned
	Topics []string
	Egress http.RoundTripper // the way there
}

// name is that of the target's row: its address is a secret.
func (t *Target) name() string {
	sum := sha256.Sum256([]byte(t.URL))
	return hex.EncodeToString(sum[:16])
}

// host is what a log may say of the target.
func (t *Target) host() string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return "a target of notify"
	}
	return u.Hostname()
}

// reached says how far was told. What is being sent is sent again as it was, so that
// whoever got it already knows it.
type reached struct {
	Sent     uint64               // number of an event
	Marks    map[string]news.Mark // of topics
	Sending  bool                 // what stands between those two and these:
	Until    uint64
	Tops     map[string]news.Mark
	Failures int
	Next     time.Time // not before
}

// Notifier sends notices and the news of topics to the targets of feeds.yaml:
// each at least once, in order, what comes within a minute in one request. It
// keeps how far it is in the NoticeStore and nothing in memory. It starts no
// goroutine.
type Notifier struct {
	server  *Server
	store   NoticeStore
	failing atomic.Int64 // targets that did not take the last message
}

// status says how many targets there are; nil: none.
func (n *Notifier) status(st *State) *statusNotify {
	if n == nil || len(st.Notify) == 0 {
		return nil
	}
	return &statusNotify{len(st.Notify), int(n.failing.Load())}
}

// Notifier returns what sends notices, which the caller runs; nil when the
// Options have no NoticeStore.
func (s *Server) Notifier() *Notifier { return s.notifier }

// Run sends what is to be told, once a minute, until ctx ends.
func (n *Notifier) Run(ctx context.Context) error {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		if err := n.turn(ctx); err != nil && ctx.Err() == nil {
			n.server.Log.Error("cannot notify", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// turn tells each target what is new, and forgets those that are no longer in
// the file.
func (n *Notifier) turn(ctx context.Context) error {
	st := n.server.state.Load()
	rows, err := n.store.Targets(ctx)
	if err != nil {
		return err
	}
	failing, worst := 0, 0
	for i := range st.Notify {
		t := &st.Notify[i]
		row, known := rows[t.name()]
		delete(rows, t.name())
		var at reached
		if known {
			if err := json.Unmarshal(row, &at); err != nil {
				return fmt.Errorf("read how far was told: %w", err)
			}
		}
		failures, err := n.tell(ctx, st, t, at, known)
		if err != nil {
			return err
		}
		failing, worst = failing+one(failures > 0), max(worst, failures)
	}
	n.failing.Store(int64(failing))
	n.server.metrics.notTaking.Set(float64(failing))
	n.server.ills.note(illNotify, n.server.Now(), worst >= notTaken)
	for name := range rows {
		if err := n.store.PutTarget(ctx, name, nil); err != nil {
			return err
		}
	}
	return nil
}

// tell sends a target what is new, and returns how often that failed in a row. One
// that is new itself hears nothing of the past.
func (n *Notifier) tell(ctx context.Context, st *State, t *Target, at reached, known bool) (failures int, err error) {
	now := n.server.Now()
	if now.Before(at.Next) && at.Next.Sub(now) <= lastRetry { // a clock that was set back holds nobody up
		return at.Failures, nil
	}
	last, tops, err := n.ends(ctx, t)
	if err != nil {
		return 0, err
	}
	if !known {
		at.Sent, at.Marks = last, tops
		return 0, n.keep(ctx, t, at)
	}
	if !at.Sending {
		at.Until, at.Tops = last, tops
	}
	body, err := n.message(ctx, st, t, &at)
	if err != nil {
		return 0, err
	}
	if body == nil { // nothing, or what is no news
		return 0, n.moved(ctx, t, at)
	}
	if !at.Sending {
		at.Sending = true
		if err := n.keep(ctx, t, at); err != nil {
			return 0, err
		}
	}
	if err := n.send(ctx, t, body); err != nil {
		return at.Failures + 1, n.refused(ctx, t, at, err)
	}
	n.server.metrics.told.WithLabelValues("delivered").Inc()
	if at.Failures > 0 {
		n.server.Log.Info("notices are delivered again", "known", at.Failures)
	}
	return 0, n.moved(ctx, t, at)
}

// refused keeps that a message did not come, and when it is sent again.
func (n *Notifier) refused(ctx context.Context, t *Target, at reached, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	n.server.metrics.told.WithLabelValues("failed").Inc()
	if at.Failures == 0 {
		n.server.Log.Warn("notice not delivered", "err", fmt.Errorf("%s: %w", t.host(), cause))
	}
	at.Next = n.server.Now().Add(min(firstRetry<<min(at.Failures, 6), lastRetry))
	at.Failures++
	return n.keep(ctx, t, at)
}

// moved keeps that all of a message is told.
func (n *Notifier) moved(ctx context.Context, t *Target, at reached) error {
	if at.Until == at.Sent && maps.Equal(at.Tops, at.Marks) {
		return nil
	}
	return n.keep(ctx, t, reached{Sent: at.Until, Marks: at.Tops})
}

func (n *Notifier) keep(ctx context.Context, t *Target, at reached) error {
	row, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("keep how far was told: %w", err)
	}
	return n.store.PutTarget(ctx, t.name(), row)
}

// ends returns the newest event, and the highest mark of each topic of a target.
func (n *Notifier) ends(ctx context.Context, t *Target) (last uint64, tops map[string]news.Mark, err error) {
	if last, err = n.store.LastEvent(ctx); err != nil {
		return 0, nil, err
	}
	tops = make(map[string]news.Mark)
	for _, id := range t.Topics {
		page, err := n.server.Store.Topic(ctx, id, store.Page{View: store.ViewAll, Limit: 1, Late: true})
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return 0, nil, err
		case len(page.Entries) > 0:
			tops[id] = page.Entries[0].Mark
		default:
			tops[id] = 0
		}
	}
	return last, tops, nil
}

// send posts a message. Only an answer of 2xx says that it came.
func (n *Notifier) send(ctx context.Context, t *Target, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("its address is none") // the error would repeat it
	}
	r.Header.Set("Content-Type", "application/json")
	if t.Secret != "" {
		mac := hmac.New(sha256.New, []byte(t.Secret))
		_, _ = mac.Write(body) // never fails
		r.Header.Set("X-Khyber-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	answer, err := t.Egress.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()                          // nothing is lost with it
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, tellAnswer)) // the status says all
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}
