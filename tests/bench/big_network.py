"""A large network to measure with: 500 organisations, 10,000 people, 2,000 occurrences and all that hangs on them.

Written in bulk, with fixed random numbers: the same network in every run. What it holds is listed in `Size`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.base import Base
from lms.database import Database
from lms.directory.access_models import SignInSession
from lms.directory.models import Account, Affiliation, Membership, Organisation, Person, RoleGrant
from lms.meetings.attendance_models import Attendance, AttendanceRule, AttendanceSheet
from lms.meetings.models import Connection, Meeting
from lms.schedule.audience_models import Invitation, Registration, RegistrationPolicy
from lms.schedule.models import AgendaItem, Occurrence, OccurrenceParty, Speaker
from lms.schedule.plan_models import OccurrenceTopic, Series, Topic
from lms.schedule.rules import to_utc
from lms.secret import fingerprint

ZONE = "Europe/Kyiv"
SEED = 20261125
AHEAD = 0.2
"""The share of occurrences that are still to come."""
UNAPPROVED = 20
"""The latest attendance sheets wait for approval."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the network is."""

    organisations: int = 500
    people: int = 10_000
    occurrences: int = 2_000
    attendances: int = 60
    """Per past occurrence."""


@dataclass(frozen=True, slots=True)
class Network:
    """Who can be somebody in the measurement: sign-in tokens, and slugs of occurrences."""

    organisers: tuple[str, ...]
    leads: tuple[str, ...]
    staff: tuple[str, ...]
    coming: tuple[str, ...]
    past: tuple[str, ...]


def fill(database: Database, now: datetime, size: Size = Size()) -> Network:
    """Put the network into an empty database."""
    chance = random.Random(SEED)
    with database.writing() as session:
        builder = _Builder(session, now, size, chance)
        builder.organisations()
        builder.people()
        builder.occurrences()
        builder.audience()
        builder.attendance()
        return builder.network()


class _Builder:
    def __init__(self, session: Session, now: datetime, size: Size, chance: random.Random) -> None:
        self.session, self.now, self.size, self.chance = session, now, size, chance
        self.slugs: list[tuple[str, bool]] = []

    def organisations(self) -> None:
        kinds = ["ministry", "association", "state_enterprise"]
        self._add(
            Organisation,
            (
                {
                    "id": number,
                    "code": f"org-{number}",
                    "kind": kinds[number] if number < len(kinds) else "asc",
                    "name_uk": f"ЦНАП громади № {number}",
                    "name_en": f"ASC of community No. {number}",
                    "oblast": f"Область {number % 24}",
                    "status": "active",
                    "email": f"org-{number}@example.org",
                    "created_at": self.now,
                }
                for number in self._numbers(self.size.organisations)
            ),
        )
        self._add(
            Membership,
            (
                {"organisation_id": number, "network": "vikno", "from_date": date(2019, 12, 31)}
                for number in self._numbers(self.size.organisations)
            ),
        )

    def people(self) -> None:
        numbers = list(self._numbers(self.size.people))
        self._add(
            Person,
            (
                {
                    "id": number,
                    "family_name": f"Працівник-{number % 3000}",
                    "given_name": f"Номер {number}",
                    "created_at": self.now,
                }
                for number in numbers
            ),
        )
        self._add(
            Account,
            (
                {
                    "id": number,
                    "person_id": number,
                    "provider": "password",
                    "subject": f"person-{number}@example.org",
                    "created_at": self.now,
                }
                for number in numbers
            ),
        )
        self._add(
            Affiliation,
            (
                {
                    "person_id": number,
                    "organisation_id": number % self.size.organisations + 1,
                    "position": "адміністратор",
                    "from_date": date(2020, 1, 1),
                }
                for number in numbers
            ),
        )
        self._add(RoleGrant, (self._role(number) for number in range(1, 101)))
        self._add(
            SignInSession,
            (
                {
                    "person_id": number,
                    "account_id": number,
                    "token_hash": fingerprint(token(number)),
                    "created_at": self.now,
                    "rotated_at": self.now + timedelta(days=1),
                    "last_seen_at": self.now,
                    "expires_at": self.now + timedelta(days=7),
                    "address": "127.0.0.1",
                    "user_agent": "bench",
                }
                for number in range(1, 301)
            ),
        )

    def occurrences(self) -> None:
        topics = [f"topic-{number}" for number in range(30)]
        self._add(Topic, ({"code": code, "name_uk": f"Тема {code}", "name_en": ""} for code in topics))
        topic_ids = list(self.session.scalars(select(Topic.id).order_by(Topic.id)))
        self._add(Series, (self._series(number) for number in range(1, 41)))
        rows = [self._occurrence(number) for number in self._numbers(self.size.occurrences)]
        self._add(Occurrence, rows)
        self.slugs = [(row["slug"], row["status"] == "ended") for row in rows]
        parties: list[dict[str, Any]] = []
        speakers: list[dict[str, Any]] = []
        agenda: list[dict[str, Any]] = []
        tagged: list[dict[str, Any]] = []
        for row in rows:
            number = row["id"]
            taking_part = self.chance.sample(range(4, self.size.organisations + 1), 8)
            for place, organisation in enumerate((2, 1, *taking_part)):
                part = ("organiser", "expert_body")[place] if place < 2 else "participant"
                parties.append(
                    {"occurrence_id": number, "organisation_id": organisation, "part": part, "position": place}
                )
            speakers.append({"occurrence_id": number, "name": f"Експерт {number}", "position": 0, "role": "presenter"})
            agenda += [
                {"occurrence_id": number, "position": place, "kind": "talk", "title": f"Питання {place}", "minutes": 20}
                for place in range(4)
            ]
            tagged.append({"occurrence_id": number, "topic_id": topic_ids[number % len(topic_ids)]})
        for table, several in ((OccurrenceParty, parties), (Speaker, speakers), (AgendaItem, agenda)):
            self._add(table, several)
        self._add(OccurrenceTopic, tagged)

    def audience(self) -> None:
        coming = [number for number, (_slug, over) in enumerate(self.slugs, start=1) if not over]
        self._add(
            RegistrationPolicy,
            ({"occurrence_id": number, "mode": "open", "capacity": 40, "questions": []} for number in coming),
        )
        invitations: list[dict[str, Any]] = []
        registrations: list[dict[str, Any]] = []
        for number in coming:
            invitations += [
                {
                    "occurrence_id": number,
                    "address": f"person-{person}@example.org",
                    "person_id": person,
                    "created_by": "person:1",
                    "created_at": self.now,
                }
                for person in self.chance.sample(range(1, self.size.people + 1), 40)
            ]
            registrations += [
                {
                    "occurrence_id": number,
                    "person_id": person,
                    "organisation_id": person % self.size.organisations + 1,
                    "seat": "interactive",
                    "state": "confirmed" if place < 40 else "waitlisted",
                    "answers": {},
                    "created_by": f"person:{person}",
                    "created_at": self.now,
                    "queued_at": self.now,
                }
                for place, person in enumerate(self.chance.sample(range(1, self.size.people + 1), 50))
            ]
        self._add(Invitation, invitations)
        self._add(Registration, registrations)

    def attendance(self) -> None:
        rule = self.session.scalars(select(AttendanceRule.id)).first()
        if rule is None:
            self._add(
                AttendanceRule,
                [
                    {
                        "code": "default",
                        "version": 1,
                        "name_uk": "85 % часу",
                        "min_share": 8500,
                        "created_by": "system",
                        "created_at": self.now,
                    }
                ],
            )
            rule = self.session.scalars(select(AttendanceRule.id)).one()
        past = [(number, slug) for number, (slug, over) in enumerate(self.slugs, start=1) if over]
        self._add(
            AttendanceSheet,
            (
                {
                    "occurrence_id": number,
                    "rule_id": rule,
                    "state": "computed" if number > past[-1][0] - UNAPPROVED else "approved",
                    "breaks": [],
                    "generation": 1,
                    "approved_generation": 1,
                    "approved_by": "person:2",
                    "approved_at": self.now,
                    "windows": [],
                    "notes": [],
                    "computed_at": self.now,
                    "stale": False,
                }
                for number, _slug in past
            ),
        )
        starts = {row.id: row.starts_at for row in self.session.execute(select(Occurrence.id, Occurrence.starts_at))}
        self._add(Meeting, (self._meeting(number, starts[number]) for number, _slug in past))
        attendances: list[dict[str, Any]] = []
        connections: list[dict[str, Any]] = []
        for number, _slug in past:
            began = starts[number]
            for person in self.chance.sample(range(1, self.size.people + 1), self.size.attendances):
                seconds = self.chance.randrange(600, 5401)
                left = began + timedelta(seconds=seconds)
                attendances.append(self._attended(number, person, began, left, seconds, rule))
                connections.append(self._connection(number, person, began, left))
            if len(attendances) > 20_000:
                self._add(Attendance, attendances)
                self._add(Connection, connections)
                attendances, connections = [], []
        self._add(Attendance, attendances)
        self._add(Connection, connections)

    def network(self) -> Network:
        return Network(
            organisers=tuple(token(number) for number in range(1, 21)),
            leads=tuple(token(number) for number in range(21, 101)),
            staff=tuple(token(number) for number in range(101, 301)),
            coming=tuple(slug for slug, over in self.slugs if not over),
            past=tuple(slug for slug, over in self.slugs if over),
        )

    def _role(self, number: int) -> dict[str, Any]:
        organiser = number <= 20
        return {
            "person_id": number,
            "role": "organiser" if organiser else "centre_lead",
            "scope": "network" if organiser else "organisation",
            "scope_id": None if organiser else number % self.size.organisations + 1,
            "from_at": self.now - timedelta(days=1),
            "granted_by": "system",
        }

    def _series(self, number: int) -> dict[str, Any]:
        return {
            "id": number,
            "slug": f"series-{number}",
            "owner_id": 2,
            "version": 1,
            "kind": "consultation",
            "title": f"Щотижневі консультації {number}",
            "starts_local": datetime(2026, 1, 7, 10, 0),
            "zone": ZONE,
            "duration_minutes": 90,
            "created_by": "person:1",
            "created_at": self.now,
            "updated_at": self.now,
        }

    def _occurrence(self, number: int) -> dict[str, Any]:
        ahead = number > self.size.occurrences * (1 - AHEAD)
        days = number - self.size.occurrences * (1 - AHEAD)
        local = datetime.combine(self.now.date() + timedelta(days=int(days // 4) + ahead), datetime.min.time())
        local += timedelta(hours=9 + number % 8)
        starts = to_utc(local, ZONE)
        return {
            "id": number,
            "slug": f"occurrence-{number}",
            "meeting": f"meet-{number}",
            "uid": f"{number}@bench",
            "version": 1,
            "series_id": number % 40 + 1,
            "planned_local": local,
            "kind": ("consultation", "training", "webinar")[number % 3],
            "title": f"Консультація № {number}: реєстрація місця проживання",
            "title_en": f"Consultation No. {number}",
            "description": "Зміни в порядку, складні випадки, відповіді на запитання центрів. " * 5,
            "starts_local": local,
            "zone": ZONE,
            "duration_minutes": 90,
            "starts_at": starts,
            "ends_at": starts + timedelta(minutes=90),
            "status": "published" if ahead else "ended",
            "began_at": None if ahead else starts,
            "ended_at": None if ahead else starts + timedelta(minutes=90),
            "created_by": "person:1",
            "created_at": self.now,
            "updated_at": self.now,
        }

    def _meeting(self, number: int, began: datetime) -> dict[str, Any]:
        end = began + timedelta(minutes=90)
        return {
            "id": number,
            "occurrence_id": number,
            "name": f"meet-{number}",
            "opening": f"opening-{number}",
            "node": 0,
            "last_sequence": 100,
            "opened_at": began,
            "began_at": began,
            "ended_at": end,
            "closed_at": end,
            "last_heartbeat_at": end,
        }

    def _attended(
        self, number: int, person: int, began: datetime, left: datetime, seconds: int, rule: int
    ) -> dict[str, Any]:
        return {
            "occurrence_id": number,
            "generation": 1,
            "subject": f"person:{person}",
            "person_id": person,
            "name": f"Номер {person} Працівник",
            "organisation_id": person % self.size.organisations + 1,
            "organisation": f"ЦНАП громади № {person % self.size.organisations + 1}",
            "role": "participant",
            "seconds": seconds,
            "window_seconds": 5400,
            "share": seconds * 10_000 // 5400,
            "verdict": "attended" if seconds * 100 >= 85 * 5400 else "partly",
            "rule_id": rule,
            "evidence": {
                "window": [[began.isoformat(), (began + timedelta(minutes=90)).isoformat()]],
                "breaks": [],
                "own": [[began.isoformat(), left.isoformat()]],
                "rooms": {},
                "how": "own",
                "overlap_seconds": 0,
                "listed": [],
            },
        }

    def _connection(self, number: int, person: int, began: datetime, left: datetime) -> dict[str, Any]:
        return {
            "meeting_id": number,
            "participant": f"p{person}",
            "identity": f"person:{person}",
            "name": f"Номер {person} Працівник",
            "role": "participant",
            "presence": "person",
            "joined_at": began,
            "left_at": left,
            "last_seen_at": left,
            "reason": "left",
        }

    def _numbers(self, count: int) -> Iterator[int]:
        return iter(range(1, count + 1))

    def _add(self, table: type[Base], rows: Iterator[dict[str, Any]] | Sequence[dict[str, Any]]) -> None:
        several = list(rows)
        if several:
            self.session.execute(insert(table), several)


def token(number: int) -> str:
    """The sign-in cookie of person `number`."""
    return f"bench-{number}"
