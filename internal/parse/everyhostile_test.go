package parse

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"khyber/internal/feedtest"
	"khyber/internal/news"
)

// TestHostileDocumentsDoNoHarm reads the hostile documents of feedtest: each ends
// as it says, every item is accounted for, nothing unsafe comes through. Those
// above hostileSize are left to the campaign, which also holds time and memory.
func TestHostileDocumentsDoNoHarm(t *testing.T) {
	read := 0
	for _, h := range feedtest.HostileDocuments() {
		if sizeOf(h) > hostileSize {
			continue
		}
		read++
		t.Run(h.Name, func(t *testing.T) {
			doc, err := Full(testSource(), h.Body(), http.Header{"Content-Type": {h.Type}}, testNow)
			checkAccount(t, doc)
			checkSafe(t, doc)
			checkHostile(t, h, doc, err)
		})
	}
	if read < 500 {
		t.Errorf("%d documents were read, want at least 500", read)
	}
}

func checkHostile(t *testing.T, h feedtest.Hostile, doc Document, err error) {
	t.Helper()
	got := outcome(err)
	refused := got == news.KindTooLarge || got == news.KindNotAFeed
	if got != h.Kind && (h.Kind != feedtest.AnyKind || got != news.KindOK && !refused) {
		t.Errorf("got %q (%v), want %q", got, err, h.Kind)
	}
	if n := len(doc.Items); err == nil && (n < h.Least || n > h.Most) {
		t.Errorf("%d items, want %d to %d", n, h.Least, h.Most)
	}
	if h.Never != "" && strings.Contains(fmt.Sprintf("%+v", doc), h.Never) {
		t.Errorf("%q is in a field", h.Never)
	}
}

// sizeOf is the size that the name of a document ends in; 0: it has none.
func sizeOf(h feedtest.Hostile) int {
	n, _ := strconv.Atoi(h.Name[strings.LastIndexByte(h.Name, ' ')+1:]) // a name without a number has no size
	return n
}
