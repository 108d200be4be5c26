"""What somebody typed of a course or a lesson, and whether it can be so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from lms.assessment.attempts.spec import TestSpec
from lms.courses.models import LessonKind, MoveOn
from lms.errors import Invalid

LONGEST_BODY: Final = 100_000
LONGEST_SUMMARY: Final = 5_000
MOST_HOURS: Final = Decimal(1000)
JUDGED: Final = frozenset({LessonKind.TEST, LessonKind.TASK, LessonKind.LIVE})
_COMPETENCE: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,2})?")


@dataclass(frozen=True, slots=True)
class CourseDraft:
    """A course without its lessons."""

    title_uk: str
    title_en: str = ""
    summary_uk: str = ""
    summary_en: str = ""
    audience: tuple[str, ...] = ()
    hours: Decimal = Decimal(0)
    framework: str = ""


@dataclass(frozen=True, slots=True)
class LessonDraft:
    """A lesson. Files are put in by themselves (`editing.put_file`)."""

    kind: LessonKind
    title_uk: str
    title_en: str = ""
    body_uk: str = ""
    body_en: str = ""
    minutes: int = 0
    move_on: MoveOn = MoveOn.COMPLETED
    requires: tuple[str, ...] = ()
    competences: tuple[str, ...] = ()
    recording_code: str = ""
    occurrence_id: int | None = None
    test: TestSpec | None = None


def check_course(draft: CourseDraft) -> None:
    """Raises `Invalid` (course_title, course_summary, course_hours)."""
    _title(draft.title_uk)
    if len(draft.title_en) > 300:
        raise Invalid("course_title", "A title has at most 300 characters.", "title_en")
    for name in ("summary_uk", "summary_en"):
        if len(getattr(draft, name)) > LONGEST_SUMMARY:
            raise Invalid("course_summary", f"At most {LONGEST_SUMMARY} characters.", name)
    if not 0 <= draft.hours <= MOST_HOURS:
        raise Invalid("course_hours", "A course has from 0 to 1000 hours.", "hours")


def fits(kind: LessonKind) -> tuple[MoveOn, ...]:
    """What may satisfy a lesson of a kind: what nobody passes or fails is never passed, and would hold everybody up."""
    if kind in JUDGED:
        return tuple(MoveOn)
    return (MoveOn.COMPLETED, MoveOn.NOT_APPLICABLE, MoveOn.COMPLETED_OR_PASSED)


def check_lesson(draft: LessonDraft) -> None:
    """Raises `Invalid` (course_title, lesson_body, lesson_minutes, lesson_test, lesson_move_on, lesson_competence)."""
    _title(draft.title_uk)
    if len(draft.title_en) > 300:
        raise Invalid("course_title", "A title has at most 300 characters.", "title_en")
    for name in ("body_uk", "body_en"):
        if len(getattr(draft, name)) > LONGEST_BODY:
            detail = f"A text has at most {LONGEST_BODY} characters. Make two lessons of it."
            raise Invalid("lesson_body", detail, name)
    if not 0 <= draft.minutes <= 6000:
        raise Invalid("lesson_minutes", "A lesson takes from 0 to 6000 minutes.", "minutes")
    if draft.kind is LessonKind.TEST and draft.test is None:
        raise Invalid("lesson_test", "Say what the test asks: at least one line with a number of items.", "test")
    if draft.move_on not in fits(draft.kind):
        detail = f"A lesson of kind {draft.kind.value} is gone through; nobody passes or fails it."
        raise Invalid("lesson_move_on", detail, "move_on")
    for number in draft.competences:
        if not _COMPETENCE.fullmatch(number):
            raise Invalid("lesson_competence", f"{number} is no number of a competence, such as 1.2.", "competences")


def split(text: str) -> tuple[str, ...]:
    """Words between commas or blanks, each once, in order."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _title(text: str) -> None:
    if not text.strip() or len(text) > 300:
        raise Invalid("course_title", "A title has from 1 to 300 characters.", "title_uk")
