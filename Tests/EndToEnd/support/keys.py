"""The grammar of a client key: `tg_<public id: 10>_<secret: 43><crc32: 6>`, all base62."""

from __future__ import annotations

import zlib

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits.rjust(6, "0")


def make_key(public_id: str, secret: str) -> str:
    """A key with a right checksum, whether or not anybody issued it."""
    assert len(public_id) == 10 and len(secret) == 43
    body = f"tg_{public_id}_{secret}"
    return body + checksum(body)
