package parse

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"khyber/internal/feedtest"
)

// sizeOf is the number that the name of a hostile document ends in; 0: none.
func sizeOf(h feedtest.Hostile) int {
	n, err := strconv.Atoi(h.Name[strings.LastIndexByte(h.Name, ' ')+1:])
	if err != nil {
		return 0
	}
	return n
}

// TestFamiliesOfHostileDocuments reads all documents that feedtest makes to
// hurt; in a short run only the small ones.
func TestFamiliesOfHostileDocuments(t *testing.T) {
	for _, h := range feedtest.HostileDocuments() {
		if testing.Short() && sizeOf(h) > 1000 {
			continue
		}
		t.Run(h.Family+"/"+h.Name, func(t *testing.T) {
			body := h.Body()
			doc, err := Parse(testSource(), body, http.Header{"Content-Type": {h.Type}}, testNow)
			checkAccount(t, doc)
			checkSafe(t, doc)
			if got := outcome(err); h.Kind != feedtest.AnyKind && got != h.Kind {
				t.Fatalf("got %q (%v), want %q", got, err, h.Kind)
			}
			if n := len(doc.Items); err == nil && h.Kind != feedtest.AnyKind && (n < h.Least || n > h.Most) {
				t.Errorf("%d items, want %d to %d; rejected %v, repairs %q", n, h.Least, h.Most, doc.Rejected, doc.Repairs)
			}
			for _, it := range doc.Items {
				if h.Never != "" && (strings.Contains(it.Title, h.Never) || strings.Contains(it.Summary, h.Never) || strings.Contains(it.Excerpt, h.Never) || strings.Contains(it.Link, h.Never)) {
					t.Errorf("%q got through: %+v", h.Never, it)
				}
			}
		})
	}
}
