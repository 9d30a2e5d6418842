package bolt

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"khyber/internal/news"
	"khyber/internal/store"
	"khyber/internal/story"
)

// filled returns a value with every field set, so that one that the codec
// forgets is missed.
func filled(t testing.TB, v reflect.Value, n *int64, skip map[string]bool) {
	t.Helper()
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1_700_000_000+*n, *n).UTC()))
			return
		}
		for i := range v.NumField() {
			if name := v.Type().Name() + "." + v.Type().Field(i).Name; !skip[name] {
				filled(t, v.Field(i), n, skip)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			filled(t, v.Index(i), n, skip)
		}
	case reflect.Array:
		for i := range v.Len() {
			filled(t, v.Index(i), n, skip)
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[news.Reason]int{news.RejectedEmpty: int(*n), news.RejectedParser: 1}))
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + " – پول")
	case reflect.Int, reflect.Int64:
		v.SetInt(*n - 20)
	case reflect.Uint8:
		v.SetUint(uint64(*n % 3))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n) << 20)
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("a field of kind %s", v.Kind())
	}
}

func TestEveryFieldIsKept(t *testing.T) {
	// What store leaves out on purpose: see store.recorded and store.kept.
	skip := map[string]bool{
		"Item.SummaryHTML": true, "Item.ContentHTML": true, "Item.Repairs": true, "Item.Contributors": true, "Item.Created": true, "Config.Sources": true,
		"Poll.Source": true, "Poll.URL": true, "Poll.Validators": true, "Poll.BodyHash": true, "Poll.Hints": true,
		"Poll.Timing": true, "Poll.Jitter": true, "Poll.Fence": true, "Joined.Mark": true, "Edge.Low": true, "Edge.High": true, "Override.Low": true, "Override.High": true, "Kin.Item": true, // keys
	}
	p, err := newPacker()
	if err != nil {
		t.Fatal(err)
	}
	var n int64
	var item, gotItem store.Stored
	filled(t, reflect.ValueOf(&item).Elem(), &n, skip)
	row, err := p.pack(&item)
	if err != nil {
		t.Fatal(err)
	}
	if gotItem, err = p.unpack(row); err != nil || !reflect.DeepEqual(gotItem, item) {
		t.Errorf("item: %v\n got %+v\nwant %+v", err, gotItem, item)
	}
	check(t, "source", (*coder).source, skip)
	check(t, "poll", (*coder).poll, skip)
	check(t, "topic", (*coder).topic, skip)
	check(t, "config", (*coder).config, skip)
	check(t, "revision", (*coder).revision, skip)
	check(t, "stub", (*coder).stub, skip)
	check(t, "entry", (*coder).joined, skip)
	check(t, "edge", (*coder).edge, skip)
	check(t, "override", (*coder).override, skip)
	check(t, "kin", (*coder).kin, skip)
}

// check writes a filled and a zero value and reads them again.
func check[T any](t *testing.T, name string, code func(*coder, *T), skip map[string]bool) {
	t.Helper()
	var full, zero T
	var n int64
	filled(t, reflect.ValueOf(&full).Elem(), &n, skip)
	for _, want := range []T{full, zero} {
		c := writer(1, nil)
		code(c, &want)
		var got T
		r := reader(1, c.b)
		code(r, &got)
		if err := r.end(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got, want)
		}
	}
}

func TestAValueOfALaterVersionIsRefused(t *testing.T) {
	for _, row := range [][]byte{{2}, {0}, {}} {
		r := reader(1, row)
		var s store.Source
		r.source(&s)
		if err := r.end(); !errors.Is(err, errDamaged) {
			t.Errorf("% x: %v", row, err)
		}
	}
}

// FuzzCodec reads any bytes as every kind of value: what is read without an
// error is written as a value that reads the same, and nothing panics.
func FuzzCodec(f *testing.F) {
	p, err := newPacker()
	if err != nil {
		f.Fatal(err)
	}
	var n int64
	var item store.Stored
	filled(f, reflect.ValueOf(&item).Elem(), &n, map[string]bool{"Item.SummaryHTML": true, "Item.ContentHTML": true, "Item.Repairs": true})
	row, err := p.pack(&item)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(row)
	seed(f, (*coder).source)
	seed(f, (*coder).poll)
	seed(f, (*coder).topic)
	seed(f, (*coder).config)
	f.Fuzz(func(t *testing.T, row []byte) {
		if s, err := p.unpack(row); err == nil {
			again, err := p.pack(&s)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.unpack(again); err != nil || !reflect.DeepEqual(got, s) {
				t.Errorf("item: %v\n got %+v\nwant %+v", err, got, s)
			}
		}
		stable(t, (*coder).source, row)
		stable(t, (*coder).poll, row)
		stable(t, (*coder).topic, row)
		stable(t, (*coder).config, row)
		stable(t, (*coder).stub, row)
		stable(t, (*coder).edge, row)
		stable(t, (*coder).kin, row)
		stable(t, (*coder).joined, row)
		_, _ = decodePolls(row)
	})
}

func seed[T any](f *testing.F, code func(*coder, *T)) {
	var v T
	var n int64
	filled(f, reflect.ValueOf(&v).Elem(), &n, map[string]bool{"Config.Sources": true, "Poll.Timing": true, "Poll.Jitter": true})
	c := writer(1, nil)
	code(c, &v)
	f.Add(c.b)
}

// stable says that what can be read is written in one way only.
func stable[T any](t *testing.T, code func(*coder, *T), row []byte) {
	t.Helper()
	var v, again T
	r := reader(1, row)
	code(r, &v)
	if r.end() != nil {
		return
	}
	c := writer(1, nil)
	code(c, &v)
	r = reader(1, bytes.Clone(c.b))
	code(r, &again)
	if err := r.end(); err != nil || !reflect.DeepEqual(v, again) {
		t.Errorf("%v\n got %+v\nwant %+v", err, again, v)
	}
}

func TestADateIsKeptAsItWasWritten(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)
	for _, c := range []struct {
		raw   string
		bytes int // of its row
	}{
		{"Mon, 23 Nov 2026 14:05:00 +0500", 3},
		{"Mon, 23 Nov 2026 09:05:00 GMT", 2},
		{"2026-11-23T09:05:00Z", 2},
		{"2026-11-23T13:35:00+04:30", 3},
		{"2026-11-23T09:05:00+00:00", 2},
		{"Mon, 23 Nov 2026 14:06:00 +0500", 33}, // another minute: it was mended
		{"Tue, 23 Nov 2026 14:05:00 +0500", 33}, // a wrong day
		{"23.11.2026", 12},
		{"", 2},
	} {
		raw, got := c.raw, ""
		w := writer(itemVersion, nil)
		w.dateRaw(&raw, at)
		r := reader(itemVersion, w.b)
		r.dateRaw(&got, at)
		if err := r.end(); err != nil || got != c.raw || len(w.b)-1 != c.bytes {
			t.Errorf("%q: %q in %d bytes, want %d: %v", c.raw, got, len(w.b)-1, c.bytes, err)
		}
	}
}

func TestAUseOfATextIsKept(t *testing.T) {
	e, err := Open(filepath.Join(t.TempDir(), "khyber.db"), Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	texts := []store.Text{{Source: "alpha", Hash: 7}, {Source: "alpha", Hash: 8}, {Source: "beta", Hash: 7}}
	uses := [][]story.Use{
		{{Item: 1, At: noon, Other: 1 << 63}, {Item: 1 << 63, At: noon.Add(-time.Second)}},
		{{Item: 1, At: time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC), Other: 7}},
		{{Item: 2, At: time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), Other: 9}},
	}
	err = e.Write(t.Context(), func(tx store.Tx) error {
		for range 2 { // once more is once
			if err := tx.PutUses(texts, uses); err != nil {
				return err
			}
		}
		if got, err := tx.Uses(texts); err != nil || !reflect.DeepEqual(got, uses) {
			t.Errorf("%v\n got %v\nwant %v", err, got, uses)
		}
		if err := tx.DropNear(noon, noon); err != nil {
			return err
		}
		left := [][]story.Use{uses[0][:1], nil, uses[2]}
		if got, err := tx.Uses(texts); err != nil || !reflect.DeepEqual(got, left) {
			t.Errorf("after the earlier ones are dropped: %v\n got %v\nwant %v", err, got, left)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
