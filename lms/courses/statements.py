"""One's own learning record as statements of xAPI, with the verbs of cmi5, to be kept or put into another system.

Nothing is stored as statements: they are made of progress, rounds, and attempts when somebody asks. A statement's id
follows from what it says, so the same record twice gives the same ids; what was put right later is another statement.
Sources: adlnet/xAPI-Spec 1.0.3; AICC/CMI-5_Spec_Current, sections 9 and 10.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts import interactions, records
from lms.assessment.attempts.records import Answered, Recorded
from lms.courses.models import Course, CourseRound, CourseVersion, Enrolment, Lesson, Progress
from lms.directory.rules import Visitor

VERSION: Final = "1.0.3"
EXPAPI: Final = "http://adlnet.gov/expapi"
CMI5: Final = "https://w3id.org/xapi/cmi5"
VERBS: Final = {
    **{
        name: f"{EXPAPI}/verbs/{name}"
        for name in ("launched", "initialized", "answered", "completed", "passed", "failed")
    },
    "abandoned": "https://w3id.org/xapi/adl/verbs/abandoned",
    "satisfied": "https://w3id.org/xapi/adl/verbs/satisfied",
    "terminated": f"{EXPAPI}/verbs/terminated",
}
"""In the order in which they stand when they are of the same moment: terminated is the last word."""
_RANK: Final = {verb: place for place, verb in enumerate(VERBS)}


@dataclass(frozen=True, slots=True)
class _Step:
    """How far somebody came with a lesson in one round."""

    lesson: Lesson
    began: datetime
    completed: datetime | None
    passed: datetime | None
    failed: datetime | None
    last: datetime


@dataclass(frozen=True, slots=True)
class _Round:
    """A course that somebody goes through, or went through before they began it again."""

    enrolment: Enrolment
    course: Course
    version: CourseVersion
    number: int
    began: datetime
    completed: datetime | None
    steps: tuple[_Step, ...]


def own(session: Session, visitor: Visitor, site: str, now: datetime) -> dict[str, Any]:
    """The visitor's record, a StatementResult of xAPI, the first statement first. `site` is the public address."""
    maker = _Maker(site.rstrip("/"), visitor)
    rounds = list(_rounds(session, visitor))
    made: list[dict[str, Any]] = []
    for one in rounds:
        made += maker.round(one)
    for attempt in records.own(session, visitor, now):
        made += maker.attempt(attempt, rounds)
    made.sort(key=lambda each: (each["timestamp"], _RANK[each["verb"]["display"]["en"]], each["id"]))
    return {"statements": made, "more": ""}


def _rounds(session: Session, visitor: Visitor) -> Iterator[_Round]:
    """Each course, and each time it was gone through."""
    rows = session.execute(
        select(Enrolment, Course)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == visitor.person_id)
        .order_by(Enrolment.id)
    ).all()
    numbers = [enrolment.id for enrolment, _ in rows]
    ended: dict[int, list[CourseRound]] = {number: [] for number in numbers}
    for each in session.scalars(
        select(CourseRound).where(CourseRound.enrolment_id.in_(numbers)).order_by(CourseRound.number)
    ):
        ended[each.enrolment_id].append(each)
    progress: dict[int, list[Progress]] = {number: [] for number in numbers}
    for row in session.scalars(select(Progress).where(Progress.enrolment_id.in_(numbers)).order_by(Progress.id)):
        progress[row.enrolment_id].append(row)
    wanted = {enrolment.version_id for enrolment, _ in rows} | {
        each.version_id for several in ended.values() for each in several
    }
    versions = {
        each.id: each
        for each in session.scalars(
            select(CourseVersion).where(CourseVersion.id.in_(wanted)).options(selectinload(CourseVersion.lessons))
        )
    }
    for enrolment, course in rows:
        for former in ended[enrolment.id]:
            version = versions[former.version_id]
            steps = _former(version, former)
            yield _Round(enrolment, course, version, former.number, former.began_at, former.completed_at, steps)
        version, number = versions[enrolment.version_id], len(ended[enrolment.id]) + 1
        began, steps = enrolment.again_at or enrolment.enrolled_at, _now(version, progress[enrolment.id])
        yield _Round(enrolment, course, version, number, began, enrolment.completed_at, steps)


def _now(version: CourseVersion, progress: Iterable[Progress]) -> tuple[_Step, ...]:
    lessons = {lesson.key: lesson for lesson in version.lessons}
    return tuple(
        _Step(lessons[row.key], row.opened_at, row.completed_at, row.passed_at, row.failed_at, row.last_at)
        for row in progress
        if row.key in lessons
    )


def _former(version: CourseVersion, former: CourseRound) -> tuple[_Step, ...]:
    """Of a round that ended only what came of each lesson is kept, not when it was opened."""
    lessons = {lesson.key: lesson for lesson in version.lessons}
    steps = []
    for told in former.progress:
        completed, passed = (_moment(told.get(name)) for name in ("completed_at", "passed_at"))
        moments = [each for each in (completed, passed) if each is not None]
        if told["key"] in lessons and moments:
            steps.append(_Step(lessons[told["key"]], min(moments), completed, passed, None, max(moments)))
    return tuple(steps)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class _Maker:
    """Statements of one person on one site."""

    def __init__(self, site: str, visitor: Visitor) -> None:
        self.site = site
        # An account by its number: whoever gets the record learns no name or address that they do not know.
        account = {"homePage": site, "name": f"person-{visitor.person_id}"}
        self.actor = {"objectType": "Agent", "account": account}

    def round(self, one: _Round) -> Iterator[dict[str, Any]]:
        """What happened in a course. cmi5: launched, initialized, what came of it, terminated; the course satisfied."""
        registration, course = self._registration(one), self._course(one)
        for step in one.steps:
            lesson, target = step.lesson, self._lesson(one, step.lesson.key)
            context = {"registration": registration, "contextActivities": {"grouping": [course]}}
            launch: dict[str, Any] = {
                f"{CMI5}/context/extensions/moveon": lesson.move_on.value,
                f"{CMI5}/context/extensions/launchmode": "Normal",
            }
            if (mastery := _mastery(lesson)) is not None:
                launch[f"{CMI5}/context/extensions/masteryscore"] = mastery
            yield self._said("launched", target, step.began, context | {"extensions": launch})
            yield self._said("initialized", target, step.began, context)
            if step.completed:
                yield self._said("completed", target, step.completed, context, {"completion": True})
            if step.passed:
                yield self._said("passed", target, step.passed, context, {"success": True})
            elif step.failed:  # never both
                yield self._said("failed", target, step.failed, context, {"success": False})
            ended = [each for each in (step.completed, step.passed, None if step.passed else step.failed) if each]
            if ended:
                yield self._said("terminated", target, max(ended), context)
        if one.completed:
            yield self._said("satisfied", course, one.completed, {"registration": registration})

    def attempt(self, one: Recorded, rounds: Sequence[_Round]) -> Iterator[dict[str, Any]]:
        """An attempt at a test: each answer, and what came of it as far as it may be seen."""
        target = self._activity(f"attempts/{one.code}", f"{EXPAPI}/activities/assessment", one.title_uk, one.title_en)
        context = self._around(one, rounds)
        for answer in one.answers:
            yield self._answer(one, answer, target, context)
        if one.abandoned:
            yield self._said("abandoned", target, one.finished_at, context)
            return
        result: dict[str, Any] = {"completion": True}
        if one.total is not None:
            result["score"] = {"scaled": _scaled(one.total)}
        yield self._said("completed", target, one.finished_at, context, result)
        if one.passed is not None:
            verb = "passed" if one.passed else "failed"
            yield self._said(verb, target, one.finished_at, context, {"success": one.passed} | result)

    def _around(self, one: Recorded, rounds: Sequence[_Round]) -> dict[str, Any]:
        """The round of the course in which an attempt was made; nothing for a test by itself."""
        kind, _, rest = one.context.partition(":")
        number, _, key = rest.partition(":")
        mine = [each for each in rounds if kind == "lesson" and str(each.enrolment.id) == number]
        begun = [each for each in mine if each.began <= one.started_at] or mine[:1]
        if not begun:
            return {}
        around = {"parent": [self._lesson(begun[-1], key)], "grouping": [self._course(begun[-1])]}
        return {"registration": self._registration(begun[-1]), "contextActivities": around}

    def _answer(
        self, one: Recorded, answer: Answered, test: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        item = {
            "objectType": "Activity",
            "id": f"{self.site}/items/{answer.item}/versions/{answer.version}",
            "definition": interactions.definition(answer.body, one.language, right=answer.right),
        }
        result: dict[str, Any] = {"response": interactions.response(answer.body, answer.answer)}
        if answer.share is not None:
            result |= {"success": answer.share == 1, "score": {"scaled": _scaled(answer.share)}}
        around = {**context.get("contextActivities", {}), "parent": [test]}
        return self._said("answered", item, answer.at, {**context, "contextActivities": around}, result)

    def _course(self, one: _Round) -> dict[str, Any]:
        version = one.version
        return self._activity(
            f"courses/{one.course.slug}", f"{CMI5}/activitytype/course", version.title_uk, version.title_en
        )

    def _lesson(self, one: _Round, key: str) -> dict[str, Any]:
        """A lesson by its key: it may be gone in the version of this round, then it has no name."""
        lesson = next((each for each in one.version.lessons if each.key == key), None)
        uk, en = (lesson.title_uk, lesson.title_en) if lesson else (key, "")
        return self._activity(f"courses/{one.course.slug}/lessons/{key}", f"{EXPAPI}/activities/lesson", uk, en)

    def _activity(self, path: str, kind: str, uk: str, en: str) -> dict[str, Any]:
        name = {"uk": uk} | ({"en": en} if en else {})
        return {"objectType": "Activity", "id": f"{self.site}/{path}", "definition": {"type": kind, "name": name}}

    def _registration(self, one: _Round) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self.site}/registrations/{one.enrolment.id}/{one.number}"))

    def _said(
        self,
        verb: str,
        target: Mapping[str, Any],
        at: datetime,
        context: Mapping[str, Any],
        result: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        told: dict[str, Any] = {
            "actor": self.actor,
            "verb": {"id": VERBS[verb], "display": {"en": verb}},
            "object": target,
            "timestamp": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "context": {"platform": "Vikno"} | dict(context),
            "version": VERSION,
        }
        if result:
            told["result"] = dict(result)
        told["id"] = str(uuid5(NAMESPACE_URL, json.dumps(told, sort_keys=True, ensure_ascii=False)))
        return told


def _scaled(share: Fraction) -> float:
    """−1 to 1; cmi5 asks for at most four decimals of a mastery score, and more say nothing here either."""
    return round(float(share), 4)


def _mastery(lesson: Lesson) -> float | None:
    total = ((lesson.test or {}).get("passing") or {}).get("total")
    return round(float(Fraction(str(total))), 4) if total is not None else None
