"""Issuing and what follows: who earns it, who may approve, editions, revoking, keys, status lists, what is public."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from lms.audit.models import AuditEntry
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentSource, EnrolmentState, VersionState
from lms.credentials import (
    award_queries,
    awarding,
    bits,
    changing,
    checking,
    documents,
    earning,
    editions,
    integrity,
    issuing,
    keys,
    queries,
    status_lists,
)
from lms.credentials.models import (
    AwardRule,
    Certificate,
    CertificateEdition,
    EditionReason,
    IssuerKey,
    KeyEnd,
    RuleKind,
    StatusList,
)
from lms.credentials.numbers import complete
from lms.credentials.queries import PublicState
from lms.credentials.records import Records
from lms.credentials.rules import amount, ends, standings
from lms.credentials.verdicts import Report, State
from lms.database import Database
from lms.directory import projects
from lms.directory.merging import merge_people
from lms.directory.models import Account, Person
from lms.directory.projects import ProjectDraft
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.meetings.attendance_models import Verdict
from lms.schedule import tags
from lms.sealing import FernetSealer
from tests.lms.credentials.award import DRAFT, ISSUER, LOCAL, MANUAL, Held, numbers
from tests.lms.facts import NOW, administrator, counted, person

pytestmark = pytest.mark.usefixtures("quick_keys")
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def held(database: Database) -> Held:
    with database.writing() as session:
        return Held(session)


def one(session: Session, held: Held, whom: Visitor | None = None, **changes: Any) -> Certificate:
    """A certificate, issued."""
    rule = held.rule(session, **changes)
    return issuing.issue(session, ISSUER, held.certifier, rule, numbers(whom or held.olena), NOW).certificates[0]


def edition(session: Session, certificate: Certificate, number: int = 1) -> CertificateEdition:
    query = select(CertificateEdition).where(
        CertificateEdition.certificate_id == certificate.id, CertificateEdition.number == number
    )
    return session.scalars(query).one()


def check(session: Session, file: str, now: datetime = LATER) -> Report:
    return checking.check(file.encode(), Records(session), now)


def test_who_attended_enough_earns_it(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = held.rule(session)
        page = award_queries.rule_page(session, held.certifier, rule, NOW)
        found = {each.person_id: (each.standing.share, each.standing.earned) for each in page.candidates}
        olena, petro, ivan, mariia = numbers(held.olena, held.petro, held.ivan, held.certifier)
        assert found == {olena: (100, True), mariia: (100, True), petro: (60, True), ivan: (40, False)}
        done = issuing.issue(session, ISSUER, held.certifier, rule, [olena, petro], NOW)
        assert (len(done.certificates), done.had_one, done.left) == (2, 0, 0)
        again = issuing.issue(session, ISSUER, held.certifier, rule, [olena, petro], NOW)
        assert (again.certificates, again.had_one) == ((), 2)
        with pytest.raises(Invalid, match="not earned"):
            issuing.issue(session, ISSUER, held.certifier, rule, [ivan], NOW)
        for certificate in done.certificates:
            for file in (edition(session, certificate).credential, edition(session, certificate).token):
                report = check(session, file)
                assert report.valid, report.checks
        entries = session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "certificate")).all()
        assert entries == ["certificate.issue"] * 2


def test_what_a_certificate_says_is_what_was_true_then(database: Database, held: Held) -> None:
    with database.writing() as session:
        certificate = one(session, held)
        told = edition(session, certificate).snapshot
        assert told["holder"] == "Прізвище olena"
        assert told["holder_en"] == "Olena Prizvyshche"
        assert told["evidence"] == {"attended": 5, "held": 5, "occurrences": held.dates}
        assert (told["share"], told["required_share"]) == ("100", "60")
        assert (told["achievement"]["hours"], told["achievement"]["credits"]) == ("6", "")
        before = edition(session, certificate).credential
        assert "Прізвище" not in before, "the name stands in the credential only if the holder wants it"
        assert "olena@" not in before
        rule = session.get_one(AwardRule, certificate.rule_id)
        awarding.revise(session, held.planner, rule.id, replace(DRAFT, name="Зовсім інша назва"), LATER)
        session.get_one(Person, held.olena.person_id).family_name = "Інша"
        held.series.title = "Інша серія"
        session.flush()
    with database.reading() as session:
        view = queries.public(session, certificate.number, LATER)
        assert view.state is PublicState.VALID
        assert view.snapshot is not None
        assert (view.snapshot.achievement.name, view.snapshot.holder) == (DRAFT.name, "Прізвище olena")
        assert view.credential == before
        assert check(session, before).valid


def test_four_eyes(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = held.rule(session)
        held.correct(session, held.ivan, held.certifier, Verdict.ATTENDED)
        people = numbers(held.olena)
        with pytest.raises(NotAllowed) as refused:
            issuing.issue(session, ISSUER, held.certifier, rule, people, NOW)
        assert refused.value.code == "four_eyes"
        assert award_queries.rule_page(session, held.certifier, rule, NOW).four_eyes
        assert issuing.issue(session, ISSUER, held.planner, rule, people, NOW).certificates
        with pytest.raises(NotAllowed) as refused:
            issuing.issue(session, ISSUER, held.planner, rule, numbers(held.olena, held.planner), NOW)
        assert refused.value.code == "certify_self"


def test_a_correction_counts(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = held.rule(session)
        held.correct(session, held.petro, held.planner, Verdict.ABSENT)
        with pytest.raises(Invalid, match="not earned"):
            issuing.issue(session, ISSUER, held.certifier, rule, numbers(held.petro), NOW)


def test_nothing_is_issued_before_attendance_is_approved(database: Database) -> None:
    with database.writing() as session:
        held = Held(session, approved=False)
        rule = held.rule(session)
        assert award_queries.rule_page(session, held.certifier, rule, NOW).open_sheets == 5
        with pytest.raises(Conflict) as refused:
            issuing.issue(session, ISSUER, held.certifier, rule, numbers(held.olena), NOW)
        assert refused.value.code == "sheets_open"


def test_who_may_not(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = held.rule(session)
        for visitor in (held.olena, ANONYMOUS):
            with pytest.raises(NotAllowed):
                issuing.issue(session, ISSUER, visitor, rule, numbers(held.petro), NOW)
            with pytest.raises(NotAllowed):
                award_queries.rule_page(session, visitor, rule, NOW)
            with pytest.raises(NotAllowed):
                awarding.create(session, visitor, "case", DRAFT, NOW)
        with pytest.raises(Invalid, match="at least one"):
            issuing.issue(session, ISSUER, held.certifier, rule, [], NOW)
        awarding.retire(session, held.planner, rule, NOW)
        with pytest.raises(Conflict, match="retired"):
            issuing.issue(session, ISSUER, held.certifier, rule, numbers(held.petro), NOW)


def test_a_site_that_nobody_else_can_open_issues_demonstrations_only(database: Database, held: Held) -> None:
    for site, local in (
        ("http://localhost:8000", True),
        ("http://127.0.0.1", True),
        ("https://[::1]:8443", True),
        ("https://192.168.1.7", True),
        ("https://vikno.local", True),
        ("https://vikno", True),
        ("https://vikno.gov.ua", False),
        ("https://8.8.8.8", False),
    ):
        assert replace(ISSUER, site=site).local is local, site
    with database.writing() as session:
        rule = held.rule(session)
        with pytest.raises(Conflict) as refused:
            issuing.issue(session, LOCAL, held.certifier, rule, numbers(held.olena), NOW)
        assert refused.value.code == "issuer_local"
        demo = issuing.issue(session, replace(LOCAL, demo=True), held.certifier, rule, numbers(held.olena), NOW)
        (certificate,) = demo.certificates
        assert certificate.demo
        assert json.loads(edition(session, certificate).credential)["name"].startswith("ЗРАЗОК / DEMO: ")


def test_by_decision_with_a_reason_and_for_a_term(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = awarding.create_for(session, held.planner, held.home.id, MANUAL, NOW)
        with pytest.raises(Invalid, match="Say why"):
            issuing.issue(session, ISSUER, held.certifier, rule.id, numbers(held.ivan), NOW)
        done = issuing.issue(session, ISSUER, held.certifier, rule.id, numbers(held.ivan), NOW, reason="Провів заняття")
        (certificate,) = done.certificates
        assert certificate.valid_until == datetime(2027, 11, 25, 7, 0, tzinfo=UTC)
        file = edition(session, certificate).credential
        assert check(session, file, NOW + timedelta(days=364)).valid
        assert check(session, file, NOW + timedelta(days=365)).state is State.EXPIRED
        after = NOW + timedelta(days=400)
        assert queries.public(session, certificate.number, after).state is PublicState.EXPIRED
        changing.renew(session, ISSUER, held.certifier, certificate.number, after)
        assert queries.public(session, certificate.number, after).state is PublicState.VALID
        renewed = edition(session, certificate, 2)
        assert renewed.reason is EditionReason.RENEWED
        report = check(session, renewed.credential, after)
        assert report.valid
        assert json.loads(renewed.credential)["awardedDate"] == json.loads(file)["awardedDate"]
        assert json.loads(renewed.credential)["id"] == json.loads(file)["id"]
        with pytest.raises(Conflict, match="no end"):
            changing.renew(session, ISSUER, held.certifier, one(session, held).number, after)


def test_who_has_completed_a_course_earns_it(database: Database, held: Held) -> None:
    with database.writing() as session:
        course = Course(slug="case-course", organisation_id=held.home.id, created_by="system", created_at=NOW)
        session.add(course)
        session.flush()
        version = CourseVersion(
            course_id=course.id, number=1, state=VersionState.PUBLISHED, title_uk="Курс", audience=[], edited_at=NOW,
            edit=1, published_at=NOW,
        )  # fmt: skip
        session.add(version)
        session.flush()
        for visitor, state in (
            (held.olena, EnrolmentState.COMPLETED),
            (held.petro, EnrolmentState.ACTIVE),
            (held.ivan, EnrolmentState.WITHDRAWN),
        ):
            done = NOW if state is EnrolmentState.COMPLETED else None
            session.add(
                Enrolment(
                    course_id=course.id,
                    version_id=version.id,
                    person_id=visitor.person_id,
                    state=state,
                    source=EnrolmentSource.OWN,
                    enrolled_by=visitor.actor,
                    enrolled_at=NOW,
                    completed_at=done,
                )
            )
        session.flush()
        draft = replace(DRAFT, kind=RuleKind.COURSE, min_share=None, achievement_kind="Course")
        with pytest.raises(NotAllowed):
            awarding.create_for_course(session, held.olena, "case-course", draft, NOW)
        with pytest.raises(Invalid, match="over a series"):
            awarding.create_for_course(session, held.planner, "case-course", DRAFT, NOW)
        rule = awarding.create_for_course(session, held.planner, "case-course", draft, NOW)
        page = award_queries.rule_page(session, held.certifier, rule.id, NOW)
        earned = {each.person_id: each.standing.earned for each in page.candidates}
        assert earned == {held.olena.person_id: True, held.petro.person_id: False}
        with pytest.raises(Invalid, match="not earned"):
            issuing.issue(session, ISSUER, held.certifier, rule.id, numbers(held.petro), NOW)
        given = issuing.issue(session, ISSUER, held.certifier, rule.id, numbers(held.olena), NOW)
        told = edition(session, given.certificates[0])
        assert "result" not in json.loads(told.credential)["credentialSubject"], "a course has no share of dates"
        assert check(session, told.credential).valid
        course.slug = "renamed"
        version.title_uk = "Інша назва"
        session.flush()
        assert edition(session, given.certificates[0]).snapshot["achievement"]["name"] == DRAFT.name
        second = awarding.revise(session, held.planner, rule.id, draft, LATER)
        assert second.course_id == course.id
        _course, cards, editor = award_queries.rules_of_course(session, held.planner, "renamed")
        assert (len(cards), editor) == (2, True)


def test_expired_means_a_new_one_can_be_given(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = awarding.create_for(session, held.planner, held.home.id, MANUAL, NOW)
        people = numbers(held.ivan)
        issuing.issue(session, ISSUER, held.certifier, rule.id, people, NOW, reason="Провів заняття")
        later = NOW + timedelta(days=366)
        done = issuing.issue(session, ISSUER, held.certifier, rule.id, people, later, reason="Провів ще одне")
        assert len(done.certificates) == 1


def test_revoked_for_everybody(database: Database, held: Held) -> None:
    with database.writing() as session:
        certificate, other = one(session, held), one(session, held, held.petro)
        kept = edition(session, certificate)
        with pytest.raises(Invalid, match="Say why"):
            changing.revoke(session, ISSUER, held.certifier, certificate.number, " ", LATER)
        with pytest.raises(NotAllowed):
            changing.revoke(session, ISSUER, held.olena, certificate.number, "Помилка", LATER)
        changing.revoke(session, ISSUER, held.certifier, certificate.number, "Видано помилково", LATER)
        with pytest.raises(Conflict, match="already"):
            changing.revoke(session, ISSUER, held.certifier, certificate.number, "Ще раз", LATER)
        with pytest.raises(Conflict, match="revoked"):
            changing.show_name(session, ISSUER, held.olena, certificate.number, LATER)
        assert queries.public(session, certificate.number, LATER).state is PublicState.REVOKED
        for file in (kept.credential, kept.token):
            assert check(session, file).state is State.REVOKED
        assert check(session, edition(session, other).credential).valid
        # A verifier that knows nothing but the list served comes to the same.
        served = json.loads(status_lists.served(session, certificate.list_id).credential)  # type: ignore[union-attr]
        content = bits.unpacked(served["credentialSubject"]["encodedList"])
        assert bits.get(content, certificate.list_index)
        assert not bits.get(content, other.list_index)


def test_a_new_name_replaces_and_the_old_file_says_so(database: Database, held: Held) -> None:
    with database.writing() as session:
        certificate = one(session, held)
        number = certificate.number
        with pytest.raises(Conflict, match="the same"):
            changing.replace_name(session, ISSUER, held.certifier, number, LATER)
        olena = session.get_one(Person, held.olena.person_id)
        olena.family_name, olena.patronymic = "Нова-П’ятниця", "Іванівна"
        session.flush()
        changing.replace_name(session, ISSUER, held.certifier, number, LATER)
        old, new = edition(session, certificate), edition(session, certificate, 2)
        assert (new.snapshot["holder"], new.reason) == ("Нова-П’ятниця olena Іванівна", EditionReason.RENAMED)
        first, second = json.loads(old.credential), json.loads(new.credential)
        assert first["id"] == second["id"]
        assert first["validFrom"] < second["validFrom"]
        report = check(session, old.credential)
        assert (report.state, report.genuine) == (State.REPLACED, True)
        assert check(session, old.token).state is State.REPLACED
        assert check(session, new.credential).valid
        assert queries.public(session, number, LATER).state is PublicState.VALID
        assert queries.public(session, number, LATER, edition=1).state is PublicState.REPLACED
        assert queries.public(session, number, LATER, edition=2).state is PublicState.VALID
        assert queries.public(session, number, LATER, edition=99).state is PublicState.VALID


def test_an_address_that_has_changed(database: Database, held: Held) -> None:
    with database.writing() as session:
        certificate = one(session, held)
        account = session.scalars(select(Account).where(Account.person_id == held.olena.person_id)).one()
        account.subject = "olena.new@example.org"
        session.flush()
        told = edition(session, certificate).snapshot
        assert documents.email_hash("olena@example.org", told["email_salt"]) == told["email_hash"]
        assert check(session, edition(session, certificate).credential).valid, "what was issued stays valid"
        changing.replace_name(session, ISSUER, held.certifier, certificate.number, LATER)
        renewed = edition(session, certificate, 2).snapshot
        assert documents.email_hash("Olena.New@example.org ", renewed["email_salt"]) == renewed["email_hash"]
        assert renewed["email_salt"] != told["email_salt"]


def test_the_holder_decides_who_sees_it(database: Database, held: Held) -> None:
    with database.writing() as session:
        number = one(session, held).number
        with pytest.raises(NotFound):
            changing.share(session, held.certifier, number, NOW, open_=False)
        changing.share(session, held.olena, number, NOW, open_=False)
        closed = queries.public(session, number, NOW)
        assert (closed.state, closed.snapshot, closed.credential) == (PublicState.CLOSED, None, "")
        assert queries.held_page(session, held.olena, number, NOW).mine
        changing.share(session, held.olena, number, NOW, open_=True)
        assert queries.public(session, number, NOW).state is PublicState.VALID
        changing.show_name(session, ISSUER, held.olena, number, LATER)
        view = queries.public(session, number, LATER)
        assert "Прізвище olena" in view.credential
        assert check(session, view.credential).valid
        with pytest.raises(Conflict):
            changing.show_name(session, ISSUER, held.olena, number, LATER)
        assert [each.number for each in queries.mine(session, held.olena, NOW)] == [number]
        assert queries.mine(session, held.petro, NOW) == queries.mine(session, ANONYMOUS, NOW) == []
        for stranger in (held.petro, ANONYMOUS):
            with pytest.raises(NotFound):
                queries.held_page(session, stranger, number, NOW)


def test_numbers_that_do_not_exist(database: Database, held: Held) -> None:
    with database.writing() as session:
        number = one(session, held).number
        assert queries.public(session, number.lower().replace("-", " "), NOW).state is PublicState.VALID
        assert queries.public(session, "AAAA-AAAA-AAAA", NOW).state is PublicState.MISTYPED
        assert queries.public(session, complete("A2222222222"), NOW).state is PublicState.UNKNOWN


def test_a_credential_that_our_key_signed_and_nobody_issued(database: Database, held: Held) -> None:
    with database.writing() as session:
        certificate = one(session, held)
        signers = keys.signers(session, ISSUER, NOW)
        told = documents.from_dict(edition(session, certificate).snapshot)
        longer = documents.credential(replace(told, valid_until="2099-01-01T00:00:00Z"))
        forged = integrity.sign(longer, signers.embedded, NOW)
        report = check(session, json.dumps(forged))
        assert (report.state, report.failed and report.failed.code) == (State.NOT_GENUINE, "not_issued")


def test_a_lost_key(database: Database, held: Held) -> None:
    lost = replace(ISSUER, sealer=FernetSealer(b"x" * 32))
    with database.writing() as session:
        certificate = one(session, held)
        old = session.scalars(select(IssuerKey)).all()
        rule = held.rule(session)
        with pytest.raises(Conflict) as refused:
            issuing.issue(session, lost, held.certifier, rule, numbers(held.petro), LATER)
        assert refused.value.code == "issuer_key_lost"
        with pytest.raises(Conflict):
            changing.revoke(session, lost, held.certifier, certificate.number, "Помилка", LATER)
        session.rollback()
    with database.writing() as session:
        certificate = one(session, held)
        keys.rotate(session, lost, "system", LATER, because=KeyEnd.LOST)
        status_lists.sign_all(session, lost, LATER)
        kept = session.scalars(select(IssuerKey).where(IssuerKey.ended.is_not(None))).all()
        assert len(kept) == len(old) == 2
        assert {(key.ended, key.sealed) for key in kept} == {(KeyEnd.LOST, None)}
        file, token = edition(session, certificate).credential, edition(session, certificate).token
        assert check(session, file).valid, "what a lost key signed stays genuine"
        assert check(session, token).valid
        done = issuing.issue(session, lost, held.certifier, held.rule(session), numbers(held.petro), LATER)
        assert check(session, edition(session, done.certificates[0]).credential).valid
        changing.revoke(session, lost, held.certifier, certificate.number, "Помилка", LATER)
        assert check(session, file).state is State.REVOKED


def test_a_key_that_others_had(database: Database, held: Held) -> None:
    with database.writing() as session:
        certificate = one(session, held)
        keys.rotate(
            session, ISSUER, "system", LATER, because=KeyEnd.COMPROMISED, compromised_since=NOW - timedelta(days=1)
        )
        status_lists.sign_all(session, ISSUER, LATER)
        report = check(session, edition(session, certificate).credential)
        assert (report.state, report.failed and report.failed.code) == (State.NOT_GENUINE, "key_compromised")
        olena = session.get_one(Person, held.olena.person_id)
        olena.family_name = "Нова"
        session.flush()
        changing.replace_name(session, ISSUER, held.certifier, certificate.number, LATER)
        assert check(session, edition(session, certificate, 2).credential, LATER + timedelta(hours=1)).valid


def test_who_signs_while_the_keys_are_exchanged_signs_with_the_new_ones(database: Database, held: Held) -> None:
    """And never with one of which others have been told that it has ended."""
    signed: list[str] = []

    def issue() -> None:
        with database.writing() as session:
            done = issuing.issue(session, ISSUER, held.certifier, held.rule(session), numbers(held.petro), LATER)
            signed.append(editions.signed_with(edition(session, done.certificates[0]).credential))

    with database.writing() as session:
        one(session, held)
    with database.writing() as session:
        keys.rotate(session, ISSUER, "system", LATER, because=KeyEnd.COMPROMISED, compromised_since=NOW)
        thread = threading.Thread(target=issue)
        thread.start()
        thread.join(0.3)
        assert signed == [], "it waits for the exchange"
        new = keys.signers(session, ISSUER, LATER).embedded.method
    thread.join(60)
    assert signed == [new]


def test_a_key_is_never_trusted_for_longer_again(database: Database, held: Held) -> None:
    early, late = NOW - timedelta(days=30), NOW - timedelta(days=1)
    with database.writing() as session:
        one(session, held)
        for since in (early, late):
            keys.rotate(session, ISSUER, "system", LATER, because=KeyEnd.COMPROMISED, compromised_since=since)
        ended = session.scalars(select(IssuerKey.compromised_since).where(IssuerKey.ended_at.is_not(None))).all()
        assert sorted(each for each in ended if each) == [early, early, late, late]


def test_a_site_that_moved(database: Database, held: Held) -> None:
    moved = replace(ISSUER, site="https://new.example")
    with database.writing() as session:
        certificate = one(session, held)
        assert check(session, edition(session, certificate).credential).valid
        session.get_one(Person, held.olena.person_id).family_name = "Нова"
        session.flush()
        changing.replace_name(session, moved, held.certifier, certificate.number, LATER)
        renewed = edition(session, certificate, 2).credential
        assert json.loads(renewed)["issuer"]["id"] == ISSUER.id
        assert check(session, renewed).valid
        other = issuing.issue(session, moved, held.certifier, held.rule(session), numbers(held.petro), LATER)
        fresh = edition(session, other.certificates[0]).credential
        assert json.loads(fresh)["issuer"]["id"] == "https://new.example/issuer"
        assert check(session, fresh).valid
        changing.revoke(session, moved, held.certifier, certificate.number, "Помилка", LATER)
        assert check(session, renewed).state is State.REVOKED


def test_a_list_that_is_almost_full_is_followed_by_the_next(
    database: Database, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_lists, "FULL", status_lists.DECOYS + 2)
    with database.writing() as session:
        rule = held.rule(session)
        people = numbers(held.olena, held.petro)
        first = issuing.issue(session, ISSUER, held.planner, rule, people, NOW).certificates
        (third,) = issuing.issue(session, ISSUER, held.planner, rule, numbers(held.certifier), NOW).certificates
        assert len({each.list_id for each in first}) == 1
        assert third.list_id != first[0].list_id
        lists = session.scalars(select(StatusList).options(undefer(StatusList.taken)).order_by(StatusList.id)).all()
        assert [(each.full, each.used) for each in lists] == [(True, 514), (False, 513)]
        assert bits.get(lists[0].taken, first[0].list_index)
        assert check(session, edition(session, third).credential).valid
        changing.revoke(session, ISSUER, held.planner, first[0].number, "Помилка", LATER)
        assert check(session, edition(session, first[0]).credential).state is State.REVOKED
        assert check(session, edition(session, first[1]).credential).valid
        assert check(session, edition(session, third).credential).valid


def test_decoys_are_nobodys(database: Database, held: Held) -> None:
    with database.writing() as session:
        certificate = one(session, held)
        made = session.scalars(select(StatusList).options(undefer(StatusList.taken), undefer(StatusList.bits))).one()
        assert sum(byte.bit_count() for byte in made.taken) == status_lists.DECOYS + 1
        assert sum(byte.bit_count() for byte in made.bits) == status_lists.REVOKED_DECOYS
        assert not bits.get(made.bits, certificate.list_index)


def test_a_long_list_is_approved_in_several_goes(
    database: Database, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "MOST_AT_ONCE", 2)
    with database.writing() as session:
        rule = held.rule(session)
        people = numbers(held.olena, held.petro, held.certifier)
        done = issuing.issue(session, ISSUER, held.planner, rule, people, NOW)
        assert (len(done.certificates), done.left) == (2, 1)
        rest = issuing.issue(session, ISSUER, held.planner, rule, people, NOW)
        assert (len(rest.certificates), rest.had_one, rest.left) == (1, 2, 0)


def test_people_who_are_one_keep_all_their_certificates(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = held.rule(session)
        issuing.issue(session, ISSUER, held.certifier, rule, numbers(held.olena, held.petro), NOW)
        keep, drop = numbers(held.olena, held.petro)
        merge_people(session, administrator(session), keep, drop, LATER)
        assert len(queries.mine(session, held.olena, LATER)) == 2


def test_rules_and_their_versions(database: Database, held: Held) -> None:
    with database.writing() as session:
        first = held.rule(session)
        second = awarding.revise(session, held.planner, first, replace(DRAFT, min_share=80), LATER)
        assert (second.version, session.get_one(AwardRule, first).retired_at) == (2, LATER)
        with pytest.raises(Conflict):
            awarding.revise(session, held.planner, first, DRAFT, LATER)
        with pytest.raises(Invalid, match="kind"):
            awarding.revise(session, held.planner, second.id, MANUAL, LATER)
        _series, cards, editor = award_queries.rules_of_series(session, held.planner, "case")
        assert editor
        assert [(card.version, card.retired) for card in cards] == [(2, False), (1, True)]
        assert not award_queries.rules_of_series(session, held.certifier, "case")[2]
        for wrong in (
            {"name": " "},
            {"criteria": ""},
            {"name": "х" * 301},
            {"hours": "багато"},
            {"hours": "-1"},
            {"credits": "0.123"},
            {"credits": "nan"},
            {"min_share": None},
            {"min_share": 0},
            {"min_share": 101},
            {"valid_months": 0},
            {"achievement_kind": "Knighthood"},
        ):
            with pytest.raises(Invalid):
                held.rule(session, **wrong)
        with pytest.raises(Invalid, match="over a series"):
            awarding.create_for(session, held.planner, held.home.id, DRAFT, NOW)
        stranger = person(session, "stranger@example.org")
        with pytest.raises(NotAllowed):
            awarding.create_for(session, stranger, held.home.id, MANUAL, NOW)


def test_the_page_asks_the_same_few_questions_however_many_came(database: Database, held: Held) -> None:
    with database.writing() as session:
        rule = held.rule(session)
        with counted(database) as few:
            award_queries.rule_page(session, held.planner, rule, NOW)
        for number in range(12):
            visitor = person(session, f"more{number}@example.org")
            for date in held.dates:
                held._came(session, visitor, date, 1)
        session.flush()
        with counted(database) as many:
            page = award_queries.rule_page(session, held.planner, rule, NOW)
        assert len(page.candidates) == 16
        assert len(many) <= len(few)


ATTENDED = st.dictionaries(st.integers(1, 8), st.frozensets(st.integers(1, 5)))


@given(st.sets(st.integers(1, 8)), ATTENDED, st.integers(1, 100))
def test_standings(held: set[int], attended: dict[int, frozenset[int]], share: int) -> None:
    found = standings(held, attended, share)
    for each in found:
        dates = [date for date in held if each.person_id in attended.get(date, ())]
        assert (each.attended, each.held) == (len(dates), len(held))
        assert each.earned == (len(dates) / len(held) >= share / 100)
        assert not each.earned or len(dates) > 0
    assert {each.person_id for each in found} == {one for date in held for one in attended.get(date, ())}
    assert [each.attended for each in found] == sorted((each.attended for each in found), reverse=True)


def test_terms_and_amounts() -> None:
    assert ends(datetime(2026, 8, 31, 9, tzinfo=UTC), 6) == datetime(2027, 2, 28, 9, tzinfo=UTC)
    assert ends(datetime(2024, 2, 29, tzinfo=UTC), 12) == datetime(2025, 2, 28, tzinfo=UTC)
    assert ends(NOW, None) is None
    assert [amount(text) for text in ("", " 6 ", "0,20", "1.50", "1,5", "30")] == ["", "6", "0.2", "1.5", "1.5", "30"]
    for wrong in ("0", "-1", "1e9", "0.001", "1,500", "1,000", "1,5,5", "1 5", "10001", "٣", "inf", "шість"):
        with pytest.raises(ValueError, match=r"^.+$"):
            amount(wrong)
    assert RuleKind.ATTENDANCE in earning.EARNERS
    assert set(earning.EARNERS) == set(RuleKind)


def test_only_organisers_of_the_network_see_every_rule(database: Database, held: Held) -> None:
    with database.writing() as session:
        held.rule(session)
        assert len(award_queries.rules_to_approve(session, held.certifier)) == 1
        assert award_queries.rules_to_approve(session, held.olena) == []


def test_a_certificate_keeps_the_project_under_which_it_was_issued(database: Database, held: Held) -> None:
    with database.writing() as session:
        planner, home = held.planner, held.home.id
        first = projects.create(
            session, planner, ProjectDraft("Перший", home, number="1", statement="За підтримки"), NOW
        )
        second = projects.create(session, planner, ProjectDraft("Другий", home), NOW)
        tags.put(session, planner, "series", "case", first.slug, NOW)
        certificate = one(session, held)
        kept = edition(session, certificate).snapshot["achievement"]["project"]
        assert kept == {"name": "Перший", "number": "1", "statement": "За підтримки"}
        credential = json.loads(edition(session, certificate).credential)
        assert credential["credentialSubject"]["achievement"]["tag"] == ["Перший (1)", "За підтримки"]
        projects.edit(session, planner, first.slug, ProjectDraft("Перейменований", home), NOW)
        tags.put(session, planner, "series", "case", second.slug, NOW)
        assert edition(session, certificate).snapshot["achievement"]["project"] == kept
        assert check(session, edition(session, certificate).credential).valid
        own = one(session, held, held.petro, project=first.slug)
        assert edition(session, own).snapshot["achievement"]["project"]["name"] == "Перейменований"
