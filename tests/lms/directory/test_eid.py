"""Electronic identities: marks, whom they lead to, linking once, unlinking, and what is purged."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.audit.queries import entries
from lms.database import Database
from lms.directory import accounts, merging
from lms.directory.eid import attempts, linking, queries, rules
from lms.directory.eid.attempts import Found
from lms.directory.eid.models import EidAttempt, EidIdentity, EidNumber, EidPurpose, LinkedBy
from lms.directory.eid.provider import Identity
from lms.directory.housekeeping import purge
from lms.directory.models import Account, RoleName
from lms.directory.people_queries import person_page
from lms.errors import Conflict, NotAllowed, NotFound, Refusal
from lms.sealing import FernetSealer
from tests.lms.facts import NOW, person

MARKER = rules.Marker(b"h" * 32)
SEALER = FernetSealer(b"k" * 32)
NUMBER = "2718281828"


def found(subject: str = "anna", *, number: str | None = NUMBER, provider: str = "state", email: str = "") -> Found:
    """What came back from a service."""
    told = Identity(subject, tax_number=number, email=email, email_verified=bool(email), given_name="Анна")
    return attempts.understand(MARKER, provider, told)


@given(st.lists(st.text(max_size=20), min_size=2, max_size=2, unique=True), st.text(max_size=8))
def test_marks_differ_with_all_that_they_are_of(values: list[str], service: str) -> None:
    one, other = values
    marks = {
        MARKER.subject(service, one),
        MARKER.subject(service, other),
        MARKER.subject(service + "x", one),
        MARKER.tax_number(one),
        rules.Marker(b"i" * 32).tax_number(one),
    }
    assert len(marks) == 5
    assert MARKER.subject("ab", "c") != MARKER.subject("a", "bc")
    assert "h" * 8 not in repr(MARKER)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2718281828", "2718281828"),
        (" 2718 281828\n", "2718281828"),
        ("0000000000", None),
        ("АА123456", None),
        ("123456789", None),
        ("٢٧١٨٢٨١٨٢٨", None),
        ("", None),
    ],
)
def test_what_a_tax_number_is(text: str, number: str | None) -> None:
    assert rules.tax_number(text) == number


def test_an_identity_leads_to_its_person_then_the_number_then_the_e_mail(database: Database) -> None:
    with database.writing() as session:
        olena, ivan = person(session, "olena@example.org"), person(session, "ivan@example.org")
        assert olena.person_id is not None
        assert linking.recognise(session, found(), match_email=True, now=NOW) is None
        account = linking.link(session, found(), olena.person_id, LinkedBy.PASSWORD, NOW)
        assert linking.recognise(session, found(), match_email=False, now=NOW) == account
        by_number = linking.recognise(session, found("other", provider="staff"), match_email=False, now=NOW)
        assert by_number not in (None, account)
        assert session.get_one(Account, by_number).person_id == olena.person_id
        mailed = found("third", number=None, email="Ivan@Example.org")
        assert linking.recognise(session, mailed, match_email=False, now=NOW) is None
        by_mail = linking.recognise(session, mailed, match_email=True, now=NOW)
        assert session.get_one(Account, by_mail).person_id == ivan.person_id
        told = [(one.after or {}).get("by") for one in entries(session, limit=20) if one.action == "eid.link"]
        assert sorted(map(str, told)) == ["email", "password", "tax_number"]
        assert [one.provider for one in queries.own(session, olena)] == ["state", "staff"]


def test_the_same_name_at_another_service_is_another_identity(database: Database) -> None:
    with database.writing() as session:
        olena = person(session, "olena@example.org").person_id
        assert olena is not None
        linking.link(session, found(number=None), olena, LinkedBy.PASSWORD, NOW)
        assert linking.recognise(session, found(number=None, provider="staff"), match_email=True, now=NOW) is None


def test_a_number_that_is_told_later_is_learnt(database: Database) -> None:
    with database.writing() as session:
        olena, ivan = (person(session, f"{name}@example.org").person_id or 0 for name in ("olena", "ivan"))
        linking.link(session, found(number=None), olena, LinkedBy.PASSWORD, NOW)
        linking.recognise(session, found(), match_email=False, now=NOW)
        assert session.scalars(select(EidNumber.person_id)).all() == [olena]
        # Entered twice: the other entry gets in, and the number stays where it was.
        linking.link(session, found("twin", number=None), ivan, LinkedBy.PASSWORD, NOW)
        assert linking.recognise(session, found("twin"), match_email=False, now=NOW) is not None
        assert session.scalars(select(EidNumber.person_id)).all() == [olena]


def test_what_is_linked_to_one_is_not_linked_to_another(database: Database) -> None:
    with database.writing() as session:
        olena, ivan = (person(session, f"{name}@example.org").person_id or 0 for name in ("olena", "ivan"))
        linking.link(session, found(), olena, LinkedBy.PASSWORD, NOW)
        for given_, code in ((found(), "eid_taken"), (found("new"), "eid_taken")):
            with pytest.raises(Conflict) as refused:
                linking.link(session, given_, ivan, LinkedBy.SESSION, NOW)
            assert refused.value.code == code
        with pytest.raises(Conflict) as refused:
            linking.link(session, found("new", number="3141592653"), olena, LinkedBy.SESSION, NOW)
        assert refused.value.code == "eid_other_number"


def test_two_who_link_one_identity_at_once_do_not_both_get_it(database: Database) -> None:
    with database.writing() as session:
        people = [person(session, f"{name}@example.org").person_id or 0 for name in ("olena", "ivan")]
    ready, told = Barrier(2), []

    def try_it(person_id: int) -> None:
        ready.wait()
        try:
            with database.writing() as session:
                linking.link(session, found(), person_id, LinkedBy.SESSION, NOW)
            told.append("linked")
        except Refusal as refused:
            told.append(refused.code)

    threads = [Thread(target=try_it, args=[one]) for one in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(told) == ["eid_taken", "linked"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EidIdentity)) == 1


def test_whoever_is_shut_out_gets_in_by_no_new_identity(database: Database) -> None:
    with database.writing() as session:
        boss, olena = person(session, "boss@example.org", RoleName.ADMINISTRATOR), person(session, "olena@example.org")
        number = olena.person_id or 0
        linking.link(session, found(), number, LinkedBy.PASSWORD, NOW)
        accounts.disable_account(session, boss, number, NOW)
        for given_ in (found(), found("other"), found("third", number=None, email="olena@example.org")):
            with pytest.raises(NotAllowed) as refused:
                linking.recognise(session, given_, match_email=True, now=NOW)
            assert refused.value.code == "eid_disabled"
        accounts.enable_account(session, boss, number, NOW)
        assert linking.recognise(session, found(), match_email=False, now=NOW) is not None


def test_the_last_way_in_stays_and_the_number_goes_with_the_last_identity(database: Database) -> None:
    with database.writing() as session:
        olena = person(session, "olena@example.org")
        number = olena.person_id or 0
        for service in ("state", "staff"):
            linking.link(session, found(provider=service), number, LinkedBy.PASSWORD, NOW)
        state, staff = queries.own(session, olena)
        with pytest.raises(Conflict) as refused:
            linking.unlink(session, olena, state.id, ["state"], NOW)
        assert refused.value.code == "eid_last", "a service that is switched off is no way in"
        linking.unlink(session, olena, state.id, ["state", "staff"], NOW)
        assert session.scalar(select(func.count()).select_from(EidNumber)) == 1
        with pytest.raises(Conflict):
            linking.unlink(session, olena, staff.id, ["state", "staff"], NOW)
        account = session.scalars(select(Account.id).where(Account.provider == "password")).one()
        accounts.set_password(session, "system", account, "кінь на батареї 7", NOW)
        linking.unlink(session, olena, staff.id, ["state", "staff"], NOW)
        assert session.scalar(select(func.count()).select_from(EidNumber)) == 0
        with pytest.raises(NotFound):
            linking.unlink(session, olena, staff.id, ["staff"], NOW)


def test_identities_follow_a_merged_entry(database: Database) -> None:
    with database.writing() as session:
        boss = person(session, "boss@example.org", RoleName.ADMINISTRATOR)
        keep, drop = (person(session, f"{name}@example.org").person_id or 0 for name in ("olena", "twin"))
        linking.link(session, found(), drop, LinkedBy.PASSWORD, NOW)
        merging.merge_people(session, boss, keep, drop, NOW)
        account = linking.recognise(session, found("other"), match_email=False, now=NOW)
        assert session.get_one(Account, account).person_id == keep
        assert len(queries.of_person(session, keep)) == 2
        with pytest.raises(NotFound):
            linking.link(session, found("third", number=None), drop, LinkedBy.SESSION, NOW)
        assert [one.provider for one in person_page(session, boss, keep, NOW).accounts] == ["password", "password"]


def test_a_way_there_is_taken_once_by_its_browser_in_its_time(database: Database) -> None:
    journey = attempts.new_journey("https://vikno.test/back")
    taking = {"state": journey.state, "provider": "state", "browser": "firefox"}
    with database.writing() as session:
        attempts.begin(
            session, SEALER, journey, provider="state", purpose=EidPurpose.SIGN_IN, browser="firefox", now=NOW,
            next_path="/schedule",
        )  # fmt: skip
        for wrong in ({"state": "x"}, {"provider": "staff"}, {"browser": "chrome"}):
            with pytest.raises(NotFound):
                attempts.take(session, SEALER, **{**taking, **wrong}, now=NOW)
        with pytest.raises(NotAllowed):
            attempts.take(session, SEALER, **taking, now=NOW + attempts.LIFETIME)
        taken = attempts.take(session, SEALER, **taking, now=NOW)
        assert (taken.journey, taken.next) == (journey, "/schedule")
        with pytest.raises(Conflict):
            attempts.take(session, SEALER, **taking, now=NOW)
        handle = attempts.hold(session, SEALER, taken.id, found(), "/schedule", NOW)
        holding = {"handle": handle, "browser": "firefox"}
        number, who, _next = attempts.held(session, SEALER, **holding, now=NOW)
        assert who == found()
        with pytest.raises(NotAllowed):
            attempts.held(session, SEALER, **holding, now=NOW + attempts.FOUND_LIFETIME)
        attempts.finish(session, number, NOW)
        with pytest.raises(NotFound):
            attempts.held(session, SEALER, **holding, now=NOW)
        with pytest.raises(NotAllowed):
            attempts.finish(session, number, NOW)
        purge(session, NOW + timedelta(days=2))
        assert session.scalar(select(func.count()).select_from(EidAttempt)) == 0
