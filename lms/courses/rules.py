"""When a lesson is open, when it is satisfied, and when a course is done. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lms.courses.models import MoveOn
from lms.errors import Invalid


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """What the rules need of a lesson."""

    key: str
    move_on: MoveOn
    requires: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a learner has done of a lesson."""

    completed: bool = False
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a learner stands in a course."""

    satisfied: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    """Lessons that may be begun, those that are satisfied included."""
    counted: int = 0
    """Lessons that the course asks for."""
    met: int = 0
    next: str = ""
    """The first lesson that is open and not yet satisfied, those not yet gone through before others; empty: none."""
    lacking: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """For each lesson that is not open, the lessons that have to come first."""

    @property
    def share(self) -> int:
        """Per cent."""
        return 100 if not self.counted else self.met * 100 // self.counted

    @property
    def complete(self) -> bool:
        """Whether everything that the course asks for is there."""
        return self.met == self.counted


def satisfied(move_on: MoveOn, done: Done) -> bool:
    """Whether a lesson is satisfied (cmi5, section 13.1.4)."""
    match move_on:
        case MoveOn.NOT_APPLICABLE:
            return True
        case MoveOn.PASSED:
            return done.passed
        case MoveOn.COMPLETED:
            return done.completed
        case MoveOn.COMPLETED_AND_PASSED:
            return done.completed and done.passed
        case MoveOn.COMPLETED_OR_PASSED:
            return done.completed or done.passed


def standing(lessons: Sequence[LessonFacts], done: Mapping[str, Done]) -> Standing:
    """How a learner stands. A requirement on a lesson that is no longer there is met."""
    there = {lesson.key for lesson in lessons}
    met = {lesson.key for lesson in lessons if satisfied(lesson.move_on, done.get(lesson.key, Done()))}
    asked = [lesson for lesson in lessons if lesson.move_on is not MoveOn.NOT_APPLICABLE]
    lacking = {
        lesson.key: missing
        for lesson in lessons
        if (missing := tuple(key for key in lesson.requires if key in there and key not in met))
    }
    begun = frozenset(key for key, one in done.items() if one.completed or one.passed)
    can = frozenset(lesson.key for lesson in lessons if lesson.key not in lacking) | (begun & there)
    waiting = [lesson.key for lesson in asked if lesson.key in can and lesson.key not in met]
    # What was handed in waits for its reviewer, not for the learner: the others come before it.
    waiting.sort(key=lambda key: done.get(key, Done()).completed)
    return Standing(
        satisfied=frozenset(met),
        open=can,
        counted=len(asked),
        met=sum(lesson.key in met for lesson in asked),
        next=next(iter(waiting), ""),
        lacking={key: missing for key, missing in lacking.items() if key not in can},
    )


def onward(lessons: Sequence[LessonFacts], done: Mapping[str, Done], key: str, stands: Standing) -> str:
    """The lesson that comes after `key`: the next one that is open and not gone through, whether it counts or not.

    Where none follows, what is left before it; empty: nothing.
    """
    keys = [lesson.key for lesson in lessons]
    after = lessons[keys.index(key) + 1 :] if key in keys else ()
    for lesson in after:
        gone = satisfied(MoveOn.COMPLETED_OR_PASSED, done.get(lesson.key, Done()))
        optional = lesson.move_on is MoveOn.NOT_APPLICABLE
        if lesson.key in stands.open and not (gone if optional else lesson.key in stands.satisfied):
            return lesson.key
    return stands.next


def check_order(lessons: Iterable[LessonFacts]) -> None:
    """Requirements must be of lessons that are there, and must not go round in a circle.

    Raises `Invalid` (course_requires_unknown, course_circle), which names the lessons.
    """
    known = {lesson.key: lesson for lesson in lessons}
    for lesson in known.values():
        for key in lesson.requires:
            if key not in known:
                detail = f"“{lesson.title or lesson.key}” requires {key}, which is no lesson of this course."
                raise Invalid("course_requires_unknown", detail, "requires")
    circle = _circle(known)
    if circle:
        names = " → ".join(known[key].title or key for key in circle)
        raise Invalid("course_circle", f"These lessons wait for each other: {names}.", "requires")


def _circle(known: Mapping[str, LessonFacts]) -> list[str]:
    """A circle of requirements, its first lesson again at the end; empty if there is none."""
    finished: set[str] = set()
    for begin in known:
        way: list[str] = []
        on_way: set[str] = set()
        pending: list[tuple[str, int]] = [(begin, 0)]
        while pending:
            key, at = pending.pop()
            if at == 0:
                if key in finished:
                    continue
                way.append(key)
                on_way.add(key)
            if at < len(known[key].requires):
                pending.append((key, at + 1))
                following = known[key].requires[at]
                if following in on_way:
                    return [*way[way.index(following) :], following]
                pending.append((following, 0))
            else:
                finished.add(key)
                way.pop()
                on_way.discard(key)
    return []
