"""From answers to sums: counted by the database, so that ten thousand responses are a few hundred rows here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, select
from sqlalchemy.orm import Session

from lms.needs.models import NeedsAnswer, NeedsQuestion, NeedsResponse, ResponseState
from lms.needs.rules import MARKS, NAMED, Figure, percent

Cell = tuple[int, int]
"""A question and an organisation."""


@dataclass(frozen=True, slots=True)
class Participation:
    """How many were asked, and how many of them answered: rated at least one topic; or all of them."""

    asked: int = 0
    answered: int = 0
    complete: int = 0

    @property
    def share(self) -> int:
        """Percent of those asked who answered."""
        return percent(self.answered, self.asked)

    def __add__(self, other: Participation) -> Participation:
        return Participation(self.asked + other.asked, self.answered + other.answered, self.complete + other.complete)


def cells(session: Session, survey_id: int) -> dict[Cell, Figure]:
    """By question and organisation; where nobody rated anything there is no cell. One query."""
    rows = session.execute(
        select(NeedsAnswer.question_id, NeedsResponse.organisation_id, *_sums())
        .join(NeedsResponse, NeedsResponse.id == NeedsAnswer.response_id)
        .where(NeedsResponse.survey_id == survey_id, _whole())
        .group_by(NeedsAnswer.question_id, NeedsResponse.organisation_id)
    )
    return {(row[0], row[1]): _figure(row[2:]) for row in rows}


def over_all(session: Session, survey_id: int) -> dict[int, Figure]:
    """By question; every question is there. One query."""
    rows = session.execute(
        select(NeedsQuestion.id, *_sums())
        .outerjoin(NeedsAnswer, and_(NeedsAnswer.question_id == NeedsQuestion.id, _whole()))
        .where(NeedsQuestion.survey_id == survey_id)
        .group_by(NeedsQuestion.id)
        .order_by(NeedsQuestion.position)
    )
    return {row[0]: _figure(row[1:]) for row in rows}


def participation(session: Session, survey_id: int) -> dict[int, Participation]:
    """By organisation. Whoever works at two counts where they answered, before that where they work longer."""
    answered = func.count().filter(NeedsResponse.state != ResponseState.ASKED)
    complete = func.count().filter(NeedsResponse.state == ResponseState.COMPLETE)
    rows = session.execute(
        select(NeedsResponse.organisation_id, func.count(), answered, complete)
        .where(NeedsResponse.survey_id == survey_id)
        .group_by(NeedsResponse.organisation_id)
    )
    return {home: Participation(*counts) for home, *counts in rows}


def wishes(session: Session, survey_id: int) -> Mapping[str, dict[str, int]]:
    """How many chose which way, weekday and part of the day. One query."""
    parts = {"way": NeedsResponse.way, "weekday": NeedsResponse.weekday, "part_of_day": NeedsResponse.part_of_day}
    found: dict[str, dict[str, int]] = {name: {} for name in parts}
    rows = session.execute(
        select(*parts.values(), func.count())
        .where(NeedsResponse.survey_id == survey_id, NeedsResponse.state != ResponseState.ASKED)
        .group_by(*parts.values())
    )
    for *chosen, count in rows:
        for name, value in zip(parts, chosen, strict=True):
            if value is not None:
                found[name][str(value)] = found[name].get(str(value), 0) + count
    return found


def _whole() -> ColumnElement[bool]:
    return and_(NeedsAnswer.skill.is_not(None), NeedsAnswer.need.is_not(None))


def _sums() -> list[ColumnElement[int]]:
    gap = NeedsAnswer.need - NeedsAnswer.skill
    return [
        func.count(NeedsAnswer.need),
        func.count(NeedsAnswer.need).filter(NeedsAnswer.need >= NAMED),
        cast(func.coalesce(func.sum(case((gap > 0, gap), else_=0)), 0), Integer),
        *(func.count(NeedsAnswer.skill).filter(NeedsAnswer.skill == mark) for mark in MARKS),
        *(func.count(NeedsAnswer.need).filter(NeedsAnswer.need == mark) for mark in MARKS),
    ]


def _figure(sums: Sequence[int]) -> Figure:
    rated, needed, gaps, *marks = sums
    return Figure(rated, needed, gaps, tuple(marks[: len(MARKS)]), tuple(marks[len(MARKS) :]))
