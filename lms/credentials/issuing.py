"""Issuing: somebody who may approves what was earned; the certificate is written as a snapshot and signed, once."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.credentials import award_tests, awarding, documents, earning, integrity, numbers, status_lists, tagging
from lms.credentials.documents import AchievementFacts, Snapshot, StatusPlace
from lms.credentials.earning import Earned
from lms.credentials.editions import next_edition, require_address, snapshot_of, write_edition
from lms.credentials.keys import Issuer, Signers, signers
from lms.credentials.models import (
    AwardRule,
    Certificate,
    CertificateState,
    EditionReason,
    RuleKind,
)
from lms.credentials.rules import Standing, Step, ends, next_step, remind
from lms.credentials.telling import News, tell
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
    """People who have a certificate in force by this rule already, and have not earned it again."""
    left: int
    """People beyond what is done at once."""
    renewed: tuple[Certificate, ...] = ()
    """Certificates whose holders have earned them again."""


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
    """Approve and issue, for people who have earned it. Who has one gets no second one: doing it again renews it.

    Raises `NotFound`, `NotAllowed` (certify_not_yours, four_eyes, certify_self), `Conflict` (issuer_local,
    rule_retired, sheets_open, issuer_key_lost) or `Invalid` (nobody_chosen, not_earned, reason_missing).
    """
    chosen = list(dict.fromkeys(people))
    rule, found, by_person = approve(session, issuer, visitor, rule_id, chosen, reason)
    held = latest(session, rule.code, chosen)
    steps = {each: step_of(held.get(each), by_person.get(each), now) for each in chosen}
    wanted = [each for each in chosen if steps[each] is not Step.NONE]
    keys = signers(session, issuer, now)
    award = _Award(session, issuer, keys, visitor, rule, found, reason.strip(), now)
    made, renewed = [], []
    for person in _people(session, wanted[:MOST_AT_ONCE]):
        if steps[person.id] is Step.RENEW:
            renewed.append(award.renew(held[person.id], by_person[person.id]))
        else:
            made.append(award.issue(person, by_person.get(person.id)))
    return Issued(tuple(made), len(chosen) - len(wanted), max(0, len(wanted) - MOST_AT_ONCE), tuple(renewed))


def approve(
    session: Session, issuer: Issuer, visitor: Visitor, rule_id: int, people: Sequence[int], reason: str
) -> tuple[AwardRule, Earned, dict[int, Standing]]:
    """Whether the visitor may give these people the certificate now. The rule is locked. Raises as `issue`."""
    rule = lock(session, AwardRule, rule_id)
    if not awarding.may_certify(session, visitor, rule):
        raise NotAllowed("certify_not_yours", "Certificates are approved by a certifier, or by those who organise it.")
    require_address(issuer)
    if rule.retired_at is not None:
        raise Conflict("rule_retired", "This version of the rule was retired. Issue by the latest one.")
    if not people:
        raise Invalid("nobody_chosen", "Choose at least one person.", "people")
    if visitor.person_id in people:
        raise NotAllowed("certify_self", "Nobody approves a certificate of their own. Ask somebody else.")
    found = earning.earned(session, rule)
    return rule, found, _require_earned(rule, found, visitor, people, reason)


def step_of(held: Certificate | None, standing: Standing | None, now: datetime) -> Step:
    """What somebody's earning it means for the certificate that they hold by the same rule."""
    if held is None:
        return Step.ISSUE
    earned_at = held.earned_at or held.awarded_at
    return next_step(standing.at if standing else None, earned_at, held.valid_until, now)


def latest(session: Session, code: str, people: Collection[int]) -> dict[int, Certificate]:
    """By person, the last certificate that was issued by any version of a rule and not revoked."""
    rows = session.scalars(
        select(Certificate)
        .join(AwardRule, AwardRule.id == Certificate.rule_id)
        .where(
            AwardRule.code == code,
            Certificate.person_id.in_(people),
            Certificate.state == CertificateState.ISSUED,
        )
        .order_by(Certificate.id)
    )
    return {each.person_id: each for each in rows if each.person_id is not None}


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


def achievement(session: Session, issuer: Issuer, rule: AwardRule) -> AchievementFacts:
    """The rule's words, as they stand today."""
    aligned = award_tests.aligned(session, rule.test_id) if rule.test_id is not None else ()
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
        funder=rule.funder,
        funder_en=rule.funder_en,
        project=tagging.facts(tagging.of_rule(session, rule)),
        alignments=[asdict(each) for each in aligned],
    )


def _require_earned(
    rule: AwardRule, found: Earned, visitor: Visitor, chosen: Sequence[int], reason: str
) -> dict[int, Standing]:
    if visitor.actor in found.correctors:
        raise NotAllowed(
            "four_eyes",
            "Who corrected the attendance or a result does not approve what depends on it. Ask somebody else.",
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


def _people(session: Session, people: Collection[int]) -> list[Person]:
    found = session.scalars(select(Person).where(Person.id.in_(people), Person.merged_into_id.is_(None))).all()
    if len(found) != len(set(people)):
        raise NotFound("person_unknown", "There is no such person.", "people")
    return sorted(found, key=lambda person: people.index(person.id) if isinstance(people, list) else person.id)


@dataclass(frozen=True, slots=True)
class _Award:
    """What is the same for everybody who gets something by one approval."""

    session: Session
    issuer: Issuer
    keys: Signers
    visitor: Visitor
    rule: AwardRule
    found: Earned
    reason: str
    now: datetime

    def issue(self, person: Person, standing: Standing | None) -> Certificate:
        """A new certificate."""
        holder, holder_en = holder_names(person)
        email, salt = email_of(self.session, person.id), secrets.token_hex(8)
        rule, now = self.rule, self.now
        given: dict[str, Any] = {
            "holder": holder,
            "holder_en": holder_en,
            "email_hash": documents.email_hash(email, salt) if email else "",
            "email_salt": salt if email else "",
            **self._words(standing),
        }
        certificate, snapshot = new_certificate(self.session, self.issuer, given, ends(now, rule.valid_months), now)
        certificate.rule_id, certificate.series_id, certificate.person_id = rule.id, rule.series_id, person.id
        certificate.issued_by, certificate.reason = self.visitor.actor, self.reason
        self._note(certificate, standing)
        self.session.add(certificate)
        self.session.flush()
        write_edition(self.session, self.keys, certificate, snapshot, EditionReason.ISSUED, self.visitor.actor, now)
        after = {"number": certificate.number, "rule": rule.id, "person": person.id, "reason": certificate.reason}
        record(
            self.session, self.visitor.actor, "certificate.issue", "certificate", certificate.id, now=now, after=after
        )
        tell(self.session, certificate, News.ISSUED, now)
        return certificate

    def renew(self, certificate: Certificate, standing: Standing) -> Certificate:
        """Another term for whoever has earned it again, in the rule's words of today; the same number and id."""
        held = lock(self.session, Certificate, certificate.id)
        until = ends(self.now, self.rule.valid_months)
        told = replace(
            snapshot_of(self.session, held),
            valid_until=integrity.instant(until) if until else "",
            **self._words(standing),
        )
        held.rule_id, held.valid_until = self.rule.id, until
        self._note(held, standing)
        next_edition(self.session, self.issuer, held, told, EditionReason.RENEWED, self.visitor.actor, self.now)
        tell(self.session, held, News.RENEWED, self.now)
        return held

    def _note(self, certificate: Certificate, standing: Standing | None) -> None:
        certificate.earned_at = standing.at if standing else None
        certificate.remind_at = remind(certificate.valid_until, self.rule.remind_days, self.now)

    def _words(self, standing: Standing | None) -> dict[str, Any]:
        """What the rule and what was done put into the snapshot."""
        rule, found = self.rule, self.found
        given: dict[str, Any] = {
            "achievement": achievement(self.session, self.issuer, rule),
            "signatory": rule.signatory,
            "signatory_position": rule.signatory_position,
            "signatory_position_en": rule.signatory_position_en,
        }
        evidence: dict[str, Any] = {}
        if standing is not None and found.held:
            given |= {
                "share": str(standing.share),
                "required_share": str(rule.min_share or ""),
                "activity_from": integrity.instant(found.began) if found.began else "",
                "activity_to": integrity.instant(found.ended) if found.ended else "",
            }
            evidence = {"attended": standing.attended, "held": standing.held, "occurrences": list(found.held)}
        passed = found.passes.get(standing.person_id) if standing is not None else None
        if passed is not None:
            given["results"] = award_tests.results(self.session, passed)
            evidence["attempt"] = passed.attempt_id
        return given | {"evidence": evidence}
