"""Moments as credentials write them, and how far clocks may differ."""

from __future__ import annotations

import re
from datetime import datetime

CLOCK_SKEW_S = 300
"""What begins within so many seconds has begun: the issuer's clock may be ahead of ours (RFC 7519 section 4.1.5)."""
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")


def numeric(moment: object) -> int | None:
    """Seconds since 1970 of an RFC 3339 moment with its zone, or None; no other form that Python takes as well."""
    if not isinstance(moment, str) or not _MOMENT.fullmatch(moment):
        return None
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return int(found.timestamp()) if found.tzinfo else None


def to_come(moment: float | None, now: datetime) -> bool:
    """Whether a moment, in seconds since 1970, is still to come by any clock that goes about right."""
    return moment is not None and moment > now.timestamp() + CLOCK_SKEW_S
