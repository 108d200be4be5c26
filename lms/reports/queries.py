"""A report: figures of a time and place, step by step and group by group, and what they are compared with.

As many statements for one centre as for ten thousand people. Figures of tests are anonymous: those of few people are
hidden, by the rule of `lms.assessment.figures`. Whoever looks after single organisations sees theirs, the network's
sum, and the median of its centres; nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from lms.assessment.figures.rules import FEW
from lms.days import day_of
from lms.directory.rules import Visitor
from lms.errors import NotAllowed
from lms.reports import measures
from lms.reports.asked import Asked, By, Where
from lms.reports.choices import Choices, Name, choices
from lms.reports.counting import Counted, count
from lms.reports.measures import TESTS, Figures, Measure
from lms.reports.periods import Grain, Period, Span, compared, period_of, steps
from lms.reports.reach import Reach, required


@dataclass(frozen=True, slots=True)
class Group:
    """A line of the table: what it is, its figures, and those that they are compared with."""

    key: str
    name: Name | None
    """None where the pages have words for it, or nothing is known."""
    figures: Figures
    before: Figures | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the trend; `before` is the step that stands in the same place of what it is compared with."""

    key: str
    figures: Figures
    before_key: str
    before: Figures | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a page shows and a file holds."""

    asked: Asked
    """As it was understood: what may not be chosen is taken out."""
    period: Period
    against: Span | None
    """The days it is compared with; None beside another place, or nothing."""
    beside: Name | None
    """The place it is compared with."""
    total: Figures
    before: Figures | None
    trend: tuple[Step, ...]
    groups: tuple[Group, ...]
    network: Figures | None
    """The whole network's, for who sees a part of it."""
    median: Figures | None
    """Of its centres that did anything in that time."""
    choices: Choices
    everything: bool

    @property
    def empty(self) -> bool:
        """Whether nothing happened."""
        return not any(self.total.values())


def report(session: Session, visitor: Visitor, asked: Asked, now: datetime, *, demonstrations: bool = False) -> Report:
    """What was asked for, as far as the visitor may see it. Raises `NotAllowed` (reports_not_yours)."""
    reach = required(visitor)
    today = day_of(now)
    chosen = choices(session, reach, today)
    asked, where = _understood(asked, reach, chosen)
    period = period_of(asked.period, today, chosen.beginning)
    asked = replace(asked, period=period.key)
    grain = asked.by.grain or period.grain

    def counted(span: Span, place: Where, by: By = asked.by) -> Counted:
        return count(session, span, place, by, grain, now, demonstrations=demonstrations)

    here = counted(period.span, where)
    other, beside = _beside(asked, where, chosen)
    against = compared(period, asked.against) if other is None else None
    there = counted(against or period.span, other or where) if against or other else None
    network = median = None
    if _beside_the_network(reach, where):
        network, median = _network(counted(period.span, _plan_alone(where), By.ORGANISATION), chosen)
    before = measures.hidden_alone(there.total, measures.TESTED) if there else None
    total = measures.hidden_alone(here.total, measures.TESTED)
    if network is not None:
        network = _apart(network, here.total)
    return Report(
        asked=asked,
        period=period,
        against=against,
        beside=beside,
        total=total,
        before=before,
        trend=_trend(here, there, period.span, against or period.span, grain),
        groups=_groups(here, there, asked.by, chosen),
        network=network,
        median=median,
        choices=chosen,
        everything=reach.everything,
    )


def _understood(asked: Asked, reach: Reach, chosen: Choices) -> tuple[Asked, Where]:
    """What is not known, or not for this visitor, is as if it had not been asked for."""
    asked = replace(
        asked,
        organisation=asked.organisation if asked.organisation in chosen.organisations else "",
        community=asked.community if asked.community in chosen.communities else "",
        oblast=asked.oblast if asked.oblast in chosen.oblasts else "",
        programme=asked.programme if asked.programme in chosen.programmes else "",
        series=asked.series if asked.series in chosen.series else "",
        project=asked.project if asked.project in chosen.projects else "",
    )
    own: tuple[int, ...] = ()
    if not reach.everything:
        if reach.programmes and not (asked.programme or asked.series) and not reach.organisations:
            asked = replace(asked, programme=next(iter(chosen.programmes), ""))
            if not asked.programme:
                raise NotAllowed("reports_not_yours", "Reports are for organisers, leads of centres and auditors.")
        if not (asked.programme or asked.series):
            own = tuple(sorted(reach.organisations))
            allowed = asked.by if asked.by is By.ORGANISATION or asked.by.grain else By.MONTH
            home = chosen.organisations.get(asked.organisation)
            if home is not None and home.id not in reach.organisations:
                asked = replace(asked, organisation="")
            asked = replace(asked, by=allowed, beside="", oblast="", community="", kind="", project="")
    home = chosen.organisations.get(asked.organisation)
    programme, series = chosen.programmes.get(asked.programme), chosen.series.get(asked.series)
    project = chosen.projects.get(asked.project)
    return asked, Where(
        asked.oblast,
        asked.community,
        (home.id,) if home else own,
        asked.kind,
        programme.id if programme else None,
        series.id if series else None,
        project.id if project else None,
    )


def _beside(asked: Asked, where: Where, chosen: Choices) -> tuple[Where | None, Name | None]:
    """Another place to compare with, where one was asked for."""
    kind, _, key = asked.beside.partition(":")
    if kind == "oblast" and key in chosen.oblasts:
        return replace(where, oblast=key, community="", organisations=()), chosen.oblasts[key]
    if kind == "organisation" and key in chosen.organisations:
        name = chosen.organisations[key]
        return replace(where, oblast="", community="", organisations=(name.id,)), name
    return None, None


def _beside_the_network(reach: Reach, where: Where) -> bool:
    """Whether single organisations are shown, beside which the network's figures say something."""
    if reach.everything or where.programme_id or where.series_id:
        return len(where.organisations) == 1
    return bool(where.organisations)


def _plan_alone(where: Where) -> Where:
    return Where(programme_id=where.programme_id, series_id=where.series_id, project_id=where.project_id)


def _network(counted: Counted, chosen: Choices) -> tuple[Figures, Figures]:
    """The sum, and the median of the organisations that did something; of tests none, they are of few people."""
    active = [figures for key, figures in counted.groups.items() if key]
    middle = dict(measures.middle(active)) | dict.fromkeys((*TESTS, Measure.VIEWS, Measure.CENTRES))
    return measures.hidden_alone(counted.total, measures.TESTED), middle


def _apart(network: Figures, own: Figures) -> Figures:
    """Without what would tell of the few others who were tested."""
    others = (network.get(Measure.TESTED) or 0) - (own.get(Measure.TESTED) or 0)
    return {**network, **dict.fromkeys(TESTS)} if 0 < others < FEW else network


def _trend(here: Counted, there: Counted | None, span: Span, against: Span, grain: Grain) -> tuple[Step, ...]:
    keys = list(steps(span, grain))
    others = list(steps(against, grain))
    mine = _lines(here.steps, keys)
    theirs = _lines(there.steps, others) if there else {}
    found = []
    for place, key in enumerate(keys):
        other = others[place] if place < len(others) else ""
        found.append(Step(key, mine[key], other, theirs.get(other) if there else None))
    return tuple(found)


def _lines(counted: dict[str, dict[Measure, int | None]], keys: Iterable[str]) -> dict[str, Figures]:
    whole = {key: counted.get(key, dict(measures.NOTHING)) for key in keys}
    return dict(measures.without_small(whole, measures.TESTED))


def _groups(here: Counted, there: Counted | None, by: By, chosen: Choices) -> tuple[Group, ...]:
    if by.grain is not None:
        return ()
    mine = measures.without_small(here.groups, measures.TESTED)
    theirs = measures.without_small(there.groups, measures.TESTED) if there else {}
    names = chosen.names(by)
    empty = dict(measures.NOTHING)
    found = [
        Group(key, names.get(key), mine.get(key, empty), theirs.get(key, empty) if there else None)
        for key in {**mine, **theirs}
    ]
    return tuple(sorted(found, key=lambda each: (-(each.figures[Measure.PERSONS] or 0), each.key)))
