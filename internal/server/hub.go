package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
)

const hubPath = "/hub"

// HubWorkers is how many calls of [Hub.Run] are to run at once: deliveries at a
// time (H6).
const HubWorkers = 8

// Limits of the hub; the numbers in brackets are the rules of the publish guide.
const (
	maxHubBody     = 8 << 10 // bytes of a request
	maxCallback    = 2000    // characters (H8)
	maxSecret      = 199     // bytes (H10; WebSub §5.1)
	minLease       = time.Hour
	maxLease       = 10 * 24 * time.Hour // and the default (H4)
	maxSubscribers = 5000                // (H9)
	maxPerDomain   = 20                  // subscriptions with callbacks in one domain (H9)
	maxAsked       = 10                  // requests of one address in a minute (H9)
	maxPending     = 50                  // verifications open (H9)
	maxAddresses   = 10_000              // remembered for maxAsked
	hubTimeout     = 10 * time.Second    // of a verification or delivery (H3, H6)
	maxPush        = 1 << 20             // bytes of a delivery (H5)
	pushGap        = time.Minute         // between two deliveries to a subscriber (H6)
	hubTurn        = time.Second         // how soon a new revision is looked at that no poll brought
	maxFailures    = 10                  // over at least failingFor: the row is deleted (H7)
	failingFor     = 24 * time.Hour
)

// retries are the waits after a delivery that failed, with 20% either way (H7).
var retries = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour}

// HubStore keeps the subscribers: small values by key.
type HubStore interface {
	// HubRows returns all rows.
	HubRows(ctx context.Context) (map[string][]byte, error)
	// PutHubRow keeps a row, or deletes it when it is nil.
	PutHubRow(ctx context.Context, key string, row []byte) error
}

// pulse says how far the news of a document reach: the highest mark and the
// newest change. A subscriber is behind when one of them has grown, so bursts
// merge and nothing is queued (P6: only news is pushed).
type pulse struct {
	Mark    news.Mark
	Updated time.Time
}

func pulseOf(entries []news.Entry) pulse {
	var p pulse
	for i := range entries {
		if e := &entries[i]; e.News {
			p.Mark = max(p.Mark, e.Mark)
			if at := e.Item.Changed(); at.After(p.Updated) {
				p.Updated = at
			}
		}
	}
	return p
}

func (p pulse) beyond(old pulse) bool { return p.Mark > old.Mark || p.Updated.After(old.Updated) }

// subscriber is a row. Rows are known by topic and callback.
type subscriber struct {
	Topic     string // the self address of a topic feed
	Callback  string
	Secret    string
	Until     time.Time // the end of the lease
	Delivered pulse
	Failures  int
	Failing   time.Time // since when
	Next      time.Time // not before

	rev  uint64 // of the topic when it was last looked at
	seen bool
	busy bool
}

func rowKey(topic, callback string) string { return topic + "\n" + callback }

// verification is a request that waits for its callback to agree.
type verification struct {
	subscriber
	mode  string
	lease time.Duration
}

// Hub is a WebSub hub for our own topic feeds (W3C Recommendation WebSub,
// 23 January 2018). It owns its rows in memory and writes each change through
// to the HubStore. It starts no goroutine: Run is one worker.
type Hub struct {
	server *Server
	rows   HubStore
	egress http.RoundTripper
	woken  chan struct{} // a poll brought something

	mu      sync.Mutex
	loaded  bool
	subs    map[string]*subscriber
	pending []verification
	hosts   map[string]bool // callbacks that are being called: one at a time each
	asked   map[string]int  // requests by address in the minute
	minute  time.Time
}

func newHub(s *Server, rows HubStore, egress http.RoundTripper) *Hub {
	return &Hub{server: s, rows: rows, egress: egress, woken: make(chan struct{}, HubWorkers), subs: map[string]*subscriber{}, hosts: map[string]bool{}, asked: map[string]int{}}
}

// Run verifies and delivers until ctx ends. It is one worker of HubWorkers.
func (h *Hub) Run(ctx context.Context) error {
	if err := h.load(ctx); err != nil {
		if ctx.Err() != nil { // stopped before it began
			return nil
		}
		return err
	}
	turn := time.NewTicker(hubTurn)
	defer turn.Stop()
	for {
		for h.step(ctx) {
			if ctx.Err() != nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-turn.C:
		case <-h.woken:
		}
	}
}

// wake has every worker look for what is due at once.
func (h *Hub) wake() {
	for range HubWorkers {
		select {
		case h.woken <- struct{}{}:
		default: // enough of them will look
			return
		}
	}
}

func (h *Hub) load(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loaded {
		return nil
	}
	rows, err := h.rows.HubRows(ctx)
	if err != nil {
		return fmt.Errorf("read the subscribers: %w", err)
	}
	for key, row := range rows {
		var sub subscriber
		if err := json.Unmarshal(row, &sub); err != nil {
			return fmt.Errorf("read a subscriber: %w", err)
		}
		h.subs[key] = &sub
	}
	h.loaded = true
	h.count()
	return nil
}

// status counts the subscribers, and those who do not take what is delivered.
func (h *Hub) status() *statusHub {
	h.mu.Lock()
	defer h.mu.Unlock()
	x := &statusHub{Subscribers: len(h.subs)}
	for _, sub := range h.subs {
		x.Failing += one(sub.Failures > 0)
	}
	return x
}

func (h *Hub) count() { h.server.metrics.subscribers.Set(float64(len(h.subs))) }

// step does what is due first; false when nothing is.
func (h *Hub) step(ctx context.Context) bool {
	h.mu.Lock()
	if i := slices.IndexFunc(h.pending, func(v verification) bool { return !h.hosts[hostOf(v.Callback)] }); i >= 0 {
		v := h.pending[i]
		h.pending = slices.Delete(h.pending, i, i+1)
		h.hosts[hostOf(v.Callback)] = true
		h.mu.Unlock()
		h.verify(ctx, v)
		h.release(v.Callback)
		return true
	}
	now, key := h.server.Now(), ""
	for k, sub := range h.subs {
		if !sub.Until.After(now) { // expiry is silent (H4)
			h.delete(ctx, k)
			continue
		}
		if !sub.busy && !h.hosts[hostOf(sub.Callback)] && !sub.Next.After(now) && h.moved(sub) && (key == "" || sub.Next.Before(h.subs[key].Next)) {
			key = k
		}
	}
	if key == "" {
		h.mu.Unlock()
		return false
	}
	sub := h.subs[key]
	sub.busy = true
	h.hosts[hostOf(sub.Callback)] = true
	due := *sub
	h.mu.Unlock()
	h.deliver(ctx, key, due)
	h.release(due.Callback)
	return true
}

func (h *Hub) release(callback string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.hosts, hostOf(callback))
}

// moved says whether a subscriber's topic may have changed since it was looked at.
func (h *Hub) moved(sub *subscriber) bool {
	_, name, _ := strings.Cut(sub.Topic, "/topics/")
	id, _, _ := strings.Cut(name, ".")
	return !sub.seen || sub.Failures > 0 || h.server.Store.Revision(id) != sub.rev
}

// put keeps a row in memory and in the store. The caller holds the lock.
func (h *Hub) put(ctx context.Context, key string, sub *subscriber) {
	h.subs[key] = sub
	h.count()
	row, err := json.Marshal(sub)
	if err == nil {
		err = h.rows.PutHubRow(ctx, key, row)
	}
	if err != nil { // the row is repeated with its next change; a lost one delivers twice, never not at all
		h.server.Log.Error("cannot keep a subscriber", "err", err)
	}
}

// delete drops a row. The caller holds the lock.
func (h *Hub) delete(ctx context.Context, key string) {
	delete(h.subs, key)
	h.count()
	if err := h.rows.PutHubRow(ctx, key, nil); err != nil {
		h.server.Log.Error("cannot delete a subscriber", "err", err)
	}
}

// verify asks the callback whether it agrees (H3). Anything but its challenge
// leaves the old state.
func (h *Hub) verify(ctx context.Context, v verification) {
	challenge := rand.Text()
	u, err := url.Parse(v.Callback)
	if err != nil {
		return
	}
	q := u.Query() // the callback's own query is kept
	q.Set("hub.mode", v.mode)
	q.Set("hub.topic", v.Topic)
	q.Set("hub.challenge", challenge)
	if v.mode == "subscribe" {
		q.Set("hub.lease_seconds", strconv.Itoa(int(v.lease/time.Second)))
	}
	u.RawQuery = q.Encode()
	status, body, err := call(ctx, h.egress, http.MethodGet, u.String(), nil, nil)
	if err != nil || status/100 != 2 || body != challenge {
		h.server.metrics.deliveries.WithLabelValues("unverified").Inc()
		return
	}
	now := h.present(ctx, v.Topic)
	h.mu.Lock()
	defer h.mu.Unlock()
	key := rowKey(v.Topic, v.Callback)
	if v.mode == "unsubscribe" {
		h.delete(ctx, key)
		return
	}
	sub := v.subscriber
	sub.Until = h.server.Now().Add(v.lease)
	if old := h.subs[key]; old != nil { // a renewal goes on where it was (H4)
		sub.Delivered, sub.rev, sub.seen = old.Delivered, old.rev, old.seen
	} else {
		sub.Delivered = now // what is there now was read by polling
	}
	h.put(ctx, key, &sub)
}

// present returns the pulse of a document as it is now.
func (h *Hub) present(ctx context.Context, address string) pulse {
	st := h.server.state.Load()
	t, v, format, ok := h.server.ours(st, address)
	if !ok {
		return pulse{}
	}
	doc, err := h.server.document(ctx, st, st.head(t, v), v.page(), format)
	if err != nil {
		return pulse{} // it is delivered once more than needed
	}
	return doc.pulse
}

// deliver posts the document when there is news that the subscriber lacks.
func (h *Hub) deliver(ctx context.Context, key string, sub subscriber) {
	st := h.server.state.Load()
	t, v, format, ok := h.server.ours(st, sub.Topic)
	rev := h.server.Store.Revision(t.ID)
	var doc *document
	err := errors.New("the topic is no more")
	if ok {
		doc, err = h.server.document(ctx, st, st.head(t, v), v.page(), format)
	}
	outcome := ""
	if err == nil && doc.pulse.beyond(sub.Delivered) {
		outcome = h.push(ctx, st.head(t, v), format, doc, sub)
	}
	if ctx.Err() != nil {
		outcome = "stopped" // not the subscriber's fault
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now, row := h.server.Now(), h.subs[key]
	if row == nil { // unsubscribed meanwhile
		return
	}
	row.busy = false
	switch {
	case err != nil || outcome == "stopped":
		row.Next = now.Add(pushGap)
		return
	case outcome == "":
		row.rev, row.seen = rev, true
		return
	}
	h.server.metrics.deliveries.WithLabelValues(outcome).Inc()
	switch outcome {
	case "gone":
		h.delete(ctx, key)
	case "delivered":
		row.rev, row.seen, row.Delivered = rev, true, doc.pulse
		row.Failures, row.Failing, row.Next = 0, time.Time{}, now.Add(pushGap)
		h.put(ctx, key, row)
	default:
		h.failed(ctx, key, row, now)
	}
}

// failed plans the next attempt, or gives the subscriber up (H7).
func (h *Hub) failed(ctx context.Context, key string, row *subscriber, now time.Time) {
	if row.Failures == 0 {
		row.Failing = now
	}
	row.Failures++
	if row.Failures >= maxFailures && now.Sub(row.Failing) >= failingFor {
		h.server.metrics.deliveries.WithLabelValues("given-up").Inc()
		h.delete(ctx, key)
		return
	}
	wait := retries[min(row.Failures, len(retries))-1]
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(key + strconv.Itoa(row.Failures))) // a hash cannot fail
	row.Next = now.Add(time.Duration(float64(wait) * (0.8 + 0.4*float64(hash.Sum32()%1000)/1000)))
	h.put(ctx, key, row)
}

// push posts a document and says what came of it (H5).
func (h *Hub) push(ctx context.Context, head publish.TopicFeed, format publish.Format, doc *document, sub subscriber) string {
	body := doc.plain
	if len(body) > maxPush { // the newest entries; the rest is read by polling
		var err error
		if body, err = h.shorter(ctx, head, format, sub); err != nil {
			return "failed"
		}
	}
	header := http.Header{"Content-Type": {format.ContentType()}, "Link": {hubLink(head, format)}}
	if sub.Secret != "" {
		mac := hmac.New(sha256.New, []byte(sub.Secret))
		_, _ = mac.Write(body) // a hash cannot fail
		header.Set("X-Hub-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	status, _, err := call(ctx, h.egress, http.MethodPost, sub.Callback, header, body)
	switch {
	case err != nil:
		return "failed"
	case status/100 == 2:
		return "delivered"
	case status == http.StatusGone:
		return "gone"
	}
	return "failed"
}

// shorter renders fewer entries until they fit.
func (h *Hub) shorter(ctx context.Context, head publish.TopicFeed, format publish.Format, sub subscriber) ([]byte, error) {
	st := h.server.state.Load()
	_, v, _, _ := h.server.ours(st, sub.Topic)
	f, err := h.server.readTopic(ctx, st, head, v.page())
	for err == nil {
		f.Entries, f.More = f.Entries[:(len(f.Entries)+1)/2], true
		var b bytes.Buffer
		if err = publish.Render(&b, format, f); err == nil && (b.Len() <= maxPush || len(f.Entries) < 2) {
			return b.Bytes(), nil
		}
	}
	return nil, err
}

// call makes one request through the guarded egress, without following
// redirects. Of an answer only as much is read as a challenge has.
func call(ctx context.Context, egress http.RoundTripper, method, address string, header http.Header, body []byte) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, hubTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if header != nil {
		r.Header = header
	}
	resp, err := egress.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }() // nothing of it is wanted any more
	if method == http.MethodPost {
		return resp.StatusCode, "", nil
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return resp.StatusCode, string(text), err
}
