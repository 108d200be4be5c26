"""Scales of levels: pure."""

from __future__ import annotations

EIGHT = range(1, 9)
"""Levels of DigComp 2.x, on which items are tagged whatever the frame."""

_BROAD = ("basic", "intermediate", "advanced", "highly-advanced")
_SIX = ("A1", "A2", "B1", "B2", "C1", "C1", "C2", "C2")


def broad_level(level: int) -> str:
    """The level of DigComp 3.0 for one of the eight: 1–2 basic, 3–4 intermediate, 5–6 advanced, 7–8 highly advanced."""
    return _BROAD[(_checked(level) - 1) // 2]


def six_level(level: int) -> str:
    """The level on the scale from A1 to C2 that the DigComp 3.0 report (JRC144121) suggests for one of the eight."""
    return _SIX[_checked(level) - 1]


def _checked(level: int) -> int:
    if level not in EIGHT:
        raise ValueError(f"There are levels 1 to 8, no {level}.")
    return level


def covers(number: str, other: str) -> bool:
    """Whether an area or competence is the other one, or the area in which it stands: `1` covers `1.1`, not `10.1`."""
    return other == number or other.startswith(f"{number}.")
