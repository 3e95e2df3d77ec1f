"""Start a command as systemd does with a socket unit: `activated.py FD=NAME… -- COMMAND`.

The descriptors become 3, 4 and so on, and the environment says what they are.
"""

from __future__ import annotations

import fcntl
import os
import sys

FIRST = 3


def main() -> None:
    split = sys.argv.index("--")
    pairs = [word.split("=") for word in sys.argv[1:split]]
    # Out of the way first: one of them may have the number of another's place.
    spare = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number, _ in pairs]
    for place, descriptor in enumerate(spare, FIRST):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.environ |= {
        "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(pairs)),
        "LISTEN_FDNAMES": ":".join(name for _, name in pairs),
    }
    command = sys.argv[split + 1:]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
