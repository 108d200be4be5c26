"""Rules of award: made, changed by a new version, retired.

Who has earned what by them: `earning`. A further kind is a word of `RuleKind`, a function there, and its fields in the
form.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.access import may_edit as may_edit_course
from lms.courses.models import Course
from lms.credentials import award_tests
from lms.credentials.models import AwardRule, RuleKind
from lms.credentials.rules import amount, credits_of
from lms.directory import projects
from lms.directory.models import Organisation, RoleName, Scope
from lms.directory.rules import Grant, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule.plan_models import Series
from lms.schedule.planners import may_edit_series

KINDS_OF_ACHIEVEMENT = ("CertificateOfCompletion", "Certificate", "Assessment", "Course", "MicroCredential", "Badge")
"""Of the list of Open Badges 3.0 (`achievementType`), those that fit."""
MOST_MONTHS = 600
MOST_REMIND_DAYS = 365
BY_HOURS = "hours"
"""In place of a number of credits: as the hours make them."""


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
    """Empty for none, `BY_HOURS`, or what the hours make of it."""
    min_share: int | None = None
    test: str = ""
    """The code of the test that must be passed (`award_tests`)."""
    valid_months: int | None = None
    remind_days: int | None = None
    funder: str = ""
    funder_en: str = ""
    signatory: str = ""
    signatory_position: str = ""
    signatory_position_en: str = ""
    by_itself: bool = False
    project: str = ""
    """The slug of its own project; empty: that of what it is given for."""


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
    """A rule of no series and no course: by a test, or by decision. Raises `NotFound`, `NotAllowed` or `Invalid`."""
    if session.get(Organisation, organisation_id) is None:
        raise NotFound("organisation_unknown", "There is no such organisation.", "organisation")
    if not (visitor.organises_everything or organisation_id in visitor.organised_organisations):
        raise NotAllowed("organisers_only", "Only an organiser of the organisation awards on its behalf.")
    if draft.kind not in (RuleKind.MANUAL, RuleKind.TEST):
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
        kept_project=old.project_id,
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
        "signatory_position": (300, False), "signatory_position_en": (300, False), "funder": (300, False),
        "funder_en": (300, False),
    }  # fmt: skip
    changed: dict[str, Any] = {}
    for name, (most, needed) in texts.items():
        text = str(getattr(draft, name)).strip()
        if needed and not text:
            raise Invalid("rule_text_missing", "A certificate needs a name, and says what had to be done.", name)
        if len(text) > most:
            raise Invalid("rule_text_long", f"At most {most} characters.", name)
        changed[name] = text
    changed["hours"] = _amount(draft.hours, "hours")
    changed["credits"] = _credits(draft, changed["hours"])
    if draft.achievement_kind not in KINDS_OF_ACHIEVEMENT:
        raise Invalid("rule_achievement", "Choose a kind of the list.", "achievement_kind")
    if draft.kind is RuleKind.ATTENDANCE and (draft.min_share is None or not 1 <= draft.min_share <= 100):
        raise Invalid("rule_share", "A percentage between 1 and 100.", "min_share")
    if draft.valid_months is not None and not 1 <= draft.valid_months <= MOST_MONTHS:
        raise Invalid("rule_months", "Between 1 and 600 months, or nothing for no end.", "valid_months")
    if draft.remind_days is not None and not 1 <= draft.remind_days <= MOST_REMIND_DAYS:
        raise Invalid("rule_remind", "Between 1 and 365 days, or nothing for 30.", "remind_days")
    if draft.kind is RuleKind.TEST and not draft.test:
        raise Invalid("rule_test", "Choose the test that must be passed.", "test")
    if draft.kind is RuleKind.MANUAL and draft.test:
        raise Invalid("rule_test_decided", "Where somebody decides, no test is asked for.", "test")
    if draft.by_itself and draft.kind not in (RuleKind.COURSE, RuleKind.TEST):
        raise Invalid("rule_by_itself", "By itself only a course or a test awards; the rest is approved.", "by_itself")
    if draft.kind is not RuleKind.ATTENDANCE:
        changed["min_share"] = None
    return replace(draft, **changed)


def _amount(text: str, field: str) -> str:
    try:
        return amount(text)
    except ValueError as error:
        raise Invalid("rule_amount", "A number above 0, with at most two decimals.", field) from error


def _credits(draft: RuleDraft, hours: str) -> str:
    """Credits stand only where a programme ended with a check of what was learned, and as many as its hours make."""
    if not draft.credits.strip():
        return ""
    checked = draft.kind is RuleKind.COURSE or (draft.kind is RuleKind.ATTENDANCE and draft.test)
    if not checked:
        raise Invalid(
            "rule_credits_test", "Credits are given for a course, or for a series with a test at its end.", "credits"
        )
    made = credits_of(hours)
    if not made:
        raise Invalid("rule_credits", "Credits need 6 to 30 hours, or 60 and more: 1 credit is 30 hours.", "credits")
    if draft.credits != BY_HOURS and _amount(draft.credits, "credits") != made:
        raise Invalid("rule_credits", f"So many hours make {made} credits: 1 credit is 30 hours.", "credits")
    return made


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
    kept_project: int | None = None,
) -> AwardRule:
    texts = {name: getattr(draft, name) for name in RuleDraft.__slots__ if name not in ("test", "project")}
    project = projects.chosen(session, draft.project, kept=kept_project)
    test = award_tests.find(session, draft.test, now) if draft.test else None
    rule = AwardRule(
        code=code,
        version=version,
        series_id=series_id,
        course_id=course_id,
        test_id=test.id if test is not None else None,
        project_id=project,
        organisation_id=organisation_id,
        created_by=visitor.actor,
        created_at=now,
        **texts,
    )
    session.add(rule)
    session.flush()
    after = {"code": code, "version": version, **{name: value for name, value in texts.items() if value}}
    if project is not None:
        after["project_id"] = project
    if test is not None:
        after["test"] = test.code
    record(session, visitor.actor, "award_rule.create", "award_rule", rule.id, now=now, after=after)
    return rule


def versions(session: Session, codes: Collection[str]) -> dict[str, int]:
    """How many versions each rule has."""
    query = select(AwardRule.code, func.count()).where(AwardRule.code.in_(codes)).group_by(AwardRule.code)
    return dict(session.execute(query).all())
