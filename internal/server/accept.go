package server

import (
	"strconv"
	"strings"

	"khyber/internal/publish"
)

const mediaHTML = "text/html"

// weights reads a list of tokens with qualities (RFC 9110 §12.4.2), in its
// order. A quality that cannot be read is 0: what is not asked for clearly is
// not sent.
func weights(header string) []weighted {
	var out []weighted
	for part := range strings.SplitSeq(header, ",") {
		token, params, _ := strings.Cut(part, ";")
		w := weighted{strings.ToLower(strings.TrimSpace(token)), 1}
		for p := range strings.SplitSeq(params, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			if strings.EqualFold(name, "q") {
				q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
				if err != nil || q < 0 || q > 1 {
					q = 0
				}
				w.q = q
			}
		}
		if w.token != "" {
			out = append(out, w)
		}
	}
	return out
}

type weighted struct {
	token string
	q     float64
}

// acceptedCoding picks the coding of an Accept-Encoding header; identity is
// always possible, because a client that refuses it as well gets at least bytes.
func acceptedCoding(header string) coding {
	if c, ok := usualCodings[header]; ok {
		return c
	}
	return chosenCoding(header)
}

// usualCodings are what nearly every client sends, and what chosenCoding makes
// of it.
var usualCodings = map[string]coding{
	"": identity, "identity": identity, "gzip": gzipped, "gzip, deflate": gzipped, "deflate, gzip": gzipped,
	"gzip,deflate": gzipped, "gzip, deflate, br": gzipped, "gzip, deflate, br, zstd": zstandard,
}

func chosenCoding(header string) coding {
	quality := map[string]float64{"gzip": -1, "zstd": -1}
	any, plain := 0.0, -1.0
	for _, w := range weights(header) {
		switch w.token {
		case "gzip", "x-gzip":
			quality["gzip"] = w.q
		case "zstd":
			quality["zstd"] = w.q
		case "*":
			any = w.q
		case "identity":
			plain = w.q
		}
	}
	best, q := identity, max(plain, 0)
	// On a tie the smaller form goes out; both beat identity, which has no
	// preference of its own unless the client gives it one.
	for _, c := range []coding{gzipped, zstandard} {
		cq := quality[c.name()]
		if cq < 0 {
			cq = any
		}
		if cq > 0 && cq >= q {
			best, q = c, cq
		}
	}
	return best
}

// acceptedForm picks the form of a topic's page: HTML unless the client ranks a
// topic feed above it. "" is HTML.
func acceptedForm(header string) publish.Format {
	html, any := -1.0, 0.0
	best, q := publish.Format(""), 0.0
	for _, w := range weights(header) {
		switch w.token {
		case mediaHTML, "application/xhtml+xml":
			html = max(html, w.q)
		case "*/*", "text/*":
			any = max(any, w.q)
		default:
			if f := formOf(w.token); f != "" && w.q > q {
				best, q = f, w.q
			}
		}
	}
	if html < 0 {
		html = any
	}
	if q > html {
		return best
	}
	return ""
}

func formOf(mediaType string) publish.Format {
	for _, f := range publish.Formats() {
		if mediaType == f.MediaType() {
			return f
		}
	}
	if mediaType == "application/json" {
		return publish.JSON
	}
	return ""
}
