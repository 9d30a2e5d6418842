package server

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"khyber/internal/news"
	"khyber/internal/publish"
)

// ServeHTTP takes requests to subscribe and unsubscribe (WebSub §5.1). It
// answers 202 and verifies afterwards.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, maxHubBody)
	if err := r.ParseForm(); err != nil {
		h.server.refuse(w, r, http.StatusBadRequest, "Send a form of at most 8 KiB with hub.mode, hub.topic and hub.callback.")
		return
	}
	v, err := h.read(r.PostForm)
	if err != nil {
		h.server.refuse(w, r, http.StatusBadRequest, sentence(err.Error()))
		return
	}
	if !h.take(v, r.RemoteAddr) {
		w.Header().Set("Retry-After", "60")
		h.server.refuse(w, r, http.StatusTooManyRequests, "This hub is asked for too much at once: try again in a minute.")
		return
	}
	writeText(w, r, http.StatusAccepted, "The callback will be asked whether it agrees.\n")
}

// read checks a request; unknown parameters are ignored (H1).
func (h *Hub) read(form url.Values) (verification, error) {
	v := verification{mode: form.Get("hub.mode")}
	v.Topic, v.Callback, v.Secret = form.Get("hub.topic"), form.Get("hub.callback"), form.Get("hub.secret")
	switch v.mode {
	case "subscribe", "unsubscribe":
	case "publish":
		return v, errors.New("this hub serves its own topics only, nothing can be published to it")
	default:
		return v, errors.New("hub.mode is subscribe or unsubscribe")
	}
	if _, _, _, ok := h.server.ours(h.server.state.Load(), v.Topic); !ok {
		return v, errors.New("hub.topic is none of our topic feeds: take the address that the document gives as rel=self")
	}
	if !callable(v.Callback) {
		return v, errors.New("hub.callback is an http or https address of at most 2,000 characters without a password or fragment")
	}
	if hosts := h.server.state.Load().HubHosts; len(hosts) > 0 && !slices.Contains(hosts, hostname(v.Callback)) {
		return v, errors.New("this hub does not call that host: ask its operator")
	}
	if len(v.Secret) > maxSecret {
		return v, errors.New("hub.secret has less than 200 bytes")
	}
	var err error
	v.lease, err = leaseOf(form.Get("hub.lease_seconds"))
	return v, err
}

// callable says whether an address may be a callback (H8). Where it leads is
// checked by the egress when it connects.
func callable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.Fragment == "" && len(address) <= maxCallback
}

func leaseOf(seconds string) (time.Duration, error) {
	if seconds == "" {
		return maxLease, nil
	}
	n, err := strconv.ParseUint(seconds, 10, 31)
	if err != nil {
		return 0, errors.New("hub.lease_seconds is a number of seconds")
	}
	return min(max(time.Duration(n)*time.Second, minLease), maxLease), nil
}

// ours finds what a canonical address of a topic feed stands for (H2).
func (s *Server) ours(st *State, address string) (news.Topic, variant, publish.Format, bool) {
	u, err := url.Parse(strings.TrimPrefix(address, st.Site.BaseURL))
	if err != nil || !strings.HasPrefix(address, st.Site.BaseURL) {
		return news.Topic{}, variant{}, "", false
	}
	id, suffix, _ := strings.Cut(strings.TrimPrefix(u.Path, "/topics/"), ".")
	t, known := st.topic(id)
	v, err := parseVariant(u.Query())
	format := publish.Format(suffix)
	if !known || err != nil || v.before != 0 || format.MediaType() == "" {
		return t, v, format, false
	}
	head := st.head(t, v)
	return t, v, format, head.Self(format) == address
}

// take queues a verification; false when a limit is reached (H9).
func (h *Hub) take(v verification, client string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.server.Now()
	if now.Sub(h.minute) >= time.Minute {
		h.minute, h.asked = now, map[string]int{}
	}
	network := networkOf(client)
	h.asked[network]++
	if h.asked[network] > maxAsked || len(h.asked) > maxAddresses || len(h.pending) >= maxPending {
		return false
	}
	if _, known := h.subs[rowKey(v.Topic, v.Callback)]; !known && v.mode == "subscribe" {
		same := 0
		for _, sub := range h.subs {
			same += one(h.server.Domain(sub.Callback) == h.server.Domain(v.Callback))
		}
		if len(h.subs) >= maxSubscribers || same >= maxPerDomain {
			return false
		}
	}
	h.pending = append(h.pending, v)
	return true
}

// networkOf names who asks: an IPv4 address, or a /64 of IPv6.
func networkOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	addr, err2 := netip.ParseAddr(cmp.Or(host, remote))
	if err != nil && err2 != nil {
		return remote
	}
	addr = addr.Unmap()
	if addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return remote
	}
	return prefix.String()
}

// hostname is hostOf without the port, in lower case.
func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}
