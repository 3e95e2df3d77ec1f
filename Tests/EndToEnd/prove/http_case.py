"""One raw HTTP/1.1 case: the bytes, the rule they are about, and what must come of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

CRLF = b"\r\n"
INCOMPLETE = 'RFC 9112 §8: for an incomplete request a server "MAY send an error response prior to closing"'
TOO_LARGE = 'RFC 9110 §15.5.14: content too large: "the server MAY close the connection"'
ANY_TIME = 'RFC 9112 §9.5: "A client, server, or proxy MAY close the transport connection at any time"'
LAST = b"0\r\n\r\n"


@dataclass(frozen=True)
class Dress:
    """What makes a request of a case good on the listener it is sent to.

    `body` does something that can be counted there, `inner` is a whole request that would do the same under another
    name: it must never be obeyed where it is part of something else.
    """

    host: bytes
    auth: bytes
    path: bytes
    body: bytes
    inner: bytes


@dataclass(frozen=True)
class Case:
    """`wanted` is `refused`: one answer that is an error, then the end of the connection; `either`: that, or as
    `served`; `served`: exactly these answers, each a set of first digits ("2", "24"), "x" a refusal and the end.

    `effects`: how often the request's body may have been obeyed. A connection that is cut without an answer is a
    failure, but where an RFC allows that, which `may_close` cites.
    """

    name: str
    group: str
    rule: str
    make: Callable[[Dress], bytes]
    wanted: str = "refused"
    served: tuple[str, ...] = ("2",)
    effects: int = 0
    codes: tuple[int, ...] = ()
    may_close: str = ""


def get(*lines: bytes, line: bytes = b"GET /healthz HTTP/1.1", host: bool = True,
        end: bytes = CRLF) -> Callable[[Dress], bytes]:
    """A request without a body, whose answer is 200 without a key."""

    def make(dress: Dress) -> bytes:
        fields = ([b"Host: " + dress.host] if host else []) + list(lines)
        return line + CRLF + b"".join(field + CRLF for field in fields) + end

    return make


def post(*lines: bytes, body: Callable[[Dress], bytes] | None = None, length: bool = True,
         version: bytes = b"HTTP/1.1") -> Callable[[Dress], bytes]:
    """The request that does something; without `length` the lines must frame it."""

    def make(dress: Dress) -> bytes:
        content = body(dress) if body else dress.body
        sized = [b"Content-Length: %d" % len(content)] if length else []
        fields = [b"Host: " + dress.host, b"Authorization: " + dress.auth, b"Content-Type: application/json",
                  *sized, *lines]
        return b"POST " + dress.path + b" " + version + CRLF + b"".join(f + CRLF for f in fields) + CRLF + content

    return make


def with_length(text: bytes) -> Callable[[Dress], bytes]:
    """A Content-Length written like this; `N` stands for the true one."""
    return lambda dress: post(
        b"Content-Length: " + text.replace(b"N", b"%d" % len(dress.body)), length=False)(dress)


def coded(field: bytes, body: Callable[[Dress], bytes] | None = None) -> Callable[[Dress], bytes]:
    """A chunked body under this field in place of `Transfer-Encoding: chunked`."""
    return post(field, length=False, body=body or (lambda dress: chunk(dress.body) + LAST))


def chunked(body: Callable[[Dress], bytes]) -> Callable[[Dress], bytes]:
    return post(b"Transfer-Encoding: chunked", length=False, body=body)


def chunk(data: bytes, size: bytes | None = None, extension: bytes = b"", end: bytes = CRLF,
          after: bytes = CRLF) -> bytes:
    """`N` in `size` stands for the true size in hexadecimal digits."""
    true = b"%x" % len(data)
    return (true if size is None else size.replace(b"N", true)) + extension + end + data + after


def halves(dress: Dress, **options: bytes) -> bytes:
    """The body in two chunks, the first with these oddities."""
    middle = len(dress.body) // 2
    return chunk(dress.body[:middle], **options) + chunk(dress.body[middle:]) + LAST


def joined(*parts: Callable[[Dress], bytes]) -> Callable[[Dress], bytes]:
    return lambda dress: b"".join(part(dress) for part in parts)


def raw(data: bytes) -> Callable[[Dress], bytes]:
    return lambda _: data


def named(data: bytes) -> str:
    """Bytes as they can stand in a case's name."""
    text = repr(data[:40])[2:-1]
    return text if len(data) <= 40 else f"{text}… ({len(data)} bytes)"
