"""What the doctor says about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad it is."""

    GOOD = 0
    DOUBTFUL = 1
    """It works, but not for everybody or not for long; or the doctor cannot tell."""
    BROKEN = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about what is, and one about what to do."""

    level: Level
    what: str
    remedy: str = ""


def good(what: str) -> Finding:
    """All is well."""
    return Finding(Level.GOOD, what)


def doubtful(what: str, remedy: str) -> Finding:
    """Something to look at."""
    return Finding(Level.DOUBTFUL, what, remedy)


def broken(what: str, remedy: str) -> Finding:
    """Something that must be put right."""
    return Finding(Level.BROKEN, what, remedy)
