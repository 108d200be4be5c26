"""People, their accounts and roles; one-time links that make the first administrator and invite others."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory import passwords, sign_in
from lms.directory.access_models import LinkPurpose, OneTimeLink
from lms.directory.models import Account, Affiliation, Organisation, Person, RoleGrant, RoleName, Scope
from lms.directory.queries import has_administrator, require_administrator
from lms.directory.rules import Visitor, normal_email
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.secret import fingerprint, new_secret

ADMINISTRATOR_LINK_LIFETIME = timedelta(days=2)
INVITATION_LIFETIME = timedelta(days=7)
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def create_person(
    session: Session,
    actor: str,
    *,
    family_name: str,
    given_name: str,
    now: datetime,
    patronymic: str = "",
    latin_name: str = "",
    email: str | None = None,
    language: str = "uk",
    organisation_id: int | None = None,
    position: str = "",
) -> Person:
    """A person; with an e-mail also an account (no password yet), with an organisation an affiliation from today.

    Raises `Invalid` (name_needed, email_invalid), `Conflict` (email_taken) or `NotFound` (organisation).
    """
    family_name, given_name = family_name.strip(), given_name.strip()
    if not family_name and not given_name:
        raise Invalid("name_needed", "A person needs a name.", "family_name")
    person = Person(
        family_name=family_name[:100],
        given_name=given_name[:100],
        patronymic=patronymic.strip()[:100],
        latin_name=latin_name.strip()[:200],
        language=language,
        created_at=now,
    )
    session.add(person)
    session.flush()
    if email is not None:
        add_account(session, person.id, email, now)
    if organisation_id is not None:
        if session.get(Organisation, organisation_id) is None:
            raise NotFound("organisation_unknown", f"There is no organisation {organisation_id}.", "organisation")
        session.add(
            Affiliation(
                person_id=person.id, organisation_id=organisation_id, position=position[:200], from_date=now.date()
            )
        )
    session.flush()
    record(
        session,
        actor,
        "person.create",
        "person",
        person.id,
        now=now,
        after={"name": person.display_name, "email": email},
    )
    return person


def add_account(session: Session, person_id: int, email: str, now: datetime) -> None:
    """A way to sign in, without a password yet. Raises `Invalid` (email_invalid) or `Conflict` (email_taken)."""
    subject = checked_email(email)
    taken = select(Account.id).where(Account.provider == "password", Account.subject == subject)
    if session.scalar(taken) is not None:
        raise Conflict("email_taken", "There is an account with this e-mail already. Use another one.", "email")
    session.add(Account(person_id=person_id, provider="password", subject=subject, created_at=now))


def checked_email(text: str, field: str = "email") -> str:
    """The address in lower case. Raises `Invalid` (email_invalid) for what is none."""
    address = normal_email(text)
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise Invalid("email_invalid", "This is not an e-mail address. It looks like name@example.org.", field)
    return address


def set_password(session: Session, actor: str, account_id: int, new_password: str, now: datetime) -> None:
    """Give an account a password. Raises `Invalid` or `NotFound`."""
    account = lock(session, Account, account_id)
    account.secret = passwords.make(new_password)
    record(session, actor, "account.set_password", "account", account_id, now=now)


def disable_account(session: Session, visitor: Visitor, person_id: int, now: datetime) -> None:
    """Nobody signs in with the person's accounts any more, open sign-in sessions end at once. For administrators."""
    require_administrator(visitor)
    if visitor.person_id == person_id:
        raise Conflict("own_account", "You cannot disable your own account. Ask another administrator.")
    session.execute(
        update(Account).where(Account.person_id == person_id, Account.disabled_at.is_(None)).values(disabled_at=now)
    )
    record(session, visitor.actor, "account.disable", "person", person_id, now=now)


def enable_account(session: Session, visitor: Visitor, person_id: int, now: datetime) -> None:
    """The person signs in again with the accounts that were disabled. For administrators."""
    require_administrator(visitor)
    session.execute(
        update(Account).where(Account.person_id == person_id, Account.disabled_at.is_not(None)).values(disabled_at=None)
    )
    record(session, visitor.actor, "account.enable", "person", person_id, now=now)


def grant_role(
    session: Session,
    visitor: Visitor,
    *,
    person_id: int,
    role: RoleName,
    now: datetime,
    scope: Scope = Scope.NETWORK,
    scope_id: int | None = None,
    to_at: datetime | None = None,
) -> RoleGrant:
    """Give a role from now on. For administrators; raises `NotAllowed`, `NotFound` or `Invalid`."""
    require_administrator(visitor)
    return give_role(
        session, visitor.actor, person_id=person_id, role=role, now=now, scope=scope, scope_id=scope_id, to_at=to_at
    )


def give_role(
    session: Session,
    actor: str,
    *,
    person_id: int,
    role: RoleName,
    now: datetime,
    scope: Scope = Scope.NETWORK,
    scope_id: int | None = None,
    to_at: datetime | None = None,
) -> RoleGrant:
    """`grant_role` on behalf of the system itself, which asks nobody."""
    if (scope is Scope.NETWORK) != (scope_id is None):
        raise Invalid("scope_invalid", "A role for the network has no scope number; any other role needs one.", "scope")
    if session.get(Person, person_id) is None:
        raise NotFound("person_unknown", f"There is no person {person_id}.")
    grant = RoleGrant(
        person_id=person_id, role=role, scope=scope, scope_id=scope_id, from_at=now, to_at=to_at, granted_by=actor
    )
    session.add(grant)
    session.flush()
    what = {"role": role.value, "scope": scope.value, "scope_id": scope_id}
    record(session, actor, "role.grant", "person", person_id, now=now, after=what)
    return grant


def revoke_role(session: Session, visitor: Visitor, grant_id: int, now: datetime) -> None:
    """End a role now. For administrators; nobody takes the last administrator away (`Conflict`)."""
    require_administrator(visitor)
    grant = lock(session, RoleGrant, grant_id)
    if grant.to_at is not None and grant.to_at <= now:
        return
    grant.to_at = now
    session.flush()
    if grant.role is RoleName.ADMINISTRATOR and not has_administrator(session, now):
        raise Conflict("last_administrator", "This is the last administrator. Appoint another one first.")
    what = {"role": grant.role.value, "scope": grant.scope.value, "scope_id": grant.scope_id}
    record(session, visitor.actor, "role.revoke", "person", grant.person_id, now=now, before=what)


def administrator_link(session: Session, now: datetime, *, force: bool = False) -> str | None:
    """The token of a one-time link that makes an administrator; None when there is one already (but for `force`).

    Earlier links of this kind stop working.
    """
    if not force and has_administrator(session, now):
        return None
    _revoke_links(session, LinkPurpose.FIRST_ADMINISTRATOR, None, now)
    token = _new_link(session, LinkPurpose.FIRST_ADMINISTRATOR, None, now + ADMINISTRATOR_LINK_LIFETIME, now)
    record(session, "system", "administrator_link.create", "one_time_link", "", now=now)
    return token


def check_link(session: Session, token: str, now: datetime) -> OneTimeLink:
    """The link behind a token, if it still works. Raises `NotFound` or `NotAllowed` (link_used, link_expired)."""
    link = session.scalar(select(OneTimeLink).where(OneTimeLink.token_hash == fingerprint(token)))
    if link is None:
        raise NotFound("link_unknown", "This link is not known. Check that it was copied whole.")
    if link.used_at is not None:
        raise NotAllowed("link_used", "This link was used already. Sign in, or ask for a new link.")
    if link.revoked_at is not None or link.expires_at <= now:
        raise NotAllowed("link_expired", "This link does not work any more. Ask for a new one.")
    return link


def use_administrator_link(
    session: Session, token: str, *, family_name: str, given_name: str, email: str, password: str, now: datetime
) -> int:
    """Make the administrator; the person's id. Raises as `check_link`, `create_person` and `set_password` do."""
    link = _take_link(session, token, LinkPurpose.FIRST_ADMINISTRATOR, now)
    actor = f"link:{link.id}"
    person = create_person(session, actor, family_name=family_name, given_name=given_name, email=email, now=now)
    set_password(session, actor, _account_of(session, person.id), password, now)
    give_role(session, actor, person_id=person.id, role=RoleName.ADMINISTRATOR, now=now)
    return person.id


def invite_organiser(
    session: Session,
    visitor: Visitor,
    *,
    email: str,
    family_name: str,
    given_name: str,
    now: datetime,
    organisation_id: int | None = None,
) -> str:
    """Make an organiser of the network with an account, and the token of the one-time link that sets the password.

    For administrators. Raises as `create_person` does.
    """
    require_administrator(visitor)
    person = create_person(
        session,
        visitor.actor,
        family_name=family_name,
        given_name=given_name,
        email=email,
        organisation_id=organisation_id,
        now=now,
    )
    give_role(session, visitor.actor, person_id=person.id, role=RoleName.ORGANISER, now=now)
    account_id = _account_of(session, person.id)
    return _new_link(session, LinkPurpose.SET_PASSWORD, account_id, now + INVITATION_LIFETIME, now)


def password_link(session: Session, visitor: Visitor, person_id: int, now: datetime) -> str:
    """The token of a one-time link with which the person chooses a new password. For administrators."""
    require_administrator(visitor)
    return new_password_link(session, visitor.actor, person_id, now)


def new_password_link(session: Session, actor: str, person_id: int, now: datetime) -> str:
    """`password_link` on behalf of somebody whose right to it was checked. Earlier links stop working."""
    account_id = _account_of(session, person_id)
    _revoke_links(session, LinkPurpose.SET_PASSWORD, account_id, now)
    record(session, actor, "password_link.create", "account", account_id, now=now)
    return _new_link(session, LinkPurpose.SET_PASSWORD, account_id, now + INVITATION_LIFETIME, now)


def use_organiser_link(session: Session, token: str, *, password: str, now: datetime) -> int:
    """Choose the password by an invitation or a password link; the person's id. Whoever was signed in before is out."""
    link = _take_link(session, token, LinkPurpose.SET_PASSWORD, now)
    assert link.account_id is not None
    account = lock(session, Account, link.account_id)
    set_password(session, f"person:{account.person_id}", account.id, password, now)
    sign_in.sign_out_everywhere(session, account.person_id, now)
    return account.person_id


def take_invitation(session: Session, token: str, now: datetime) -> int:
    """Use an invitation or a password link without a password, by somebody who shows who they are another way.

    The person's id. Raises as `check_link` does.
    """
    link = _take_link(session, token, LinkPurpose.SET_PASSWORD, now)
    assert link.account_id is not None
    record(session, "system", "password_link.use", "account", link.account_id, now=now)
    return session.get_one(Account, link.account_id).person_id


def _account_of(session: Session, person_id: int) -> int:
    query = select(Account.id).where(Account.person_id == person_id, Account.provider == "password")
    found = session.scalar(query.order_by(Account.disabled_at.is_not(None), Account.id).limit(1))
    if found is None:
        raise NotFound("no_account", "This person has no account with an e-mail.")
    return found


def _new_link(
    session: Session, purpose: LinkPurpose, account_id: int | None, expires_at: datetime, now: datetime
) -> str:
    token = new_secret()
    session.add(
        OneTimeLink(
            purpose=purpose,
            account_id=account_id,
            token_hash=fingerprint(token),
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return token


def _revoke_links(session: Session, purpose: LinkPurpose, account_id: int | None, now: datetime) -> None:
    session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.account_id.is_(None) if account_id is None else OneTimeLink.account_id == account_id,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def _take_link(session: Session, token: str, purpose: LinkPurpose, now: datetime) -> OneTimeLink:
    link = check_link(session, token, now)
    lock(session, OneTimeLink, link.id)
    check_link(session, token, now)  # again, now that nobody else can take it
    if link.purpose is not purpose:
        raise NotFound("link_unknown", "This link is for something else.")
    link.used_at = now
    return link
