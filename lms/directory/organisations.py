"""What administrators do with organisations: enter, change, close, let them join and leave the network, equip them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Membership, Organisation, OrganisationKind, OrganisationStatus
from lms.directory.oblasts import OBLASTS
from lms.directory.queries import organisation_by_code, require_administrator
from lms.directory.register_models import Capability, CapabilityKind
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotFound
from lms.transliteration import transliterate

EARLIEST = date(1991, 8, 24)
"""No period of this network begins before."""
LATEST = date(2100, 1, 1)
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
RESERVED_CODES = frozenset({"new", "export", "duplicates", "capabilities"})
"""Words that stand in the pages' addresses where a code stands."""


@dataclass(frozen=True, slots=True)
class OrganisationDraft:
    """What somebody enters about an organisation. An empty code is made from the name."""

    kind: OrganisationKind
    name_uk: str
    name_en: str = ""
    code: str = ""
    oblast: str = ""
    settlement: str = ""
    community: str = ""
    community_code: str = ""
    territorial_code: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""
    status: OrganisationStatus = OrganisationStatus.ACTIVE


def create(session: Session, visitor: Visitor, draft: OrganisationDraft, now: datetime) -> Organisation:
    """Enter an organisation. For administrators.

    Raises `Invalid` (name_needed, code_invalid, oblast_unknown, email_invalid, website_invalid) or `Conflict`
    (code_taken).
    """
    require_administrator(visitor)
    made = Organisation(code=free_code(session, draft), created_at=now)
    _fill(made, draft)
    session.add(made)
    session.flush()
    record(session, visitor.actor, "organisation.create", "organisation", made.id, now=now, after=_told(made))
    return made


def edit(session: Session, visitor: Visitor, code: str, draft: OrganisationDraft, now: datetime) -> Organisation:
    """Change what is known of an organisation; its code stays. Raises as `create`, or `NotFound`."""
    require_administrator(visitor)
    found = lock(session, Organisation, organisation_by_code(session, code).id)
    before = _told(found)
    _fill(found, draft)
    session.flush()
    after = _told(found)
    if after != before:
        changed = {name for name in after if after[name] != before[name]}
        record(
            session,
            visitor.actor,
            "organisation.edit",
            "organisation",
            found.id,
            now=now,
            before={name: before[name] for name in sorted(changed)},
            after={name: after[name] for name in sorted(changed)},
        )
    return found


def close(session: Session, visitor: Visitor, code: str, day: date, now: datetime) -> None:
    """The organisation is closed and belongs to no network from `day` on. Its row and its history stay."""
    require_administrator(visitor)
    found = lock(session, Organisation, organisation_by_code(session, code).id)
    if found.status is OrganisationStatus.CLOSED:
        return
    found.status = OrganisationStatus.CLOSED
    for membership in session.scalars(select(Membership).where(Membership.organisation_id == found.id)):
        if membership.to_date is None or membership.to_date > day:
            membership.to_date = max(day, membership.from_date)
    record(session, visitor.actor, "organisation.close", "organisation", found.id, now=now, after={"day": str(day)})


def protect(session: Session, visitor: Visitor, code: str, now: datetime, *, protected: bool) -> None:
    """Its people and devices are named to nobody but those who organise, or again to everybody.

    For administrators. Raises `NotAllowed`, `NotFound`.
    """
    require_administrator(visitor)
    found = lock(session, Organisation, organisation_by_code(session, code).id)
    if found.protected == protected:
        return
    found.protected = protected
    change = {"before": {"protected": not protected}, "after": {"protected": protected}}
    record(session, visitor.actor, "organisation.protect", "organisation", found.id, now=now, **change)


def join_network(
    session: Session, visitor: Visitor, code: str, network: str, from_date: date, now: datetime
) -> Membership:
    """The organisation belongs to the network from a day on. Raises `Invalid` (date) or `Conflict` (already_member)."""
    require_administrator(visitor)
    _check_day(from_date, "from_date")
    home = lock(session, Organisation, organisation_by_code(session, code).id)
    overlapping = select(Membership.id).where(
        Membership.organisation_id == home.id,
        Membership.network == network,
        func.coalesce(Membership.to_date, LATEST) > from_date,
    )
    if session.scalar(overlapping.limit(1)) is not None:
        raise Conflict("already_member", "It belongs to the network on that day already.", "from_date")
    made = Membership(organisation_id=home.id, network=network, from_date=from_date)
    session.add(made)
    session.flush()
    told = {"network": network, "from": str(from_date)}
    record(session, visitor.actor, "membership.begin", "organisation", home.id, now=now, after=told)
    return made


def leave_network(session: Session, visitor: Visitor, membership_id: int, to_date: date, now: datetime) -> Organisation:
    """The membership ends: `to_date` is the first day without it. Raises `Invalid` (date, ends_before_begin)."""
    require_administrator(visitor)
    membership = lock(session, Membership, membership_id)
    _check_end(membership.from_date, to_date)
    before = {"to": str(membership.to_date) if membership.to_date else None}
    membership.to_date = to_date
    home = session.get_one(Organisation, membership.organisation_id)
    record(
        session,
        visitor.actor,
        "membership.end",
        "organisation",
        home.id,
        now=now,
        before=before,
        after={"to": str(to_date)},
    )
    return home


def add_capability(
    session: Session,
    visitor: Visitor,
    code: str,
    *,
    capability: str,
    from_date: date,
    now: datetime,
    quantity: int = 1,
    note: str = "",
) -> Capability:
    """The organisation has something from a day on. Raises `NotFound`, `Invalid` or `Conflict` (capability_twice)."""
    require_administrator(visitor)
    _check_day(from_date, "from_date")
    if not 1 <= quantity <= 9999:
        raise Invalid("quantity_invalid", "How many there are: from 1 to 9999.", "quantity")
    if session.get(CapabilityKind, capability) is None:
        raise NotFound("capability_unknown", f"There is no capability {capability}.", "capability")
    home = lock(session, Organisation, organisation_by_code(session, code).id)
    overlapping = select(Capability.id).where(
        Capability.organisation_id == home.id,
        Capability.code == capability,
        func.coalesce(Capability.to_date, LATEST) > from_date,
    )
    if session.scalar(overlapping.limit(1)) is not None:
        raise Conflict("capability_twice", "It has this on that day already. End the other entry first.", "from_date")
    made = Capability(
        organisation_id=home.id, code=capability, quantity=quantity, note=note.strip()[:300], from_date=from_date
    )
    session.add(made)
    session.flush()
    told = {"capability": capability, "quantity": quantity, "from": str(from_date)}
    record(session, visitor.actor, "capability.add", "organisation", home.id, now=now, after=told)
    return made


def end_capability(
    session: Session, visitor: Visitor, capability_id: int, to_date: date, now: datetime
) -> Organisation:
    """It has it no longer: `to_date` is the first day without. Raises `Invalid` or `NotFound`."""
    require_administrator(visitor)
    found = lock(session, Capability, capability_id)
    _check_end(found.from_date, to_date)
    found.to_date = to_date
    home = session.get_one(Organisation, found.organisation_id)
    told = {"capability": found.code, "to": str(to_date)}
    record(session, visitor.actor, "capability.end", "organisation", home.id, now=now, after=told)
    return home


def add_capability_kind(
    session: Session, visitor: Visitor, *, name_uk: str, name_en: str, now: datetime
) -> CapabilityKind:
    """One more kind in the catalogue. Raises `Invalid` (name_needed) or `Conflict` (capability_kind_taken)."""
    require_administrator(visitor)
    name_uk, name_en = name_uk.strip()[:200], name_en.strip()[:200]
    code = _words(name_en or name_uk).replace("-", "_")[:64]
    if not name_uk or not code:
        raise Invalid("name_needed", "Give it a name.", "name_uk")
    same_name = select(CapabilityKind.code).where(CapabilityKind.name_uk == name_uk)
    if session.get(CapabilityKind, code) is not None or session.scalar(same_name) is not None:
        raise Conflict("capability_kind_taken", "There is such a kind already.", "name_uk")
    last = session.scalar(select(func.max(CapabilityKind.position))) or 0
    made = CapabilityKind(code=code, name_uk=name_uk, name_en=name_en, position=last + 1)
    session.add(made)
    session.flush()
    told = {"name_uk": name_uk, "name_en": name_en}
    record(session, visitor.actor, "capability_kind.add", "capability_kind", code, now=now, after=told)
    return made


def free_code(session: Session, draft: OrganisationDraft, taken: frozenset[str] = frozenset()) -> str:
    """The draft's code, or one made from its name that nobody has. Raises `Invalid` or `Conflict` (code_taken)."""
    code = draft.code.strip().lower()
    if code:
        if not _CODE.fullmatch(code) or code in RESERVED_CODES:
            raise Invalid("code_invalid", "A code has small Latin letters, digits and hyphens.", "code")
        if code in taken or session.scalar(select(Organisation.id).where(Organisation.code == code)) is not None:
            raise Conflict("code_taken", "There is an organisation with this code already.", "code")
        return code
    stem = _words(draft.name_en or draft.name_uk)[:50] or "organisation"
    known = (
        taken
        | set(session.scalars(select(Organisation.code).where(Organisation.code.startswith(stem))))
        | set(RESERVED_CODES)
    )
    numbers = range(2, len(known) + 3)
    return next(code for code in (stem, *(f"{stem}-{number}" for number in numbers)) if code not in known)


def checked(draft: OrganisationDraft) -> OrganisationDraft:
    """The draft without blanks around, if it can be right. Raises `Invalid`."""
    texts = {name: value.strip() for name, value in asdict(draft).items() if isinstance(value, str)}
    draft = OrganisationDraft(**{**asdict(draft), **texts, "kind": draft.kind, "status": draft.status})
    if not draft.name_uk:
        raise Invalid("name_needed", "An organisation needs a name.", "name_uk")
    if draft.oblast and draft.oblast not in OBLASTS:
        raise Invalid("oblast_unknown", "There is no such oblast. Choose one from the list.", "oblast")
    if draft.email and not _EMAIL.fullmatch(draft.email):
        raise Invalid("email_invalid", "This is not an e-mail address. It looks like name@example.org.", "email")
    if draft.website and not re.fullmatch(r"https?://[^\s<>\"']+", draft.website):
        raise Invalid("website_invalid", "An address of a website begins with https://.", "website")
    return draft


def _fill(organisation: Organisation, draft: OrganisationDraft) -> None:
    draft = checked(draft)
    for name, value in asdict(draft).items():
        if name != "code":
            setattr(organisation, name, value)


def _told(organisation: Organisation) -> dict[str, Any]:
    names = [name for name in OrganisationDraft.__slots__ if name not in ("kind", "status")]
    told: dict[str, Any] = {name: getattr(organisation, name) or "" for name in names}
    return told | {"kind": organisation.kind.value, "status": organisation.status.value}


def _words(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", transliterate(text)))


def _check_day(day: date, field: str) -> None:
    if not EARLIEST <= day < LATEST:
        raise Invalid("date_invalid", f"Choose a day between {EARLIEST} and {LATEST}.", field)


def _check_end(from_date: date, to_date: date) -> None:
    _check_day(to_date, "to_date")
    if to_date < from_date:
        raise Invalid("ends_before_begin", "It would end before it began. Choose a later day.", "to_date")
