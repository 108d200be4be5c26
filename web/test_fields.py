"""What the form of a test has besides numbers: moments in wall time, areas with shares, and what is shown when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Final

from lms.assessment.attempts.spec import Review, Shown
from lms.errors import Invalid
from lms.schedule.rules import exists, to_utc, zone_of
from web.i18n import mark as _

ZONE: Final = "Europe/Kyiv"
MOMENTS: Final = {
    "right_after": _("In the first ten minutes"),
    "while_open": _("While the test is open"),
    "after_closing": _("After it has closed, or where it never closes"),
}
SHOWN: Final = {
    Shown.SCORE: _("Points of the whole"),
    Shown.AREAS: _("Each area"),
    Shown.MARKS: _("What each answer earned"),
    Shown.FEEDBACK: _("Feedback"),
    Shown.RIGHT: _("Right answers"),
}
_AREA = re.compile(r"\s*([0-9]{1,3})\s*[:=–-]\s*([0-9]{1,3}(?:[.,][0-9]{1,4})?)\s*%?\s*")


def wall(moment: datetime | None) -> str:
    """A moment as the field holds it."""
    return moment.astimezone(zone_of(ZONE)).strftime("%Y-%m-%dT%H:%M") if moment is not None else ""


def moment_of(text: str) -> datetime | None:
    """The moment that was typed; None for none. Raises `Invalid` (test_moment), also for an hour that is skipped."""
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        if exists(at, ZONE):
            return to_utc(at, ZONE)
    except (ValueError, OverflowError):
        pass
    raise Invalid("test_moment", f"{text} is no day and hour of {ZONE}.", "test")


def areas_text(areas: Mapping[str, Fraction], percent: Mapping[str, str]) -> str:
    """Areas with their shares as the field holds them: `4: 70, 5: 50`."""
    return ", ".join(f"{area}: {percent[area]}" for area in sorted(areas, key=lambda each: (len(each), each)))


def areas_of(text: str) -> dict[str, Fraction]:
    """Areas with their shares from what was typed. Raises `ValueError`."""
    found: dict[str, Fraction] = {}
    for each in filter(str.strip, re.split(r"[;\n]|,(?=\s*[0-9]{1,3}\s*[:=–-])", text)):
        matched = _AREA.fullmatch(each)
        if matched is None or matched.group(1) in found:
            raise ValueError(each)
        found[matched.group(1)] = Fraction(matched.group(2).replace(",", ".")) / 100
    return found


def ticks(review: Review) -> frozenset[str]:
    """What is shown when, as the boxes that are ticked: `while_open:score`."""
    return frozenset(f"{moment}:{each.value}" for moment in MOMENTS for each in getattr(review, moment))


def review_of(ticked: Iterable[str]) -> dict[str, list[str]]:
    """The same back, as JSON; what is no such box is left out."""
    there = set(ticked)
    return {moment: sorted(each for each in Shown if f"{moment}:{each.value}" in there) for moment in MOMENTS}
