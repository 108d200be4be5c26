"""Who learns a course, and until when: by themselves, by name, or by a rule for a centre or a role."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.editing import editable
from lms.courses.learning import finish, learning_of
from lms.courses.models import (
    Course,
    CourseVersion,
    Enrolment,
    EnrolmentRule,
    EnrolmentSource,
    EnrolmentState,
    RuleKind,
    VersionState,
)
from lms.days import day_of
from lms.directory.models import Affiliation, Organisation, Person, RoleGrant, RoleName
from lms.directory.queries import in_force
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound

BATCH = 500
"""How many people a rule enrols at a time."""


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """Whom to enrol, now and later."""

    kind: RuleKind
    organisation_id: int | None = None
    role: str = ""
    days: int | None = None


def enrol_oneself(session: Session, visitor: Visitor, slug: str, now: datetime) -> Enrolment:
    """Begin a course. Doing it again changes nothing; who withdrew begins again where they were.

    Raises `NotFound` (course_unknown) or `NotAllowed` (course_sign_in).
    """
    if visitor.person_id is None:
        raise NotAllowed("course_sign_in", "Sign in to learn a course: your progress is kept with your account.")
    course, version = published(session, slug)
    return _enrol(session, course, version, visitor.person_id, EnrolmentSource.OWN, visitor.actor, None, None, now)


def enrol_person(
    session: Session, visitor: Visitor, slug: str, person_id: int, due_on: date | None, now: datetime
) -> Enrolment:
    """By name, for who edits the course or leads the person's centre. Raises `NotFound`, `NotAllowed`, `Invalid`."""
    course, version = published(session, slug)
    person = session.get(Person, person_id)
    if person is None or person.merged_into_id is not None:
        raise NotFound("person_unknown", "There is no such person.", "person")
    if not _may_enrol(session, visitor, slug, [person_id], now.date()):
        raise NotAllowed("course_not_yours", "People are enrolled by the course's trainers and by their centre's lead.")
    check_due(due_on, now)
    return _enrol(session, course, version, person_id, EnrolmentSource.PERSON, visitor.actor, None, due_on, now)


def enrol_known(
    session: Session, course: Course, version: CourseVersion, person_id: int, by: str, now: datetime
) -> Enrolment:
    """Into what a class learns, as `published` gave it; that `by` may has been decided by whoever calls."""
    return _enrol(session, course, version, person_id, EnrolmentSource.PERSON, by, None, None, now)


def withdraw(session: Session, visitor: Visitor, slug: str, person_id: int, now: datetime) -> None:
    """Somebody learns it no more; what they did is kept. For oneself, the trainers, the centre's lead."""
    enrolment = _enrolment(session, slug, person_id)
    if person_id != visitor.person_id and not _may_enrol(session, visitor, slug, [person_id], now.date()):
        raise NotAllowed("course_not_yours", "People are enrolled by the course's trainers and by their centre's lead.")
    if enrolment.state is not EnrolmentState.ACTIVE:
        return
    enrolment.state = EnrolmentState.WITHDRAWN
    session.flush()
    record(session, visitor.actor, "enrolment.withdraw", "course", slug, now=now, before={"person": person_id})


def set_due(session: Session, visitor: Visitor, slug: str, person_id: int, due_on: date | None, now: datetime) -> None:
    """Until when. Raises `NotFound`, `NotAllowed`, `Invalid` (course_due)."""
    enrolment = _enrolment(session, slug, person_id)
    if not _may_enrol(session, visitor, slug, [person_id], now.date()):
        raise NotAllowed("course_not_yours", "Due dates are set by the course's trainers and by the centre's lead.")
    check_due(due_on, now)
    before = enrolment.due_on
    enrolment.due_on = due_on
    session.flush()
    record(
        session,
        visitor.actor,
        "enrolment.due",
        "course",
        slug,
        now=now,
        before={"person": person_id, "due_on": before.isoformat() if before else None},
        after={"person": person_id, "due_on": due_on.isoformat() if due_on else None},
    )


def add_rule(session: Session, visitor: Visitor, slug: str, draft: RuleDraft, now: datetime) -> EnrolmentRule:
    """A rule; it is applied at once as far as a batch goes, and by the worker from then on.

    Raises `NotFound`, `NotAllowed`, `Invalid` (rule_target, course_due), `Conflict` (rule_there).
    """
    course = editable(session, visitor, slug)
    if draft.days is not None and not 1 <= draft.days <= 3650:
        raise Invalid("course_due", "From 1 to 3650 days, or none.", "days")
    if draft.kind is RuleKind.ORGANISATION:
        if draft.organisation_id is None or session.get(Organisation, draft.organisation_id) is None:
            raise Invalid("rule_target", "Choose the centre.", "organisation")
    elif draft.role not in set(RoleName):
        raise Invalid("rule_target", "Choose the role.", "role")
    there = select(EnrolmentRule.id).where(
        EnrolmentRule.course_id == course.id,
        EnrolmentRule.kind == draft.kind,
        EnrolmentRule.ended_at.is_(None),
        EnrolmentRule.organisation_id == draft.organisation_id
        if draft.kind is RuleKind.ORGANISATION
        else EnrolmentRule.role == draft.role,
    )
    if session.scalar(there.limit(1)) is not None:
        raise Conflict("rule_there", "There is such a rule already.")
    rule = EnrolmentRule(
        course_id=course.id,
        kind=draft.kind,
        organisation_id=draft.organisation_id if draft.kind is RuleKind.ORGANISATION else None,
        role=draft.role if draft.kind is RuleKind.ROLE else "",
        days=draft.days,
        created_by=visitor.actor,
        created_at=now,
    )
    session.add(rule)
    session.flush()
    after = {"kind": rule.kind.value, "organisation": rule.organisation_id, "role": rule.role, "days": rule.days}
    record(session, visitor.actor, "enrolment.rule", "course", slug, now=now, after=after)
    apply_rule(session, rule.id, now)
    return rule


def end_rule(session: Session, visitor: Visitor, slug: str, rule_id: int, now: datetime) -> None:
    """It enrols nobody any more; who was enrolled stays. Raises `NotFound` or `NotAllowed`."""
    course = editable(session, visitor, slug)
    rule = session.get(EnrolmentRule, rule_id)
    if rule is None or rule.course_id != course.id:
        raise NotFound("rule_unknown", "There is no such rule.")
    if rule.ended_at is None:
        rule.ended_at = now
        session.flush()
        record(session, visitor.actor, "enrolment.rule_end", "course", slug, now=now, before={"rule": rule_id})


def lacking(session: Session, now: datetime, *, without: Collection[int] = ()) -> Sequence[int]:
    """Rules in force under which somebody is not enrolled yet. Only reads."""
    rules = session.scalars(_in_force().where(EnrolmentRule.id.not_in(without))).all()
    return [rule.id for rule in rules if session.scalar(_not_enrolled(rule, now).limit(1)) is not None]


def apply_rule(session: Session, rule_id: int, now: datetime) -> int:
    """Enrol those whom a rule means and who are not enrolled; how many."""
    rule = session.scalar(_in_force().where(EnrolmentRule.id == rule_id))
    if rule is None:
        return 0
    course = session.get(Course, rule.course_id)
    version = _published_version(session, rule.course_id)
    if course is None or version is None:
        return 0
    due_on = day_of(now) + timedelta(days=rule.days) if rule.days else None
    people = session.scalars(_not_enrolled(rule, now).limit(BATCH)).all()
    for person_id in people:
        _enrol(session, course, version, person_id, EnrolmentSource.RULE, rule.created_by, rule.id, due_on, now)
    return len(people)


def published(session: Session, slug: str) -> tuple[Course, CourseVersion]:
    """A course that can be begun. Raises `NotFound` (course_unknown)."""
    course = session.scalar(select(Course).where(Course.slug == slug, Course.archived_at.is_(None)))
    version = _published_version(session, course.id) if course is not None else None
    if course is None or version is None:
        raise NotFound("course_unknown", "There is no such course, or it is not taught now.")
    return course, version


def _published_version(session: Session, course_id: int) -> CourseVersion | None:
    return session.scalar(
        select(CourseVersion).where(CourseVersion.course_id == course_id, CourseVersion.state == VersionState.PUBLISHED)
    )


def _enrol(
    session: Session,
    course: Course,
    version: CourseVersion,
    person_id: int,
    source: EnrolmentSource,
    by: str,
    rule_id: int | None,
    due_on: date | None,
    now: datetime,
) -> Enrolment:
    query = select(Enrolment).where(Enrolment.course_id == course.id, Enrolment.person_id == person_id)
    found = session.scalar(query.with_for_update())
    if found is not None and found.state is not EnrolmentState.WITHDRAWN:
        if due_on is not None and found.due_on is None:
            found.due_on = due_on
            session.flush()
        return found
    if found is None:
        found = Enrolment(course_id=course.id, person_id=person_id, version_id=version.id)
        session.add(found)
    found.source, found.rule_id, found.enrolled_by, found.enrolled_at = source, rule_id, by, now
    found.due_on, found.state = due_on, EnrolmentState.ACTIVE
    session.flush()
    after = {"person": person_id, "source": source.value, "due_on": due_on.isoformat() if due_on else None}
    record(session, by, "enrolment.begin", "course", course.slug, now=now, after=after)
    finish(
        session, learning_of(session, found.id), now
    )  # what was accepted while they were away may have been the last
    return found


def _enrolment(session: Session, slug: str, person_id: int) -> Enrolment:
    found = session.scalar(
        select(Enrolment)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.slug == slug, Enrolment.person_id == person_id)
        .with_for_update(of=Enrolment)
    )
    if found is None:
        raise NotFound("enrolment_unknown", "This person does not learn this course.")
    return found


def _may_enrol(session: Session, visitor: Visitor, slug: str, people: Iterable[int], today: date) -> bool:
    """Who edits the course, and who leads a centre where all of them work."""
    try:
        editable(session, visitor, slug)
    except NotAllowed:
        if not visitor.led_organisations:
            return False
        led = select(Affiliation.person_id).where(
            Affiliation.organisation_id.in_(visitor.led_organisations), _works(today)
        )
        return set(people) <= set(session.scalars(led))
    return True


def _works(today: date) -> ColumnElement[bool]:
    return in_force(Affiliation.from_date, Affiliation.to_date, today)


def check_due(due_on: date | None, now: datetime) -> None:
    """Raises `Invalid` (course_due) for a day that is none to finish by."""
    if due_on is not None and not day_of(now) <= due_on <= day_of(now) + timedelta(days=3650):
        raise Invalid("course_due", "A due date lies in the future, at most ten years ahead.", "due_on")


def _in_force() -> Select[EnrolmentRule]:
    """Rules of courses that can be begun: one that is put away, or not published yet, is nobody's to learn."""
    begun = exists().where(
        Course.id == EnrolmentRule.course_id,
        Course.archived_at.is_(None),
        CourseVersion.course_id == Course.id,
        CourseVersion.state == VersionState.PUBLISHED,
    )
    return select(EnrolmentRule).where(EnrolmentRule.ended_at.is_(None), begun).order_by(EnrolmentRule.id)


def _not_enrolled(rule: EnrolmentRule, now: datetime) -> Select[int]:
    today = now.date()
    if rule.kind is RuleKind.ORGANISATION:
        meant = exists().where(
            Affiliation.person_id == Person.id, Affiliation.organisation_id == rule.organisation_id, _works(today)
        )
    else:
        meant = exists().where(
            RoleGrant.person_id == Person.id,
            RoleGrant.role == RoleName(rule.role),
            in_force(RoleGrant.from_at, RoleGrant.to_at, now),
        )
    enrolled = exists().where(Enrolment.course_id == rule.course_id, Enrolment.person_id == Person.id)
    return select(Person.id).where(Person.merged_into_id.is_(None), meant, ~enrolled).order_by(Person.id)
