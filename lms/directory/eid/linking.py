"""Who it is that a service has checked; linking an identity to a person, and unlinking it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.base import Base
from lms.database import lock
from lms.directory.access_models import SignInSession
from lms.directory.eid.attempts import Found
from lms.directory.eid.models import EidIdentity, EidNumber, LinkedBy
from lms.directory.models import Account, Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotAllowed, NotFound

PREFIX = "eid:"
"""Before the provider's key, in `Account.provider`: at most 28 more characters."""


def recognise(session: Session, found: Found, *, match_email: bool, now: datetime) -> int | None:
    """The account that this identity opens; None when it is nobody's.

    First whom it is linked to; then whose tax number it tells; then, where the setting allows it, whose verified
    e-mail. Found in the latter ways, it is linked from now on, which the log says. Raises `NotAllowed` (eid_disabled).
    """
    known = account_of(session, found)
    if known is not None:
        if known.disabled_at is not None:
            raise NotAllowed("eid_disabled", "This account is disabled.")
        _learn_number(session, known, found)
        return known.id
    person_id = _by_number(session, found)
    if person_id is not None:
        return link(session, found, person_id, LinkedBy.TAX_NUMBER, now)
    person_id = _by_email(session, found) if match_email else None
    return link(session, found, person_id, LinkedBy.EMAIL, now) if person_id is not None else None


def account_of(session: Session, found: Found) -> Account | None:
    """The account of this identity, disabled or not."""
    return session.scalar(
        select(Account).where(Account.provider == PREFIX + found.provider, Account.subject == found.mark)
    )


def link(session: Session, found: Found, person_id: int, how: LinkedBy, now: datetime) -> int:
    """From now on this identity signs the person in; the account's number.

    Linking again what is linked changes nothing. Raises `Conflict` (eid_taken: it is somebody else's; eid_other_number:
    the person's identities tell another tax number, so that this one is of another human) or `NotAllowed`
    (eid_disabled: an administrator has shut this person out).
    """
    person = lock(session, Person, person_id)
    if person.merged_into_id is not None:
        raise NotFound("person_unknown", "There is no such person any more.")
    known = account_of(session, found)
    if known is not None:
        if known.person_id != person_id:
            raise Conflict("eid_taken", "This identity is linked to somebody else.")
        return known.id
    if _shut_out(session, person_id):
        raise NotAllowed("eid_disabled", "This account is disabled.")
    _claim_number(session, found.number_mark, person_id)
    account = Account(person_id=person_id, provider=PREFIX + found.provider, subject=found.mark, created_at=now)
    _add_first(session, account)
    identity = EidIdentity(
        account_id=account.id,
        provider=found.provider,
        method=found.method,
        number_mark=found.number_mark,
        linked_by=how,
        linked_at=now,
    )
    session.add(identity)
    session.flush()
    told = {"provider": found.provider, "method": found.method, "by": how.value}
    record(session, f"person:{person_id}", "eid.link", "person", person_id, now=now, after=told)
    return account.id


def unlink(
    session: Session,
    visitor: Visitor,
    identity_id: int,
    providers: Collection[str],
    now: datetime,
    *,
    keep_session: int | None = None,
) -> None:
    """This identity does not sign its owner in any more; browsers that it has signed in are out, but for this one.

    `providers` are those that work here now. Raises `NotFound`, or `Conflict` (eid_last) when nothing would be left to
    sign in with.
    """
    row = session.get(EidIdentity, identity_id)
    account = session.get(Account, row.account_id) if row is not None else None
    if row is None or account is None or account.person_id != visitor.person_id:
        raise NotFound("eid_unknown", "There is no such identity.")
    lock(session, Person, account.person_id)
    other = _other_way(session, account, providers)
    if other is None:
        raise Conflict("eid_last", "Nothing else is left to sign in with. Choose a password first.")
    if keep_session is not None:
        session.execute(
            update(SignInSession)
            .where(SignInSession.id == keep_session, SignInSession.account_id == account.id)
            .values(account_id=other)
        )
    session.execute(delete(SignInSession).where(SignInSession.account_id == account.id))
    session.delete(row)
    session.flush()
    session.delete(account)
    session.flush()
    _forget_number(session, row.number_mark)
    told = {"provider": row.provider, "method": row.method}
    record(session, visitor.actor, "eid.unlink", "person", account.person_id, now=now, before=told)


def _by_number(session: Session, found: Found) -> int | None:
    if found.number_mark is None:
        return None
    return session.scalar(select(EidNumber.person_id).where(EidNumber.mark == found.number_mark))


def _by_email(session: Session, found: Found) -> int | None:
    if not found.email:
        return None
    return session.scalar(
        select(Account.person_id).where(Account.provider == "password", Account.subject == found.email)
    )


def _shut_out(session: Session, person_id: int) -> bool:
    """Whether an administrator has disabled every account of this person."""
    query = select(func.count(), func.count(Account.disabled_at)).where(Account.person_id == person_id)
    every, disabled = session.execute(query).one()
    return every > 0 and every == disabled


def _claim_number(session: Session, mark: str | None, person_id: int) -> None:
    if mark is None:
        return
    owner = session.scalar(select(EidNumber.person_id).where(EidNumber.mark == mark))
    if owner == person_id:
        return
    if owner is not None:
        raise Conflict("eid_taken", "This tax number is linked to somebody else.")
    if session.scalar(select(EidNumber.mark).where(EidNumber.person_id == person_id).limit(1)) is not None:
        raise Conflict("eid_other_number", "Your linked identity tells another tax number.")
    _add_first(session, EidNumber(mark=mark, person_id=person_id))


def _add_first(session: Session, row: Base) -> None:
    """Add what exists once. On PostgreSQL somebody else may have added it since we looked: then it is theirs."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict("eid_taken", "This identity was linked to somebody else just now.") from error


def _learn_number(session: Session, account: Account, found: Found) -> None:
    """The service tells a number that it did not tell when the identity was linked.

    Where that contradicts what is known (somebody was entered twice) nothing is learnt: nobody is kept out for it.
    """
    row = session.scalar(select(EidIdentity).where(EidIdentity.account_id == account.id))
    if row is None or row.number_mark is not None or found.number_mark is None:
        return
    try:
        _claim_number(session, found.number_mark, account.person_id)
    except Conflict:
        return
    row.number_mark = found.number_mark


def _forget_number(session: Session, mark: str | None) -> None:
    if mark is None or session.scalar(select(EidIdentity.id).where(EidIdentity.number_mark == mark).limit(1)):
        return
    session.execute(delete(EidNumber).where(EidNumber.mark == mark))


def _other_way(session: Session, account: Account, providers: Collection[str]) -> int | None:
    """Another account with which its owner gets in today."""
    others = session.scalars(
        select(Account)
        .where(Account.person_id == account.person_id, Account.id != account.id, Account.disabled_at.is_(None))
        .order_by(Account.id)
    )
    names = {PREFIX + key for key in providers}
    return next((one.id for one in others if one.secret or one.provider in names), None)
