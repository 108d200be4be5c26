"""Reading certificates: for whoever has a number, for holders, for those who approve; and as a verifier's trust."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from lms.courses import queries as courses
from lms.courses.access import may_edit as may_edit_course
from lms.courses.models import Course
from lms.credentials import award_tests, awarding, by_itself, documents, earning, issuing, keys, numbers, status_lists
from lms.credentials.checking import KnownKey, State
from lms.credentials.documents import Snapshot
from lms.credentials.earning import Earned
from lms.credentials.models import (
    AwardRule,
    Certificate,
    CertificateEdition,
    CertificateState,
    EditionReason,
    RuleKind,
    StatusList,
)
from lms.credentials.rules import Standing, Step
from lms.directory.models import Organisation, Person
from lms.directory.queries import names_of_people
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.schedule.models import Occurrence, OccurrenceParty, Part
from lms.schedule.plan_models import Series

PAGE = 50
_STATUS_ADDRESS = re.compile(r"(.+)/status/(\d{1,9})")


class PublicState(StrEnum):
    """What the public page says of a number."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    MISTYPED = "mistyped"


@dataclass(frozen=True, slots=True)
class PublicView:
    """What anybody with the number may know. Without `snapshot` nothing but the state is told."""

    state: PublicState
    number: str
    snapshot: Snapshot | None = None
    edition: int = 0
    current: int = 0
    credential: str = ""
    token: str = ""
    awarded_at: datetime | None = None
    valid_until: datetime | None = None
    changed_at: datetime | None = None
    """When it was revoked, or when the current edition replaced the one asked for."""


@dataclass(frozen=True, slots=True)
class CertificateCard:
    """A line of a list."""

    number: str
    holder: str
    name: str
    name_en: str
    awarded_at: datetime
    valid_until: datetime | None
    state: PublicState
    shared: bool
    demo: bool
    edition: int
    rule_id: int | None
    person_id: int | None
    issued_by: str
    reason: str
    revoked_because: str


@dataclass(frozen=True, slots=True)
class EditionLine:
    """An edition in the history that its holder and those who approve see."""

    number: int
    reason: EditionReason
    issued_at: datetime
    holder: str


@dataclass(frozen=True, slots=True)
class HeldPage:
    """A certificate, for its holder or for those who may change it."""

    card: CertificateCard
    snapshot: Snapshot
    credential: str
    token: str
    editions: tuple[EditionLine, ...]
    mine: bool
    may_certify: bool


@dataclass(frozen=True, slots=True)
class RuleCard:
    """A rule in a list."""

    id: int
    code: str
    version: int
    kind: RuleKind
    name: str
    name_en: str
    min_share: int | None
    valid_months: int | None
    retired: bool
    issued: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who came, and how far it has come with their certificate."""

    person_id: int
    name: str
    standing: Standing
    number: str
    """Of the certificate held by this rule, if there is one."""
    step: Step
    """What approving does."""


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule with what was earned and issued by it."""

    rule: AwardRule
    series_slug: str
    series: str
    series_en: str
    course_slug: str
    may_edit: bool
    may_certify: bool
    hindrance: str
    """Why a rule that awards by itself does not, as the code of a refusal; empty if nothing is in the way."""
    four_eyes: bool
    """Whether the visitor corrected the attendance, and so may not approve."""
    open_sheets: int
    held: int
    test: tuple[str, str]
    """Title of the test that must be passed; empty for none."""
    candidates: tuple[Candidate, ...]
    issued: tuple[CertificateCard, ...]
    total: int


class Records:
    """What this installation knows of issuers: itself, under every address it ever had (`checking.Trust`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keys(self, issuer: str) -> Sequence[KnownKey] | None:
        """Our own keys; None for everybody else."""
        return keys.known(self._session, issuer)

    def status_list(self, address: str) -> str | None:
        """One of our lists."""
        found = _STATUS_ADDRESS.fullmatch(address)
        held = status_lists.served(self._session, int(found[2])) if found else None
        return held.credential if held is not None and found and held.issuer == f"{found[1]}/issuer" else None

    def overtaken(self, credential: dict[str, Any]) -> State | None:
        """What our records say beyond the file."""
        issuer = credential.get("issuer")
        issuer_id = issuer.get("id") if isinstance(issuer, dict) else issuer
        if not isinstance(issuer_id, str) or keys.known(self._session, issuer_id) is None:
            return None
        number = str(credential.get("id", "")).rpartition("/")[2]
        rows = self._session.execute(
            select(Certificate.edition, Certificate.state, CertificateEdition.number, CertificateEdition.credential)
            .join(CertificateEdition, CertificateEdition.certificate_id == Certificate.id)
            .where(Certificate.number == number)
        ).all()
        plain = _plain(credential)
        for current, state, edition, text in rows:
            if _plain(json.loads(text)) == plain:
                if state is CertificateState.REVOKED:
                    return State.REVOKED
                return State.REPLACED if edition < current else None
        return State.NOT_GENUINE


def _plain(value: Any) -> Any:
    """The same, with lists of one as that one: wallets write either, and JSON-LD means the same by both."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(each) for each in value]
    return value


def public(session: Session, typed: str, now: datetime, *, edition: int | None = None) -> PublicView:
    """What the page says to anybody who has a number. The holder may have closed it; then nothing else is told."""
    number = numbers.typed(typed)
    if not numbers.is_right(number):
        return PublicView(PublicState.MISTYPED, number)
    found = _with_edition(session, Certificate.number == number)
    if found is None:
        return PublicView(PublicState.UNKNOWN, number)
    certificate, current = found
    if not certificate.shared:
        return PublicView(PublicState.CLOSED, number)
    state, changed_at = _state(certificate, now), certificate.revoked_at
    if edition is not None and 0 < edition < certificate.edition and state is not PublicState.REVOKED:
        state, changed_at = PublicState.REPLACED, current.issued_at
    return PublicView(
        state=state,
        number=number,
        snapshot=documents.from_dict(current.snapshot),
        edition=edition or certificate.edition,
        current=certificate.edition,
        credential=current.credential,
        token=current.token,
        awarded_at=certificate.awarded_at,
        valid_until=certificate.valid_until,
        changed_at=changed_at,
    )


def mine(session: Session, visitor: Visitor, now: datetime, *, limit: int = 200) -> list[CertificateCard]:
    """The visitor's own, latest first."""
    if visitor.person_id is None:
        return []
    query = _cards().where(Certificate.person_id == visitor.person_id)
    rows = session.execute(query.order_by(Certificate.awarded_at.desc(), Certificate.id.desc()).limit(limit))
    return [_card(certificate, edition, now) for certificate, edition in rows]


def any_of(person_id: int) -> ColumnElement[bool]:
    """SQL: whether a person has any."""
    return exists().where(Certificate.person_id == person_id)


def held_page(session: Session, visitor: Visitor, number: str, now: datetime) -> HeldPage:
    """For its holder, and for those who may change it. Raises `NotFound` for everybody else."""
    found = _with_edition(session, Certificate.number == number)
    if found is None:
        raise NotFound("certificate_unknown", "There is no such certificate, or it is not for you.")
    certificate, current = found
    owned = certificate.person_id is not None and certificate.person_id == visitor.person_id
    rule = session.get(AwardRule, certificate.rule_id) if certificate.rule_id is not None else None
    certifies = awarding.may_certify(session, visitor, rule) if rule is not None else visitor.is_administrator
    if not owned and not certifies:
        raise NotFound("certificate_unknown", "There is no such certificate, or it is not for you.")
    editions = session.scalars(
        select(CertificateEdition)
        .where(CertificateEdition.certificate_id == certificate.id)
        .order_by(CertificateEdition.number.desc())
        .limit(100)
    )
    return HeldPage(
        card=_card(certificate, current, now),
        snapshot=documents.from_dict(current.snapshot),
        credential=current.credential,
        token=current.token,
        editions=tuple(
            EditionLine(each.number, each.reason, each.issued_at, str(each.snapshot["holder"])) for each in editions
        ),
        mine=owned,
        may_certify=certifies and not owned,
    )


def rules_of_series(session: Session, visitor: Visitor, slug: str) -> tuple[Series, list[RuleCard], bool]:
    """The rules of a series, for those who may change or approve; and whether the visitor may make one.

    Raises `NotFound` or `NotAllowed` (certify_not_yours).
    """
    series = session.scalar(select(Series).where(Series.slug == slug))
    if series is None:
        raise NotFound("series_unknown", "There is no such series.")
    rules = session.scalars(
        select(AwardRule)
        .where(AwardRule.series_id == series.id)
        .order_by(AwardRule.retired_at.is_not(None), AwardRule.code, AwardRule.version.desc())
        .limit(100)
    ).all()
    editor = awarding.may_edit(session, visitor, AwardRule(series_id=series.id, organisation_id=series.owner_id))
    if not editor and not any(awarding.may_certify(session, visitor, rule) for rule in rules):
        raise NotAllowed("certify_not_yours", "Certificates are seen to by a certifier, or by those who organise it.")
    return series, _rule_cards(session, rules), editor


def rules_of_course(session: Session, visitor: Visitor, slug: str) -> tuple[Course, list[RuleCard], bool]:
    """As `rules_of_series`, of a course."""
    course = session.scalar(select(Course).where(Course.slug == slug))
    if course is None:
        raise NotFound("course_unknown", "There is no such course.")
    rules = session.scalars(
        select(AwardRule)
        .where(AwardRule.course_id == course.id)
        .order_by(AwardRule.retired_at.is_not(None), AwardRule.code, AwardRule.version.desc())
        .limit(100)
    ).all()
    editor = may_edit_course(visitor, course.organisation_id)
    if not editor and not any(awarding.may_certify(session, visitor, rule) for rule in rules):
        raise NotAllowed("certify_not_yours", "Certificates are seen to by a certifier, or by those who organise it.")
    return course, _rule_cards(session, rules), editor


def rules_to_approve(session: Session, visitor: Visitor, *, limit: int = 100) -> list[RuleCard]:
    """The rules in force that the visitor may approve by, latest first."""
    rules = session.scalars(
        select(AwardRule).where(AwardRule.retired_at.is_(None)).order_by(AwardRule.id.desc()).limit(500)
    ).all()
    allowed = [rule for rule in rules if awarding.may_certify(session, visitor, rule)]
    return _rule_cards(session, allowed[:limit])


def rule_page(session: Session, visitor: Visitor, rule_id: int, now: datetime, *, page: int = 0) -> RulePage:
    """Raises `NotFound` or `NotAllowed` (certify_not_yours)."""
    rule = session.get(AwardRule, rule_id)
    if rule is None:
        raise NotFound("award_rule_unknown", "There is no such rule of award.")
    certifies = awarding.may_certify(session, visitor, rule)
    if not certifies:
        raise NotAllowed("certify_not_yours", "Certificates are seen to by a certifier, or by those who organise it.")
    series = session.get(Series, rule.series_id) if rule.series_id is not None else None
    found = earning.earned(session, rule)
    total, issued = _issued_by(session, rule, now, page)
    return RulePage(
        rule=rule,
        series_slug=series.slug if series else "",
        series=series.title if series else "",
        series_en=series.title_en if series else "",
        course_slug=courses.slug_of(session, rule.course_id) if rule.course_id is not None else "",
        may_edit=awarding.may_edit(session, visitor, rule),
        may_certify=certifies,
        hindrance=by_itself.hindrance(session, rule, by_itself.approver(session, rule, now), found)
        if rule.by_itself
        else "",
        four_eyes=visitor.actor in found.correctors,
        open_sheets=len(found.open_sheets),
        held=len(found.held),
        test=award_tests.title_of(session, rule.test_id),
        candidates=tuple(_candidates(session, rule, found.standings, now)),
        issued=tuple(issued),
        total=total,
    )


def _hindrance(session: Session, rule: AwardRule, found: Earned, now: datetime) -> str:
    if not rule.by_itself:
        return ""
    return by_itself.hindrance(session, rule, by_itself.approver(session, rule, now), found)


def achievement(session: Session, rule_id: int) -> AwardRule:
    """What a certificate is given for, for everybody. Raises `NotFound`."""
    rule = session.get(AwardRule, rule_id)
    if rule is None:
        raise NotFound("award_rule_unknown", "There is no such achievement.")
    return rule


def status_text(session: Session, list_id: int) -> StatusList:
    """A signed list. Raises `NotFound`."""
    held = status_lists.served(session, list_id)
    if held is None:
        raise NotFound("status_list_unknown", "There is no such status list.")
    return held


def homes(session: Session, visitor: Visitor) -> list[tuple[int, str, str]]:
    """On whose behalf the visitor may award something by decision."""
    query = (
        select(Organisation.id, Organisation.name_uk, Organisation.name_en).order_by(Organisation.name_uk).limit(1000)
    )
    if not visitor.organises_everything:
        query = query.where(Organisation.id.in_(visitor.organised_organisations))
    return [(number, uk, en) for number, uk, en in session.execute(query)]


def funders_of_series(session: Session, series_id: int) -> dict[str, str]:
    """Whom the series' dates name as funders, as a rule of award begins with: `funder`, `funder_en`."""
    rows = session.execute(
        select(Organisation.name_uk, Organisation.name_en)
        .join(OccurrenceParty, OccurrenceParty.organisation_id == Organisation.id)
        .join(Occurrence, Occurrence.id == OccurrenceParty.occurrence_id)
        .where(Occurrence.series_id == series_id, OccurrenceParty.part == Part.FUNDER)
        .distinct()
        .order_by(Organisation.name_uk)
        .limit(5)
    ).all()
    return {
        "funder": ", ".join(uk for uk, _en in rows)[:300],
        "funder_en": ", ".join(en or uk for uk, en in rows)[:300],
    }


def numbers_by(session: Session, code: str, most: int) -> list[str]:
    """Numbers in force by any version of a rule; whoever asks has made sure that the visitor may certify by it."""
    rules = select(AwardRule.id).where(AwardRule.code == code)
    query = select(Certificate.number).where(
        Certificate.rule_id.in_(rules), Certificate.state == CertificateState.ISSUED
    )
    return list(session.scalars(query.order_by(Certificate.id).limit(most)))


def people_found(session: Session, words: str, *, limit: int = 20) -> list[tuple[int, str]]:
    """People by name, to award something to."""
    query = select(Person).where(Person.merged_into_id.is_(None))
    for word in words.split()[:4]:
        query = query.where(
            or_(
                Person.family_name.icontains(word, autoescape=True),
                Person.given_name.icontains(word, autoescape=True),
            )
        )
    rows = session.scalars(query.order_by(Person.family_name, Person.given_name, Person.id).limit(limit))
    return [(person.id, f"{person.family_name} {person.given_name}".strip()) for person in rows]


def _cards() -> Select[Certificate, CertificateEdition]:
    return select(Certificate, CertificateEdition).join(
        CertificateEdition,
        and_(CertificateEdition.certificate_id == Certificate.id, CertificateEdition.number == Certificate.edition),
    )


def _with_edition(session: Session, which: Any) -> tuple[Certificate, CertificateEdition] | None:
    row = session.execute(_cards().where(which)).one_or_none()
    return (row[0], row[1]) if row is not None else None


def _state(certificate: Certificate, now: datetime) -> PublicState:
    if certificate.state is CertificateState.REVOKED:
        return PublicState.REVOKED
    if certificate.valid_until is not None and certificate.valid_until <= now:
        return PublicState.EXPIRED
    return PublicState.VALID


def _card(certificate: Certificate, edition: CertificateEdition, now: datetime) -> CertificateCard:
    told = edition.snapshot
    return CertificateCard(
        number=certificate.number,
        holder=str(told["holder"]),
        name=str(told["achievement"]["name"]),
        name_en=str(told["achievement"]["name_en"]),
        awarded_at=certificate.awarded_at,
        valid_until=certificate.valid_until,
        state=_state(certificate, now),
        shared=certificate.shared,
        demo=certificate.demo,
        edition=certificate.edition,
        rule_id=certificate.rule_id,
        person_id=certificate.person_id,
        issued_by=certificate.issued_by,
        reason=certificate.reason,
        revoked_because=certificate.revoked_because,
    )


def _rule_cards(session: Session, rules: Sequence[AwardRule]) -> list[RuleCard]:
    counts = dict(
        session.execute(
            select(Certificate.rule_id, func.count())
            .where(Certificate.rule_id.in_([rule.id for rule in rules]))
            .group_by(Certificate.rule_id)
        ).all()
    )
    return [
        RuleCard(
            rule.id, rule.code, rule.version, rule.kind, rule.name, rule.name_en, rule.min_share, rule.valid_months,
            rule.retired_at is not None, counts.get(rule.id, 0),
        )
        for rule in rules
    ]  # fmt: skip


def _issued_by(session: Session, rule: AwardRule, now: datetime, page: int) -> tuple[int, list[CertificateCard]]:
    same = select(AwardRule.id).where(AwardRule.code == rule.code)
    total = session.scalar(select(func.count()).select_from(Certificate).where(Certificate.rule_id.in_(same))) or 0
    rows = session.execute(
        _cards()
        .where(Certificate.rule_id.in_(same))
        .order_by(Certificate.awarded_at.desc(), Certificate.id.desc())
        .limit(PAGE)
        .offset(page * PAGE)
    )
    return total, [_card(certificate, edition, now) for certificate, edition in rows]


def _candidates(session: Session, rule: AwardRule, standings: Sequence[Standing], now: datetime) -> list[Candidate]:
    people = [each.person_id for each in standings]
    names = names_of_people(session, people)
    held = issuing.latest(session, rule.code, people)
    found = []
    for each in standings:
        certificate = held.get(each.person_id)
        step = issuing.step_of(certificate, each, now) if each.earned else Step.NONE
        number = certificate.number if certificate is not None and step is not Step.ISSUE else ""
        found.append(Candidate(each.person_id, names.get(f"person:{each.person_id}", ""), each, number, step))
    return found
