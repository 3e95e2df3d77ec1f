"""Seconds that a clock is put to: those before a zone changes its offset, a leap day, an end of month and of year."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

BEFORE = timedelta(seconds=2)
YEAR = 366  # days
LOCAL_ENDS = ("Europe/Berlin", 6, 30)  # where a month ends at another time than UTC's


def edges(zones: Iterable[str], now: datetime) -> list[datetime]:
    """All to come within a year, and the next leap day; each a little before it happens. `now` is in UTC."""
    found = {change for zone in zones for change in changes(ZoneInfo(zone), now)}
    found |= {next_end(UTC, month, day, now) for month, day in ((1, 31), (12, 31))}
    name, month, day = LOCAL_ENDS
    found.add(next_end(ZoneInfo(name), month, day, now))
    year = next(year for year in range(now.year, now.year + 9)
                if isleap(year) and datetime(year, 2, 28, tzinfo=UTC) > now)
    found |= {datetime(year, 2, 29, tzinfo=UTC), datetime(year, 3, 1, tzinfo=UTC)}
    return [edge - BEFORE for edge in sorted(found)]


def changes(zone: ZoneInfo, now: datetime) -> list[datetime]:
    """The instants at which the zone's offset changes, to the second."""
    found, day = [], timedelta(days=1)
    for number in range(YEAR):
        before, after = now + number * day, now + (number + 1) * day
        if offset(zone, before) == offset(zone, after):
            continue
        while after - before > timedelta(seconds=1):
            middle = (before + (after - before) / 2).replace(microsecond=0)
            before, after = (before, middle) if offset(zone, middle) == offset(zone, after) else (middle, after)
        found.append(after)
    return found


def offset(zone: ZoneInfo, instant: datetime) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


def next_end(zone: tzinfo, month: int, day: int, now: datetime) -> datetime:
    """The next midnight there with which this day ends, in UTC."""
    ends = (datetime(year, month, day, tzinfo=zone) + timedelta(days=1) for year in (now.year, now.year + 1))
    return next(end.astimezone(UTC) for end in ends if end.astimezone(UTC) > now)
