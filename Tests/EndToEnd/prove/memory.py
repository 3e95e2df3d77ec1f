"""How much memory a gateway may take, as docs/operations.md states it under "Memory"; a test compares the two."""

from __future__ import annotations

KIB, MIB = 1 << 10, 1 << 20

AT_REST = 80 * MIB
AT_WORK = 16 * MIB
CONNECTION = 8 * KIB
TLS_CONNECTION = 128 * KIB
REQUEST = 16 * KIB
CALL = 32 * KIB
SLOW_READER = 256 * KIB
READ_ON = 2 * MIB
WHOLE_ANSWER = 4 * MIB
KEY_CHECKS = 19 * MIB
BODY_SHARE = 10  # times `limits.max_body`
ADMINS_FILE = 512 * MIB
KEPT = 32 * MIB

STATED = {
    "at rest": AT_REST,
    "at work": AT_WORK,
    "each connection that waits": CONNECTION,
    "the same with TLS": TLS_CONNECTION,
    "each request that is not whole, or whose key is being checked": REQUEST,
    "each call": CALL,
    "each call whose client reads slower than its backend writes": SLOW_READER,
    "each call that is read on after its client was cut": READ_ON,
    "each answer that is not streamed, until its client has read it": WHOLE_ANSWER,
    "checks of unverified keys": KEY_CHECKS,
    "bodies": f"{BODY_SHARE} times",
    "each file that an admin sends": ADMINS_FILE,
    "kept when it is over": KEPT,
}
