"""A series that was held, with approved attendance, a rule of award, and people who may approve."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from sqlalchemy.orm import Session

from lms.credentials import awarding, keys
from lms.credentials.awarding import RuleDraft
from lms.credentials.keys import Issuer
from lms.credentials.models import RuleKind
from lms.directory.models import RoleName, Scope
from lms.directory.rules import Visitor
from lms.meetings.attendance_models import (
    Attendance,
    AttendanceCorrection,
    AttendanceRule,
    AttendanceSheet,
    SheetState,
    Verdict,
)
from lms.schedule import actions as schedule
from lms.schedule.models import Kind, Occurrence, Status
from lms.schedule.plan_models import Series
from lms.sealing import FernetSealer
from tests.lms.facts import NOW, draft, organisation, organiser, person

ISSUER = Issuer("https://vikno.example", "Асоціація «Приклад»", FernetSealer(b"k" * 32))
LOCAL = Issuer("http://localhost:8000", "Асоціація «Приклад»", FernetSealer(b"k" * 32))
DRAFT = RuleDraft(
    RuleKind.ATTENDANCE,
    "Мобільний цифровий кейс",
    "Присутність на 60 % занять.",
    name_en="Mobile digital case",
    description="Серія консультацій.",
    criteria_en="Present at 60 % of the dates.",
    hours="6",
    min_share=60,
    signatory="О. Підпис",
    signatory_position="Директорка",
)
MANUAL = RuleDraft(RuleKind.MANUAL, "Подяка доповідачам", "За проведення заняття.", valid_months=12)
_made: list[RSAPrivateKey] = []


@pytest.fixture
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """RSA keys from a small store: making one takes longer than everything else in these tests."""
    while len(_made) < 4:
        _made.append(generate_private_key(public_exponent=65537, key_size=2048))
    store = cycle(_made)
    monkeypatch.setattr(keys, "generate_private_key", lambda **_size: next(store))


class Held:
    """Five dates. Olena came to all, Petro to three, Ivan to two, Mariia (the certifier) to all."""

    def __init__(self, session: Session, *, approved: bool = True) -> None:
        self.planner = organiser(session)
        self.home = organisation(session, "kyiv")
        self.certifier = person(
            session, "mariia@example.org", RoleName.CERTIFIER, scope=Scope.ORGANISATION, scope_id=self.home.id
        )
        self.olena = person(session, "olena@example.org", home=self.home)
        self.petro = person(session, "petro@example.org", home=self.home)
        self.ivan = person(session, "ivan@example.org", home=self.home)
        self.series = Series(
            slug="case", owner_id=self.home.id, kind=Kind.TRAINING, title="Кейс", zone="Europe/Kyiv",
            starts_local=datetime(2026, 10, 21, 10), duration_minutes=90, created_by="system", created_at=NOW,
            updated_at=NOW, version=1,
        )  # fmt: skip
        session.add(self.series)
        session.flush()
        counted = AttendanceRule(
            code="tests", version=1, name_uk="Правило", min_share=8500, created_by="system", created_at=NOW
        )
        session.add(counted)
        session.flush()
        self.dates = [self._date(session, number, counted.id, approved) for number in range(5)]
        came = {self.olena: 5, self.petro: 3, self.ivan: 2, self.certifier: 5}
        for visitor, times in came.items():
            for number in self.dates[:times]:
                self._came(session, visitor, number, counted.id)
        session.flush()

    def _date(self, session: Session, number: int, rule_id: int, approved: bool) -> int:
        starts = datetime(2026, 10, 21, 10) + timedelta(days=7 * number)
        made = schedule.create(session, self.planner, draft(starts_local=starts), NOW - timedelta(days=60))
        made.series_id, made.status = self.series.id, Status.ENDED
        session.add(
            AttendanceSheet(
                occurrence_id=made.id,
                rule_id=rule_id,
                state=SheetState.APPROVED if approved else SheetState.COMPUTED,
                generation=1,
                approved_generation=1 if approved else None,
            )
        )
        session.flush()
        return made.id

    def _came(self, session: Session, visitor: Visitor, occurrence_id: int, rule_id: int) -> None:
        session.add(
            Attendance(
                occurrence_id=occurrence_id, generation=1, subject=visitor.identity, person_id=visitor.person_id,
                name="Хтось", seconds=5400, window_seconds=5400, share=10000, verdict=Verdict.ATTENDED,
                rule_id=rule_id, evidence={},
            )
        )  # fmt: skip

    def correct(self, session: Session, visitor: Visitor, by: Visitor, verdict: Verdict) -> None:
        """Somebody decides otherwise about the first date."""
        session.add(
            AttendanceCorrection(
                occurrence_id=self.dates[0], subject=visitor.identity, verdict=verdict, reason="Помилка",
                corrected_by=by.actor, corrected_at=NOW,
            )
        )  # fmt: skip
        session.flush()

    def rule(self, session: Session, **changes: Any) -> int:
        """A rule of the series."""
        from dataclasses import replace

        return awarding.create(session, self.planner, "case", replace(DRAFT, **changes), NOW).id


def numbers(*people: Visitor) -> list[int]:
    """Of people."""
    return [each.person_id for each in people if each.person_id is not None]


def titled(session: Session, occurrence_id: int) -> Occurrence:
    """A date's row."""
    return session.get_one(Occurrence, occurrence_id)
