package bolt

import (
	_ "embed" // the dictionary
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"khyber/internal/store"
)

// dictionary1 is what rows are compressed with. A row names its dictionary, so
// that a later one can follow: this one stays for the rows that have it.
//
//go:embed dictionary/1.zdict
var dictionary1 []byte

// packer makes rows of items: a head that is read alone when a poll brings a
// known item, and the compressed rest. It is safe for concurrent use.
type packer struct {
	zip     *zstd.Encoder
	unzip   *zstd.Decoder
	buffers sync.Pool // of *[]byte: what rows are decompressed into
}

// maxText is the largest text of an item after decompression, in bytes: far
// above what intake lets through, so that a damaged row cannot ask for more.
const maxText = 16 << 20

// maxBuffer is the largest buffer that is kept for the next row, in bytes: few
// rows are longer.
const maxBuffer = 64 << 10

func newPacker() (*packer, error) {
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderDict(dictionary1), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(64<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("prepare compression: %w", err)
	}
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderDicts(dictionary1), zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxText))
	if err != nil {
		return nil, fmt.Errorf("prepare decompression: %w", err)
	}
	return &packer{zip: zip, unzip: unzip, buffers: sync.Pool{New: func() any { return new([]byte) }}}, nil
}

// head codes what a look-up by key needs, uncompressed.
func (c *coder) head(s *store.Stored) {
	c.id(&s.Item.ID)
	c.fixed(&s.Text)
	c.str(&s.Item.Source)
	c.time(&s.Item.FirstSeen)
}

// pack returns the row of an item.
func (p *packer) pack(s *store.Stored) ([]byte, error) {
	head := writer(itemVersion, make([]byte, 0, 1024))
	head.head(s)
	rest := coder{version: itemVersion, b: make([]byte, 0, 2048)}
	rest.itemText(s)
	if err := rest.end(); err != nil {
		return nil, err
	}
	return p.zip.EncodeAll(rest.b, head.b), head.end()
}

// unpack reads a row.
func (p *packer) unpack(row []byte) (store.Stored, error) {
	var s store.Stored
	c := reader(itemVersion, row)
	c.head(&s)
	if c.err != nil {
		return s, c.err
	}
	buffer := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buffer)
	raw, err := p.unzip.DecodeAll(c.b, (*buffer)[:0])
	if err != nil {
		return s, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if cap(raw) <= maxBuffer {
		*buffer = raw
	}
	rest := coder{b: raw, whole: string(raw), reading: true, version: c.version}
	rest.itemText(&s)
	return s, rest.end()
}

// unpackHead reads the head of a row.
func unpackHead(row []byte) (store.Stored, error) {
	var s store.Stored
	c := reader(itemVersion, row)
	c.head(&s)
	return s, c.err
}
