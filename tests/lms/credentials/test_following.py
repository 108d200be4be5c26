"""What follows an award: by a test, again, with credits; letters, the end of a term, a key that others had."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, Regrade, Test, TestVersion
from lms.assessment.attempts.spec import digest_of, dump, parse
from lms.assessment.attempts.states import AttemptState
from lms.credentials import (
    award_queries,
    award_tests,
    awarding,
    changing,
    checking,
    editions,
    expiring,
    issuing,
    keys,
    reissuing,
    status_lists,
    telling,
)
from lms.credentials.models import AwardRule, Certificate, CertificateEdition, EditionReason, KeyEnd, RuleKind
from lms.credentials.records import Records
from lms.credentials.rules import Step, credits_of, next_step, remind
from lms.credentials.telling import News
from lms.credentials.verdicts import Report, State
from lms.database import Database
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed
from lms.frameworks import loading
from lms.notify.models import OutboxMessage
from tests.lms.credentials.award import DRAFT, ISSUER, MANUAL, Held, numbers
from tests.lms.facts import NOW

pytestmark = pytest.mark.usefixtures("quick_keys")
LATER = NOW + timedelta(hours=1)
TEST = replace(
    DRAFT, kind=RuleKind.TEST, min_share=None, test="literacy", valid_months=12, hours="", achievement_kind="Assessment"
)


class Exam:
    """The held series, and a test of its own that Olena passed and Petro did not."""

    def __init__(self, session: Session) -> None:
        self.held = Held(session)
        loading.load_shipped(session, NOW)
        spec = parse(
            {"lines": [{"area": "1", "count": 1}, {"competences": ["2.4"], "count": 1}], "passing": {"total": "0.6"}}
        )
        self.test = Test(code="literacy", title_uk="Цифрова грамотність", created_by="system", created_at=NOW)
        session.add(self.test)
        session.flush()
        self.version = TestVersion(
            test_id=self.test.id, number=1, spec=dump(spec), digest=digest_of(spec), published_by="system",
            published_at=NOW,
        )  # fmt: skip
        session.add(self.version)
        session.flush()
        self.test.current_id = self.version.id
        self.attempts = 0
        self.attempt(session, self.held.olena, True, NOW - timedelta(days=2))
        self.attempt(session, self.held.petro, False, NOW - timedelta(days=2))

    def attempt(self, session: Session, visitor: Visitor, passed: bool, at: datetime) -> Attempt:
        """A judged attempt."""
        self.attempts += 1
        total = "5/6" if passed else "1/3"
        made = Attempt(
            code=f"attempt-{self.attempts}", test_id=self.test.id, version_id=self.version.id,
            person_id=visitor.person_id, number=self.attempts, language="uk", seed="s", state=AttemptState.GRADED,
            started_at=at, finished_at=at, passed=passed, total=total,
            parts=[
                {"area": "", "reached": total, "needed": "3/5"},
                {"area": "1", "reached": "1", "needed": ""},
            ],
        )  # fmt: skip
        session.add(made)
        session.flush()
        return made


@pytest.fixture
def exam(database: Database) -> Exam:
    with database.writing() as session:
        return Exam(session)


def check(session: Session, file: str, now: datetime = LATER) -> Report:
    return checking.check(file.encode(), Records(session), now)


def current(session: Session, certificate: Certificate) -> CertificateEdition:
    query = select(CertificateEdition).where(
        CertificateEdition.certificate_id == certificate.id, CertificateEdition.number == certificate.edition
    )
    return session.scalars(query).one()


def letters(session: Session) -> list[tuple[str, str]]:
    rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == telling.KIND).order_by(OutboxMessage.id))
    return [(row.contents["what"], row.recipient) for row in rows]


def by_test(session: Session, exam: Exam, **changes: Any) -> AwardRule:
    return awarding.create_for(session, exam.held.planner, exam.held.home.id, replace(TEST, **changes), NOW)


def test_a_single_passed_test_earns_it_and_passing_it_again_renews(database: Database, exam: Exam) -> None:
    held = exam.held
    with database.writing() as session:
        with pytest.raises(Invalid) as refused:
            by_test(session, exam, test="")
        assert refused.value.code == "rule_test"
        rule = by_test(session, exam)
        page = award_queries.rule_page(session, held.certifier, rule.id, NOW)
        olena, petro = numbers(held.olena, held.petro)
        assert {each.person_id: each.step for each in page.candidates} == {olena: Step.ISSUE, petro: Step.NONE}
        with pytest.raises(Invalid, match="not earned"):
            issuing.issue(session, ISSUER, held.certifier, rule.id, [petro], NOW)
        (made,) = issuing.issue(session, ISSUER, held.certifier, rule.id, [olena], NOW).certificates
        told = json.loads(current(session, made).credential)["credentialSubject"]
        assert [(each["resultDescription"].rpartition("#")[2], each["value"]) for each in told["result"]] == [
            ("test-total", "83"),
            ("test-1", "100"),
        ]
        assert told["achievement"]["resultDescription"][0]["requiredValue"] == "60"
        assert [each["targetCode"] for each in told["achievement"]["alignment"]] == ["1", "2.4"]
        assert told["achievement"]["criteria"]["narrative"].endswith("Assessed by a knowledge test.")
        assert {each["targetFramework"] for each in told["achievement"]["alignment"]} == {
            "Digital Competence Framework for Citizens (DigComp) 2.2"
        }
        assert check(session, current(session, made).credential).valid
        # Nothing new was done: neither while it is valid nor after its end does the old pass count again.
        after_end = NOW + timedelta(days=400)
        for moment in (LATER, after_end):
            again = issuing.issue(session, ISSUER, held.certifier, rule.id, [olena], moment)
            assert (again.certificates, again.renewed, again.had_one) == ((), (), 1)
        exam.attempt(session, held.olena, True, NOW + timedelta(days=300))
        assert award_queries.rule_page(session, held.certifier, rule.id, after_end).candidates[0].step is Step.RENEW
        (renewed,) = issuing.issue(session, ISSUER, held.certifier, rule.id, [olena], after_end).renewed
        assert (renewed.number, current(session, renewed).reason) == (made.number, EditionReason.RENEWED)
        assert check(session, current(session, renewed).credential, after_end + timedelta(hours=1)).valid
        assert letters(session) == [("issued", f"person:{olena}"), ("renewed", f"person:{olena}")]


def test_attendance_and_a_test_together(database: Database, exam: Exam) -> None:
    held = exam.held
    with database.writing() as session:
        rule = held.rule(session, test="literacy", credits="0,2")
        assert session.get_one(AwardRule, rule).credits == "0.2"
        earned = {
            each.person_id: each.standing
            for each in award_queries.rule_page(session, held.certifier, rule, NOW).candidates
        }
        olena, petro = numbers(held.olena, held.petro)
        assert (earned[olena].earned, earned[petro].earned, earned[petro].passed) == (True, False, False)
        (made,) = issuing.issue(session, ISSUER, held.certifier, rule, [olena], NOW).certificates
        subject = json.loads(current(session, made).credential)["credentialSubject"]
        assert (subject["creditsEarned"], subject["achievement"]["creditsAvailable"]) == (0.2, 0.2)
        assert [each["value"] for each in subject["result"]] == ["100", "83", "100"]


def test_who_changed_a_result_does_not_approve_by_it(database: Database, exam: Exam) -> None:
    held = exam.held
    with database.writing() as session:
        rule = by_test(session, exam)
        attempt = session.scalars(select(Attempt).where(Attempt.person_id == held.olena.person_id)).one()
        session.add(
            Regrade(attempt_id=attempt.id, before={}, after={}, reason="Помилка", by=held.certifier.actor, at=NOW)
        )
        session.flush()
        with pytest.raises(NotAllowed) as refused:
            issuing.issue(session, ISSUER, held.certifier, rule.id, numbers(held.olena), NOW)
        assert refused.value.code == "four_eyes"


def test_a_lessons_test_is_the_same_in_every_version_of_its_course(database: Database, exam: Exam) -> None:
    with database.writing() as session:
        session.get_one(Test, exam.test.id).code = "course/1/exam"
        other = Test(code="course/2/exam", title_uk="Іспит", created_by="system", created_at=NOW)
        strange = Test(code="course_/1/exam", title_uk="Інший", created_by="system", created_at=NOW)
        session.add_all([other, strange])
        session.flush()
        assert set(award_tests.passes(session, other.id)) == set(numbers(exam.held.olena))
        assert not award_tests.passes(session, strange.id)


def test_credits_only_where_the_rule_has_them(database: Database, exam: Exam) -> None:
    for hours, credits in (
        ("", ""), ("5.99", ""), ("6", "0.2"), ("7", "0.2"), ("9", "0.3"), ("30", "1"), ("31", ""), ("59", ""),
        ("60", "2"), ("100", "3.3"),
    ):  # fmt: skip
        assert credits_of(hours) == credits, hours
    with database.writing() as session:
        for changes, code in (
            ({"credits": awarding.BY_HOURS}, "rule_credits_test"),
            ({"credits": awarding.BY_HOURS, "test": "literacy", "hours": "5"}, "rule_credits"),
            ({"credits": "1", "test": "literacy"}, "rule_credits"),
        ):
            with pytest.raises(Invalid) as refused:
                exam.held.rule(session, **changes)
            assert refused.value.code == code


def test_each_thing_is_told_once(database: Database, exam: Exam) -> None:
    held = exam.held
    with database.writing() as session:
        rule = awarding.create_for(session, held.planner, held.home.id, replace(MANUAL, remind_days=60), NOW)
        (made,) = issuing.issue(
            session, ISSUER, held.certifier, rule.id, numbers(held.ivan), NOW, reason="Провів"
        ).certificates
        session.get_one(Person, held.ivan.person_id).family_name = "Нове"
        session.flush()
        changing.replace_name(session, ISSUER, held.certifier, made.number, LATER)
        assert made.valid_until is not None
        assert made.remind_at == made.valid_until - timedelta(days=60)
        assert expiring.due(session, made.remind_at - timedelta(seconds=1)) == []
        assert expiring.due(session, made.remind_at) == [made.id]
        moment = made.remind_at
        assert [expiring.remind(session, made.id, moment) for _ in range(2)] == [1, 0]
        changing.renew(session, ISSUER, held.certifier, made.number, moment)
        assert telling.told(session, made.number, News.EXPIRING, 2, moment) is None, (
            "renewed: the reminder has no point"
        )
        again = made.remind_at
        assert again is not None
        assert expiring.remind(session, made.id, again) == 1, "each term has its reminder"
        changing.revoke(session, ISSUER, held.certifier, made.number, "Помилка", again)
        assert [what for what, _ in letters(session)] == [
            "issued", "replaced", "expiring", "renewed", "expiring", "revoked",
        ]  # fmt: skip
        told = telling.told(session, made.number, News.REVOKED, made.edition, again)
        assert told is not None
        assert told.because == "Помилка"
        assert telling.told(session, made.number, News.RENEWED, made.edition, again) is None
        assert expiring.due(session, again + timedelta(days=900)) == []


def test_nobody_is_reminded_of_what_is_over(database: Database, exam: Exam) -> None:
    held = exam.held
    with database.writing() as session:
        rule = awarding.create_for(session, held.planner, held.home.id, MANUAL, NOW)
        (made,) = issuing.issue(
            session, ISSUER, held.certifier, rule.id, numbers(held.ivan), NOW, reason="Провів"
        ).certificates
        late = NOW + timedelta(days=500)
        assert expiring.due(session, late) == [made.id]
        assert expiring.remind(session, made.id, late) == 0
        assert expiring.due(session, late) == []
    assert remind(NOW + timedelta(days=10), 30, NOW) == NOW + timedelta(days=5), "a short term: in its middle"
    assert remind(None, 30, NOW) is None
    assert next_step(None, NOW, None, LATER) is Step.NONE


def test_what_a_compromised_key_signed_is_signed_anew_in_bulk(database: Database, exam: Exam) -> None:
    held = exam.held
    people = numbers(held.olena, held.petro)
    with database.writing() as session:
        rule = held.rule(session)
        one, two = issuing.issue(session, ISSUER, held.certifier, rule, people, NOW).certificates
        changing.share(session, held.petro, two.number, NOW, open_=False)
        gone = issuing.issue(session, ISSUER, held.planner, rule, numbers(held.certifier), NOW).certificates[0]
        changing.revoke(session, ISSUER, held.planner, gone.number, "Помилка", NOW)
        old = {each.id: current(session, each) for each in (one, two)}
        assert reissuing.waiting(session, LATER) == []
        keys.rotate(
            session, ISSUER, "system", LATER, because=KeyEnd.COMPROMISED, compromised_since=NOW - timedelta(days=1)
        )
        status_lists.sign_all(session, ISSUER, LATER)
        assert check(session, old[one.id].credential).state is State.NOT_GENUINE
        waiting = reissuing.waiting(session, LATER)
        assert waiting == [one.id, two.id], "a revoked one stays revoked"
    # Interrupted after the first: the transaction of the second is rolled back, and it goes on there.
    with database.writing() as session:
        assert reissuing.reissue(session, ISSUER, waiting[:1], "system", LATER) == 1
    with database.open(write=True) as session:
        reissuing.reissue(session, ISSUER, waiting[1:], "system", LATER)
        session.rollback()
    with database.writing() as session:
        rest = reissuing.waiting(session, LATER)
        assert rest == [two.id]
        reissuing.reissue(session, ISSUER, rest, "system", LATER)
        assert reissuing.waiting(session, LATER) == []
        soon = LATER + timedelta(minutes=1)
        for certificate in session.scalars(select(Certificate).where(Certificate.id.in_(waiting))):
            before, now = old[certificate.id], current(session, certificate)
            first, second = json.loads(before.credential), json.loads(now.credential)
            assert (first["id"], first["awardedDate"]) == (second["id"], second["awardedDate"])
            assert first["validFrom"] < second["validFrom"]
            assert certificate.edition == 2
            assert editions.signed_with(now.credential) != editions.signed_with(before.credential)
            for file in (now.credential, now.token):
                assert check(session, file, soon).valid
            for file in (before.credential, before.token):
                report = check(session, file, soon)
                assert (report.state, report.failed and report.failed.code) == (State.REPLACED, "key_reissued")
                assert not report.genuine
        assert not session.scalars(select(Certificate.shared).where(Certificate.id == two.id)).one(), (
            "as the holder left it"
        )
        assert [what for what, _ in letters(session)].count("reissued") == 2
        # Whoever has the key forges something, and dates it back: no record of it, so it is not genuine.
        assert check(session, current(session, gone).credential, soon).state is State.NOT_GENUINE
