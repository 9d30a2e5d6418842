package config

import (
	"slices"
	"strings"

	"khyber/internal/news"
)

const maxTitle = 200 // characters of what stands in the head of every page and topic feed

func siteKeys() []key[Site] {
	return []key[Site]{
		{
			name: "title", sample: "Khyber", form: textForm, read: func(s *Site, v value) { s.Title = v.line() },
			doc: "The name that pages and topic feeds carry.",
		},
		{
			name: "base_url", sample: "https://news.example.org", form: addressForm, read: readBaseURL,
			doc: "The address under which readers reach this server; it is in every topic feed.",
		},
		{
			name: "contact", sample: "ops@example.org", form: textForm, read: func(s *Site, v value) { s.Contact = v.line() },
			doc: "Whom publishers can ask about the polls: an address of mail or of a page.",
		},
		{
			name: "hub", sample: "open", form: form{"anyOf": []form{wordsForm("off", "open"), listForm(textForm)}}, read: readHub,
			doc: "Who may subscribe through WebSub: open, off, or a list of the hosts of callbacks. Open without it, where base_url is set.",
		},
	}
}

func (s *section) readSite(v value) {
	if v.node.Kind == news.NodeNone {
		return
	}
	l := s.loader
	if l.siteAt.Line > 0 {
		v.bad("keep one of them", "is already at %s", l.siteAt)
		return
	}
	l.siteAt = v.node.Position
	v.public = true
	if fields(v.reader, "site", siteKeys(), v.node) {
		fill(v.reader, &l.site, siteKeys(), v.node)
	}
}

// line returns a text of one line.
func (v value) line() string {
	s, _, ok := v.text()
	switch {
	case !ok:
		return ""
	case strings.ContainsAny(s, "\r\n"):
		v.bad("", "takes one line of text")
	case len([]rune(s)) > maxTitle:
		v.bad("", "has more than %d characters", maxTitle)
	}
	return s
}

func readBaseURL(s *Site, v value) {
	text, _, ok := v.text()
	if !ok {
		return
	}
	u := v.address(text, "http", "https")
	switch {
	case u == nil:
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		v.bad("write scheme, host and path only", "%q has more than an address of a page", v.shown())
	default:
		s.BaseURL = strings.TrimRight(text, "/")
	}
}

func readHub(s *Site, v value) {
	if v.node.Kind == news.NodeList {
		for _, h := range v.list() {
			host, ok := h.word()
			if ok && strings.ContainsAny(host, "/:@ ") {
				h.bad("write one like reader.example.org", "%q is not a host", host)
			}
			s.Hub.Hosts = append(s.Hub.Hosts, strings.ToLower(host))
		}
		s.Hub.Off = len(s.Hub.Hosts) == 0
		return
	}
	s.Hub.Off = v.oneOf([]string{"off", "open"}) == "off"
}

func notifyKeys() []key[Notify] {
	return []key[Notify]{
		{
			name: "url", sample: `"https://alerts.example.org/khyber"`, form: addressForm, read: readNotifyURL,
			doc: "Where notices are posted as JSON.",
		},
		{name: "secret", sample: `"${NOTIFY_SECRET}"`, form: textForm, read: func(n *Notify, v value) {
			s, _, _ := v.text()
			v.secret(s)
			n.Secret = Secret(s)
		}, doc: "Signs each notice: X-Khyber-Signature is the HMAC-SHA256 of its body."},
		{
			name: "topics", off: true, sample: "[afpak-relations]", form: listForm(idForm), read: func(n *Notify, v value) {
				for _, t := range v.list() {
					if id, ok := t.word(); ok {
						n.Topics = append(n.Topics, id)
					}
				}
			},
			doc: "Topics whose news are told there too, all of a minute at once.",
		},
		{
			name: "allow_private_network", off: true, sample: "true", form: flagForm, read: func(n *Notify, v value) { n.AllowPrivateNetwork = v.flag() },
			doc: "The host of url may be in a private network.",
		},
	}
}

func readNotifyURL(n *Notify, v value) {
	s, _, ok := v.text()
	if !ok {
		return
	}
	if u := v.address(s, "http", "https"); u != nil {
		password, _ := u.User.Password()
		v.secret(password)
		n.URL = Secret(s)
	}
}

func (s *section) readNotify(v value) {
	for _, n := range v.items() {
		if n.Kind == news.NodeNone {
			n.Position = v.node.Position
		}
		if !fields(v.reader, "notify", notifyKeys(), n) {
			continue
		}
		if n.Get("url").Position == (news.Position{}) {
			v.errorf(n.Position, "add url:", "notify: an entry has no url")
		}
		r := v.reader
		r.absent = "no notice is sent there"
		var target Notify
		fill(r, &target, notifyKeys(), n)
		if slices.ContainsFunc(s.loader.notify, func(t Notify) bool { return t.URL == target.URL && t.URL != "" }) {
			v.errorf(n.Position, "remove one", "notify: this address is there twice")
		}
		signed := n.Get("secret").Kind == news.NodeNone || target.Secret != ""
		s.loader.told = append(s.loader.told, newValue(r, news.Pair{Key: "topics", Value: n.Get("topics")}).list()...)
		if target.URL != "" && signed {
			s.loader.notify = append(s.loader.notify, target)
		}
	}
}
