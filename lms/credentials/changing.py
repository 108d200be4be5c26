"""What happens to a certificate after it was issued: revoked, replaced, renewed, its share link closed and opened."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import awarding, documents, integrity, status_lists
from lms.credentials.editions import next_edition, snapshot_of
from lms.credentials.issuing import email_of, holder_names
from lms.credentials.keys import Issuer
from lms.credentials.models import AwardRule, Certificate, CertificateState, EditionReason
from lms.credentials.rules import ends, remind
from lms.credentials.telling import News, tell
from lms.database import lock
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound


def revoke(session: Session, issuer: Issuer, visitor: Visitor, number: str, because: str, now: datetime) -> Certificate:
    """Take it back, for good: everybody who checks it learns so, the holder and whoever asks here also why.

    Raises `NotFound`, `NotAllowed` (certify_not_yours), `Invalid` (reason_missing) or `Conflict` (revoked_already).
    """
    certificate = _certified(session, visitor, number)
    if not because.strip() or len(because) > 500:
        raise Invalid("reason_missing", "Say why, in at most 500 characters.", "reason")
    if certificate.state is CertificateState.REVOKED:
        raise Conflict("revoked_already", "It is revoked already.")
    certificate.state = CertificateState.REVOKED
    certificate.revoked_at, certificate.revoked_by, certificate.revoked_because = now, visitor.actor, because.strip()
    status_lists.set_bit(session, issuer, certificate.list_id, certificate.list_index, now)
    certificate.remind_at = None
    after = {"number": number, "reason": because.strip()}
    record(session, visitor.actor, "certificate.revoke", "certificate", certificate.id, now=now, after=after)
    tell(session, certificate, News.REVOKED, now)
    return certificate


def replace_name(session: Session, issuer: Issuer, visitor: Visitor, number: str, now: datetime) -> Certificate:
    """A new edition with the holder's name and address of today. What it was given for stays word by word.

    Raises `NotFound`, `NotAllowed` (certify_not_yours) or `Conflict` (certificate_revoked, certificate_same).
    """
    certificate = _certified(session, visitor, number)
    snapshot = snapshot_of(session, certificate)
    person = session.get(Person, certificate.person_id) if certificate.person_id is not None else None
    if person is None:
        raise NotFound("person_unknown", "It belongs to nobody of this system.")
    holder, holder_en = holder_names(person)
    email = email_of(session, person.id)
    same_address = snapshot.email_hash == (documents.email_hash(email, snapshot.email_salt) if email else "")
    if (holder, holder_en) == (snapshot.holder, snapshot.holder_en) and same_address:
        raise Conflict("certificate_same", "Name and address are the same as on the certificate: nothing to replace.")
    salt = secrets.token_hex(8)
    changed = replace(
        snapshot,
        holder=holder,
        holder_en=holder_en,
        email_hash=documents.email_hash(email, salt) if email else "",
        email_salt=salt if email else "",
    )
    next_edition(session, issuer, certificate, changed, EditionReason.RENAMED, visitor.actor, now)
    tell(session, certificate, News.REPLACED, now)
    return certificate


def show_name(session: Session, issuer: Issuer, visitor: Visitor, number: str, now: datetime) -> Certificate:
    """The holder wants the name in the credential itself, for systems that read nothing else.

    Raises `NotFound` or `Conflict` (certificate_revoked, certificate_same).
    """
    certificate = held_by(session, visitor, number)
    snapshot = snapshot_of(session, certificate)
    if snapshot.named:
        raise Conflict("certificate_same", "The name stands in it already.")
    told = replace(snapshot, named=True)
    next_edition(session, issuer, certificate, told, EditionReason.NAMED, visitor.actor, now)
    return certificate


def renew(session: Session, issuer: Issuer, visitor: Visitor, number: str, now: datetime) -> Certificate:
    """Valid for another term from today. The rule's term counts, as the version says by which it was given.

    Raises `NotFound`, `NotAllowed` (certify_not_yours) or `Conflict` (certificate_revoked, certificate_endless).
    """
    certificate = _certified(session, visitor, number)
    rule = session.get(AwardRule, certificate.rule_id) if certificate.rule_id is not None else None
    if rule is None or rule.valid_months is None or certificate.valid_until is None:
        raise Conflict("certificate_endless", "It has no end, so there is nothing to renew.")
    if visitor.person_id is not None and visitor.person_id == certificate.person_id:
        raise NotAllowed("certify_self", "Nobody approves a certificate of their own. Ask somebody else.")
    certificate.valid_until = until = ends(now, rule.valid_months)
    assert until is not None
    certificate.remind_at = remind(until, rule.remind_days, now)
    changed = replace(snapshot_of(session, certificate), valid_until=integrity.instant(until))
    next_edition(session, issuer, certificate, changed, EditionReason.RENEWED, visitor.actor, now)
    tell(session, certificate, News.RENEWED, now)
    return certificate


def share(session: Session, visitor: Visitor, number: str, now: datetime, *, open_: bool) -> Certificate:
    """Whether strangers who have the number see it; for its holder. Raises `NotFound`."""
    certificate = held_by(session, visitor, number)
    if certificate.shared != open_:
        certificate.shared = open_
        verb = "certificate.share" if open_ else "certificate.close"
        record(session, visitor.actor, verb, "certificate", certificate.id, now=now, after={"number": number})
    return certificate


def held_by(session: Session, visitor: Visitor, number: str) -> Certificate:
    """A certificate of the visitor's own, locked. Raises `NotFound`."""
    found = session.scalar(select(Certificate.id).where(Certificate.number == number))
    certificate = lock(session, Certificate, found) if found is not None else None
    if certificate is None or certificate.person_id is None or certificate.person_id != visitor.person_id:
        raise NotFound("certificate_unknown", "There is no such certificate of yours.")
    return certificate


def _certified(session: Session, visitor: Visitor, number: str) -> Certificate:
    found = session.scalar(select(Certificate.id).where(Certificate.number == number))
    if found is None:
        raise NotFound("certificate_unknown", "There is no such certificate.")
    certificate = lock(session, Certificate, found)
    rule = session.get(AwardRule, certificate.rule_id) if certificate.rule_id is not None else None
    allowed = awarding.may_certify(session, visitor, rule) if rule is not None else visitor.is_administrator
    if not allowed:
        raise NotAllowed("certify_not_yours", "Certificates are changed by a certifier, or by those who organise it.")
    return certificate
