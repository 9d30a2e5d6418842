package parse

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// attacks are texts that try to run something, to hide or to count readers.
func attacks() []string {
	return []string{
		`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
		`<img src=x onerror=alert(1)>`, `<img/src="x"/onerror=alert(1)>`, `<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`,
		`<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>`, `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
		`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<a href="javascript:alert(1)">x</a>`,
		`<a href="&#106;avascript:alert(1)">x</a>`, `<a href="java&#x0A;script:alert(1)">x</a>`, `<a href=" javascript:alert(1)">x</a>`,
		`<a href="vbscript:x">x</a>`, `<a href="data:text/html,<script>alert(1)</script>">x</a>`, `<a href="https://user:pass@evil.example/">x</a>`,
		`<iframe src="https://player.example/v"></iframe>`, `<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`,
		`<object data="x.swf"></object>`, `<embed src="x.swf">`, `<form action="https://evil.example"><input name=a></form>`, `<base href="https://evil.example/">`,
		`<link rel=stylesheet href=x>`, `<meta http-equiv=refresh content="0;url=https://evil.example">`, `<style>@import "x"</style>`,
		`<p style="background:url(javascript:x)">x</p>`, `<div id=a class=b onclick=c>x</div>`, `<img src="https://count.example/p.gif" width="1" height="1">`,
		`<img src="https://count.example/p.gif" height=0>`, `<table background="javascript:x"><tr><td>x</table>`, `<plaintext>x`, `<xmp><script>x</xmp>`,
		`<textarea><script>alert(1)</script></textarea>`, `<title><img src=x onerror=alert(1)></title>`, `<!--<img src="--><img src=x onerror=alert(1)//">`,
		`<![CDATA[<script>alert(1)</script>]]>`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `<a title="<script>" href="/x">x</a>`, `<img alt="<b>" src="/x">`,
		"<a\x00href=javascript:x>x</a>", `<b><p>x</b>y</p>`, `<ul>x<li>y<ul><li>z`, `<p>a<p>b`, `<td>x</td>`, `<select><option>x`, `<template><script>x</script></template>`,
		`<video src="/v.mp4" poster="/p.jpg"><source src="/w.mp4"></video>`, `<audio><source src="/a.ogg"></audio>`, `a < b & c > d`, `< script >x`, `<a href="mailto:a@b.example">m</a>`,
		`<pre>a
  b</pre>`, `<p dir="rtl" lang="fa">متن</p>`, `<ruby>漢<rt>kan</rt></ruby>`, "<p>a\u202eb</p>", `<a href="//host.example/x">x</a>`, `<a href="?q=<script>">x</a>`,
	}
}

func TestNoAttackGetsThroughAnyField(t *testing.T) {
	for _, a := range attacks() {
		if strings.ContainsRune(a, 0) {
			continue
		}
		for _, x := range []string{escapeXML(a), escapeXML(escapeXML(a)), "<![CDATA[" + strings.ReplaceAll(a, "]]>", "") + "]]>"} {
			attribute := escapeXML(a)
			docs := []string{
				fmt.Sprintf(`<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">`+
					`<channel><title>%[1]s</title><description>%[1]s</description><copyright>%[1]s</copyright><generator>%[1]s</generator><managingEditor>%[1]s</managingEditor><link>%[1]s</link>`+
					`<item><title>%[1]s</title><link>%[1]s</link><guid>%[1]s</guid><author>%[1]s</author><dc:creator>%[1]s</dc:creator><category>%[1]s</category><description>%[1]s</description>`+
					`<content:encoded>%[1]s</content:encoded><source url="%[2]s">%[1]s</source><enclosure url="%[2]s" type="%[2]s" length="1"/><media:thumbnail url="%[2]s"/><media:content url="%[2]s" type="video/mp4"><media:title>%[1]s</media:title></media:content></item></channel></rss>`, x, attribute),
				fmt.Sprintf(`<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">%[1]s</title><subtitle>%[1]s</subtitle><logo>%[1]s</logo><rights type="html">%[1]s</rights><generator>%[1]s</generator>`+
					`<author><name>%[1]s</name><uri>%[1]s</uri><email>%[1]s</email></author><entry><id>x</id><title type="html">%[1]s</title><link href="%[2]s"/><summary type="text">%[1]s</summary><content type="html">%[1]s</content>`+
					`<category term="%[2]s" label="%[2]s"/><author><name>%[1]s</name></author><rights>%[1]s</rights><source><title>%[1]s</title><link href="%[2]s"/></source></entry></feed>`, x, attribute),
			}
			for _, body := range docs {
				doc, err := Full(testSource(), []byte(body), http.Header{}, testNow)
				if err != nil || len(doc.Items) != 1 {
					t.Errorf("%s: %d items, %v", a, len(doc.Items), err)
				}
				checkSafe(t, doc)
			}
		}
	}
}

func TestSanitisedHTML(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "herald.example", Path: "/dir/doc"}
	for in, want := range map[string]string{
		`<p onclick="x">a <b>b</b></p>`:                             `<p>a <b>b</b></p>`,
		`<a href="x" title="t" id="i" target="_blank">a</a>`:        `<a href="https://herald.example/dir/x" rel="nofollow noopener" title="t">a</a>`,
		`<a href="mailto:a@b.example">m</a>`:                        `<a href="mailto:a@b.example" rel="nofollow noopener">m</a>`,
		`<a href="ftp://x.example/">m</a>`:                          `<span>m</span>`,
		`<a href="https://u:p@x.example/">m</a>`:                    `<span>m</span>`,
		`<a href="//x.example/a">m</a>`:                             `<a href="https://x.example/a" rel="nofollow noopener">m</a>`,
		`<img src="i.png" alt="A" width="10" height="5" class="c">`: `<img src="https://herald.example/dir/i.png" alt="A" width="10" height="5"/>`,
		`<img srcset="j.png 2x, k.png 3x">`:                         `<img src="https://herald.example/dir/j.png"/>`,
		`<img src="i.png" width="1" height="1">x`:                   `x`,
		`<iframe src="//player.example/v">f</iframe>`:               `<a href="https://player.example/v" rel="nofollow noopener">https://player.example/v</a>`,
		`<video poster="p.jpg"><source src="v.mp4"></video>`:        `<a href="https://herald.example/dir/v.mp4" rel="nofollow noopener">https://herald.example/dir/v.mp4</a>`,
		`<p dir="rtl" lang="fa">متن</p>`:                            `<p dir="rtl" lang="fa">متن</p>`,
		`<script>x</script><style>y</style>z`:                       `z`,
		`<custom>a</custom><font color="red">b</font>`:              `ab`,
		`plain & simple < more`:                                     `plain &amp; simple &lt; more`,
		`<td>cell</td>`:                                             `cell`,
		"":                                                          "",
	} {
		if got := (rich{in, kindHTML, base}).sanitised(); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
	}
}

func TestOutputOfTheSanitiserIsBounded(t *testing.T) {
	for _, piece := range []string{"<", "<a href=/x>y", "<b>", `"`, "<p>x</p>"} {
		in := strings.Repeat(piece, maxFieldBytes/len(piece))
		if got := len((rich{in, kindHTML, &url.URL{Scheme: "https", Host: "h.example"}}).sanitised()); got > maxHTMLBytes {
			t.Errorf("%q: %d bytes", piece, got)
		}
	}
}

func TestExcerpts(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "herald.example", Path: "/dir/doc"}
	long := strings.TrimSpace(strings.Repeat("word ", 60)) // 299 characters
	for in, want := range map[string]string{
		`<p>One <a href="x" class="c">two</a>.</p><p>Three</p>`: `<p>One <a href="https://herald.example/dir/x">two</a>.</p><p>Three</p>`,
		`One<br>two<br/><br/>three`:                             `<p>One<br>two<br>three</p>`,
		`<div>One</div>two`:                                     `<p>One</p><p>two</p>`,
		`<h2>Head</h2><ul><li>a<li>b <b>c</b></ul>`:             `<p>Head</p><ul><li>a</li><li>b <b>c</b></li></ul>`,
		`<ul>stray<li>a</ul>`:                                   `<ul><li>stray</li><li>a</li></ul>`,
		`<ol><li><p>a</p><p>b</p></li></ol>`:                    `<ol><li>a<br>b</li></ol>`,
		`<blockquote>a<p>b</p></blockquote>`:                    `<blockquote><p>a</p><p>b</p></blockquote>`,
		`<li>alone</li>`:                                        `<p>alone</p>`,
		`<b><p>in a block</p></b>`:                              `<p><b>in a block</b></p>`,
		`<a href="javascript:x">y</a><b></b><p></p>`:            `<p>y</p>`,
		`<p dir="rtl" lang="fa">متن <bdi>x</bdi></p>`:           `<p dir="rtl" lang="fa">متن <bdi>x</bdi></p>`,
		`<table><tr><td>a</td><td>b</td></tr></table>`:          `<p>a</p><p>b</p>`,
		`<img src="x" alt="no"><iframe src="y"></iframe>`:       ``,
		`<p>` + long + `</p><p>` + long + `</p><p>` + long + `</p><p>` + long + `</p><p>` + long + `</p>`: strings.Repeat(`<p>`+long+`</p>`, 4),
		`AT&amp;T &lt;b&gt;`:                     `<p>AT&amp;T &lt;b&gt;</p>`,
		"  spaces \n and   <i> in  between</i> ": `<p>spaces and <i>in between</i></p>`,
	} {
		if _, got := (rich{in, kindHTML, base}).excerpt(&excerpter{}); got != want {
			t.Errorf("%.60s\ngot  %s\nwant %s", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"<p>One<br>two</p><p>three</p>":           "One two three",
		"<td>a</td><td>b</td>":                    "ab",
		"caf&eacute; &amp; &lt;b&gt; <b>x</b>":    "café & <b> x",
		"<script>x</script>a\u202eb\u200cc":       "ab\u200cc",
		"&lt;script&gt;alert(1)&lt;/script&gt; x": "x",
	} {
		if got, _ := (rich{in, kindHTML, base}).excerpt(&excerpter{}); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", in, got, want)
		}
	}
}

func TestALongFirstBlockIsCutAtAWord(t *testing.T) {
	in := strings.Repeat("کلمه ", 2000)
	for _, k := range []kind{kindHTML, kindPlain} {
		_, got := (rich{"<p>" + in, k, &url.URL{}}).excerpt(&excerpter{})
		if k == kindPlain {
			_, got = (rich{in, k, &url.URL{}}).excerpt(&excerpter{})
		}
		text := strings.TrimSuffix(strings.TrimPrefix(got, "<p>"), "</p>")
		if n := len([]rune(text)); n > maxExcerptChars || n < maxExcerptChars-10 || !strings.HasSuffix(text, "کلمه…") {
			t.Errorf("kind %d: %d characters, end %q", k, n, text[len(text)-20:])
		}
	}
}
