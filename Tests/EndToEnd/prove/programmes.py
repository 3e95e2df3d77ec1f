"""All programmes, in the order of the scorecard."""

from __future__ import annotations

from .bodies import BODIES
from .builds import FUZZ, TSAN
from .clocks import CLOCKS
from .configurations import CONFIGURATIONS
from .crowd import CROWD
from .differential import DIFFERENTIAL
from .disconnects import DISCONNECTS
from .disks import DISKS
from .floods import FLOODS
from .hostile_admin import HOSTILE_ADMIN
from .injected import CRASHES, ERRORS_LINE
from .kills import KILLS
from .migrations import MIGRATIONS
from .power import POWER
from .programme import Programme
from .races import RACES
from .raw_http import RAW_HTTP
from .rows import ROWS
from .shared_rows import SHARED_ROWS
from .slow import SLOW
from .soak import SOAK
from .storms import STORMS

PROGRAMMES: tuple[Programme, ...] = (
    RACES,
    STORMS,
    KILLS,
    MIGRATIONS,
    CRASHES,
    ERRORS_LINE,
    POWER,
    DISKS,
    RAW_HTTP,
    DIFFERENTIAL,
    SLOW,
    CROWD,
    FLOODS,
    BODIES,
    DISCONNECTS,
    CLOCKS,
    SOAK,
    HOSTILE_ADMIN,
    CONFIGURATIONS,
    ROWS,
    SHARED_ROWS,
    FUZZ,
    TSAN,
)
