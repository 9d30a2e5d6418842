package parse

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"khyber/internal/news"
)

// hostOf returns the host of an address in lower case, without port.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

var mailAddress = regexp.MustCompile(`[^\s()<>,;:"\[\]]+@[^\s()<>,;:"\[\]]+\.[A-Za-z]{2,}`)

// people makes authors safe and one of each. names are authors that are written
// as one string.
func (p *parser) people(list []news.Person, names []string) []news.Person {
	var out []news.Person
	for _, n := range names {
		list = append(list, news.Person{Name: p.textOf(n)})
	}
	for _, a := range list {
		a = p.person(a)
		if a == (news.Person{}) || slices.ContainsFunc(out, func(o news.Person) bool { return samePerson(o, a) }) {
			continue
		}
		if out = append(out, a); len(out) == maxAuthors {
			break
		}
	}
	return out
}

func samePerson(a, b news.Person) bool {
	return a == b || a.Name == b.Name && (b.Email == "" || a.Email == b.Email) && (b.URL == "" || a.URL == b.URL)
}

// person takes "Name <mail>", "mail (Name)" and "Name (mail)" apart. What looks
// like a tag there is the mail.
func (p *parser) person(a news.Person) news.Person {
	name, email := p.textOf(a.Name), p.textOf(a.Email)
	if m := mailAddress.FindString(name); m != "" && len(name) < maxNameBytes {
		email = firstOf(email, strings.TrimPrefix(m, "mailto:"))
		name = strings.Replace(name, m, "", 1)
		name = strings.NewReplacer("<>", "", "()", "", "[]", "", "<mailto:>", "", "&lt;&gt;", "").Replace(name)
		name = strings.TrimSpace(strings.Trim(name, " \t\n,;-"))
		if strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")") {
			name = name[1 : len(name)-1]
		}
	}
	out := news.Person{Name: p.name(strings.Trim(name, "\" ")), URL: webAddress(p.base, p.textOf(a.URL))}
	if strings.TrimSpace(a.URL) == "" {
		out.URL = ""
	}
	if m := mailAddress.FindString(email); m != "" && len(m) <= maxNameBytes {
		out.Email = m
	}
	return out
}
