"""Reading frames. They are public: nobody is kept from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.errors import NotFound
from lms.frameworks.models import Competence, CrosswalkLine, Framework, FrameworkVersion, LearningOutcome


@dataclass(frozen=True, slots=True)
class CompetenceName:
    """A number of a version, by name."""

    scheme: str
    """The version's code."""
    number: str
    area: str
    name_uk: str
    name_en: str
    frame_uk: str
    """The frame's name, with the version's number."""
    frame_en: str


@dataclass(frozen=True, slots=True)
class Corresponding:
    """What a number corresponds to elsewhere; an empty number for nothing."""

    scheme: str
    number: str
    note: str


def versions(session: Session) -> list[FrameworkVersion]:
    """All that are loaded, with their frame, areas, competences and levels: a few."""
    return list(
        session.scalars(
            select(FrameworkVersion)
            .options(
                selectinload(FrameworkVersion.framework),
                selectinload(FrameworkVersion.competences),
                selectinload(FrameworkVersion.levels),
            )
            .order_by(FrameworkVersion.code)
            .limit(100)
        )
    )


def version(session: Session, code: str) -> FrameworkVersion:
    """One of them. Raises `NotFound` (framework_unknown)."""
    found = next((each for each in versions(session) if each.code == code), None)
    if found is None:
        raise NotFound("framework_unknown", f"There is no frame {code}.")
    return found


@dataclass(frozen=True, slots=True)
class FramePage:
    """A version with all that is said of its competences."""

    version: FrameworkVersion
    areas: tuple[tuple[Competence, tuple[Competence, ...]], ...]
    """Each with its competences."""
    outcomes: Mapping[str, Sequence[LearningOutcome]]
    """By the competence's number, in the publisher's order."""


def page(session: Session, code: str) -> FramePage:
    """A version to read. Raises `NotFound` (framework_unknown)."""
    found = version(session, code)
    rows = session.scalars(
        select(LearningOutcome).where(LearningOutcome.version_id == found.id).order_by(LearningOutcome.position)
    )
    outcomes: dict[str, list[LearningOutcome]] = {}
    for row in rows:
        outcomes.setdefault(row.number, []).append(row)
    areas = tuple(
        (area, tuple(each for each in found.competences if each.area == area.number))
        for area in found.competences
        if not area.area
    )
    return FramePage(found, areas, outcomes)


def schemes(session: Session) -> frozenset[str]:
    """The codes by which tags name competences."""
    return frozenset(session.scalars(select(FrameworkVersion.code).limit(100)))


def names(session: Session, tags: Collection[tuple[str, str]]) -> dict[tuple[str, str], CompetenceName]:
    """The names of (version's code, number) pairs, as far as there are such; in one query."""
    wanted = set(tags)
    rows = session.execute(
        select(FrameworkVersion.code, FrameworkVersion.number, Framework.name_uk, Framework.name_en, Competence)
        .join(Competence, Competence.version_id == FrameworkVersion.id)
        .join(Framework, Framework.id == FrameworkVersion.framework_id)
        .where(
            FrameworkVersion.code.in_({scheme for scheme, _ in wanted}),
            Competence.number.in_({number for _, number in wanted}),
        )
    )
    return {
        (code, row.number): CompetenceName(
            code, row.number, row.area, row.name_uk, row.name_en, f"{uk} {version}", f"{en or uk} {version}"
        )
        for code, version, uk, en, row in rows
        if (code, row.number) in wanted
    }


def corresponding(session: Session, scheme: str, number: str, to: str) -> list[Corresponding]:
    """What a number corresponds to in another version, in the order of the file. Lines that were given for the area
    count for a competence that has none of its own."""
    for each in (number, number.split(".")[0]):
        rows = session.scalars(
            select(CrosswalkLine)
            .where(
                CrosswalkLine.from_version == scheme,
                CrosswalkLine.from_number == each,
                CrosswalkLine.to_version == to,
            )
            .order_by(CrosswalkLine.position, CrosswalkLine.id)
            .limit(100)
        ).all()
        if rows:
            return [Corresponding(row.to_version, row.to_number, row.note) for row in rows]
    return []
