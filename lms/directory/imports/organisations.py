"""Rows of organisations: found again by code, else by name and settlement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.imports.plan import (
    NEW,
    SKIP,
    Candidate,
    Cells,
    Change,
    Organisations,
    Outcome,
    Plan,
    PlannedRow,
    Problem,
    plan_of,
    width_problem,
)
from lms.directory.imports.reading import Sheet
from lms.directory.imports.values import day_of, kind_of, status_of
from lms.directory.matching import organisation_key, plain
from lms.directory.models import Membership, Organisation, OrganisationKind, OrganisationStatus
from lms.directory.oblasts import oblast_named
from lms.directory.organisation_queries import NETWORK
from lms.directory.organisations import OrganisationDraft, checked, free_code
from lms.directory.rules import Visitor
from lms.errors import Refusal

_TEXTS = {
    "name_uk": 300, "name_en": 300, "settlement": 120, "community": 120, "community_code": 32, "territorial_code": 32,
    "phone": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payload:
    """What to write: into an organisation, or a new one with this code."""

    organisation: Organisation | None
    code: str
    values: Mapping[str, Any]
    member_from: date | None


def plan(session: Session, sheet: Sheet, mapping: Mapping[str, int], decisions: Mapping[str, str]) -> Plan:
    """What becomes of each row."""
    known = Organisations(session)
    seen: dict[str, int] = {}
    taken: set[str] = set()
    rows = [_row(session, known, sheet, Cells(row, mapping), decisions, seen, taken) for row in sheet.rows]
    return plan_of(rows)


def _row(
    session: Session,
    known: Organisations,
    sheet: Sheet,
    cells: Cells,
    decisions: Mapping[str, str],
    seen: dict[str, int],
    taken: set[str],
) -> PlannedRow:
    number, title = cells.row.number, cells["name_uk"] or cells["code"]
    wide = width_problem(sheet, cells.row)
    if wide:
        return PlannedRow(number, Outcome.REFUSED, title, (wide,))
    values, problems = _values(cells)
    member_from = day_of(cells["member_from"])
    if cells["member_from"] and member_from is None:
        problems.append(Problem("day_unreadable", "member_from", cells["member_from"]))
    key = cells["code"].lower() or f"{organisation_key(cells['name_uk'])}|{plain(cells['settlement'])}"
    if key in seen:
        problems.append(Problem("twice_in_file", "code" if cells["code"] else "name_uk", str(seen[key])))
    seen.setdefault(key, number)
    if problems:
        return PlannedRow(number, Outcome.REFUSED, title, tuple(problems))
    found = known.with_code(cells["code"]) if cells["code"] else None
    if found is None and not cells["code"]:
        candidates = known.named(cells["name_uk"], cells["settlement"])
        decision = decisions.get(str(number), "")
        if len(candidates) == 1:
            found = candidates[0]
        elif candidates and decision not in (NEW, *(str(one.id) for one in candidates)):
            asked = tuple(Candidate(one.id, f"{one.name_uk} ({one.code})") for one in candidates)
            outcome = Outcome.SKIP if decision == SKIP else Outcome.ASK
            return PlannedRow(number, outcome, title, (Problem("same_name"),), candidates=asked)
        elif decision.isdecimal():
            found = known.by_id[int(decision)]
    if found is not None:
        return _changed(session, found, number, values, member_from)
    return _new(session, number, cells["code"], values, member_from, taken)


def _changed(
    session: Session, found: Organisation, number: int, values: Mapping[str, Any], member_from: date | None
) -> PlannedRow:
    changes = tuple(
        Change(name, str(getattr(found, name) or ""), str(value))
        for name, value in values.items()
        if value and getattr(found, name) != value
    )
    wanted = {name: value for name, value in values.items() if value and getattr(found, name) != value}
    joins = member_from if member_from and not _is_member(session, found, member_from) else None
    if joins:
        changes += (Change("member_from", "", str(joins)),)
    outcome = Outcome.CHANGE if changes else Outcome.SAME
    payload = Payload(found, found.code, wanted, joins)
    return PlannedRow(number, outcome, found.name_uk, changes=changes, payload=payload)


def _new(
    session: Session, number: int, code: str, values: dict[str, Any], member_from: date | None, taken: set[str]
) -> PlannedRow:
    title = str(values["name_uk"] or code)
    values = {**values, "kind": values["kind"] or OrganisationKind.ASC}
    values["status"] = values["status"] or OrganisationStatus.ACTIVE
    try:
        draft = checked(OrganisationDraft(code=code, **values))
        code = free_code(session, draft, frozenset(taken))
    except Refusal as refused:
        return PlannedRow(number, Outcome.REFUSED, title, (Problem(refused.code, refused.field, code),))
    taken.add(code)
    changes = tuple(Change(name, "", str(value)) for name, value in values.items() if value)
    return PlannedRow(number, Outcome.CREATE, title, changes=changes, payload=Payload(None, code, values, member_from))


def _values(cells: Cells) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {name: cells[name] for name in _TEXTS}
    problems = [
        Problem("text_long", name, cells[name][:60]) for name, most in _TEXTS.items() if len(cells[name]) > most
    ]
    for name, read, code in (
        ("kind", kind_of, "kind_unknown"),
        ("status", status_of, "status_unknown"),
        ("oblast", oblast_named, "oblast_unknown"),
    ):
        values[name] = read(cells[name]) if cells[name] else ("" if name == "oblast" else None)
        if cells[name] and values[name] is None:
            problems.append(Problem(code, name, cells[name]))
    values["email"] = cells["email"].lower()
    if values["email"] and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", values["email"]):
        problems.append(Problem("email_invalid", "email", cells["email"]))
    website = cells["website"]
    values["website"] = f"https://{website}" if website and "://" not in website else website
    if not re.fullmatch(r"|https?://[^\s<>\"']+", values["website"]):
        problems.append(Problem("website_invalid", "website", website))
    return values, problems


def _is_member(session: Session, organisation: Organisation, day: date) -> bool:
    periods = session.query(Membership).filter_by(organisation_id=organisation.id, network=NETWORK).all()
    return any(one.to_date is None or one.to_date > day for one in periods)


def apply(session: Session, visitor: Visitor, planned: Plan, import_id: int, now: datetime) -> None:
    """Write what was planned."""
    made: list[tuple[Organisation, PlannedRow]] = []
    for row in planned.rows:
        if row.outcome is Outcome.CREATE:
            one = Organisation(code=row.payload.code, created_at=now, **row.payload.values)
            session.add(one)
            made.append((one, row))
        elif row.outcome is Outcome.CHANGE:
            one = row.payload.organisation
            before = {change.field: change.before for change in row.changes}
            after = {change.field: change.after for change in row.changes}
            for name, value in row.payload.values.items():
                setattr(one, name, value)
            record(
                session, visitor.actor, "organisation.edit", "organisation", one.id, now=now, before=before, after=after
            )
            _join(session, one, row.payload.member_from)
    session.flush()
    for one, row in made:
        told: dict[str, Any] = {change.field: change.after for change in row.changes}
        told |= {"code": one.code, "import": import_id}
        record(session, visitor.actor, "organisation.create", "organisation", one.id, now=now, after=told)
        _join(session, one, row.payload.member_from)
    session.flush()


def _join(session: Session, organisation: Organisation, day: date | None) -> None:
    if day is not None:
        session.add(Membership(organisation_id=organisation.id, network=NETWORK, from_date=day))
