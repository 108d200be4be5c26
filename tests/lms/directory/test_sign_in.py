"""Signing in: the right password only, guessing slowed down, tokens exchanged and ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from lms.audit.queries import entries
from lms.database import Database
from lms.directory import accounts, sign_in
from lms.directory.access_models import SignInSession
from lms.directory.housekeeping import purge
from lms.directory.models import Account, RoleName
from lms.directory.queries import visitor_of_person
from lms.errors import Invalid, NotAllowed, TooMany
from lms.secret import fingerprint
from tests.lms.facts import NOW, person

PASSWORD = "кінь на батареї 7"
FROM = {"address": "192.0.2.7", "user_agent": "Firefox"}


@pytest.fixture
def known(database: Database) -> int:
    """A person who signs in as olena@example.org."""
    with database.writing() as session:
        visitor = person(session, "olena@example.org")
        account = session.scalars(select(Account)).one()
        accounts.set_password(session, "system", account.id, PASSWORD, NOW)
        assert visitor.person_id is not None
        return visitor.person_id


def enter(database: Database, password: str = PASSWORD, email: str = "olena@example.org") -> sign_in.SignedIn:
    with database.writing() as session:
        return sign_in.sign_in(session, email=email, password=password, now=NOW, **FROM)


def test_the_right_password_signs_in(database: Database, known: int) -> None:
    signed = enter(database, email="  Olena@Example.ORG ")
    assert signed.person_id == known
    with database.reading() as session:
        assert sign_in.peek(session, signed.token, NOW) == sign_in.SignInState(known, signed.session_id)
        assert sign_in.peek(session, "x" + signed.token, NOW) is None
        assert session.scalars(select(Account.last_sign_in_at)).one() == NOW
        assert entries(session)[0].action == "sign_in"


def test_no_secret_is_stored_readable(database: Database, known: int) -> None:
    signed = enter(database)
    with database.reading() as session:
        stored = str(session.execute(text("SELECT * FROM sign_in_session")).all())
        stored += str(session.execute(text("SELECT * FROM account")).all())
        stored += str(session.execute(text("SELECT * FROM audit_entry")).all())
    assert fingerprint(signed.token) in stored
    assert signed.token not in stored
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


@pytest.mark.parametrize(("email", "password"), [("olena@example.org", "wrong"), ("nobody@example.org", PASSWORD)])
def test_a_wrong_password_and_an_unknown_account_look_alike(
    database: Database, known: int, email: str, password: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        enter(database, password, email)
    assert refused.value.code == "wrong_credentials"


def test_an_account_without_a_password_opens_to_none(database: Database) -> None:
    with database.writing() as session:
        person(session, "invited@example.org")
    for guess in ("", "nobody has this password"):
        with pytest.raises(NotAllowed):
            enter(database, guess, "invited@example.org")


def test_guessing_is_slowed_down_per_account_and_ends_by_itself(database: Database, known: int) -> None:
    for number in range(sign_in.FAILURES_PER_ACCOUNT):
        with database.writing() as session:
            sign_in.note_failure(session, email="OLENA@example.org", address=f"192.0.2.{number}", now=NOW)
    with pytest.raises(TooMany):
        enter(database)
    with database.writing() as session:
        later = NOW + sign_in.FAILURE_WINDOW
        sign_in.sign_in(session, email="olena@example.org", password=PASSWORD, now=later, **FROM)


def test_guessing_is_slowed_down_per_address(database: Database, known: int) -> None:
    with database.writing() as session:
        for number in range(sign_in.FAILURES_PER_ADDRESS):
            sign_in.note_failure(session, email=f"{number}@example.org", address=FROM["address"], now=NOW)
    with pytest.raises(TooMany):
        enter(database)


def test_a_token_is_exchanged_and_the_old_one_fades(database: Database, known: int) -> None:
    signed = enter(database)
    later = NOW + sign_in.ROTATION
    with database.writing() as session:
        state = sign_in.resume(session, signed.token, later)
        assert state is not None
        assert state.new_token not in (None, signed.token)
    fresh = state.new_token
    assert fresh is not None
    with database.writing() as session:
        # A request that was under way with the old token is served, and does not exchange again.
        old = sign_in.resume(session, signed.token, later + timedelta(seconds=30))
        assert old == sign_in.SignInState(known, signed.session_id)
        assert sign_in.peek(session, fresh, later + timedelta(seconds=30)) is not None
    with database.reading() as session:
        assert sign_in.peek(session, signed.token, later + sign_in.GRACE) is None
        assert sign_in.peek(session, fresh, later + sign_in.GRACE) is not None


def test_a_browser_that_stays_away_is_signed_out(database: Database, known: int) -> None:
    signed = enter(database)
    with database.writing() as session:
        assert sign_in.resume(session, signed.token, NOW + sign_in.IDLE) is None


def test_nobody_stays_signed_in_for_ever(database: Database, known: int) -> None:
    token, now = enter(database).token, NOW
    for _ in range(30):
        now += timedelta(days=10)
        with database.writing() as session:
            state = sign_in.resume(session, token, now)
        if state is None:
            break
        token = state.new_token or token
    assert NOW + timedelta(days=80) < now <= NOW + sign_in.LONGEST + timedelta(days=10)


def test_signing_out_ends_this_browser_only(database: Database, known: int) -> None:
    first, second = enter(database), enter(database)
    with database.writing() as session:
        sign_in.sign_out(session, first.token, NOW)
        sign_in.sign_out(session, "unknown", NOW)
    with database.reading() as session:
        assert sign_in.peek(session, first.token, NOW) is None
        assert sign_in.peek(session, second.token, NOW) is not None


def test_a_new_password_ends_the_other_browsers(database: Database, known: int) -> None:
    here, elsewhere = enter(database), enter(database)
    with database.writing() as session:
        visitor = visitor_of_person(session, known, NOW)
        with pytest.raises(NotAllowed):
            sign_in.change_password(session, visitor, old="wrong", new="another long one", now=NOW)
        with pytest.raises(Invalid):
            sign_in.change_password(session, visitor, old=PASSWORD, new="short", now=NOW)
        sign_in.change_password(
            session, visitor, old=PASSWORD, new="another long one", now=NOW, keep_session=here.session_id
        )
    with database.reading() as session:
        assert sign_in.peek(session, here.token, NOW) is not None
        assert sign_in.peek(session, elsewhere.token, NOW) is None
    enter(database, "another long one")


def test_a_disabled_account_is_out_at_once(database: Database, known: int) -> None:
    signed = enter(database)
    with database.writing() as session:
        accounts.disable_account(session, person(session, "boss@example.org", RoleName.ADMINISTRATOR), known, NOW)
    with database.reading() as session:
        assert sign_in.peek(session, signed.token, NOW) is None
    with pytest.raises(NotAllowed):
        enter(database)


@pytest.mark.parametrize(
    ("password", "code"),
    [("kurz", "password_short"), ("a" * 300, "password_long"), ("aaaaaaaaaaaa", "password_simple")],
)
def test_weak_passwords_are_refused(database: Database, known: int, password: str, code: str) -> None:
    with database.writing() as session, pytest.raises(Invalid) as refused:
        accounts.set_password(session, "system", session.scalars(select(Account.id)).one(), password, NOW)
    assert refused.value.code == code


def test_what_has_expired_is_purged(database: Database, known: int) -> None:
    enter(database)
    with database.writing() as session:
        sign_in.note_failure(session, email="a@example.org", address="x", now=NOW)
    with database.writing() as session:
        assert purge(session, NOW) == 0
        assert purge(session, NOW + timedelta(days=16)) == 2
        assert session.scalars(select(SignInSession)).all() == []
