package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"khyber/internal/news"
)

// upstreamPath is where hubs find us; the rest of the path is a token.
const upstreamPath = "/websub/"

// Times of subscribing.
const (
	upstreamTurn   = time.Second         // how soon a push that had to wait is heeded
	upstreamLook   = 5 * time.Second     // between two requests to hubs: many sources can share one
	upstreamLease  = 10 * 24 * time.Hour // that a hub is asked for
	mostLease      = 30 * 24 * time.Hour // that is believed of a hub
	soonestRenewal = 10 * time.Minute    // after a verification: a lease of seconds is a mistake
	defaultHostGap = 5 * time.Second     // host_gap where feeds.yaml does not say
	maxChallenge   = 1 << 10             // bytes; hubs send about 40
)

// SubscriptionStore keeps our subscriptions to the hubs of sources: small values
// by source.
type SubscriptionStore interface {
	// Subscriptions returns all of them.
	Subscriptions(ctx context.Context) (map[string][]byte, error)
	// PutSubscription keeps that of a source, or deletes it when it is nil.
	PutSubscription(ctx context.Context, source string, row []byte) error
}

// subscription is a row: what a hub was asked for on behalf of a source.
type subscription struct {
	Hub      string
	Topic    string    // the address of the document, as the hub calls it
	Callback string    // ends in the token that nobody can guess
	Secret   string    // signs what the hub pushes
	Until    time.Time // end of the lease; zero: the hub has not verified yet
	Next     time.Time // when the hub is asked again
	Failures int       // requests in a row that no verification followed
}

func (s *subscription) token() string { return s.Callback[strings.LastIndexByte(s.Callback, '/')+1:] }

// Upstream is a WebSub subscriber (W3C Recommendation WebSub, 23 January 2018):
// it asks the hubs that sources name to tell of new items. What a hub pushes
// means "poll now" and nothing more, its text is not read; so a forged push is
// harmless, and a lost one costs the time to the next poll. It owns its rows in
// memory and writes each change through to the SubscriptionStore. It starts no
// goroutine.
type Upstream struct {
	server *Server
	rows   SubscriptionStore
	egress http.RoundTripper

	mu     sync.Mutex
	subs   map[string]*subscription // by source
	pushed map[string]bool          // sources to be polled
	polled map[string]time.Time     // source → when a push last had it polled
	looked time.Time
}

func newUpstream(s *Server, rows SubscriptionStore, egress http.RoundTripper) *Upstream {
	return &Upstream{
		server: s, rows: rows, egress: egress,
		subs: map[string]*subscription{}, pushed: map[string]bool{}, polled: map[string]time.Time{},
	}
}

// Run subscribes, renews, and calls pollNow for a source that a hub has told of,
// until ctx ends. pollNow must not wait for the poll.
func (u *Upstream) Run(ctx context.Context, pollNow func(source string)) error {
	if err := u.load(ctx); err != nil {
		if ctx.Err() != nil { // stopped before it began
			return nil
		}
		return err
	}
	turn := time.NewTicker(upstreamTurn)
	defer turn.Stop()
	for {
		for _, source := range u.due() {
			pollNow(source)
		}
		if err := u.look(ctx); err != nil && ctx.Err() == nil {
			u.server.Log.Error("cannot subscribe", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-turn.C:
		}
	}
}

func (u *Upstream) load(ctx context.Context) error {
	rows, err := u.rows.Subscriptions(ctx)
	if err != nil {
		return fmt.Errorf("read the subscriptions: %w", err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for source, row := range rows {
		var sub subscription
		if err := json.Unmarshal(row, &sub); err != nil {
			return fmt.Errorf("read the subscription of %s: %w", source, err)
		}
		u.subs[source] = &sub
	}
	return nil
}

// due takes the sources that were pushed and may be polled again: a hub that
// pushes without end costs a source no more than its host_gap allows.
func (u *Upstream) due() []string {
	now, st := u.server.Now(), u.server.state.Load()
	u.mu.Lock()
	defer u.mu.Unlock()
	var out []string
	for _, source := range slices.Sorted(maps.Keys(u.pushed)) {
		gap := cmp.Or(st.sources[source].HostGap, defaultHostGap)
		if last, again := u.polled[source]; again && now.Sub(last) < gap {
			continue
		}
		delete(u.pushed, source)
		u.polled[source] = now
		out = append(out, source)
	}
	return out
}

// look compares, every few seconds, what is subscribed to with what sources
// name, and asks one hub that is to be asked.
func (u *Upstream) look(ctx context.Context) error {
	now := u.server.Now()
	if now.Sub(u.looked).Abs() < upstreamLook {
		return nil
	}
	u.looked = now
	states, err := u.server.Store.Sources(ctx)
	if err != nil {
		return fmt.Errorf("read the hubs of sources: %w", err)
	}
	wanted := u.server.state.Load().upstreams(states)
	u.mu.Lock()
	for source := range u.subs {
		if _, ok := wanted[source]; !ok {
			u.put(ctx, source, nil) // its hub gets no answer to the next renewal, and pushes to nobody until then
			delete(u.pushed, source)
			delete(u.polled, source)
		}
	}
	u.mu.Unlock()
	for _, source := range slices.Sorted(maps.Keys(wanted)) {
		if sub := u.ask(ctx, source, wanted[source], now); sub != nil {
			u.request(ctx, source, *sub)
			break
		}
	}
	return nil
}

// upstreams returns the hub and topic of each source that can be subscribed to.
// A hub must be able to reach us, and must not be told what is private: a secret
// address, one of our own network, or who asks through a proxy.
func (st *State) upstreams(states []news.SourceState) map[string]news.Hints {
	wanted := make(map[string]news.Hints)
	if !reachable(st.Site.BaseURL) {
		return wanted
	}
	for i := range states {
		src, ok := st.sources[states[i].Source]
		h := states[i].Hints
		h.Self = cmp.Or(h.Self, src.URL)
		if ok && !src.Disabled && src.Proxy == "" && src.PublicURL() != "" && h.Hub != "" && reachable(h.Self) {
			wanted[src.ID] = h
		}
	}
	return wanted
}

// reachable says whether an address is one that others can reach: not this
// machine, not a private network, not a name without a domain.
func reachable(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsGlobalUnicast() && !addr.IsPrivate()
	}
	at := strings.LastIndexByte(host, '.')
	return at > 0 && !slices.Contains([]string{"localhost", "local", "internal", "lan", "arpa", "test", "invalid"}, host[at+1:])
}

// ask returns the row of a source when its hub is to be asked now, with the time
// of the next attempt in it; nil: not now.
func (u *Upstream) ask(ctx context.Context, source string, h news.Hints, now time.Time) *subscription {
	base := u.server.state.Load().Site.BaseURL + upstreamPath
	u.mu.Lock()
	defer u.mu.Unlock()
	sub := u.subs[source]
	if sub == nil || sub.Hub != h.Hub || sub.Topic != h.Self || !strings.HasPrefix(sub.Callback, base) {
		sub = &subscription{Hub: h.Hub, Topic: h.Self, Callback: base + rand.Text(), Secret: rand.Text()}
	}
	if sub.Next.After(now) && sub.Next.Sub(now) <= mostLease { // one that is further away was written by a clock that has been set
		return nil
	}
	sub.Failures++ // until it is verified
	sub.Next = now.Add(retries[min(sub.Failures, len(retries))-1])
	u.put(ctx, source, sub)
	asked := *sub
	return &asked
}

// request asks a hub for a subscription, or for its renewal (WebSub §5.1). What
// it answers does not matter: it agrees by verifying.
func (u *Upstream) request(ctx context.Context, source string, sub subscription) {
	form := url.Values{
		"hub.mode": {"subscribe"}, "hub.topic": {sub.Topic}, "hub.callback": {sub.Callback}, "hub.secret": {sub.Secret},
		"hub.lease_seconds": {strconv.Itoa(int(upstreamLease / time.Second))},
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	status, _, err := call(ctx, u.egress, http.MethodPost, sub.Hub, header, []byte(form.Encode()))
	u.server.Log.Debug("hub asked", "source", source, "status", status, "err", err)
}

// put keeps a row in memory and in the store, or deletes it when it is nil. The
// caller holds the lock.
func (u *Upstream) put(ctx context.Context, source string, sub *subscription) {
	var row []byte
	var err error
	if sub == nil {
		delete(u.subs, source)
	} else {
		u.subs[source] = sub
		row, err = json.Marshal(sub)
	}
	if err == nil {
		err = u.rows.PutSubscription(ctx, source, row)
	}
	if err != nil { // after a restart the hub is asked once more than needed
		u.server.Log.Error("cannot keep a subscription", "source", source, "err", err)
	}
}
