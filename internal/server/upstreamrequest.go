package server

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxPushed bounds what is read of a push to check its signature: the largest
// document that a source may have unless its max_bytes says more.
const maxPushed = 8 << 20 // bytes

// find returns the source and a copy of the row that a token belongs to.
func (u *Upstream) find(token string) (source string, found subscription) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, sub := range u.subs {
		if subtle.ConstantTimeCompare([]byte(sub.token()), []byte(token)) == 1 {
			source, found = id, *sub
		}
	}
	return source, found
}

// verify answers a hub that asks whether we want what it was asked for (WebSub
// §5.3): its challenge for yes, 404 for no.
func (s *Server) upstreamVerify(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if s.upstream == nil || !s.upstream.agrees(r) {
		s.refuse(w, r, http.StatusNotFound, "No such subscription is wanted here.")
		return
	}
	writeText(w, r, http.StatusOK, r.FormValue("hub.challenge"))
}

// agrees says whether a request verifies a subscription of ours, and begins its
// lease then. A hub that denies it is asked again in a day.
func (u *Upstream) agrees(r *http.Request) bool {
	source, sub := u.find(r.PathValue("token"))
	if source == "" || r.FormValue("hub.topic") != sub.Topic {
		return false
	}
	now := u.server.Now()
	challenge := r.FormValue("hub.challenge")
	switch r.FormValue("hub.mode") {
	case "denied":
		sub.Until, sub.Next = time.Time{}, now.Add(24*time.Hour)
	case "subscribe":
		if challenge == "" || len(challenge) > maxChallenge {
			return false
		}
		lease := grantedLease(r.FormValue("hub.lease_seconds"))
		sub.Until, sub.Failures = now.Add(lease), 0
		sub.Next = now.Add(max(lease-lease/4, soonestRenewal)) // a quarter is left for a hub that is down
	default:
		return false // we never unsubscribe: a lease ends by itself
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if row := u.subs[source]; row == nil || row.Callback != sub.Callback {
		return false // another hub meanwhile
	}
	u.put(r.Context(), source, &sub)
	return true
}

// grantedLease reads hub.lease_seconds; a hub that does not say has given what it was
// asked for.
func grantedLease(seconds string) time.Duration {
	n, err := strconv.ParseInt(seconds, 10, 64)
	switch {
	case err != nil || n <= 0:
		return upstreamLease
	case n > int64(mostLease/time.Second):
		return mostLease
	}
	return time.Duration(n) * time.Second
}

// upstreamPush takes what a hub pushes. The answer is the same whatever it is,
// so that nobody learns from it which tokens there are; only a right signature
// has the source polled (WebSub §7.1, §8.2).
func (s *Server) upstreamPush(w http.ResponseWriter, r *http.Request) {
	r.Pattern = upstreamPath + "{token}"
	if s.upstream != nil {
		s.upstream.push(r)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusAccepted)
}

func (u *Upstream) push(r *http.Request) {
	source, sub := u.find(strings.TrimPrefix(r.URL.Path, upstreamPath))
	if source == "" || !signed(r, sub.Secret) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.subs[source] != nil {
		u.pushed[source] = true
	}
}

// signed reads the body of a push to its end and says whether its signature is
// that of the secret. The body is not kept.
func signed(r *http.Request, secret string) bool {
	method, want, _ := strings.Cut(r.Header.Get("X-Hub-Signature"), "=")
	made := map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}[strings.ToLower(method)]
	sum, err := hex.DecodeString(want)
	if made == nil || err != nil {
		return false
	}
	mac := hmac.New(made, []byte(secret))
	n, err := io.Copy(mac, io.LimitReader(r.Body, maxPushed+1))
	return err == nil && n <= maxPushed && hmac.Equal(mac.Sum(nil), sum)
}
