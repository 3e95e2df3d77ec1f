"""Raw HTTP/1.1 cases of our own, from RFC 9110 and RFC 9112: heads, hosts, limits, and what a connection may carry.

Framing (lengths, codings, chunks) is in `framing_cases.py`.
"""

from __future__ import annotations

from .framing_cases import FRAMING
from .http_case import Case, get, joined, named, post, raw

TOKEN_BREAKERS = (b"(", b")", b"<", b">", b"@", b",", b";", b"\\", b'"', b"/", b"[", b"]", b"?", b"=", b"{", b"}")
CONTROLS = (b"\x00", b"\x01", b"\x08", b"\x0b", b"\x0c", b"\x1b", b"\x7f")


def methods() -> list[Case]:
    rule = "RFC 9110 §9.1, §5.6.2: a method is a token"
    bad = [b"GE" + mark + b"T" for mark in TOKEN_BREAKERS] + [b"G\x00ET", b"G\xffT", b"G\x7fT", b"\tGET", b" GET"]
    cases = [Case(f"method {named(text)}", "malformed", rule, get(line=text + b" /healthz HTTP/1.1")) for text in bad]
    odd = [b"get", b"Get", b"BREW", b"PROPFIND", b"M-SEARCH", b"PATCH", b"DELETE", b"PUT"]
    cases += [Case(f"method {named(text)}", "semantics", "RFC 9110 §9.1: case-sensitive; unknown is 501, known 405",
                   get(line=text + b" /healthz HTTP/1.1"), "either", ("4",), codes=(400, 401, 404, 405, 501))
              for text in odd]
    return cases + [
        Case("method of 70,000 letters", "limits", "RFC 9112 §3: longer than any it implements: 501",
             get(line=b"A" * 70_000 + b" /healthz HTTP/1.1")),
        Case("no method", "malformed", "RFC 9112 §3: method SP request-target SP version",
             get(line=b"/healthz HTTP/1.1")),
        Case("CONNECT", "methods", "RFC 9110 §9.3.6: no proxy: no tunnel",
             get(line=b"CONNECT example.com:80 HTTP/1.1")),
        Case("CONNECT and bytes for the tunnel", "smuggling", "RFC 9110 §9.3.6: nothing after a refused CONNECT",
             joined(get(line=b"CONNECT example.com:80 HTTP/1.1"), lambda dress: dress.inner)),
        Case("TRACE", "methods", "RFC 9110 §9.3.8: never reflects credentials; refused",
             get(b"Authorization: Bearer secret", line=b"TRACE /healthz HTTP/1.1")),
        Case("HEAD", "semantics", "RFC 9110 §9.3.2: the head only", get(line=b"HEAD /healthz HTTP/1.1"), "served",
             ("h",)),
        Case("HEAD, then GET", "smuggling", "RFC 9112 §6.3: an answer to HEAD never has a body",
             joined(get(line=b"HEAD /healthz HTTP/1.1"), get()), "served", ("h", "2")),
        Case("HEAD of what is only POSTed", "semantics", "RFC 9110 §9.3.2", lambda dress: get(
            b"Authorization: " + dress.auth, line=b"HEAD " + dress.path + b" HTTP/1.1")(dress), "served", ("H",)),
        Case("OPTIONS", "semantics", "RFC 9110 §9.3.7", get(line=b"OPTIONS /healthz HTTP/1.1"), "served", ("24",)),
        Case("OPTIONS *", "semantics", "RFC 9112 §3.2.4: the asterisk form", get(line=b"OPTIONS * HTTP/1.1"),
             "either", ("24",)),
        Case("HTTP/2 preface", "malformed", "RFC 9113 §3.4: not HTTP/1.1",
             raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")),
    ]


def targets() -> list[Case]:
    rule = "RFC 9112 §3.2: no whitespace, no control byte"
    cases = [Case(f"target with {named(byte)}", "malformed", rule, get(line=b"GET /heal" + byte + b"thz HTTP/1.1"))
             for byte in (*CONTROLS, b" ", b"\t", b"\r")]
    rule = "RFC 3986 §2: not a byte of a URI; never taken for another target"
    cases += [Case(f"target with {named(byte)}", "semantics", rule, get(line=b"GET /heal" + byte + b"thz HTTP/1.1"),
                   "either", ("4",)) for byte in (b'"', b"<", b">", b"\\", b"^", b"`", b"{", b"|", b"}", b"\x80",
                                                 b"\xff")]
    rule = "RFC 3986 §6: no such route, however it is written"
    for text in (b"//healthz", b"/../healthz", b"/x/../healthz", b"/./healthz", b"/healthz/", b"/healthz/..",
                 b"/%2e%2e/healthz", b"/healthz%00", b"/healthz%2f", b"/%zz", b"/healthz%", b"/healthz;a=b",
                 b"healthz", b"*", b"?", b"http:/healthz", b"\\healthz"):
        cases.append(Case(f"target {named(text)}", "semantics", rule, get(line=b"GET " + text + b" HTTP/1.1"),
                          "either", ("4",)))
    return cases + [
        Case("no target", "malformed", "RFC 9112 §3", get(line=b"GET HTTP/1.1")),
        Case("empty target", "malformed", "RFC 9112 §3", get(line=b"GET  HTTP/1.1")),
        Case("two spaces before the target", "semantics", "RFC 9112 §3: MAY be read by words",
             get(line=b"GET  /healthz HTTP/1.1"), "either"),
        Case("two spaces after the target", "semantics", "RFC 9112 §3: MAY be read by words",
             get(line=b"GET /healthz  HTTP/1.1"), "either"),
        Case("tabs for spaces", "malformed", "RFC 9112 §3: single SP", get(line=b"GET\t/healthz\tHTTP/1.1")),
        Case("absolute form", "semantics", "RFC 9112 §3.2.2: MUST be accepted",
             lambda dress: get(line=b"GET http://" + dress.host + b"/healthz HTTP/1.1")(dress), "served"),
        Case("absolute form, https", "semantics", "RFC 9112 §3.2.2",
             lambda dress: get(line=b"GET https://" + dress.host + b"/healthz HTTP/1.1")(dress), "either"),
        Case("absolute form, other Host", "semantics", "RFC 9112 §3.2.2: the target's host counts, not the field",
             get(line=b"GET http://other.example/healthz HTTP/1.1"), "either"),
        Case("absolute form with a user", "semantics", "RFC 9110 §4.2.4: an error, or the user is ignored",
             lambda dress: get(line=b"GET http://user@" + dress.host + b"/healthz HTTP/1.1")(dress), "either"),
        Case("absolute form of another scheme", "semantics", "RFC 9110 §7.4: misdirected",
             get(line=b"GET ftp://example.com/healthz HTTP/1.1"), "either", ("24",)),
        Case("authority form", "malformed", "RFC 9112 §3.2.3: with CONNECT only",
             get(line=b"GET example.com:80 HTTP/1.1"), "either", ("4",)),
        Case("query", "semantics", "RFC 9110 §4.1", get(line=b"GET /healthz?a=b&c HTTP/1.1"), "either", ("24",)),
        Case("fragment", "semantics", "RFC 9110 §4.2.5: none in a target", get(line=b"GET /healthz#x HTTP/1.1"),
             "either", ("24",)),
        Case("target of 8,000 bytes", "limits", "RFC 9112 §3: at least 8,000 bytes are read",
             get(line=b"GET /" + b"a" * 7_990 + b" HTTP/1.1"), "served", ("4",)),
        Case("target of 70,000 bytes", "limits", "RFC 9110 §15.5.15",
             get(line=b"GET /" + b"a" * 70_000 + b" HTTP/1.1"), codes=(414, 431)),
    ]


def versions() -> list[Case]:
    rule = 'RFC 9112 §2.3: "HTTP/" DIGIT "." DIGIT, case-sensitive'
    bad = (b"HTTP/1.", b"HTTP/.1", b"HTTP/11", b"http/1.1", b"HTTP /1.1", b"HTTP/ 1.1", b"HTTP/1.1x", b"HTTP/1,1",
           b"HTTPS/1.1", b"HTTP/1.1 x", b"HTTP/01.1", b"HTTP/1.01", b"HTTP/1.10", b"HTTP/x.y", b"HTTP-1.1",
           b"HTTP/1.1 ", b"\x00HTTP/1.1", b"ICE/1.0", b"HTTP/-1.1", b"HTTP/1.1\t")
    cases = [Case(f"version {named(text)}", "malformed", rule, get(line=b"GET /healthz " + text)) for text in bad]
    major = "RFC 9110 §15.6.6: another major version"
    cases += [Case(f"version {text.decode()}", "malformed", major, get(line=b"GET /healthz " + text))
              for text in (b"HTTP/0.9", b"HTTP/2.0", b"HTTP/3.0", b"HTTP/9.9")]
    return cases + [
        Case("version HTTP/1.2", "semantics", "RFC 9110 §2.5: as the highest minor version known, or refused",
             get(line=b"GET /healthz HTTP/1.2"), "either"),
        Case("version RTSP/1.0", "semantics", "RFC 9112 §2.3: another protocol; the parser takes it for HTTP/1.0",
             get(line=b"GET /healthz RTSP/1.0")),
        Case("no version", "malformed", "RFC 9112 §3: HTTP/0.9 is not spoken", raw(b"GET /healthz\r\n\r\n")),
        Case("HTTP/1.0 without Host", "semantics", "RFC 9112 §3.2: Host is of HTTP/1.1",
             get(line=b"GET /healthz HTTP/1.0", host=False), "served", ("c",)),
        Case("HTTP/1.0 with two hosts", "malformed", "RFC 9112 §3.2: any request message with more than one",
             get(b"Host: b", line=b"GET /healthz HTTP/1.0")),
        Case("HTTP/1.0 and keep-alive", "semantics", "RFC 9112 §9.3: MAY stay open",
             get(b"Connection: keep-alive", line=b"GET /healthz HTTP/1.0"), "served"),
        Case("HTTP/1.0 is closed", "semantics", "RFC 9112 §9.3: closes without keep-alive",
             joined(get(line=b"GET /healthz HTTP/1.0"), lambda dress: dress.inner), "served", ("c",)),
    ]


def hosts() -> list[Case]:
    rule = "RFC 9112 §3.2: a missing, repeated or invalid Host is 400"
    cases = [
        Case("no Host", "malformed", rule, get(host=False), codes=(400,)),
        Case("Host twice", "smuggling", rule, get(b"Host: other.example"), codes=(400,)),
        Case("the same Host twice", "smuggling", rule, lambda dress: get(b"Host: " + dress.host)(dress), codes=(400,)),
        Case("Host twice, other case", "smuggling", rule, get(b"hOST: other.example"), codes=(400,)),
    ]
    for text in (b"a b", b"a\tb", b"a/b", b"a@b", b"user@a", b"a, b", b"a?b", b"a#b", b"a\\b", b'"a"', b"<a>",
                 b"a:b", b"a:80:81", b"a:-1", b"[::1", b"::1]", b"a:80x", b"http://a", b"a{b}", b"a^b", b"a|b", b"a`b",
                 b"a%zz", b"\xc3\xa4", b"a\x01b", b"a\x00b", b"[::1]x", b"", b":", b":80", b"."):
        cases.append(Case(f"Host: {named(text)}", "malformed", rule, get(b"Host: " + text, host=False), codes=(400,)))
    for text in (b"a", b"a:80", b"a:", b"[::1]:80", b"127.0.0.1", b"   a   ", b"\ta\t", b"a.b-c_d~e", b"a%41"):
        cases.append(Case(f"good Host: {named(text)}", "semantics", "RFC 9110 §7.2", get(b"Host:" + text, host=False),
                          "served"))
    cases.append(Case("Host: a,b", "semantics", "RFC 3986 §3.2.2: a name, or two fields joined",
                      get(b"Host: a,b", host=False), "either"))
    return cases


def fields() -> list[Case]:
    name = "RFC 9110 §5.1: a field name is a token"
    cases = [Case(f"field name with {named(mark)}", "malformed", name, get(b"X" + mark + b"Y: z"))
             for mark in (*TOKEN_BREAKERS, *CONTROLS, b"\x80", b"\xff", b" ", b"\t")]
    cases += [Case(f"field value with {named(mark)}", "malformed", "RFC 9110 §5.5: CR, LF, NUL and controls refused",
                   get(b"X: a" + mark + b"b")) for mark in CONTROLS]
    space = "RFC 9112 §5.1: no whitespace before the colon"
    fold = "RFC 9112 §5.2: obs-fold refused"
    line = "RFC 9112 §2.2: a bare CR is never a line's end; neither is a bare LF here"
    return cases + [
        Case("space before the colon", "smuggling", space, get(b"X : y"), codes=(400,)),
        Case("tab before the colon", "smuggling", space, get(b"X\t: y"), codes=(400,)),
        Case("obs-fold by a space", "smuggling", fold, get(b"X: a", b" b")),
        Case("obs-fold by a tab", "smuggling", fold, get(b"X: a", b"\tb")),
        Case("obs-fold of an empty value", "smuggling", fold, get(b"X:", b" b")),
        Case("obs-fold of only a space", "smuggling", fold, get(b"X: a", b" ")),
        Case("whitespace before the first field", "smuggling", "RFC 9112 §2.2: refused",
             raw(b"GET /healthz HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n")),
        Case("a line without a colon", "malformed", "RFC 9112 §5", get(b"X")),
        Case("an empty name", "malformed", name, get(b": x")),
        Case("only a colon", "malformed", name, get(b":")),
        Case("bare LF ends the request line", "smuggling", line, raw(b"GET /healthz HTTP/1.1\nHost: a\r\n\r\n")),
        Case("bare LF ends a field", "smuggling", line, get(b"X: a\nY: b")),
        Case("bare LF ends the head", "smuggling", line, raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\n")),
        Case("only bare LF", "smuggling", line, raw(b"GET /healthz HTTP/1.1\nHost: a\n\n")),
        Case("bare CR ends the request line", "smuggling", line, raw(b"GET /healthz HTTP/1.1\rHost: a\r\n\r\n")),
        Case("bare CR ends a field", "smuggling", line, get(b"X: a\rY: b")),
        Case("bare CR ends the head", "smuggling", line, raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n")),
        Case("CR CR LF", "smuggling", line, get(b"X: a\r")),
        Case("a CR before a name", "smuggling", line, get(b"X: a", b"\rY: b")),
        Case("an empty value", "semantics", "RFC 9110 §5.5", get(b"X:"), "served"),
        Case("whitespace around a value", "semantics", "RFC 9110 §5.5: not part of it", get(b"X: \t a \t "), "served"),
        Case("a tab in a value", "semantics", "RFC 9110 §5.5", get(b"X: a\tb"), "served"),
        Case("obs-text in a value", "semantics", "RFC 9110 §5.5: opaque", get(b"X: \x80\xff"), "served"),
        Case("every token character in a name", "semantics", "RFC 9110 §5.6.2", get(b"!#$%&'*+-.^_`|~09azAZ: x"),
             "served"),
        Case("the same field 50 times", "semantics", "RFC 9110 §5.3", get(*[b"X: y"] * 50), "served"),
    ]


def limits() -> list[Case]:
    rule = "RFC 6585 §5: 431"
    return [
        Case("a value of 70,000 bytes", "limits", rule, get(b"X: " + b"a" * 70_000), codes=(431,)),
        Case("a name of 70,000 bytes", "limits", rule, get(b"a" * 70_000 + b": x"), codes=(431,)),
        Case("a value of 6,000 bytes", "limits", "RFC 9110 §5.4", get(b"X: " + b"a" * 6_000), "served"),
        Case("90 fields", "limits", "RFC 9110 §5.4", get(*[b"X-%d: y" % n for n in range(90)]), "served"),
        Case("200 fields", "limits", rule, get(*[b"X-%d: y" % n for n in range(200)]), codes=(431,)),
        Case("20,000 fields", "limits", rule, get(*[b"X-%d: y" % n for n in range(20_000)]), codes=(400, 431)),
        Case("fields without an end", "limits", rule,
             raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 40_000)),
    ]


def connections() -> list[Case]:
    order = "RFC 9112 §9.3.2: answered in order"
    return [
        Case("two at once", "pipelining", order, joined(get(), get()), "served", ("2", "2")),
        Case("ten at once", "pipelining", order, joined(*[get()] * 10), "served", ("2",) * 10),
        Case("GET, POST, GET at once", "pipelining", order, joined(get(), post(), get()), "served", ("2", "2", "2"), 1),
        Case("good, then garbage", "pipelining", "RFC 9112 §2.2", joined(get(), raw(b"\x00\x01\x02 garbage\r\n\r\n")),
             "served", ("2", "x")),
        Case("a call, a head to refuse, another call", "smuggling", "RFC 9112 §9.3.2: nothing behind it is obeyed",
             joined(post(), get(host=False), lambda dress: dress.inner), "served", ("2", "x"), 1),
        Case("nothing after close", "smuggling", "RFC 9112 §9.6: no request after `close` is read",
             joined(get(b"Connection: close"), lambda dress: dress.inner), "served", ("c",)),
        Case("close among others", "semantics", "RFC 9110 §7.6.1: a list",
             joined(get(b"Connection: x, Close"), lambda dress: dress.inner), "served", ("c",)),
        Case("an empty line before a request", "pipelining", "RFC 9112 §2.2: SHOULD be ignored",
             joined(raw(b"\r\n"), get()), "served"),
        Case("a CRLF after a body", "pipelining", "RFC 9112 §2.2: SHOULD be ignored",
             joined(post(), raw(b"\r\n"), get()), "served", ("2", "2"), 1),
        Case("100-continue", "expect", "RFC 9110 §10.1.1", post(b"Expect: 100-continue"), "served", ("2",), 1),
        Case("another expectation", "expect", "RFC 9110 §10.1.1: 417 MAY be answered", post(b"Expect: 200-ok"),
             "either", ("24",), 1),
        Case("100-continue of HTTP/1.0", "expect", "RFC 9110 §10.1.1: ignored",
             post(b"Expect: 100-continue", version=b"HTTP/1.0"), "served", ("c",), 1),
        Case("an upgrade to h2c", "smuggling", "RFC 9110 §7.8: MAY be ignored", get(
            b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA"),
             "either"),
        Case("an upgrade to websocket", "smuggling", "RFC 9110 §7.8", get(
            b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            b"Sec-WebSocket-Version: 13"), "either"),
        Case("Range is ignored", "semantics", "RFC 9110 §14.2", get(b"Range: bytes=0-0"), "served"),
        Case("If-None-Match: *", "semantics", "RFC 9110 §13.1.2", get(b'If-None-Match: "x"'), "served"),
        Case("Max-Forwards", "semantics", "RFC 9110 §7.6.2", get(b"Max-Forwards: 0"), "served"),
        Case("Connection names Host", "smuggling", "RFC 9110 §7.6.1", get(b"Connection: host, authorization"),
             "served"),
        Case("another method by a field", "smuggling", "not in any RFC: never obeyed",
             get(b"X-HTTP-Method-Override: DELETE"), "served"),
        Case("another target by a field", "smuggling", "not in any RFC: never obeyed",
             get(b"X-Original-URL: /admin", b"X-Rewrite-URL: /admin"), "served"),
        Case("two different credentials", "malformed", "RFC 9110 §11.6.2: one field",
             post(b"Authorization: Bearer other")),
        Case("a coded body", "semantics", "RFC 9110 §8.4.1: 415, or never understood",
             post(b"Content-Encoding: gzip"), "either", ("24",), 1),
    ]


def garbage() -> list[Case]:
    rule = "RFC 9112 §2.1: not a request"
    return [Case(name, "malformed", rule, raw(data)) for name, data in {
        "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x11" * 200,
        "SSH": b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "SMTP": b"EHLO example.com\r\n\r\n",
        "PROXY protocol": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
        "PROXY protocol 2": b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x00" * 12,
        "an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "NULs": b"\x00" * 4096,
        "high bytes": bytes(range(128, 256)) * 64, "one long line": b"A" * 200_000, "a colon": b":\r\n\r\n",
        "spaces": b" " * 5000 + b"\r\n\r\n", "JSON": b'{"model":"fake"}\r\n\r\n',
    }.items()]


CASES = [*methods(), *targets(), *versions(), *hosts(), *fields(), *limits(), *connections(), *garbage(), *FRAMING]
