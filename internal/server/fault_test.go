package server

import (
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"khyber/internal/store"
)

// TestADatabaseThatTakesNoWritesIsToldAndServed: the reason is said without the
// path and the numbers that the log has, and topic feeds go on.
func TestADatabaseThatTakesNoWritesIsToldAndServed(t *testing.T) {
	at := &fs.PathError{Op: "write", Path: "/var/lib/khyber/khyber.db", Err: syscall.ENOSPC}
	for _, c := range []struct {
		fault    error
		want     string
		verified int
	}{
		{fmt.Errorf("%w: %w", store.ErrFull, at), "the disk or the database is full", 1},
		{fmt.Errorf("%w: page 7 of %s", store.ErrDamaged, at.Path), "the database is damaged: restore a backup", 0},
		{fmt.Errorf("sync: %w", at), "the disk failed, and the service starts again", 1},
	} {
		kept := sampleStore()
		kept.fault = c.fault
		s := newServer(kept)
		for path, want := range map[string]string{
			"/status.json": `"writable":false,"fault":"` + c.want + `"`,
			"/status":      "keeps nothing new: " + c.want + "; what is kept is still published",
		} {
			got := strings.Join(strings.Fields(get(s, path).Body.String()), " ")
			if squeezed := strings.ReplaceAll(got, `": `, `":`); !strings.Contains(strings.ReplaceAll(squeezed, ", \"", ",\""), want) {
				t.Errorf("%s does not say %q:\n%s", path, want, got[:min(len(got), 2000)])
			}
			if strings.Contains(got, at.Path) || strings.Contains(got, syscall.ENOSPC.Error()) {
				t.Errorf("%s tells strangers about the inside: %s", path, c.fault)
			}
		}
		if answer := get(s, "/topics/floods.atom"); answer.Code != http.StatusOK {
			t.Errorf("%v: a topic feed is answered with %d", c.fault, answer.Code)
		}
		scrape := get(s.Metrics(), "/metrics").Body.String()
		for _, line := range []string{"khyber_store_writable 0", fmt.Sprintf("khyber_store_verified %d", c.verified)} {
			if !strings.Contains(scrape, line+"\n") {
				t.Errorf("%v: no line %s", c.fault, line)
			}
		}
	}
}
