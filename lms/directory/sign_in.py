"""Signing in and staying signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory import passwords
from lms.directory.access_models import SignInFailure, SignInSession
from lms.directory.models import Account
from lms.directory.rules import Visitor, normal_email
from lms.errors import NotAllowed, NotFound, TooMany
from lms.secret import fingerprint, new_secret
from lms.statements import fetch, once

IDLE = timedelta(days=14)
"""A browser that was away for so long has to sign in again."""
LONGEST = timedelta(days=90)
"""Nobody stays signed in for longer."""
ROTATION = timedelta(hours=1)
GRACE = timedelta(seconds=60)
"""How long the token before the last exchange is still good."""
SEEN = timedelta(minutes=1)
"""`last_seen_at` is written at most so often."""
FAILURE_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 50
"""A whole centre may stand behind one address."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh sign-in; `token` goes into the cookie and is known to nobody else."""

    token: str
    person_id: int
    session_id: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInState:
    """Whose cookie it is. `new_token` replaces the cookie's when it is set."""

    person_id: int
    session_id: int
    new_token: str | None = None


def sign_in(session: Session, *, email: str, password: str, address: str, user_agent: str, now: datetime) -> SignedIn:
    """Check the password and open a sign-in session.

    Raises `NotAllowed` (wrong_credentials: call `note_failure` in a transaction of its own, this one is rolled back)
    or `TooMany` (sign_in_throttled).
    """
    return begin(
        session,
        check(session, email=email, password=password, address=address, now=now),
        address=address,
        user_agent=user_agent,
        now=now,
    )


def check(session: Session, *, email: str, password: str, address: str, now: datetime) -> int:
    """The id of the account that this e-mail and password open. Only reads (hashing takes long: hold no lock).

    Raises as `sign_in` does.
    """
    _refuse_guessing(session, email, address, now)
    account = session.scalar(
        select(Account).where(Account.provider == "password", Account.subject == normal_email(email))
    )
    usable = account if account is not None and account.disabled_at is None else None
    if not passwords.matches(password, usable.secret if usable else None) or usable is None:
        raise NotAllowed("wrong_credentials", "The e-mail or the password is wrong. Check both and try again.")
    return usable.id


def begin(session: Session, account_id: int, *, address: str, user_agent: str, now: datetime) -> SignedIn:
    """Open a sign-in session for an account whose owner has shown who they are."""
    account = lock(session, Account, account_id)
    account.last_sign_in_at = now
    token = new_secret()
    opened = SignInSession(
        person_id=account.person_id,
        account_id=account.id,
        token_hash=fingerprint(token),
        created_at=now,
        rotated_at=now,
        last_seen_at=now,
        expires_at=now + IDLE,
        address=address[:64],
        user_agent=user_agent[:300],
    )
    session.add(opened)
    session.flush()
    record(session, f"person:{account.person_id}", "sign_in", "account", account.id, now=now)
    return SignedIn(token, account.person_id, opened.id, opened.expires_at)


def note_failure(session: Session, *, email: str, address: str, now: datetime) -> None:
    """Remember that a wrong password was given, to slow down guessing."""
    session.add(SignInFailure(subject_hash=fingerprint(normal_email(email)), address=address[:64], at=now))


def peek(session: Session, token: str, now: datetime) -> SignInState | None:
    """Whose token it is, if it is good. Only reads."""
    found = fetch(session, *_whose_token(fingerprint(token), now, now - GRACE))
    return SignInState(found[0].person_id, found[0].id) if found else None


def resume(session: Session, token: str, now: datetime) -> SignInState | None:
    """Whose token it is, if it is good; from time to time it is exchanged for a new one."""
    told = fetch(session, *_how_fresh(fingerprint(token), now, now - GRACE))
    if not told:
        return None
    number, person_id, seen_at, rotated_at, current = told[0]
    if now - seen_at < SEEN and (not current or now - rotated_at < ROTATION):
        return SignInState(person_id, number)
    found = _live(session, token, now)
    if found is None:
        return None
    current = found.token_hash == fingerprint(token)
    if current and now - found.rotated_at >= ROTATION:
        found = lock(session, SignInSession, found.id)
        current = found.token_hash == fingerprint(token)
    if not current or now - found.rotated_at < ROTATION:
        if now - found.last_seen_at >= SEEN:
            _prolong(found, now)
        return SignInState(found.person_id, found.id)
    fresh = new_secret()
    found.previous_hash, found.token_hash, found.rotated_at = found.token_hash, fingerprint(fresh), now
    _prolong(found, now)
    return SignInState(found.person_id, found.id, fresh)


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End this browser's sign-in session. A token that is not known changes nothing."""
    found = _live(session, token, now)
    if found is not None:
        found.revoked_at = now
        record(session, f"person:{found.person_id}", "sign_out", "account", found.account_id, now=now)


def sign_out_everywhere(session: Session, person_id: int, now: datetime, *, but: int | None = None) -> int:
    """End all sign-in sessions of a person, but for session number `but`; how many there were."""
    query = update(SignInSession).where(SignInSession.person_id == person_id, SignInSession.revoked_at.is_(None))
    if but is not None:
        query = query.where(SignInSession.id != but)
    ended: int = session.execute(query.values(revoked_at=now)).rowcount  # type: ignore[attr-defined]
    return ended


def change_password(
    session: Session, visitor: Visitor, *, old: str, new: str, now: datetime, keep_session: int | None = None
) -> None:
    """Change one's own password; every other sign-in session of the person ends.

    Raises `NotAllowed` (wrong_credentials), `NotFound` (no such account) or `Invalid` (password).
    """
    query = select(Account).where(
        Account.person_id == visitor.person_id, Account.provider == "password", Account.disabled_at.is_(None)
    )
    if keep_session is not None:
        # Who was entered twice and merged has two accounts: it is the one that was signed in with.
        query = query.where(Account.id.in_(select(SignInSession.account_id).where(SignInSession.id == keep_session)))
    account = session.scalar(query.order_by(Account.id).limit(1).with_for_update())
    if account is None:
        raise NotFound("no_account", "There is no account with a password for you.")
    if not passwords.matches(old, account.secret):
        raise NotAllowed("wrong_credentials", "The old password is wrong.", "old")
    account.secret = passwords.make(new, field="new")
    sign_out_everywhere(session, account.person_id, now, but=keep_session)
    record(session, visitor.actor, "account.change_password", "account", account.id, now=now)


def _prolong(found: SignInSession, now: datetime) -> None:
    found.last_seen_at = now
    found.expires_at = min(now + IDLE, found.created_at + LONGEST)


def _live(session: Session, token: str, now: datetime) -> SignInSession | None:
    found: SignInSession | None = session.scalar(*_with_token(fingerprint(token), now, now - GRACE))
    return found


@once
def _with_token(mark: str, now: datetime, exchanged_after: datetime) -> Select[SignInSession]:
    return select(SignInSession).where(_good(mark, now, exchanged_after))


@once
def _whose_token(mark: str, now: datetime, exchanged_after: datetime) -> Select[int, int]:
    return select(SignInSession.person_id, SignInSession.id).where(_good(mark, now, exchanged_after))


@once
def _how_fresh(mark: str, now: datetime, exchanged_after: datetime) -> Select[int, int, datetime, datetime, bool]:
    return select(
        SignInSession.id,
        SignInSession.person_id,
        SignInSession.last_seen_at,
        SignInSession.rotated_at,
        (SignInSession.token_hash == mark).label("current"),
    ).where(_good(mark, now, exchanged_after))


def _good(mark: str, now: datetime, exchanged_after: datetime) -> ColumnElement[bool]:
    return and_(
        or_(
            SignInSession.token_hash == mark,
            (SignInSession.previous_hash == mark) & (SignInSession.rotated_at > exchanged_after),
        ),
        SignInSession.revoked_at.is_(None),
        SignInSession.expires_at > now,
        exists().where(Account.id == SignInSession.account_id, Account.disabled_at.is_(None)),
    )


def _refuse_guessing(session: Session, email: str, address: str, now: datetime) -> None:
    for column, value, bound in (
        (SignInFailure.subject_hash, fingerprint(normal_email(email)), FAILURES_PER_ACCOUNT),
        (SignInFailure.address, address[:64], FAILURES_PER_ADDRESS),
    ):
        query = select(func.count()).where(column == value, SignInFailure.at > now - FAILURE_WINDOW)
        if session.scalars(query).one() >= bound:
            raise TooMany(
                "sign_in_throttled",
                f"Too many wrong passwords. Wait {FAILURE_WINDOW.seconds // 60} minutes and try again.",
            )
