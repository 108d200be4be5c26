"""What somebody wants to know: of which time, where, of what, and by what it is divided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lms.reports.periods import Against, Grain


class By(Enum):
    """By what a report is divided. It decides the form of a statement (`lms.statements`), so it is no text."""

    OBLAST = "oblast"
    COMMUNITY = "community"
    ORGANISATION = "organisation"
    KIND = "kind"
    PROGRAMME = "programme"
    SERIES = "series"
    PROJECT = "project"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def grain(self) -> Grain | None:
        """The step, if it is divided by time."""
        return Grain(self.value) if self in (By.MONTH, By.QUARTER, By.YEAR) else None

    @property
    def place(self) -> bool:
        """Whether it is divided by where people work."""
        return self in PLACES


PLACES = (By.OBLAST, By.COMMUNITY, By.ORGANISATION, By.KIND)


@dataclass(frozen=True, slots=True)
class Where:
    """People of which organisations, and of what; empty for all."""

    oblast: str = ""
    community: str = ""
    """Its code, or its name where no code is known."""
    organisations: tuple[int, ...] = ()
    kind: str = ""
    programme_id: int | None = None
    series_id: int | None = None
    project_id: int | None = None

    @property
    def somewhere(self) -> bool:
        """Whether it is narrowed by where people work."""
        return bool(self.oblast or self.community or self.organisations or self.kind)


@dataclass(frozen=True, slots=True)
class Asked:
    """As it stands in the address of a page; words that mean nothing there count as not given."""

    period: str = ""
    by: By = By.OBLAST
    against: Against = Against.YEAR
    beside: str = ""
    """Another place instead of another time: `oblast:Сумська область`, `organisation:sumy`."""
    oblast: str = ""
    community: str = ""
    organisation: str = ""
    """Its code."""
    kind: str = ""
    programme: str = ""
    """Its slug."""
    series: str = ""
    project: str = ""
