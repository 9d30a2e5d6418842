package story

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"golang.org/x/net/publicsuffix"

	"khyber/internal/news"
)

// KeyRule is a step of the identity ladder. Its order is the order of the
// steps: a lower one wins.
type KeyRule uint8

// The steps of the ladder.
const (
	KeyGUID      KeyRule = iota + 1 // the source's guid
	KeyAlias                        // the guid as an address, less scheme, www., fragment and tracking
	KeyURL                          // the canonical link
	KeyPublisher                    // the publisher's own number in the link
	KeyPrint                        // the text
)

// String returns the rule ID.
func (r KeyRule) String() string {
	switch r {
	case KeyGUID:
		return "id-guid"
	case KeyAlias:
		return "id-guid-alias"
	case KeyURL:
		return "id-url"
	case KeyPublisher:
		return "id-publisher"
	case KeyPrint:
		return "id-print"
	}
	return "none"
}

// Key names an item within its source: whoever carries it again is that item.
// The zero Key names nothing.
type Key struct {
	Rule  KeyRule
	Scope uint64 // hash of the source: no source can name another one's items
	Hash  [16]byte
}

// keySize is the length of a Key in bytes: rule, scope and hash.
const keySize = 1 + 8 + 16

// Bytes returns the key as the store keeps it, ordered by rule and source.
func (k Key) Bytes() [keySize]byte {
	var b [keySize]byte
	b[0] = byte(k.Rule)
	binary.BigEndian.PutUint64(b[1:], k.Scope)
	copy(b[9:], k.Hash[:])
	return b
}

// ItemID returns the ID of the item that a source's entry becomes when nothing
// that it carries is known. It depends on nothing but the source and the key.
func (k Key) ItemID(source string) news.ItemID {
	b := k.Bytes()
	sum := sha256.Sum256(append([]byte(source+"\n"), b[:]...))
	return news.ItemID(binary.BigEndian.Uint64(sum[:]))
}

// key makes the key of a rule from the value that an entry carries.
func key(rule KeyRule, scope uint64, value string) Key {
	k := Key{Rule: rule, Scope: scope}
	sum := sha256.Sum256([]byte(value))
	copy(k.Hash[:], sum[:])
	return k
}

// hash64 is the first 8 bytes of SHA-256.
func hash64(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint64(sum[:])
}

// LinkKeys returns the keys under which an item of the source with such a link
// is found, best first. It is how a person's URL is looked up.
func LinkKeys(source, link string) []Key {
	scope := hash64(source)
	return appendLinkKeys(nil, scope, link)
}

func appendLinkKeys(keys []Key, scope uint64, link string) []Key {
	url, ok := Canonical(link)
	if !ok {
		return keys
	}
	keys = append(keys, key(KeyURL, scope, url))
	if id := publisherID(url); id != "" {
		keys = append(keys, key(KeyPublisher, scope, id))
	}
	return keys
}

// publisherID returns "domain id" where the table knows how the publisher
// numbers its pages, else "". There is no general pattern: dates look the same.
func publisherID(canonical string) string {
	u, _ := splitURL(canonical)
	for domain := range parents(u.host) {
		domain = samePublisher(domain)
		for _, pattern := range urls().ids[domain] {
			if m := pattern.FindStringSubmatch(u.path); m != nil {
				return domain + " " + m[1]
			}
		}
	}
	return ""
}

// samePublisher returns the domain by which a publisher with several is known.
func samePublisher(domain string) string {
	if main, ok := urls().same[domain]; ok {
		return main
	}
	return domain
}

// Publisher returns the name under which a publisher is counted: the one that
// feeds.yaml gives, or the first of its domains where it has several.
func Publisher(name string) string { return samePublisher(strings.ToLower(name)) }

// linkDomain returns the publisher's domain of a canonical URL, "" for none.
func linkDomain(canonical string) string {
	u, ok := splitURL(canonical)
	if !ok {
		return ""
	}
	for domain := range parents(u.host) {
		if main, ok := urls().same[domain]; ok {
			return main
		}
	}
	return samePublisher(registrable(u.host))
}

// registrable returns the registrable domain of a host, the host itself where
// there is none.
func registrable(host string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return domain
}
