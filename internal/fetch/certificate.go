package fetch

import (
	"context"
	"crypto/tls"
	"net/url"
	"time"

	"khyber/internal/news"
)

// CertificateEnd returns when the certificate of a source's server ends; zero of
// one that has none, or is asked through a proxy. It shakes hands and asks
// nothing. Whether the certificate is to be trusted each poll finds out anyway.
func (c *Client) CertificateEnd(ctx context.Context, src *news.Source) (time.Time, error) {
	u, err := url.Parse(src.URL)
	if err != nil || u.Scheme != "https" || src.Proxy != "" {
		return time.Time{}, nil
	}
	if err := c.permitted(u, u, src.AllowPrivateNetwork); err != nil {
		return time.Time{}, err
	}
	dialer := c.ways.guard
	if src.AllowPrivateNetwork {
		dialer = c.ways.dialer
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout+tlsTimeout)
	defer cancel()
	d := tls.Dialer{NetDialer: dialer, Config: &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: true}} // a date is read, and nothing said
	conn, err := d.DialContext(ctx, "tcp", hostPort(u))
	if err != nil {
		return time.Time{}, explain(err, u.Hostname(), dialTimeout+tlsTimeout)
	}
	defer func() { _ = conn.Close() }() // nothing is lost with it
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].NotAfter, nil
}
