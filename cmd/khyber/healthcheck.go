package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthTimeout bounds the whole question: a daemon that takes longer is not well.
const healthTimeout = 3 * time.Second

type healthcheckCmd struct {
	Listen string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where the daemon listens (KHYBER_LISTEN)."`
}

// Run asks /healthz. It is the health check of the image, which has no curl.
func (c healthcheckCmd) Run(ctx context.Context, a *app) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	url, err := healthURL(c.Listen)
	if err != nil {
		return usageError{err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", url, err)}
	}
	client := &http.Client{Transport: &http.Transport{}} // never leaves the machine: no guard, no proxy
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer from %s: is the daemon running: %w", url, err)
	}
	defer resp.Body.Close()
	const answer = 1 << 10 // bytes; the answer is one line
	body, err := io.ReadAll(io.LimitReader(resp.Body, answer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", url, resp.Status, strings.TrimSpace(string(body)))
	}
	_, err = fmt.Fprintln(a.stdout, strings.TrimSpace(string(body)))
	return err
}

// healthURL is where a daemon that listens on addr answers: an address that
// means every interface is asked on loopback.
func healthURL(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("--listen %s: write host:port: %w", addr, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/healthz", nil
}
