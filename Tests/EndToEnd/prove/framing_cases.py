"""Where a message ends: Content-Length, Transfer-Encoding, chunks and trailers (RFC 9112 §6 and §7)."""

from __future__ import annotations

from collections.abc import Callable

from .http_case import (ANY_TIME, INCOMPLETE, LAST, TOO_LARGE, Case, Dress, chunk, chunked, coded, get, halves, joined,
                        named, post, with_length)

LENGTH = "RFC 9110 §8.6, RFC 9112 §6.3: one decimal number, anything else is 400 and the end"
BOTH = "RFC 9112 §6.1: Transfer-Encoding with Content-Length is an attack"
CODING = "RFC 9112 §6.1, §6.3: chunked must be the one coding, else 400 or 501 and the end"
SIZE = "RFC 9112 §7.1: chunk-size is 1*HEXDIG"
EXTENSION = "RFC 9112 §7.1.1"
LARGE = "RFC 9110 §15.5.14: 413"
TRAILER = "RFC 9112 §7.1.2, RFC 9110 §6.5.1: trailers never change the head"


def lengths() -> list[Case]:
    bad = (b"+N", b"-N", b"-1", b"N.0", b"0xN", b"N N", b"N,N", b"N, N", b"N,", b",N", b"", b"  ", b"Ne0", b"N;",
           b'"N"', b"N\x0b", b"\x0bN", b"N\x00", b"_N", b"N_0", b"N\x85", b"\xef\xbc\x95", b"N\r", b"x", b"Nx", b"N/1",
           b"9223372036854775808", b"18446744073709551616", b"18446744073709551620", b"9" * 400,
           b"340282366920938463463374607431768211456")
    cases = [Case(f"Content-Length: {named(text)}", "smuggling", LENGTH, with_length(text)) for text in bad]
    cases += [
        Case("Content-Length 2^63-1", "limits", "RFC 9110 §15.5.14", with_length(b"9223372036854775807"),
             may_close=TOO_LARGE),
        Case("a body of 20 MB", "limits", LARGE, post(body=lambda _: b" " * 20_000_000), codes=(413,)),
        Case("a chunk of 20 MB", "limits", LARGE, chunked(lambda _: chunk(b" " * 20_000_000) + LAST), codes=(413,)),
        Case("leading zeros", "semantics", "RFC 9110 §8.6: 1*DIGIT", with_length(b"000N"), "either", ("2",), 1),
        Case("whitespace around it", "semantics", "RFC 9110 §5.5", with_length(b"\t N \t"), "served", ("2",), 1),
        Case("Content-Length twice", "smuggling", LENGTH,
             lambda dress: post(b"Content-Length: %d" % (len(dress.body) + 1))(dress)),
        Case("the same Content-Length twice", "smuggling", LENGTH + "; the same twice MAY be one: refused here",
             lambda dress: post(b"Content-Length: %d" % len(dress.body))(dress)),
        Case("Content-Length, then 0", "smuggling", LENGTH, post(b"Content-Length: 0")),
        Case("Content-Length and another, folded", "smuggling", LENGTH, post(b"X: y", b" Content-Length: 1")),
        Case("space before its colon", "smuggling", "RFC 9112 §5.1",
             lambda dress: post(b"Content-Length : %d" % len(dress.body), length=False)(dress)),
        Case("NUL in its name", "smuggling", "RFC 9110 §5.1",
             lambda dress: post(b"Content-Length\x00: %d" % len(dress.body), length=False)(dress)),
        Case("its name with an underscore", "smuggling", "RFC 9110 §5.1: another field, without a body",
             lambda dress: post(b"Content_Length: %d" % len(dress.body), length=False)(dress), "served", ("4", "x")),
        Case("a body of a GET", "smuggling", "RFC 9110 §9.3.1: read and not obeyed",
             lambda dress: get(b"Content-Length: %d" % len(dress.inner))(dress) + dress.inner, "either", ("2",)),
        Case("a body of a GET, then a GET", "smuggling", "RFC 9112 §6.3",
             joined(lambda dress: get(b"Content-Length: %d" % len(dress.inner))(dress) + dress.inner, get()), "either",
             ("2", "2")),
        Case("a body of a HEAD", "smuggling", "RFC 9110 §9.3.2: read and not obeyed", lambda dress: get(
            b"Content-Length: %d" % len(dress.inner), line=b"HEAD /healthz HTTP/1.1")(dress) + dress.inner, "either",
             ("h",)),
        Case("a body of a DELETE", "smuggling", "RFC 9110 §9.3.5: read and not obeyed", lambda dress: get(
            b"Content-Length: %d" % len(dress.inner), line=b"DELETE /healthz HTTP/1.1")(dress) + dress.inner, "either",
             ("4",)),
        Case("a whole request as a body", "smuggling", "RFC 9112 §6.3: a body is never read as a request",
             post(body=lambda dress: dress.inner), "served", ("4",)),
        Case("a body longer than said", "smuggling", "RFC 9112 §6.3: what follows is no request",
             lambda dress: post()(dress) + b"tail\r\n\r\n", "either", ("2", "x"), 1, may_close=ANY_TIME),
        Case("a body shorter than said", "malformed", "RFC 9112 §8: incomplete, never obeyed",
             lambda dress: post()(dress)[:-1], may_close=INCOMPLETE),
        Case("no length at all", "semantics", "RFC 9112 §6.3: no body", post(length=False, body=lambda _: b""),
             "served", ("4",)),
        Case("length 0", "semantics", "RFC 9112 §6.3", post(body=lambda _: b""), "served", ("4",)),
    ]
    return cases


def codings() -> list[Case]:
    def with_te(value: bytes, group: str = "smuggling") -> Case:
        return Case(f"Transfer-Encoding: {named(value)}", group, CODING, coded(b"Transfer-Encoding: " + value))

    bad = (b"identity", b"gzip", b"gzip, chunked", b"chunked, gzip", b"chunked, chunked", b"chunked, identity",
           b"identity, chunked", b"xchunked", b"chunkedx", b"chunk", b"ch unked", b'"chunked"', b"'chunked'",
           b"chunked;q=1", b"chunked,", b",chunked", b", chunked", b"chunked ,", b"\x0bchunked", b"chunked\x0b",
           b"\x00chunked", b"chunked\x00", b"", b"cow", b"chunked\r", b"deflate", b"trailers", b"[chunked]",
           b"chunke\xe4", b"\xffchunked")
    cases = [with_te(value) for value in bad]

    def both(first: bytes, second: bytes) -> Case:
        """A server that takes one framing sees `inner`, one that takes the other does not."""
        return Case(f"{named(first)}, then {named(second)}", "smuggling", BOTH, lambda dress: post(
            first.replace(b"N", b"%d" % (len(dress.inner) + 5)), second.replace(b"N", b"%d" % (len(dress.inner) + 5)),
            length=False, body=lambda inside: LAST + inside.inner)(dress))

    cases += [
        both(b"Content-Length: N", b"Transfer-Encoding: chunked"),
        both(b"Transfer-Encoding: chunked", b"Content-Length: N"),
        both(b"Content-Length: 0", b"Transfer-Encoding: chunked"),
        both(b"Transfer-Encoding: identity", b"Content-Length: N"),
        both(b"Transfer-Encoding: gzip", b"Content-Length: N"),
        both(b"Transfer-Encoding:", b"Content-Length: N"),
        both(b"Transfer-Encoding: cow", b"Content-Length: N"),
        both(b"Transfer-Encoding : chunked", b"Content-Length: N"),
        both(b"Transfer-Encoding\t:chunked", b"Content-Length: N"),
        both(b"Transfer-Encoding:\x0bchunked", b"Content-Length: N"),
        both(b"Transfer-Encoding: \x00chunked", b"Content-Length: N"),
        both(b"Transfer-Encoding:\r\n chunked", b"Content-Length: N"),
        both(b" Transfer-Encoding: chunked", b"Content-Length: N"),
        both(b"X: y\nTransfer-Encoding: chunked", b"Content-Length: N"),
        both(b"X: y\rTransfer-Encoding: chunked", b"Content-Length: N"),
        both(b"X: y\r\n\rTransfer-Encoding: chunked", b"Content-Length: N"),
        both(b"X: y\x00\r\nTransfer-Encoding: chunked", b"Content-Length: N"),
        both(b"Transfer\xadEncoding: chunked\x00", b"Content-Length: N"),
        Case("chunked twice", "smuggling", CODING, coded(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        Case("identity, then chunked", "smuggling", CODING,
             coded(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked")),
        Case("chunked, then identity", "smuggling", CODING,
             coded(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")),
        Case("chunked, then cow", "smuggling", CODING, coded(b"Transfer-Encoding: chunked\r\nTransfer-encoding: cow")),
        Case("chunked of HTTP/1.0", "smuggling", "RFC 9112 §6.1: faulty framing, the end", post(
            b"Transfer-Encoding: chunked", length=False, version=b"HTTP/1.0",
            body=lambda dress: chunk(dress.body) + LAST)),
        Case("CHUNKED", "semantics", "RFC 9112 §7: case-insensitive", coded(b"Transfer-Encoding: CHUNKED"), "served",
             ("2",), 1),
        Case("transfer-encoding by an underscore", "smuggling", "RFC 9110 §5.1: another field",
             coded(b"Transfer_Encoding: chunked"), "served", ("4", "x")),
        Case("whitespace around chunked", "semantics", "RFC 9110 §5.5", coded(b"Transfer-Encoding: \t chunked \t "),
             "served", ("2",), 1),
        Case("TE is not Transfer-Encoding", "semantics", "RFC 9110 §10.1.4", post(b"TE: chunked, trailers"), "served",
             ("2",), 1),
        Case("chunked of a GET", "smuggling", "RFC 9112 §6.3: read and not obeyed",
             lambda dress: get(b"Transfer-Encoding: chunked")(dress) + chunk(dress.inner) + LAST, "either", ("2",)),
    ]
    return cases


def chunks() -> list[Case]:
    good: dict[str, dict[str, bytes]] = {
        "two chunks": {}, "leading zeros": {"size": b"000N"}, "an extension": {"extension": b";a=b"},
        "a quoted extension": {"extension": b';a="b;c"'}, "an extension without a value": {"extension": b";a"},
    }
    cases = [Case(f"chunks: {name}", "semantics", SIZE, chunked(lambda dress, odd=odd: halves(dress, **odd)), "served",
                  ("2",), 1) for name, odd in good.items()]
    sizes = (b"-N", b"+N", b"0xN", b"xN", b" N", b"\tN", b"N_0", b"N,", b"N.0", b"Ng", b"", b"N\x00", b"\x00N",
             b"N\x0b", b"N;\x00", b"FFFFFFFFFFFFFFFF", b"10000000000000000", b"1000000000000000N", b"8" * 40,
             b"N N", b"'N'", b"Nh")
    cases += [Case(f"chunk size {named(size)}", "smuggling", SIZE, chunked(lambda dress, size=size: halves(
        dress, size=size)), may_close=TOO_LARGE if size == b"FFFFFFFFFFFFFFFF" else "") for size in sizes]
    cases += [
        Case("chunk size 7FFFFFFFFFFFFFFF", "limits", SIZE,
             chunked(lambda dress: halves(dress, size=b"7FFFFFFFFFFFFFFF")), may_close=TOO_LARGE),
        Case("a space after the size", "smuggling", EXTENSION + ": BWS only before an extension",
             chunked(lambda dress: halves(dress, size=b"N ")), "either", ("2",), 1),
        Case("size and extension: bare LF ends the line", "smuggling", "RFC 9112 §7.1: CRLF",
             chunked(lambda dress: halves(dress, end=b"\n"))),
        Case("extension, then bare LF", "smuggling", "RFC 9112 §7.1.1: no LF in an extension",
             chunked(lambda dress: halves(dress, extension=b";\n"))),
        Case("bare LF hides a line in an extension", "smuggling", "RFC 9112 §7.1.1",
             chunked(lambda dress: halves(dress, extension=b";a\nb"))),
        Case("bare CR in an extension", "smuggling", "RFC 9112 §7.1.1",
             chunked(lambda dress: halves(dress, extension=b";a\rb"))),
        Case("bare CR ends the size", "smuggling", "RFC 9112 §7.1: CRLF",
             chunked(lambda dress: halves(dress, end=b"\r"))),
        Case("NUL in an extension", "malformed", "RFC 9112 §7.1.1",
             chunked(lambda dress: halves(dress, extension=b";a=\x00"))),
        Case("an extension of 70,000 bytes", "limits", "RFC 9112 §7.1.1: SHOULD be limited",
             chunked(lambda dress: halves(dress, extension=b";" + b"a" * 70_000)), "either", ("2",), 1),
        Case("data longer than its size", "smuggling", "RFC 9112 §7.1: CRLF after the data",
             chunked(lambda dress: chunk(dress.body + b"X", size=b"%x" % len(dress.body)) + LAST)),
        Case("nothing after the data", "smuggling", "RFC 9112 §7.1: CRLF after the data",
             chunked(lambda dress: halves(dress, after=b""))),
        Case("bare LF after the data", "smuggling", "RFC 9112 §7.1: CRLF after the data",
             chunked(lambda dress: halves(dress, after=b"\n"))),
        Case("bare CR after the data", "smuggling", "RFC 9112 §7.1: CRLF after the data",
             chunked(lambda dress: halves(dress, after=b"\r"))),
        Case("two other bytes after the data", "smuggling", "RFC 9112 §7.1: CRLF after the data",
             chunked(lambda dress: halves(dress, after=b"XX"))),
        Case("LF CR after the data", "smuggling", "RFC 9112 §7.1",
             chunked(lambda dress: halves(dress, after=b"\n\r"))),
        Case("no last chunk", "malformed", "RFC 9112 §8: incomplete, never obeyed", chunked(lambda d: chunk(d.body)),
             may_close=INCOMPLETE),
        Case("no end after the last chunk", "malformed", "RFC 9112 §8: incomplete",
             chunked(lambda dress: chunk(dress.body) + b"0\r\n"), may_close=INCOMPLETE),
        Case("many zeros end it", "semantics", "RFC 9112 §7.1: last-chunk = 1*(\"0\")",
             chunked(lambda dress: chunk(dress.body) + b"0000\r\n\r\n"), "served", ("2",), 1),
        Case("bare LF ends the last chunk", "smuggling", "RFC 9112 §7.1",
             chunked(lambda dress: chunk(dress.body) + b"0\n\r\n")),
        Case("bare LF ends the body", "smuggling", "RFC 9112 §7.1",
             chunked(lambda dress: chunk(dress.body) + b"0\r\n\n")),
        Case("a request behind the last chunk is the next one", "semantics", "RFC 9112 §9.3.2",
             joined(chunked(lambda dress: chunk(dress.body) + LAST), get()), "served", ("2", "2"), 1),
        Case("a request in place of trailers", "smuggling", TRAILER,
             chunked(lambda dress: chunk(dress.body) + b"0\r\n" + dress.inner)),
        Case("a chunked body that holds a request", "smuggling", "RFC 9112 §7.1",
             chunked(lambda dress: chunk(dress.inner) + LAST), "served", ("4",)),
        Case("one byte a chunk", "semantics", SIZE, chunked(
            lambda dress: b"".join(chunk(dress.body[n:n + 1]) for n in range(len(dress.body))) + LAST),
             "served", ("2",), 1),
    ]
    return cases


def trailers() -> list[Case]:
    def trailer(lines: bytes) -> Callable[[Dress], bytes]:
        return chunked(lambda dress: chunk(dress.body) + b"0\r\n" + lines + b"\r\n")

    good = {"a trailer": b"X: y\r\n", "ten trailers": b"".join(b"X-%d: y\r\n" % n for n in range(10)),
            "Content-Length": b"Content-Length: 5\r\n", "Transfer-Encoding": b"Transfer-Encoding: chunked\r\n",
            "Host": b"Host: other\r\n", "Authorization": b"Authorization: Bearer other\r\n",
            "Connection": b"Connection: close\r\n"}
    cases = [Case(f"trailer: {name}", "semantics", TRAILER, trailer(lines), "either", ("2",), 1)
             for name, lines in good.items()]
    bad = {"no colon": b"X\r\n", "an empty name": b": x\r\n", "a space before the colon": b"X : y\r\n",
           "obs-fold": b"X: y\r\n z\r\n", "NUL": b"X: \x00\r\n", "bare CR": b"X: y\rZ: a\r\n", "bare LF": b"X: y\n",
           "a bad name": b"X(: y\r\n"}
    cases += [Case(f"bad trailer: {name}", "malformed", TRAILER, trailer(lines))
              for name, lines in bad.items()]
    cases.append(Case("trailers of 200,000 bytes", "limits", "RFC 6585 §5", trailer(
        b"X: " + b"a" * 200_000 + b"\r\n")))
    cases.append(Case("1,000 trailers", "limits", "RFC 6585 §5", trailer(
        b"".join(b"X-%d: y\r\n" % n for n in range(1000))), "either", ("2",), 1))
    return cases


FRAMING = [*lengths(), *codings(), *chunks(), *trailers()]
