"""Reading rules of award: those of a series or a course, who has earned it, what was issued by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.courses import queries as courses
from lms.courses.access import may_edit as may_edit_course
from lms.courses.models import Course
from lms.credentials import award_tests, awarding, by_itself, earning, issuing
from lms.credentials.earning import Earned
from lms.credentials.models import AwardRule, Certificate, CertificateState, RuleKind
from lms.credentials.queries import CertificateCard, card_of, cards
from lms.credentials.rules import Standing, Step
from lms.directory.models import Organisation, Person
from lms.directory.queries import names_of_people
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.schedule.models import Occurrence, OccurrenceParty, Part
from lms.schedule.plan_models import Series

PAGE = 50


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
        hindrance=_hindrance(session, rule, found, now),
        four_eyes=visitor.actor in found.correctors,
        open_sheets=len(found.open_sheets),
        held=len(found.held),
        test=award_tests.title_of(session, rule.test_id),
        candidates=tuple(_candidates(session, rule, found.standings, now)),
        issued=tuple(issued),
        total=total,
    )


def achievement(session: Session, rule_id: int) -> AwardRule:
    """What a certificate is given for, for everybody. Raises `NotFound`."""
    rule = session.get(AwardRule, rule_id)
    if rule is None:
        raise NotFound("award_rule_unknown", "There is no such achievement.")
    return rule


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


def _hindrance(session: Session, rule: AwardRule, found: Earned, now: datetime) -> str:
    if not rule.by_itself:
        return ""
    return by_itself.hindrance(session, rule, by_itself.approver(session, rule, now), found)


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
        cards()
        .where(Certificate.rule_id.in_(same))
        .order_by(Certificate.awarded_at.desc(), Certificate.id.desc())
        .limit(PAGE)
        .offset(page * PAGE)
    )
    return total, [card_of(certificate, edition, now) for certificate, edition in rows]


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
