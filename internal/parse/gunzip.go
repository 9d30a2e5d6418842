package parse

import (
	"bytes"
	"compress/gzip"
	"io"
)

// maxUnzipped is what a document that is still compressed may hold, in bytes:
// the usual cap of fetch, which unpacks what comes over the wire itself.
const maxUnzipped = 8 << 20

// gunzip unpacks a document that was stored compressed, by its first bytes and
// at most twice. One that is cut off gives what was whole.
func gunzip(b []byte) ([]byte, error) {
	for range 2 {
		if !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
			break
		}
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, noDocument("gzip that cannot be read: %v", err)
		}
		out, err := io.ReadAll(io.LimitReader(r, maxUnzipped+1))
		if len(out) > maxUnzipped {
			return nil, over("unpacked bytes", len(out), maxUnzipped)
		}
		if err != nil && len(out) == 0 {
			return nil, noDocument("gzip that cannot be read: %v", err)
		}
		b = out
	}
	return b, nil
}
