package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"khyber/internal/news"
)

// Error says why a Get brought no document. Text is for people; it names hosts
// and statuses, never a path, a query or a header's value. Err is what lies
// beneath; nil: the answer itself was the reason.
type Error struct {
	Kind news.Kind
	Text string
	Err  error
}

// Error returns the Kind and the Text.
func (e *Error) Error() string { return string(e.Kind) + ": " + e.Text }

// Unwrap returns what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

func isTimeout(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	timed, ok := errors.AsType[net.Error](err)
	return ok && timed.Timeout()
}

// explain gives the error of a request its Kind and its words.
func (g *getter) explain(ctx context.Context, err error, u *url.URL) *Error {
	host := u.Hostname()
	if g.proxy != nil {
		host += " (through the proxy " + g.proxy.Hostname() + ")"
	}
	if ctx.Err() != nil { // whatever broke, it was our deadline that broke it
		return &Error{Kind: news.KindTimeout, Text: fmt.Sprintf("%s did not answer within %s", host, timeout(g.src)), Err: errors.Join(ctx.Err(), err)}
	}
	return explain(err, host, timeout(g.src))
}

func explain(err error, host string, whole time.Duration) *Error {
	e := &Error{Err: err}
	if r, ok := refused(err); ok {
		e.Kind, e.Text = news.KindPrivateAddress, fmt.Sprintf("%s leads to %s, which is %s", host, r.address, r.why)
		if host == r.address {
			e.Text = r.Error()
		}
		return e
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		e.Kind, e.Text = news.KindDNS, dnsText(lookup, host)
		return e
	}
	if text, ok := tlsText(err); ok {
		e.Kind, e.Text = news.KindTLS, fmt.Sprintf("no secure connection to %s: %s", host, text)
		return e
	}
	if timed, ok := errors.AsType[net.Error](err); ok && timed.Timeout() {
		e.Kind, e.Text = news.KindTimeout, timeoutText(err, host, whole)
		return e
	}
	if headerTooLong(err) {
		e.Kind, e.Text = news.KindTooLarge, fmt.Sprintf("the header that %s sent is larger than %s", host, size(maxHeader))
		return e
	}
	e.Kind, e.Text = news.KindRefused, refusedText(err, host)
	return e
}

// headerTooLong recognises the two errors of net/http that have no type.
func headerTooLong(err error) bool {
	text := err.Error()
	return strings.Contains(text, "response headers exceeded") || strings.Contains(text, "header list larger")
}

func dnsText(e *net.DNSError, host string) string {
	switch {
	case e.IsNotFound:
		return fmt.Sprintf("there is no host %s (DNS)", host)
	case e.IsTimeout:
		return fmt.Sprintf("the name server did not answer when asked for %s", host)
	}
	return fmt.Sprintf("the look-up of %s failed (DNS)", host)
}

// tlsText recognises what crypto/tls and crypto/x509 return; some of their
// errors have no type of their own.
func tlsText(err error) (string, bool) {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return strings.TrimPrefix(e.Error(), "x509: "), true
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is for another host", e.Certificate != nil
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its certificate is signed by an unknown authority", true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not valid", true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "it does not speak TLS there", true
	}
	if strings.Contains(err.Error(), "HTTP response to HTTPS client") {
		return "it does not speak TLS there", true
	}
	if _, reason, found := strings.Cut(err.Error(), "tls: "); found {
		return reason, true
	}
	return "", false
}

func timeoutText(err error, host string, whole time.Duration) string {
	dial, ok := errors.AsType[*net.OpError](err)
	switch text := err.Error(); {
	case strings.Contains(text, "TLS handshake"):
		return fmt.Sprintf("%s did not finish the TLS handshake within %s", host, tlsTimeout)
	case strings.Contains(text, "response headers"):
		return fmt.Sprintf("%s did not answer within %s", host, min(whole, answerTimeout))
	case ok && dial.Op == "dial":
		return fmt.Sprintf("no connection to %s within %s", host, dialTimeout)
	}
	return fmt.Sprintf("%s did not answer in time", host)
}

func refusedText(err error, host string) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("%s refused the connection", host)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return fmt.Sprintf("there is no way to %s from here", host)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("%s closed the connection before any of the document came", host)
	case strings.Contains(err.Error(), "invalid header field"):
		return fmt.Sprintf("nothing was sent to %s: a value of headers is not valid", host)
	case strings.Contains(err.Error(), "malformed"):
		return fmt.Sprintf("%s did not answer in HTTP", host)
	}
	return fmt.Sprintf("the connection to %s was lost", host)
}
