"""Rows of people: found again by e-mail, else by name and organisation. Namesakes are always asked about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

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
from lms.directory.imports.values import day_of, names_of
from lms.directory.matching import person_key, phone_key
from lms.directory.models import Account, Affiliation, Organisation, Person, RoleGrant
from lms.directory.register_models import ChannelKind, ContactChannel
from lms.directory.rules import Visitor, normal_email

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_LONGEST = {"family_name": 100, "given_name": 100, "patronymic": 100, "latin_name": 200, "position": 200, "email": 254}
_LANGUAGES = {"українська": "uk", "uk": "uk", "ua": "uk", "укр": "uk", "english": "en", "en": "en", "англійська": "en"}


@dataclass(slots=True)
class Known:
    """A person who is there already."""

    person: Person
    emails: set[str] = field(default_factory=set)
    has_account: bool = False
    phones: set[str] = field(default_factory=set)
    works: dict[int, Affiliation] = field(default_factory=dict)
    """By organisation, today."""
    has_role: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row says, read."""

    family_name: str
    given_name: str
    patronymic: str
    latin_name: str
    email: str
    phone: str
    position: str
    language: str
    from_date: date | None
    home: Organisation | None

    @property
    def title(self) -> str:
        """As shown in the report."""
        return " ".join(part for part in (self.given_name, self.patronymic, self.family_name) if part)


@dataclass(frozen=True, slots=True)
class Payload:
    """What to write."""

    wanted: Wanted
    known: Known | None
    names: Mapping[str, str]
    """Fields of the person that change."""
    email: bool
    phone: bool
    joins: bool
    position: bool


class People:
    """All people who may be meant, found by e-mail, by name at a place, or by name alone."""

    def __init__(self, session: Session, day: date, now: datetime) -> None:
        self.by_id = {
            one.id: Known(one) for one in session.scalars(select(Person).where(Person.merged_into_id.is_(None)))
        }
        self.by_email: dict[str, int] = {}
        for person_id, subject in session.execute(select(Account.person_id, Account.subject)):
            self._note_email(person_id, subject, account=True)
        for channel in session.scalars(select(ContactChannel)):
            if channel.kind is ChannelKind.EMAIL:
                self._note_email(channel.person_id, channel.address)
            elif channel.person_id in self.by_id:
                self.by_id[channel.person_id].phones.add(phone_key(channel.address))
        current = or_(Affiliation.to_date.is_(None), Affiliation.to_date > day)
        for work in session.scalars(select(Affiliation).where(current)):
            if work.person_id in self.by_id:
                self.by_id[work.person_id].works[work.organisation_id] = work
        granted = select(RoleGrant.person_id).where(or_(RoleGrant.to_at.is_(None), RoleGrant.to_at > now))
        for person_id in session.scalars(granted):
            if person_id in self.by_id:
                self.by_id[person_id].has_role = True
        self.by_name: dict[str, list[int]] = {}
        for number, known in self.by_id.items():
            key = person_key(known.person.family_name, known.person.given_name)
            self.by_name.setdefault(key, []).append(number)

    def _note_email(self, person_id: int, address: str, *, account: bool = False) -> None:
        if person_id in self.by_id:
            self.by_email.setdefault(address.lower(), person_id)
            self.by_id[person_id].emails.add(address.lower())
            self.by_id[person_id].has_account |= account


@dataclass(slots=True)
class Planner:
    """Plans one file's rows, one after the other."""

    visitor: Visitor
    sheet: Sheet
    mapping: Mapping[str, int]
    decisions: Mapping[str, str]
    homes: Organisations
    people: People
    emails_seen: dict[str, int] = field(default_factory=dict)
    names_seen: dict[tuple[int | None, str], int] = field(default_factory=dict)

    def row(self, cells: Cells) -> PlannedRow:
        """What becomes of one row."""
        number = cells.row.number
        wide = width_problem(self.sheet, cells.row)
        if wide:
            return PlannedRow(number, Outcome.REFUSED, " ".join(cells.row.cells[:3])[:80], (wide,))
        wanted, problems = self._read(cells)
        if wanted.email and wanted.email in self.emails_seen:
            problems.append(Problem("twice_in_file", "email", str(self.emails_seen[wanted.email])))
        if wanted.email:
            self.emails_seen.setdefault(wanted.email, number)
        if problems:
            return PlannedRow(number, Outcome.REFUSED, wanted.title, tuple(problems))
        return self._match(number, wanted)

    def _read(self, cells: Cells) -> tuple[Wanted, list[Problem]]:
        family, given, patronymic = cells["family_name"], cells["given_name"], cells["patronymic"]
        if not family and not given:
            family, given, from_full = names_of(cells["full_name"])
            patronymic = patronymic or from_full
        problems = [
            Problem("text_long", name, cells[name][:60]) for name, most in _LONGEST.items() if len(cells[name]) > most
        ]
        if not family or not given:
            problems.append(Problem("name_whole_needed", "full_name" if cells["full_name"] else "family_name"))
        email = normal_email(cells["email"])
        if email and not _EMAIL.fullmatch(email):
            problems.append(Problem("email_invalid", "email", cells["email"]))
        if cells["phone"] and not phone_key(cells["phone"]):
            problems.append(Problem("phone_invalid", "phone", cells["phone"]))
        from_date = day_of(cells["from_date"])
        if cells["from_date"] and from_date is None:
            problems.append(Problem("day_unreadable", "from_date", cells["from_date"]))
        language = _LANGUAGES.get(cells["language"].lower(), "") if cells["language"] else ""
        if cells["language"] and not language:
            problems.append(Problem("language_unknown", "language", cells["language"]))
        home = self._home(cells["organisation"])
        if isinstance(home, Problem):
            problems.append(home)
            home = None
        wanted = Wanted(
            family[:100], given[:100], patronymic[:100], cells["latin_name"][:200], email, cells["phone"],
            cells["position"][:200], language, from_date, home,
        )  # fmt: skip
        return wanted, problems

    def _home(self, text: str) -> Organisation | Problem | None:
        allowed = self.visitor.imported_organisations
        if not text:
            if self.visitor.imports_everything:
                return None
            return (
                self.homes.by_id[next(iter(allowed))]
                if len(allowed) == 1
                else Problem("organisation_needed", "organisation")
            )
        found = self.homes.find(text)
        if isinstance(found, Organisation) and not self.visitor.imports_everything and found.id not in allowed:
            return Problem("other_organisation", "organisation", text)
        return found

    def _match(self, number: int, wanted: Wanted) -> PlannedRow:
        key = person_key(wanted.family_name, wanted.given_name)
        place = (wanted.home.id if wanted.home else None, key)
        before = self.names_seen.setdefault(place, number)
        owner = self.people.by_email.get(wanted.email) if wanted.email else None
        if owner is not None:
            known = self.people.by_id[owner]
            if not self._in_reach(known):
                return PlannedRow(
                    number, Outcome.REFUSED, wanted.title, (Problem("email_elsewhere", "email", wanted.email),)
                )
            if person_key(known.person.family_name, known.person.given_name) == key:
                return self._changed(number, wanted, known)
            return self._ask(number, wanted, [owner], Problem("name_differs", "email", wanted.email), may_be_new=False)
        namesakes = [one for one in self.people.by_name.get(key, []) if self._in_reach(self.people.by_id[one])]
        here = [one for one in namesakes if wanted.home is None or wanted.home.id in self.people.by_id[one].works]
        sure = len(here) == 1 and (not wanted.email or not self.people.by_id[here[0]].emails)
        if before != number:
            return self._ask(number, wanted, here, Problem("same_name_in_file", value=str(before)))
        if sure and wanted.home is not None:
            return self._changed(number, wanted, self.people.by_id[here[0]])
        if namesakes:
            return self._ask(number, wanted, here or namesakes, Problem("same_name"))
        return self._new(number, wanted)

    def _in_reach(self, known: Known) -> bool:
        return self.visitor.imports_everything or bool(self.visitor.imported_organisations & known.works.keys())

    def _editable(self, known: Known) -> bool:
        if self.visitor.imports_everything:
            return self.visitor.is_administrator or not known.has_role
        return not known.has_role and known.works.keys() <= self.visitor.imported_organisations

    def _ask(
        self, number: int, wanted: Wanted, people_ids: list[int], why: Problem, *, may_be_new: bool = True
    ) -> PlannedRow:
        decision = self.decisions.get(str(number), "")
        if decision == NEW and may_be_new:
            return self._new(number, wanted)
        if decision.isdecimal() and int(decision) in people_ids:
            return self._changed(number, wanted, self.people.by_id[int(decision)], rename=True)
        asked = tuple(Candidate(one, self._told(self.people.by_id[one])) for one in people_ids[:10])
        outcome = Outcome.SKIP if decision == SKIP else Outcome.ASK
        return PlannedRow(number, outcome, wanted.title, (why,), candidates=asked, may_be_new=may_be_new)

    def _told(self, known: Known) -> str:
        homes = [self.homes.by_id[home].name_uk for home in known.works]
        return ", ".join([known.person.display_name, *sorted(known.emails), *homes])

    def _new(self, number: int, wanted: Wanted) -> PlannedRow:
        told = {
            "family_name": wanted.family_name, "given_name": wanted.given_name, "patronymic": wanted.patronymic,
            "latin_name": wanted.latin_name, "email": wanted.email, "phone": wanted.phone,
            "organisation": wanted.home.name_uk if wanted.home else "", "position": wanted.position,
        }  # fmt: skip
        changes = tuple(Change(name, "", value) for name, value in told.items() if value)
        payload = Payload(
            wanted, None, {}, bool(wanted.email), bool(wanted.phone), wanted.home is not None, position=False
        )
        return PlannedRow(number, Outcome.CREATE, wanted.title, changes=changes, payload=payload)

    def _changed(self, number: int, wanted: Wanted, known: Known, *, rename: bool = False) -> PlannedRow:
        person, editable = known.person, self._editable(known)
        names = {"patronymic": wanted.patronymic, "latin_name": wanted.latin_name, "language": wanted.language}
        if rename and wanted.email in known.emails:  # the same address under another name: the name has changed
            names |= {"family_name": wanted.family_name, "given_name": wanted.given_name}
        names = {name: text for name, text in names.items() if editable and text and getattr(person, name) != text}
        changes = [Change(name, getattr(person, name), text) for name, text in names.items()]
        email = editable and bool(wanted.email) and wanted.email not in known.emails and not known.has_account
        phone = editable and bool(wanted.phone) and phone_key(wanted.phone) not in known.phones
        work = known.works.get(wanted.home.id) if wanted.home else None
        joins = wanted.home is not None and work is None
        position = work is not None and bool(wanted.position) and work.position != wanted.position
        for happens, name, before, after in (
            (email, "email", "", wanted.email),
            (phone, "phone", "", wanted.phone),
            (joins, "organisation", "", wanted.home.name_uk if wanted.home else ""),
            (position, "position", work.position if work else "", wanted.position),
        ):
            if happens:
                changes.append(Change(name, before, after))
        payload = Payload(wanted, known, names, email, phone, joins, position)
        outcome = Outcome.CHANGE if changes else Outcome.SAME
        return PlannedRow(number, outcome, person.display_name, changes=tuple(changes), payload=payload)


def plan(
    session: Session,
    visitor: Visitor,
    sheet: Sheet,
    mapping: Mapping[str, int],
    decisions: Mapping[str, str],
    now: datetime,
) -> Plan:
    """What becomes of each row, under the permissions of who sent the file."""
    people = People(session, now.date(), now)
    planner = Planner(visitor, sheet, mapping, decisions, Organisations(session), people)
    return plan_of([planner.row(Cells(row, mapping)) for row in sheet.rows])
