package story

import "encoding/binary"

// Packed is a signature that takes a tenth of the room: the words, without what
// the tables say of them.
type Packed struct {
	signature Signature // without its terms
	terms     string
}

// Pack packs a signature.
func (s *Signature) Pack() *Packed {
	p := Packed{signature: *s}
	p.signature.title, p.signature.set, p.signature.text = nil, nil, nil
	size := 2 * binary.MaxVarintLen32
	for _, terms := range [][]term{s.title, s.text} {
		for i := range terms {
			size += len(terms[i].word) + packedTerm
		}
	}
	b := make([]byte, 0, size)
	for _, terms := range [][]term{s.title, s.text} {
		b = binary.AppendUvarint(b, uint64(len(terms)))
		for i := range terms {
			b = terms[i].pack(b)
		}
	}
	p.terms = string(b)
	return &p
}

// Unpack returns the signature that was packed.
func (p *Packed) Unpack() *Signature {
	s := p.signature
	r := unpacking{reader: reader{v: words(), counted: s.counted}, rest: p.terms}
	s.title = r.list()
	s.set = unique(s.title)
	s.text = r.list()
	return &s
}

// Bytes is the room that a packed signature takes, about.
func (p *Packed) Bytes() int { return 256 + len(p.terms) }

// packedTerm is the room of a term beside its word, in bytes: mostly.
const packedTerm = 6

// pack appends what [unpacking.term] needs.
func (t *term) pack(b []byte) []byte {
	kind := uint64(t.class) << 1
	if t.class&figure != 0 && t.stem == t.word {
		kind |= 1 // as number made it
	}
	b = binary.AppendUvarint(b, kind)
	b = binary.AppendUvarint(b, uint64(t.at))
	b = binary.AppendUvarint(b, uint64(len(t.word)))
	return append(b, t.word...)
}

// unpacking reads packed terms.
type unpacking struct {
	reader reader
	rest   string
}

func (u *unpacking) list() []term {
	out := make([]term, u.int())
	for i := range out {
		out[i] = u.term()
	}
	return out
}

// term makes a term of its word again. What stood around the word is in its
// class.
func (u *unpacking) term() term {
	kind, at, n := u.int(), u.int(), u.int()
	word := u.rest[:n]
	u.rest = u.rest[n:]
	class := class(kind >> 1)
	var t term
	switch {
	case class&bigram != 0:
		t = u.reader.bigram(word, at)
	case kind&1 != 0:
		t = u.reader.number(word)
	default:
		t = u.reader.term(word)
	}
	t.class, t.at = class, int32(at)
	return t
}

// int reads one number of what pack wrote.
func (u *unpacking) int() int {
	n, shift := 0, 0
	for i := 0; ; i++ {
		c := u.rest[i]
		n |= int(c&0x7f) << shift
		if shift += 7; c < 0x80 {
			u.rest = u.rest[i+1:]
			return n
		}
	}
}
