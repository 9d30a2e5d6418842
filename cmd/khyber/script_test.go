package main

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"khyber/internal/feedtest"
)

// TestScript runs the command line as a person would: one file a behaviour.
func TestScript(t *testing.T) {
	site := feedtest.Serve(t, trySite())
	testscript.Run(t, testscript.Params{
		Setup: func(env *testscript.Env) error {
			env.Setenv("SITE", site.URL) // the world of try.txtar
			return nil
		},
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"encode": encode, "files": files},
	})
}

// files is `files`: it serves the folder of the script at $FILES until it ends.
func files(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: files")
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs("."))))
	ts.Defer(srv.Close)
	ts.Setenv("FILES", srv.URL)
}

// encode is `encode CODING IN OUT`: it writes a file as no text file can hold
// it. A bomb unpacks to more than is allowed, whatever is in IN, and a long file
// is one line of more than a mebibyte.
func encode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: encode gzip|br|bomb|utf-16be|long IN OUT")
	}
	body := []byte(ts.ReadFile(args[1]))
	switch args[0] {
	case "utf-16be":
		body = []byte(feedtest.UTF16(binary.BigEndian, false, string(body)))
	case "bomb":
		body = feedtest.Bomb(9 << 20)
	case "long":
		body = append(bytes.Repeat([]byte("x"), 3<<20), '\n')
	default:
		body = feedtest.Encode(args[0], body)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), body, 0o600))
}
