package story

import (
	"crypto/sha1"
	"encoding/hex"
	"regexp"
	"strings"

	"khyber/internal/news"
)

// maxEntryID is in bytes: longer guids break readers that keep them as keys.
const maxEntryID = 500

// EntryID returns the id of an item in topic feeds: keep is the source's own
// guid where every reader can rely on it, else empty, and mint is the one to
// take when keep is empty or another item's already. First is the key that
// names the item.
func EntryID(src *news.Source, item *news.Item, first Key) (keep, mint string) {
	b := first.Bytes()
	mint = "urn:uuid:" + uuid5(src.ID+"\n"+string(b[:]))
	if first != key(KeyGUID, hash64(src.ID), item.GUID) { // void or distrusted
		return "", mint
	}
	if !reliableID(item.GUID) {
		return "", mint
	}
	if u, ok := splitURL(item.GUID); ok {
		link, _ := splitURL(item.Link)
		if own := registrable(u.host); own != src.Domain && own != registrable(link.host) {
			return "", mint
		}
	}
	return item.GUID, mint
}

var (
	// reliableName are tag URIs (RFC 4151) and URNs (RFC 8141), UUIDs in the one
	// form that all write.
	reliableName = regexp.MustCompile(`^(tag:[a-z0-9.@_-]+,\d{4}(-\d\d(-\d\d)?)?:.|urn:[a-z0-9][a-z0-9-]{1,31}:.)`)
	reliableUUID = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	// badEscape is a percent sign that is none, has small letters, or hides a
	// character that needs none.
	badEscape = regexp.MustCompile(`%([^0-9A-F]|.[^0-9A-F]|.?$|2[DE]|3[0-9]|[46][1-9A-F]|5[0-9AF]|7[0-9AE])`)
)

// reliableID says whether a guid is an IRI that no reader changes: absolute,
// ASCII and already in the canonical form of RFC 3986 §6.2.
func reliableID(guid string) bool {
	if len(guid) > maxEntryID || strings.ContainsFunc(guid, func(r rune) bool { return !plain(r) }) {
		return false
	}
	if strings.ContainsAny(guid, "[]") || badEscape.MatchString(guid) {
		return false
	}
	if strings.HasPrefix(guid, "tag:") || strings.HasPrefix(guid, "urn:") {
		return reliableName.MatchString(guid) && (!strings.HasPrefix(guid, "urn:uuid:") || reliableUUID.MatchString(guid))
	}
	scheme, rest, ok := strings.Cut(guid, "://")
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	end := strings.IndexAny(rest, "/?#")
	if !ok || port == "" || end < 1 || rest[end] != '/' {
		return false
	}
	authority, path := rest[:end], rest[end:]
	path = path[:strings.IndexAny(path+"?", "?#")]
	return authority == strings.ToLower(authority) && !strings.Contains(authority, "@") &&
		!strings.HasSuffix(authority, port) && !strings.HasSuffix(authority, ":") &&
		!strings.Contains(path+"/", "/./") && !strings.Contains(path+"/", "/../")
}

// namespace is Khyber's own for names of version 5, drawn once.
const namespace = "\x5b\x1e\x0d\xd4\x8f\x3a\x4c\x69\x9d\x72\xa6\x0b\x47\xe8\x35\xc1"

// uuid5 returns the UUID of a name (RFC 9562 §5.5).
func uuid5(name string) string {
	sum := sha1.Sum([]byte(namespace + name))
	b := sum[:16]
	b[6] = b[6]&0x0f | 0x50
	b[8] = b[8]&0x3f | 0x80
	x := hex.EncodeToString(b)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
