"""Rules of award: made, changed by a new version, retired; and who has earned what by them.

A kind of rule says by itself who has earned it: a function in `EARNERS`. A further kind is a word of `RuleKind`, a
function here, and its fields in the form.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.access import may_edit as may_edit_course
from lms.courses.models import Course, Enrolment, EnrolmentState
from lms.credentials.models import AwardRule, RuleKind
from lms.credentials.rules import Standing, amount, standings
from lms.directory.models import Organisation, RoleName, Scope
from lms.directory.rules import Grant, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.meetings import attendance
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import Series
from lms.schedule.planners import may_edit_series

KINDS_OF_ACHIEVEMENT = ("CertificateOfCompletion", "Certificate", "Course", "MicroCredential", "Badge")
"""Of the list of Open Badges 3.0 (`achievementType`), those that fit."""
HELD = (Status.ENDED, Status.ARCHIVED)
MOST_MONTHS = 600
MOST_LEARNERS = 2000


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule as somebody typed it."""

    kind: RuleKind
    name: str
    criteria: str
    name_en: str = ""
    description: str = ""
    description_en: str = ""
    criteria_en: str = ""
    achievement_kind: str = "CertificateOfCompletion"
    hours: str = ""
    credits: str = ""
    min_share: int | None = None
    valid_months: int | None = None
    signatory: str = ""
    signatory_position: str = ""
    signatory_position_en: str = ""


@dataclass(frozen=True, slots=True)
class Earned:
    """What a rule finds: who has earned it, from what, and what stands in the way of deciding now."""

    standings: tuple[Standing, ...] = ()
    held: tuple[int, ...] = ()
    open_sheets: tuple[int, ...] = ()
    """Occurrences whose attendance nobody has approved yet."""
    correctors: frozenset[str] = frozenset()
    """Who corrected the attendance that it depends on, and so may not approve it."""
    began: datetime | None = None
    ended: datetime | None = None


def create(session: Session, visitor: Visitor, series_slug: str, draft: RuleDraft, now: datetime) -> AwardRule:
    """A rule of a series. Raises `NotFound`, `NotAllowed` (editors_only) or `Invalid`."""
    series = _series(session, visitor, series_slug)
    checked = _checked(draft)
    return _write(session, visitor, checked, f"r{secrets.token_hex(6)}", 1, series.id, series.owner_id, now)


def create_for_course(
    session: Session, visitor: Visitor, course_slug: str, draft: RuleDraft, now: datetime
) -> AwardRule:
    """A rule of a course, for those who edit it. Raises `NotFound`, `NotAllowed`, `Invalid` or `Conflict`."""
    course = session.scalar(select(Course).where(Course.slug == course_slug))
    if course is None:
        raise NotFound("course_unknown", "There is no such course.")
    if not may_edit_course(visitor, course.organisation_id):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    home = course.organisation_id or visitor.organisation_id
    if home is None:
        raise Conflict("course_home", "The course belongs to no organisation, and you neither: who would award it?")
    if draft.kind is RuleKind.ATTENDANCE:
        raise Invalid("rule_needs_series", "Attendance is counted over a series: make the rule there.", "kind")
    return _write(
        session, visitor, _checked(draft), f"r{secrets.token_hex(6)}", 1, None, home, now, course_id=course.id
    )


def create_for(session: Session, visitor: Visitor, organisation_id: int, draft: RuleDraft, now: datetime) -> AwardRule:
    """A rule that belongs to no series: somebody decides. Raises `NotFound`, `NotAllowed` or `Invalid`."""
    if session.get(Organisation, organisation_id) is None:
        raise NotFound("organisation_unknown", "There is no such organisation.", "organisation")
    if not (visitor.organises_everything or organisation_id in visitor.organised_organisations):
        raise NotAllowed("organisers_only", "Only an organiser of the organisation awards on its behalf.")
    if draft.kind is not RuleKind.MANUAL:
        raise Invalid("rule_needs_series", "Attendance is counted over a series: make the rule there.", "kind")
    return _write(session, visitor, _checked(draft), f"r{secrets.token_hex(6)}", 1, None, organisation_id, now)


def revise(session: Session, visitor: Visitor, rule_id: int, draft: RuleDraft, now: datetime) -> AwardRule:
    """The next version; the present one takes no more awards. What was issued by it stays as it is.

    Raises `NotFound`, `NotAllowed`, `Invalid` or `Conflict` (rule_retired).
    """
    old = editable(session, visitor, rule_id)
    if old.retired_at is not None:
        raise Conflict("rule_retired", "This version was retired. Change the latest one.")
    if draft.kind is not old.kind:
        raise Invalid("rule_kind_stays", "The kind of a rule stays. Make another rule.", "kind")
    latest = session.scalar(select(func.max(AwardRule.version)).where(AwardRule.code == old.code)) or old.version
    made = _write(
        session,
        visitor,
        _checked(draft),
        old.code,
        latest + 1,
        old.series_id,
        old.organisation_id,
        now,
        course_id=old.course_id,
    )
    old.retired_at = now
    return made


def retire(session: Session, visitor: Visitor, rule_id: int, now: datetime) -> AwardRule:
    """No more awards by it. Raises `NotFound`, `NotAllowed` or `Conflict` (rule_retired)."""
    rule = editable(session, visitor, rule_id)
    if rule.retired_at is not None:
        raise Conflict("rule_retired", "This version was retired already.")
    rule.retired_at = now
    record(session, visitor.actor, "award_rule.retire", "award_rule", rule.id, now=now)
    return rule


def editable(session: Session, visitor: Visitor, rule_id: int) -> AwardRule:
    """A rule that the visitor may change. Raises `NotFound` or `NotAllowed`."""
    rule = session.get(AwardRule, rule_id)
    if rule is None:
        raise NotFound("award_rule_unknown", "There is no such rule of award.")
    if not may_edit(session, visitor, rule):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return rule


def may_edit(session: Session, visitor: Visitor, rule: AwardRule) -> bool:
    """Whoever plans its series, or for its organisation."""
    if visitor.organises_everything:
        return True
    series = session.get(Series, rule.series_id) if rule.series_id is not None else None
    if series is not None:
        return may_edit_series(series, visitor)
    course = session.get(Course, rule.course_id) if rule.course_id is not None else None
    if course is not None:
        return may_edit_course(visitor, course.organisation_id)
    return rule.organisation_id in visitor.organised_organisations


def may_certify(session: Session, visitor: Visitor, rule: AwardRule) -> bool:
    """Who approves awards and revokes them: certifiers as far as their role reaches, and those who plan it."""
    if any(
        grant in visitor.grants
        for grant in (
            Grant(RoleName.CERTIFIER),
            Grant(RoleName.CERTIFIER, Scope.ORGANISATION, rule.organisation_id),
            Grant(RoleName.CERTIFIER, Scope.SERIES, rule.series_id),
        )
    ):
        return True
    return may_edit(session, visitor, rule)


def earned(session: Session, rule: AwardRule) -> Earned:
    """Who has earned it, by what is known now."""
    return EARNERS[rule.kind](session, rule)


def _by_attendance(session: Session, rule: AwardRule) -> Earned:
    rows = session.execute(
        select(Occurrence.id, Occurrence.starts_at, Occurrence.ends_at)
        .where(Occurrence.series_id == rule.series_id, Occurrence.status.in_(HELD))
        .order_by(Occurrence.starts_at)
    ).all()
    held = [row.id for row in rows]
    if not held:
        return Earned()
    approved = attendance.approved_of(session, held)
    return Earned(
        tuple(standings(held, attendance.attended_in(session, held), rule.min_share or 0)),
        tuple(held),
        tuple(number for number in held if number not in approved),
        frozenset(attendance.correctors(session, held)),
        rows[0].starts_at,
        rows[-1].ends_at,
    )


def _by_course(session: Session, rule: AwardRule) -> Earned:
    rows = session.execute(
        select(Enrolment.person_id, Enrolment.completed_at)
        .where(Enrolment.course_id == rule.course_id, Enrolment.state != EnrolmentState.WITHDRAWN)
        .order_by(Enrolment.completed_at.is_(None), Enrolment.completed_at, Enrolment.id)
        .limit(MOST_LEARNERS)
    )
    return Earned(tuple(Standing(person, int(done is not None), 1, done is not None) for person, done in rows))


def _by_decision(_session: Session, _rule: AwardRule) -> Earned:
    return Earned()


EARNERS: dict[RuleKind, Callable[[Session, AwardRule], Earned]] = {
    RuleKind.ATTENDANCE: _by_attendance,
    RuleKind.COURSE: _by_course,
    RuleKind.MANUAL: _by_decision,
}


def _series(session: Session, visitor: Visitor, slug: str) -> Series:
    series = session.scalar(select(Series).where(Series.slug == slug))
    if series is None:
        raise NotFound("series_unknown", "There is no such series.")
    if not may_edit_series(series, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return series


def _checked(draft: RuleDraft) -> RuleDraft:
    texts: dict[str, tuple[int, bool]] = {
        "name": (300, True), "name_en": (300, False), "criteria": (2000, True), "criteria_en": (2000, False),
        "description": (2000, False), "description_en": (2000, False), "signatory": (200, False),
        "signatory_position": (300, False), "signatory_position_en": (300, False),
    }  # fmt: skip
    changed: dict[str, Any] = {}
    for name, (most, needed) in texts.items():
        text = str(getattr(draft, name)).strip()
        if needed and not text:
            raise Invalid("rule_text_missing", "A certificate needs a name, and says what had to be done.", name)
        if len(text) > most:
            raise Invalid("rule_text_long", f"At most {most} characters.", name)
        changed[name] = text
    for name in ("hours", "credits"):
        try:
            changed[name] = amount(getattr(draft, name))
        except ValueError as error:
            raise Invalid("rule_amount", "A number above 0, with at most two decimals.", name) from error
    if draft.achievement_kind not in KINDS_OF_ACHIEVEMENT:
        raise Invalid("rule_achievement", "Choose a kind of the list.", "achievement_kind")
    if draft.kind is RuleKind.ATTENDANCE and (draft.min_share is None or not 1 <= draft.min_share <= 100):
        raise Invalid("rule_share", "A percentage between 1 and 100.", "min_share")
    if draft.valid_months is not None and not 1 <= draft.valid_months <= MOST_MONTHS:
        raise Invalid("rule_months", "Between 1 and 600 months, or nothing for no end.", "valid_months")
    if draft.kind is not RuleKind.ATTENDANCE:
        changed["min_share"] = None
    return replace(draft, **changed)


def _write(
    session: Session,
    visitor: Visitor,
    draft: RuleDraft,
    code: str,
    version: int,
    series_id: int | None,
    organisation_id: int,
    now: datetime,
    *,
    course_id: int | None = None,
) -> AwardRule:
    texts = {name: getattr(draft, name) for name in RuleDraft.__slots__}
    rule = AwardRule(
        code=code,
        version=version,
        series_id=series_id,
        course_id=course_id,
        organisation_id=organisation_id,
        created_by=visitor.actor,
        created_at=now,
        **texts,
    )
    session.add(rule)
    session.flush()
    after = {"code": code, "version": version, **{name: value for name, value in texts.items() if value}}
    record(session, visitor.actor, "award_rule.create", "award_rule", rule.id, now=now, after=after)
    return rule


def versions(session: Session, codes: Collection[str]) -> dict[str, int]:
    """How many versions each rule has."""
    query = select(AwardRule.code, func.count()).where(AwardRule.code.in_(codes)).group_by(AwardRule.code)
    return dict(session.execute(query).all())
