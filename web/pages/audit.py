"""`/audit`: who changed what, for administrators and auditors; and the history of one occurrence for its editors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.audit import anchors
from lms.audit import queries as log
from lms.audit.models import AuditEntry
from lms.directory.queries import names_of_people
from lms.schedule import queries
from lms.schedule.rules import day_bounds, midnight
from web import places
from web.audit_words import ACTIONS
from web.i18n import mark as _
from web.i18n import translate
from web.problems import Problem
from web.visits import Reading, Visit

PAGE = 30
SYSTEM = _("Vikno itself")
Word = Annotated[str, Query(max_length=64)]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Change:
    """One value that changed."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is read. `href` leads to the object, where there is a page."""

    entry: AuditEntry
    actor: str
    href: str
    changes: list[Change]


@router.get("/audit")
def audit(
    visit: Reading,
    kind: Word = "",
    object: Word = "",
    actor: Word = "",
    action: Word = "",
    day: Word = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """The log, newest first."""
    if visit.sign_in is None:
        raise Problem(401, "sign_in_needed", _("This page is for administrators and auditors."))
    if not places.auditors(visit.visitor):
        raise Problem(403, "auditors_only", _("This page is for administrators and auditors."))
    chosen = _day(day)
    begin, end = day_bounds(midnight(chosen, queries.ZONE), queries.ZONE) if chosen else (None, None)
    found = log.entries(
        visit.session,
        object_kind=kind,
        object_id=object,
        actor=actor,
        action=action,
        begin=begin,
        end=end,
        before_sequence=before,
        limit=PAGE + 1,
    )
    asked = {"kind": kind, "object": object, "actor": actor, "action": action, "day": chosen or ""}
    return visit.page(
        "audit.html",
        actions=ACTIONS,
        lines=_lines(visit, found[:PAGE]),
        asked=asked,
        kinds=log.object_kinds(visit.session),
        more=_older(asked, found) if len(found) > PAGE else "",
        anchor=anchors.latest(visit.config.audit_anchors) if visit.config.audit_anchors else None,
    )


@router.get("/schedule/{slug}/history")
def history(slug: str, visit: Reading) -> Response:
    """Who changed this occurrence, for those who edit it, and for auditors."""
    page = queries.occurrence_page(visit.session, visit.visitor, slug, visit.now)
    if not page.may_edit and not places.auditors(visit.visitor):
        raise Problem(403, "editors_only", _("Only those who organise it see who changed it."))
    found = log.entries(visit.session, object_kind="occurrence", object_id=str(page.card.id), limit=200)
    return visit.page("history.html", actions=ACTIONS, card=page.card, lines=_lines(visit, found))


def _lines(visit: Visit, found: Sequence[AuditEntry]) -> list[Line]:
    people = {int(each.actor[7:]) for each in found if each.actor.startswith("person:") and each.actor[7:].isdecimal()}
    names = names_of_people(visit.session, people)
    numbers = {int(each.object_id) for each in found if each.object_kind == "occurrence" and each.object_id.isdecimal()}
    slugs = queries.slugs_of(visit.session, visit.visitor, numbers)
    return [
        Line(
            each,
            translate(visit.language, SYSTEM) if each.actor == "system" else names.get(each.actor, each.actor),
            f"/schedule/{slugs[int(each.object_id)]}"
            if each.object_kind == "occurrence" and each.object_id.isdecimal() and int(each.object_id) in slugs
            else "",
            differences(each.before, each.after),
        )
        for each in found
    ]


def differences(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Change]:
    """What an entry says of its object, value by value."""
    old, new = before or {}, after or {}
    return [
        Change(name, _shown(old.get(name)), _shown(new.get(name)))
        for name in dict.fromkeys([*old, *new])
        if _shown(old.get(name)) != _shown(new.get(name))
    ]


def _shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, list):
        return "; ".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_shown(each)}" for name, each in value.items())
    return str(value)


def _older(asked: dict[str, Any], found: Sequence[AuditEntry]) -> str:
    words = {name: str(value) for name, value in asked.items() if value}
    return "/audit?" + urlencode(words | {"before": str(found[PAGE - 1].sequence)})


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None
