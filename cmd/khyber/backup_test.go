package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// altered returns a database of one poll in which a word of the file stands in
// the place of another one.
func altered(t *testing.T, old, word string) desk {
	t.Helper()
	w := newWorld(t)
	d := desk{t: t, dir: t.TempDir()}
	d.write(w.config())
	d.must("poll", "atom-wire")
	path := d.path("khyber.db")
	text, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("there is no %q in the file", old)
	}
	must(t, os.WriteFile(path, bytes.ReplaceAll(text, []byte(old), []byte(word)), 0o600))
	return d
}

// earlier is the database of a Khyber that did not know one of the parts of ours.
func earlier(t *testing.T) desk {
	t.Helper()
	return altered(t, "override", "overridf")
}

// TestABackupOfAnEarlierVersionStaysAsItIs: whoever goes back to that version
// needs it.
func TestABackupOfAnEarlierVersionStaysAsItIs(t *testing.T) {
	d := earlier(t)
	path, copied := d.path("khyber.db"), d.path("copy.db")
	before, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(copied, before, 0o600))

	if _, errs, code := d.try("sources"); code != exitFailure || !strings.Contains(errs, "was written by an earlier Khyber: khyber serve or khyber poll brings it up to date\n") {
		t.Errorf("sources: %d, %q", code, errs)
	}
	if out := d.must("verify", "copy.db"); !strings.HasSuffix(string(out), ", no damage\n") {
		t.Errorf("verify: %s", out)
	}
	if after, err := os.ReadFile(copied); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the backup has changed, %v", err)
	}
	d.must("restore", "copy.db")
	d.must("poll", "atom-wire")
	d.must("sources")
	files, err := os.ReadDir(d.dir)
	must(t, err)
	for _, f := range files {
		if strings.Contains(f.Name(), "verify") {
			t.Errorf("%s was left behind", f.Name())
		}
	}
}

// TestDoctorTellsOfADatabaseThatItCannotOpen, and of all else.
func TestDoctorTellsOfADatabaseThatItCannotOpen(t *testing.T) {
	for name, c := range map[string]struct {
		desk desk
		want string
	}{
		"of a later version": {
			altered(t, "schema\x00\x00\x00\x00\x00\x00\x00\x01", "schema\x00\x00\x00\x00\x00\x00\x00\x09"),
			"was written by a later Khyber (schema 9, this one knows 1): use that one, or restore a backup made before the upgrade\n",
		},
		"of an earlier version": {earlier(t), "was written by an earlier Khyber: khyber serve or khyber poll brings it up to date\n"},
	} {
		t.Run(name, func(t *testing.T) {
			c.desk.t = t
			must(t, os.Chmod(c.desk.path("khyber.db"), 0o644))
			out, errs, code := c.desk.try("doctor")
			path := c.desk.path("khyber.db")
			if code != exitFailure || errs != "" || !strings.Contains(out, "* "+path+" "+c.want) || !strings.Contains(out, "can be read by others: chmod 600") {
				t.Errorf("%d\n%s%s", code, out, errs)
			}
		})
	}
}
