"""Whether a call was refused though there was money, by the ledger: what the gateway says of itself in a refusal is not
asked.

At an instant a call takes from its budget at most its hold while it runs, and its cost afterwards. What all others of
the tenant may have taken while a refused one waited is the most that can have been missing. A call whose client left
before it was sent has no entry, and took at most its hold until then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .oracle import Entry

Span = tuple[float, float]  # from and to, in seconds
LATEST = 1.0  # seconds after its end in which a call's hold may not have become its cost, on a busy machine


@dataclass(frozen=True)
class Denial:
    """A call that was refused for a budget of `cap`, which the hold of `needed` was too much for; times in seconds."""

    marker: str
    cap: int
    needed: int
    began: float
    ended: float

    def meets(self, span: Span) -> bool:
        """Whether a call that lived for that time may have held something meanwhile."""
        began, ended = span
        return began <= self.ended and self.began <= ended + LATEST

    def taken(self, entries: Iterable[Entry], hold: int) -> int:
        """The most that another call, which these are the entries of, may have taken meanwhile."""
        entries = [entry for entry in entries if entry.admitted_at / 1e6 <= self.ended]
        if not entries:
            return 0
        over = max(entry.ended_at for entry in entries) / 1e6 + LATEST < self.began
        return sum(entry.cost for entry in entries) if over else max(hold, sum(entry.cost for entry in entries))


def early(denials: Iterable[Denial], entries: Iterable[Entry], names: Mapping[str, list[str]],
          holds: Mapping[str, int], left: Mapping[str, Span] = MappingProxyType({})) -> list[str]:
    """Those of one budget that were refused though it covered them. `entries` are what the budget is about, `names` are
    the requests of a call by its marker, `holds` the most that each may hold, `left` the time of each that its client
    left."""
    marker_of = {request: marker for marker, requests in names.items() for request in requests}
    of_call: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_call[marker_of[entry.request_id]].append(entry)
    problems = []
    for denial in denials:
        taken = sum(denial.taken(own, holds[marker]) for marker, own in of_call.items() if marker != denial.marker)
        taken += sum(holds[marker] for marker, span in left.items() if marker not in of_call and denial.meets(span))
        if denial.cap - taken >= denial.needed:
            problems.append(f"{denial.marker} was refused a hold of {denial.needed}, and of {denial.cap} at most "
                            f"{taken} were taken")
    return problems
