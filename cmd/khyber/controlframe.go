package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// What a command prints inside the daemon travels in frames: a byte that says
// which stream it is of, four bytes of length, and the text. The last one holds
// the exit code; an answer without it was cut off.
const (
	frameOut  = 'o'
	frameErr  = 'e'
	frameExit = 'x'

	frameHead = 5        // bytes
	maxFrame  = 64 << 10 // bytes of text: a longer one is cut into several
)

// frames writes several streams as one.
type frames struct {
	mu sync.Mutex
	w  io.Writer
}

// stream returns the writer of one of them.
func (f *frames) stream(kind byte) io.Writer { return &stream{f, kind} }

type stream struct {
	frames *frames
	kind   byte
}

// Write sends the text at once.
func (s *stream) Write(text []byte) (n int, err error) {
	s.frames.mu.Lock()
	defer s.frames.mu.Unlock()
	for n < len(text) {
		part := text[n:min(len(text), n+maxFrame)]
		frame := binary.BigEndian.AppendUint32([]byte{s.kind}, uint32(len(part)))
		if _, err := s.frames.w.Write(append(frame, part...)); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}

// unframe hands each stream on and returns the exit code at their end.
func unframe(r io.Reader, stdout, stderr io.Writer) (code int, err error) {
	head, text := make([]byte, frameHead), make([]byte, maxFrame)
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return 0, err
		}
		size := binary.BigEndian.Uint32(head[1:])
		if size == 0 || size > maxFrame {
			return 0, fmt.Errorf("a frame of %d bytes", size)
		}
		if _, err := io.ReadFull(r, text[:size]); err != nil {
			return 0, err
		}
		switch head[0] {
		case frameOut:
			_, err = stdout.Write(text[:size])
		case frameErr:
			_, err = stderr.Write(text[:size])
		case frameExit:
			return int(text[0]), nil
		default:
			err = errors.New("a frame of no stream")
		}
		if err != nil {
			return 0, err
		}
	}
}
