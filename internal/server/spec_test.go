package server

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The HTTP contract stands in testdata/http/*.txt and is executed as it is
// written there. A line is one of
//
//	# comment
//	GET|HEAD|POST|OPTIONS path       begins a request
//	send header: value               of this request, before it goes out
//	code|body|header NAME  == | ~ | !~ | contains  value
//	header NAME absent
//	let NAME = header HEADER         to be used later as {NAME}
//
// ~ is a regular expression, and an empty value after == means empty.
func TestHTTPContract(t *testing.T) {
	files, err := filepath.Glob("testdata/http/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no specs: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(newServer(sampleStore()))
			defer server.Close()
			sp := spec{t: t, base: server.URL, vars: map[string]string{}}
			for i, line := range strings.Split(string(text), "\n") {
				if err := sp.line(strings.TrimSpace(line)); err != nil {
					t.Errorf("%s:%d: %v\n  %s", file, i+1, err, line)
				}
			}
		})
	}
}

type spec struct {
	t    *testing.T
	base string
	vars map[string]string
	req  *http.Request
	resp *http.Response // of req, once it was sent
	body string
}

var variable = regexp.MustCompile(`\{[a-z0-9]+\}`)

func (s *spec) line(line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	line = variable.ReplaceAllStringFunc(line, func(name string) string {
		if v, ok := s.vars[name[1:len(name)-1]]; ok {
			return v
		}
		return name
	})
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE":
		if s.req != nil && s.resp == nil {
			return fmt.Errorf("the request before asked for nothing")
		}
		var err error
		s.req, err = http.NewRequest(word, s.base+rest, nil)
		s.resp = nil
		return err
	case "send":
		name, value, _ := strings.Cut(rest, ": ")
		s.req.Header.Add(name, value)
		return nil
	}
	if err := s.send(); err != nil {
		return err
	}
	if word == "let" {
		name, header, ok := strings.Cut(rest, " = header ")
		if !ok || s.resp.Header.Get(header) == "" {
			return fmt.Errorf("there is no such header")
		}
		s.vars[name] = s.resp.Header.Get(header)
		return nil
	}
	return s.check(word, rest)
}

// send sends the request, if it was not sent yet. Nothing is decompressed or
// followed behind our back.
func (s *spec) send() error {
	if s.resp != nil {
		return nil
	}
	if s.req.Header.Get("Accept-Encoding") == "" {
		s.req.Header.Set("Accept-Encoding", "identity")
	}
	resp, err := http.DefaultTransport.RoundTrip(s.req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	s.resp, s.body = resp, string(body)
	return err
}

func (s *spec) check(what, rest string) error {
	got := s.body
	switch what {
	case "code":
		got = fmt.Sprint(s.resp.StatusCode)
	case "header":
		var name string
		name, rest, _ = strings.Cut(rest, " ")
		values := s.resp.Header.Values(name)
		got = strings.Join(values, ", ")
		if rest == "absent" {
			if len(values) > 0 {
				return fmt.Errorf("got %q, want none", got)
			}
			return nil
		}
	case "body":
	default:
		return fmt.Errorf("unknown word %q", what)
	}
	op, want, _ := strings.Cut(rest, " ")
	ok := false
	switch op {
	case "==":
		ok = got == want
	case "contains":
		ok = strings.Contains(got, want)
	case "~", "!~":
		match, err := regexp.MatchString(want, got)
		if err != nil {
			return err
		}
		ok = match == (op == "~")
	default:
		return fmt.Errorf("unknown comparison %q", op)
	}
	if !ok {
		if len(got) > 300 {
			got = got[:300] + "…"
		}
		return fmt.Errorf("got %q", got)
	}
	return nil
}

func TestSpecRunnerFindsFaults(t *testing.T) {
	server := httptest.NewServer(newServer(sampleStore()))
	defer server.Close()
	for _, line := range []string{"code == 404", "body contains nothing like this", "header etag absent", "header etag == x", "code ~ ^5", "colour == red", "body is x", "let a = header nothing"} {
		s := spec{t: t, base: server.URL, vars: map[string]string{}}
		if err := s.line("GET /topics/border-trade.atom"); err != nil {
			t.Fatal(err)
		}
		if s.line(line) == nil {
			t.Errorf("%q passes", line)
		}
	}
}
