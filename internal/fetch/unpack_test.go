package fetch_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/iotest"

	"khyber/internal/feedtest"
	"khyber/internal/fetch"
)

func TestUnpackTakesOffCodingsWithinTheLimit(t *testing.T) {
	plain := feedtest.Feed{Host: "herald.example", Items: 30}.Bytes()
	packed := feedtest.Encode("gzip", plain)
	const most = 8 << 20 // bytes
	for _, c := range []struct {
		name  string
		body  []byte
		label string
		want  []byte
		err   string
	}{
		{"plain", plain, "", plain, ""},
		{"gzip", packed, "", plain, ""},
		{"gzip in gzip", feedtest.Encode("gzip", packed), "", plain, ""},
		{"br", feedtest.Encode("br", plain), "br", plain, ""},
		{"a label on plain bytes", plain, "gzip, br", plain, ""},
		{"at the limit", make([]byte, most), "", make([]byte, most), ""},
		{"above the limit", make([]byte, most+1), "", nil, "too-large: the document has more than the limit of 8.0 MiB (max_bytes)"},
		{"a bomb", feedtest.Bomb(most + 1), "", nil, "too-large: 8.0 KiB unpack to more than the limit of 8.0 MiB (max_bytes)"},
		{"gzip that is none", []byte("\x1f\x8b none"), "", nil, "not-a-feed: the document is packed but cannot be unpacked"},
		{"nothing", nil, "", []byte{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := fetch.Unpack(bytes.NewReader(c.body), http.Header{"Content-Encoding": {c.label}})
			if !bytes.Equal(got, c.want) {
				t.Errorf("got %d bytes, want %d", len(got), len(c.want))
			}
			if text := errorText(err); text != c.err {
				t.Errorf("got error %q, want %q", text, c.err)
			}
		})
	}
	cut, err := fetch.Unpack(bytes.NewReader(packed[:len(packed)/2]), nil)
	if err != nil || len(cut) == 0 || !bytes.HasPrefix(plain, cut) {
		t.Errorf("of a packed document that is cut off: %d bytes, %v; want its beginning", len(cut), err)
	}
	broken := errors.New("the disk is gone")
	if _, err := fetch.Unpack(io.MultiReader(bytes.NewReader(plain), iotest.ErrReader(broken)), nil); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
