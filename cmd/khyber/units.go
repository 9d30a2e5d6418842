package main

import (
	"errors"
	"time"

	"khyber/internal/config"
)

// span is a flag that holds a duration; days may be written: 400d.
type span time.Duration

// UnmarshalText reads what [config.ParseDuration] reads.
func (s *span) UnmarshalText(b []byte) error {
	d, err := config.ParseDuration(string(b))
	if err == nil && d == 0 {
		err = errors.New("it must be longer than nothing: write 400d or 36h")
	}
	*s = span(d)
	return err
}

// MarshalText writes what UnmarshalText reads.
func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// size is a flag that holds a number of bytes with its unit: 8GiB.
type size int64

// UnmarshalText reads what [config.ParseSize] reads.
func (s *size) UnmarshalText(b []byte) error {
	n, err := config.ParseSize(string(b))
	*s = size(n)
	return err
}
