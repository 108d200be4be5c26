"""Plain views of attendance sheets, as pages and files show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lms.meetings.attendance_models import (
    AttendanceCorrection,
    AttendanceRule,
    SheetState,
    StreamMetric,
    Verdict,
)
from lms.meetings.rules import Period
from lms.schedule.cards import OccurrenceCard


@dataclass(frozen=True, slots=True)
class Corrected:
    """What somebody decided otherwise."""

    verdict: Verdict
    seconds: int | None
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Somebody in the sheet. `seconds`, `share` and `verdict` are in force; `computed_*` are what was computed."""

    subject: str
    name: str
    organisation_id: int | None
    organisation: str
    role: str
    person_id: int | None
    seconds: int
    window_seconds: int
    share: int
    verdict: Verdict
    computed_seconds: int
    computed_verdict: Verdict
    how: str
    listed: tuple[str, ...]
    """How each roster entry stands: `confirmed`, `vouched`, `waiting`, `denied`."""
    overlap_seconds: int
    own: tuple[Period, ...]
    rooms: tuple[tuple[int, tuple[Period, ...]], ...]
    """By organisation."""
    correction: Corrected | None

    @property
    def is_room(self) -> bool:
        """An endpoint: shown for itself, never counted as a person."""
        return self.subject.startswith("endpoint:")

    @property
    def first(self) -> datetime | None:
        """When they were first there."""
        return min((begin for begin, _ in self._counted), default=None)

    @property
    def last(self) -> datetime | None:
        """When they were last there."""
        return max((end for _, end in self._counted), default=None)

    @property
    def _counted(self) -> tuple[Period, ...]:
        return (*self.own, *(period for _, periods in self.rooms for period in periods))


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """An organisation's room: whether its endpoint was there, how many were named, and how many heads were counted."""

    organisation_id: int
    organisation_uk: str
    organisation_en: str
    connected_seconds: int
    named: int
    waiting: int
    heads: int | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole sheet in numbers; people only, rooms apart."""

    people: int
    attended: int
    partly: int
    absent: int
    bands: tuple[int, ...]
    """How many people by share: the first is below 10 %, the last 90 % and more."""


@dataclass(frozen=True, slots=True)
class SheetView:
    """The sheet as it stands."""

    state: SheetState
    stale: bool
    computed_at: datetime | None
    generation: int
    in_force: int
    windows: tuple[Period, ...]
    breaks: tuple[Period, ...]
    notes: tuple[str, ...]
    rule: AttendanceRule
    approved_by: str
    approved_at: datetime | None

    @property
    def newer(self) -> bool:
        """Whether there is a newer result than the approved one."""
        return self.state is SheetState.APPROVED and self.generation > self.in_force


@dataclass(frozen=True, slots=True)
class AttendanceView:
    """The attendance page of one occurrence. `organisations` limits what the visitor sees; None is everything."""

    card: OccurrenceCard
    may_edit: bool
    organisations: frozenset[int] | None
    sheet: SheetView | None
    totals: Totals
    rooms: tuple[RoomSummary, ...]
    rows: tuple[SheetRow, ...]
    pages: int
    page: int
    metrics: tuple[StreamMetric, ...]
    corrections: tuple[AttendanceCorrection, ...]
    """The whole history, latest first."""
    names: dict[str, str]
    """Names of actors."""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One's own attendance of one occurrence."""

    slug: str
    title: str
    title_en: str
    starts_at: datetime
    zone: str
    seconds: int
    window_seconds: int
    share: int
    verdict: Verdict
    approved: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class ToApprove:
    """A sheet that waits for approval."""

    slug: str
    title: str
    title_en: str
    starts_at: datetime
    zone: str
