"""Issuing and revoking for many: a few at a time, nothing twice, nothing left out, whatever interrupts it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.credentials import awarding, bulk, issuing
from lms.credentials.bulk_models import BatchKind, CertificateBatch
from lms.credentials.models import Certificate, CertificateState
from lms.database import Database
from lms.directory.models import RoleGrant
from lms.errors import Invalid, NotAllowed
from lms.meetings.attendance_models import Verdict
from tests.lms.credentials.award import ISSUER, MANUAL, Held, numbers
from tests.lms.facts import NOW

pytestmark = pytest.mark.usefixtures("quick_keys")
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "STEP", 2)


def in_force(session: Session) -> int:
    query = select(func.count()).select_from(Certificate).where(Certificate.state == CertificateState.ISSUED)
    return session.scalar(query) or 0


def test_issued_and_revoked_through_interruptions(database: Database) -> None:
    with database.writing() as session:
        held = Held(session)
        rule = awarding.create_for(session, held.planner, held.home.id, MANUAL, NOW)
        people = numbers(held.olena, held.petro, held.ivan, held.certifier)
        issuing.issue(session, ISSUER, held.planner, rule.id, people[:1], NOW, reason="Раніше")
        batch = bulk.ask_to_issue(session, ISSUER, held.planner, rule.id, people, NOW, "Провели заняття")
        assert in_force(session) == 1, "asking issues nothing yet"
        assert bulk.due(session, NOW) == [batch.id]
        assert bulk.due(session, NOW, without={batch.id}) == []
    with database.writing() as session:
        assert bulk.step(session, ISSUER, batch.id, NOW) == 2
    with database.open(write=True) as session:  # the worker dies before it could commit
        bulk.step(session, ISSUER, batch.id, NOW)
        session.rollback()
    with database.writing() as session:
        page = bulk.page_of(session, held.planner, batch.code)
        assert (page.done, page.nothing, page.seen_to, page.total, page.finished) == (1, 1, 2, 4, False)
        assert [bulk.step(session, ISSUER, batch.id, NOW) for _ in range(3)] == [2, 0, 0]
        page = bulk.page_of(session, held.planner, batch.code)
        assert (page.done, page.nothing, page.refused, page.finished) == (3, 1, 0, True)
        assert in_force(session) == 4
        assert bulk.due(session, NOW) == []
        exported = bulk.export(session, held.certifier, rule.id, NOW)
        assert len({each.number for each in exported}) == 4
        with pytest.raises(Invalid, match="Say why"):
            bulk.ask_to_revoke(session, held.planner, rule.id, [exported[0].number], " ", LATER)
        with pytest.raises(Invalid, match="at least one"):
            bulk.ask_to_revoke(session, held.planner, rule.id, ["AAAA-AAAA-AAAA"], "Помилка", LATER)
        chosen = [each.number for each in exported[:3]]
        taken = bulk.ask_to_revoke(session, held.planner, rule.id, chosen, "Помилка", LATER)
        assert [bulk.step(session, ISSUER, taken.id, LATER) for _ in range(2)] == [2, 1]
        assert in_force(session) == 1
        page = bulk.page_of(session, held.planner, taken.code)
        assert (page.kind, page.done, page.finished) == (BatchKind.REVOKE, 3, True)


def test_what_changed_meanwhile_is_refused_line_by_line(database: Database) -> None:
    with database.writing() as session:
        held = Held(session)
        rule = held.rule(session)
        people = numbers(held.olena, held.petro)
        with pytest.raises(Invalid, match="not earned"):
            bulk.ask_to_issue(session, ISSUER, held.certifier, rule, [*people, *numbers(held.ivan)], NOW, "")
        for visitor in (held.olena,):
            with pytest.raises(NotAllowed):
                bulk.ask_to_issue(session, ISSUER, visitor, rule, people[1:], NOW, "")
        batch = bulk.ask_to_issue(session, ISSUER, held.certifier, rule, people, NOW, "")
        held.correct(session, held.petro, held.planner, Verdict.ABSENT)
        bulk.step(session, ISSUER, batch.id, LATER)
        bulk.step(session, ISSUER, batch.id, LATER)
        page = bulk.page_of(session, held.certifier, batch.code)
        assert (page.done, page.refused, page.refusals[0][1], page.finished) == (1, 1, "not_earned", True)
        with pytest.raises(NotAllowed):
            bulk.page_of(session, held.olena, batch.code)
        with pytest.raises(NotAllowed):
            bulk.export(session, held.olena, rule, NOW)


def test_who_may_no_longer_decides_nothing_more(database: Database) -> None:
    with database.writing() as session:
        held = Held(session)
        rule = awarding.create_for(session, held.planner, held.home.id, MANUAL, NOW)
        batch = bulk.ask_to_issue(session, ISSUER, held.certifier, rule.id, numbers(held.olena), NOW, "Заняття")
        for grant in session.scalars(select(RoleGrant).where(RoleGrant.person_id == held.certifier.person_id)):
            grant.to_at = NOW
        session.flush()
        bulk.step(session, ISSUER, batch.id, LATER)
        page = bulk.page_of(session, held.planner, batch.code)
        assert (page.refused, page.refusals[0][1]) == (1, "certify_not_yours")
        assert in_force(session) == 0
        assert session.get_one(CertificateBatch, batch.id).finished_at == LATER
