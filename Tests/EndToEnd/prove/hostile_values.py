"""What a hostile admin puts into a field, a parameter, a header or a body."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# A line of the log or a header of an answer that only an injection makes.
FORGED, INJECTED = "forged-by-a-name", "x-injected"
DEPTH, MANY, MEBIBYTE = 10_000, 100_000, 1 << 20
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

TEXTS: dict[str, tuple[str, ...]] = {
    "SQL": (
        "' OR '1'='1", "' OR 1=1--", "'; DROP TABLE tenants;--", "x'); DELETE FROM budgets;--", '" OR ""="',
        "1; VACUUM", "' UNION SELECT phc FROM key_secrets--", "x' AND (SELECT count(*) FROM api_keys)>0--", "%", "_",
        "%' --", "\\'", "'||(SELECT value FROM settings)||'", "1) OR (1=1", "a'/**/OR/**/1=1",
        "'; ATTACH DATABASE '/tmp/x' AS x;--", "'; UPDATE budgets SET limit_micro=1;--",
        "' AND randomblob(999999999)--", "[x]", "`x`", "$1", "?1", ":id", "@id",
    ),
    "path": (
        "../../../../etc/passwd", "..", ".", "/", "//", "..%2f..%2fpools", "%2e%2e%2f", "..\\..\\windows",
        "/etc/shadow", "file:///etc/passwd", "C:\\", "\\\\host\\share", "....//....//", "..;/", "tenants/../pools",
        "~root", "%252e%252e",
    ),
    "lines and controls": (
        f"a\r\n{INJECTED}: yes", f"a\n{INJECTED}: yes\n\nbody", "a\rb", "a\x00b", "\x00", "a\x08\x08b",
        "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x7f", "a\x85b", "a\u2028b", "a\u2029b", "\x0b\x0c", "tab\there",
        " lead", "trail ", "   ",
    ),
    "formula": (
        "=1+1", "+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x/","y")', "\t=1", "\uff1d1",
        "\uff0b1", "\uff0d1", "\uff20A1", ' =1', '"=1"', "a,=1", "a;=1", 'a",=1+1,"', "a\n=1", "'=1", "{=1}", "%0A=1",
        "\ufeff=1",
    ),
    "template and log": (
        "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "${jndi:ldap://127.0.0.1/a}", "%s%s%s%n", "%x" * 40, "{0}",
        "$(id)", "`id`", "; id", "| id", "&& id", "{{constructor}}", "\\(x)", "$HOME", "%PATH%",
        '","level":"critical","x":"', f'a"}}\n{{"level":"critical","message":"{FORGED}"}}',
        f'"}} {{"message":"{FORGED}"}}', f"a\nERROR {FORGED}", '"} tollgate_forged 1',
        f'x"}} 1\n{FORGED.replace("-", "_")}{{a="', "\\", '\\"', '"', "#", "a\\nb",
    ),
    "script": (
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg/onload=alert(1)>", "javascript:alert(1)",
        "&lt;script&gt;", "&#60;b&#62;", "<!--", "]]>", "</script>", "<a href='data:text/html,x'>x</a>",
        "';alert(1);//",
    ),
    "unseen": (
        "abc\u202etxt.exe", "\u202d", "\u2066a\u2069", "\u200b", "a\u200bb", "a\u200db", "\ufeff", "a\u00adb", "\u3164",
        "\u2800", "\u115f", "adm\u0456n", "fa\u212ae", "e\u0301", "\u00e9", "\U000e0041", "\u0430\u0441me", "a\u00a0b",
        "\ufffe", "\uffff", "\U0010ffff", "\ufdfd" * 20, "Z" + "\u0300" * 60, "\U0001f469\u200d\U0001f4bb", "\u0130",
        "\u00df", "\ufb01",
    ),
    "half a pair": ("\ud800", "a\udfffb", "\udc00\ud800", "\ud83d"),
    "reserved": (
        "", "null", "undefined", "true", "NaN", "Infinity", "-0", "0x10", "1e3", "1_000", "\u0661", "\uff11", "00", "*",
        "**", "me", "self", "new", "__proto__", "constructor", "toString", "NUL", "CON", "tollgate", "rest",
        "emergency", "default",
    ),
    "address": (
        "http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://0.0.0.0:1/v1",
        "gopher://x/1", "http://127.0.0.1:9/v1#@x", "http://user:pass@127.0.0.1:9/v1", "http://127.0.0.1:99999/v1",
        "http://127.1:9/v1", "http://2130706433:9/v1", "//127.0.0.1:9/v1", "http://", "http://127.0.0.1:9/v1\r\nx: y",
        "http://\u24d4xample:9/", "http://127.0.0.1:9/v1?x=y", "http://127.0.0.1:9/../v1", "ftp://127.0.0.1/",
        "0.0.0.0/0", "::/0", "127.0.0.1/33", "1.2.3", "0177.0.0.1", "fe80::1%eth0", "10.0.0.0/-1",
    ),
    "amount and time": (
        "0", "-1", "-0.000000000001", "0.0000000000001", "9223372036854775807", "9223372036854775808", "1000000000000",
        "999999999999.999999999999", "1e308", "9" * 400, "0." + "0" * 400 + "1", "1.", ".5", "+5", " 5", "5 ", "1,5",
        "0001", "0s", "-5s", "1.5h", "99999999999999999999d", "9223372036854775807ms", "10", "5 s", "1h30m",
        "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2036-01-01T24:00:00Z",
        "2036-01-01T00:00:60Z", "1969-01-01T00:00:00Z", "2036-01-01", "2036-01-01T00:00:00",
        "2036-01-01T00:00:00+99:99", "2036-01-01T00:00:00.123456789123Z", "now", "99999-01-01T00:00:00Z",
        "-2036-01-01T00:00:00Z", "2036-01-01t00:00:00z", "Mars/Olympus", "../UTC", "Etc/GMT+14",
    ),
}
NUMBERS = (
    "-1", "0", "1", "-0", "0.0", "1.0", "1.5", "0.1", "1e2", "1E400", "1e308", "-1e308", "1e-400", "2147483647",
    "2147483648", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "1000000000000", "1000000000001",
    "9" * 1000, "0." + "3" * 1000, "1" + "0" * 10_000,
)
# Not JSON: what a lax reader takes for a number or a text.
NO_JSON = ("NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x10", "1_000", "'a'", "undefined", "True", '"\t"',
           '"\\x41"', '"\\ud80"', '"a', "[1,]", '{"a":1,}', "{a:1}", "/**/1", "1 // one", '"\x00"', "--1", "1e",
           "\ufeff1")
SHAPES: tuple[Any, ...] = (None, True, False, [], {}, [[]], [None], [""], {"": ""}, {"$ne": None}, ["*", "*"], [1, "1"],
                           {"a": {"b": {"c": [1]}}}, {"__proto__": {"role": "admin"}})


@dataclass(frozen=True)
class Raw:
    """Text that stands in the body as it is."""

    text: str


class Members(list[tuple[str, Any]]):
    """An object whose names need not differ."""


@dataclass(frozen=True)
class Hostile:
    kind: str
    value: Any


def written(value: Any) -> str:
    """JSON, with everything beyond ASCII as it is; half pairs are left to whoever encodes it."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, (dict, Members)):
        members = value.items() if isinstance(value, dict) else value
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{written(part)}" for name, part in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def encoded(value: Any, ascii_only: bool) -> bytes:
    """Escapes for what is beyond ASCII, or its bytes: those of half a pair are no UTF-8."""
    text = written(value)
    if ascii_only:
        text = BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)
    return text.encode("utf-8", "surrogatepass")


def text(dice: random.Random) -> Hostile:
    kind = dice.choice(tuple(TEXTS))
    value = dice.choice(TEXTS[kind])
    # Some stand behind or before what is harmless, and so pass where a whole name does not.
    return Hostile(kind, dice.choice((value, value, f"a{value}", f"{value}a")))


LARGE: dict[str, Callable[[], Any]] = {
    "a long text": lambda: "A" * (MEBIBYTE - 4096),
    "a text of 1 MiB": lambda: "A" * MEBIBYTE,
    "a long text of wide characters": lambda: "\U0001f4a5" * 200_000,
    "a long text of quotes": lambda: '"\\' * 100_000,
    "many items": lambda: [0] * MANY,
    "many texts": lambda: ["a"] * MANY,
    "many objects": lambda: [{}] * MANY,
    "many members": lambda: {f"m{number}": 0 for number in range(MANY // 2)},
    "deep arrays": lambda: Raw("[" * DEPTH + "]" * DEPTH),
    "deep objects": lambda: Raw('{"a":' * DEPTH + "1" + "}" * DEPTH),
    "deep without an end": lambda: Raw("[" * (MEBIBYTE // 2)),
    "a number of 500,000 digits": lambda: Raw("9" * 500_000),
    "a bit too long": lambda: "b" * 129,
    "as long as may be": lambda: "c" * 128,
    "longer in bytes": lambda: "\u00e9" * 65,
}


def value(dice: random.Random, large: float = 0.06) -> Hostile:
    """`large` is the share of those that cost time."""
    chance = dice.random()
    if chance < large:
        kind = dice.choice(tuple(LARGE))
        return Hostile(kind, LARGE[kind]())
    if chance < 0.18:
        return Hostile("number", Raw(dice.choice(NUMBERS)))
    if chance < 0.24:
        return Hostile("no JSON", Raw(dice.choice(NO_JSON)))
    if chance < 0.36:
        return Hostile("another type", dice.choice(SHAPES))
    found = text(dice)
    if chance < 0.44:
        return Hostile(f"{found.kind}, in a list", [found.value])
    if chance < 0.50:
        return Hostile(f"{found.kind}, named", {found.value: text(dice).value})
    return found


def bodies(dice: random.Random, good: bytes) -> Hostile:
    """Whole bodies that are none."""
    made: dict[str, Callable[[], bytes]] = {
        "nothing": lambda: b"",
        "cut off": lambda: good[:dice.randrange(len(good))] if good else b"{",
        "two documents": lambda: good + good,
        "something behind it": lambda: good + dice.choice((b"x", b"\x00", b"}", b",")),
        "a byte changed": lambda: changed(dice, good),
        "a byte order mark": lambda: b"\xef\xbb\xbf" + good,
        "UTF-16": lambda: good.decode(errors="replace").encode("utf-16"),
        "bad UTF-8": lambda: good.replace(b'"', b'"' + dice.choice((b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80",
                                                                    b"\xf8\x88\x80\x80\x80", b"\xf4\x90\x80\x80")), 1),
        "an array": lambda: b"[" + good + b"]",
        "a text": lambda: json.dumps(good.decode(errors="replace")).encode(),
        "null": lambda: b"null",
        "a form": lambda: b"name=a&limit=1",
        "XML": lambda: b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "YAML": lambda: b"!!python/object/apply:os.system ['id']",
        "zeros": lambda: b"\x00" * 5000,
        "noise": lambda: dice.randbytes(dice.choice((1, 100, 100_000))),
        "deep": lambda: b"[" * DEPTH + b"]" * DEPTH,
        "deep objects": lambda: b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
        "beyond the limit": lambda: b'{"a":"' + b"a" * (MEBIBYTE + 1) + b'"}',
        "far beyond every limit": lambda: b'{"a":"' + b"a" * (17 * MEBIBYTE) + b'"}',
        "blanks": lambda: b" " * 100_000 + good,
        "many names": lambda: b"{" + b",".join(b'"a%d":0' % number for number in range(MANY)) + b"}",
    }
    kind = dice.choice(tuple(made))
    return Hostile(kind, made[kind]())


def changed(dice: random.Random, good: bytes) -> bytes:
    data = bytearray(good or b"{}")
    data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)
