"""Issuing: somebody who may approves what was earned; the certificate is written as a snapshot and signed, once."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import awarding, documents, integrity, jose, numbers, status_lists
from lms.credentials.documents import AchievementFacts, Snapshot, StatusPlace
from lms.credentials.keys import Issuer, Signers, signers
from lms.credentials.models import (
    AwardRule,
    Certificate,
    CertificateEdition,
    CertificateState,
    EditionReason,
    RuleKind,
)
from lms.credentials.rules import Standing, ends
from lms.database import lock
from lms.directory.models import Account, Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.transliteration import transliterate

MOST_AT_ONCE = 50
"""Signing takes about 20 ms each; nobody else writes to SQLite meanwhile. A long list is approved in several goes."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What came of it."""

    certificates: tuple[Certificate, ...]
    had_one: int
    """People who have a certificate in force by this rule already."""
    left: int
    """People beyond what is done at once."""


def issue(
    session: Session,
    issuer: Issuer,
    visitor: Visitor,
    rule_id: int,
    people: Sequence[int],
    now: datetime,
    *,
    reason: str = "",
) -> Issued:
    """Approve and issue, for people who have earned it. Who has one in force gets no second one.

    Raises `NotFound`, `NotAllowed` (certify_not_yours, four_eyes, certify_self), `Conflict` (issuer_local,
    rule_retired, sheets_open, issuer_key_lost) or `Invalid` (nobody_chosen, not_earned, reason_missing).
    """
    rule = lock(session, AwardRule, rule_id)
    if not awarding.may_certify(session, visitor, rule):
        raise NotAllowed("certify_not_yours", "Certificates are approved by a certifier, or by those who organise it.")
    require_address(issuer)
    if rule.retired_at is not None:
        raise Conflict("rule_retired", "This version of the rule was retired. Issue by the latest one.")
    chosen = list(dict.fromkeys(people))
    if not chosen:
        raise Invalid("nobody_chosen", "Choose at least one person.", "people")
    if visitor.person_id in chosen:
        raise NotAllowed("certify_self", "Nobody approves a certificate of their own. Ask somebody else.")
    found = awarding.earned(session, rule)
    by_person = _require_earned(rule, found, visitor, chosen, reason)
    having = _in_force(session, rule.code, chosen, now)
    wanted = [each for each in chosen if each not in having]
    keys = signers(session, issuer, now)
    made = [
        _issue(session, issuer, keys, visitor, rule, person, by_person.get(person.id), found, reason, now)
        for person in _people(session, wanted[:MOST_AT_ONCE])
    ]
    return Issued(tuple(made), len(having), max(0, len(wanted) - MOST_AT_ONCE))


def require_address(issuer: Issuer) -> None:
    """Raises `Conflict` (issuer_local) where certificates would point to an address that nobody else can open."""
    if issuer.local and not issuer.demo:
        raise Conflict(
            "issuer_local",
            "Certificates carry the public address of this site for ever, and now it is one that only this machine "
            "knows. Set VIKNO_PUBLIC_URL first.",
        )


def holder_names(person: Person) -> tuple[str, str]:
    """As printed: in Ukrainian with the patronymic, and in Latin letters."""
    uk = " ".join(part for part in (person.family_name, person.given_name, person.patronymic) if part)
    latin = person.latin_name or " ".join(
        "-".join(piece.capitalize() for piece in transliterate(part).split("-"))
        for part in (person.given_name, person.family_name)
        if part
    )
    return uk, latin


def email_of(session: Session, person_id: int) -> str:
    """With which address somebody signs in; empty without an account."""
    query = select(Account.subject).where(Account.person_id == person_id, Account.subject.contains("@"))
    return session.scalars(query.order_by(Account.id).limit(1)).first() or ""


def write_edition(
    session: Session,
    keys: Signers,
    certificate: Certificate,
    snapshot: Snapshot,
    reason: EditionReason,
    actor: str,
    now: datetime,
) -> CertificateEdition:
    """Sign what a snapshot says, and keep both."""
    signed = integrity.sign(documents.credential(snapshot), keys.embedded, now)
    edition = CertificateEdition(
        certificate_id=certificate.id,
        number=certificate.edition,
        reason=reason,
        snapshot=snapshot.as_dict(),
        credential=json.dumps(signed, ensure_ascii=False, indent=1),
        token=jose.sign(signed, keys.token, keys.kid),
        issued_at=now,
        issued_by=actor,
    )
    session.add(edition)
    session.flush()
    return edition


def new_certificate(
    session: Session, issuer: Issuer, snapshot_of: dict[str, Any], valid_until: datetime | None, now: datetime
) -> tuple[Certificate, Snapshot]:
    """A certificate with a number and a place in a status list, not yet signed, and its snapshot."""
    place, index = status_lists.take_place(session, issuer, now)
    number = numbers.new()
    certificate = Certificate(
        number=number, edition=1, awarded_at=now, valid_until=valid_until, list_id=place.id, list_index=index,
        demo=issuer.demo or issuer.local, issued_by="",
    )  # fmt: skip
    snapshot = Snapshot(
        number=number,
        id=f"{issuer.site}/verify/{number}",
        subject=f"urn:uuid:{uuid.uuid4()}",
        issuer=issuer.facts,
        awarded_at=integrity.instant(now),
        valid_from=integrity.instant(now),
        valid_until=integrity.instant(valid_until) if valid_until else "",
        status=StatusPlace(status_lists.address(issuer.id, place.id), index),
        demo=certificate.demo,
        **snapshot_of,
    )
    return certificate, snapshot


def achievement(issuer: Issuer, rule: AwardRule) -> AchievementFacts:
    """The rule's words, as they stand today."""
    return AchievementFacts(
        id=f"{issuer.site}/achievements/{rule.id}",
        version=str(rule.version),
        kind=rule.achievement_kind,
        name=rule.name,
        name_en=rule.name_en,
        description=rule.description,
        description_en=rule.description_en,
        criteria=rule.criteria,
        criteria_en=rule.criteria_en,
        hours=rule.hours,
        credits=rule.credits,
    )


def _require_earned(
    rule: AwardRule, found: awarding.Earned, visitor: Visitor, chosen: Sequence[int], reason: str
) -> dict[int, Standing]:
    if visitor.actor in found.correctors:
        raise NotAllowed(
            "four_eyes", "Who corrected the attendance does not approve what depends on it. Ask somebody else."
        )
    if rule.kind is RuleKind.MANUAL:
        if not reason.strip() or len(reason) > 500:
            raise Invalid("reason_missing", "Say why it is awarded, in at most 500 characters.", "reason")
        return {}
    if found.open_sheets:
        raise Conflict("sheets_open", "The attendance of some dates is not approved yet. Approve it first.")
    earned = {each.person_id: each for each in found.standings if each.earned}
    if any(each not in earned for each in chosen):
        raise Invalid("not_earned", "Somebody of these has not earned it by the rule. Read the list again.", "people")
    return earned


def _in_force(session: Session, code: str, people: Collection[int], now: datetime) -> set[int]:
    query = (
        select(Certificate.person_id)
        .join(AwardRule, AwardRule.id == Certificate.rule_id)
        .where(
            AwardRule.code == code,
            Certificate.person_id.in_(people),
            Certificate.state == CertificateState.ISSUED,
            or_(Certificate.valid_until.is_(None), Certificate.valid_until > now),
        )
    )
    return {each for each in session.scalars(query) if each is not None}


def _people(session: Session, people: Collection[int]) -> list[Person]:
    found = session.scalars(select(Person).where(Person.id.in_(people), Person.merged_into_id.is_(None))).all()
    if len(found) != len(set(people)):
        raise NotFound("person_unknown", "There is no such person.", "people")
    return sorted(found, key=lambda person: people.index(person.id) if isinstance(people, list) else person.id)


def _issue(
    session: Session,
    issuer: Issuer,
    keys: Signers,
    visitor: Visitor,
    rule: AwardRule,
    person: Person,
    standing: Standing | None,
    found: awarding.Earned,
    reason: str,
    now: datetime,
) -> Certificate:
    holder, holder_en = holder_names(person)
    email, salt = email_of(session, person.id), secrets.token_hex(8)
    given: dict[str, Any] = {
        "holder": holder,
        "holder_en": holder_en,
        "achievement": achievement(issuer, rule),
        "email_hash": documents.email_hash(email, salt) if email else "",
        "email_salt": salt if email else "",
        "signatory": rule.signatory,
        "signatory_position": rule.signatory_position,
        "signatory_position_en": rule.signatory_position_en,
    }
    if standing is not None and found.held:
        given |= {
            "share": str(standing.share),
            "required_share": str(rule.min_share or ""),
            "activity_from": integrity.instant(found.began) if found.began else "",
            "activity_to": integrity.instant(found.ended) if found.ended else "",
            "evidence": {"attended": standing.attended, "held": standing.held, "occurrences": list(found.held)},
        }
    certificate, snapshot = new_certificate(session, issuer, given, ends(now, rule.valid_months), now)
    certificate.rule_id, certificate.series_id, certificate.person_id = rule.id, rule.series_id, person.id
    certificate.issued_by, certificate.reason = visitor.actor, reason.strip()
    session.add(certificate)
    session.flush()
    write_edition(session, keys, certificate, snapshot, EditionReason.ISSUED, visitor.actor, now)
    after = {"number": certificate.number, "rule": rule.id, "person": person.id, "reason": certificate.reason}
    record(session, visitor.actor, "certificate.issue", "certificate", certificate.id, now=now, after=after)
    return certificate
