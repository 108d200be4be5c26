"""The forms of a course and of a lesson: what was typed is kept whatever is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from lms.assessment.attempts import spec
from lms.assessment.attempts.spec import Review, TestSpec
from lms.courses import choices
from lms.courses.access import taught_organisations, teaches_everything
from lms.courses.drafts import CourseDraft, LessonDraft, split
from lms.courses.models import Lesson, LessonKind, MoveOn
from lms.courses.queries import CoursePage
from lms.directory.rules import Visitor
from lms.errors import Invalid
from web import forms, test_fields

ROWS = 8
"""Lines of a test that the form has."""


@dataclass(frozen=True, slots=True)
class CourseTyped:
    """A course as it stands in the form."""

    title_uk: str = ""
    title_en: str = ""
    summary_uk: str = ""
    summary_en: str = ""
    audience: tuple[str, ...] = ()
    hours: str = ""
    framework: str = "digcomp22"
    edit: str = ""

    @classmethod
    def saved(cls, page: CoursePage) -> CourseTyped:
        """What is kept."""
        card = page.card
        return cls(
            card.title_uk,
            card.title_en,
            card.summary_uk,
            card.summary_en,
            card.audience,
            f"{card.hours.normalize():f}" if card.hours else "",
            page.framework,
            str(page.seen),
        )

    def draft(self) -> CourseDraft:
        """For the domain. Raises `Invalid` (course_hours)."""
        return CourseDraft(
            title_uk=self.title_uk,
            title_en=self.title_en,
            summary_uk=self.summary_uk,
            summary_en=self.summary_en,
            audience=self.audience,
            hours=_hours(self.hours),
            framework=self.framework,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a test as it stands in the form."""

    what: str = ""
    """An area (`4`) or competences (`4.1, 4.2`)."""
    lowest: str = "1"
    highest: str = "8"
    count: str = ""
    audience: str = ""


@dataclass(frozen=True, slots=True)
class LessonTyped:
    """A lesson as it stands in the form."""

    kind: str = "page"
    title_uk: str = ""
    title_en: str = ""
    body_uk: str = ""
    body_en: str = ""
    minutes: str = ""
    move_on: str = MoveOn.COMPLETED.value
    requires: tuple[str, ...] = ()
    competences: str = ""
    recording: str = ""
    occurrence: str = ""
    lines: tuple[Line, ...] = ()
    time_limit: str = ""
    attempts: str = ""
    wait_hours: str = ""
    total: str = "60"
    each_area: str = ""
    two_readers: str = ""
    opens: str = ""
    """In wall time, as `closes`."""
    closes: str = ""
    areas: str = ""
    """Shares that single areas need: `4: 70, 5: 50`."""
    item_kinds: tuple[str, ...] = ()
    shown: frozenset[str] = test_fields.ticks(Review())
    rules: bool = True
    """Whether the form had the fields from `opens` on."""
    kept: str = ""
    """The test as it was, as JSON: the form shows a part of it."""
    file_name: str = ""
    has_captions: bool = False
    edit: str = ""

    @classmethod
    def empty(cls, kind: LessonKind) -> LessonTyped:
        """A new one; what satisfies it fits its kind."""
        judged = kind in (LessonKind.TEST, LessonKind.TASK)
        move_on = MoveOn.PASSED if judged else MoveOn.COMPLETED
        return cls(kind=kind.value, move_on=move_on.value, lines=(Line(),) * ROWS)

    @classmethod
    def saved(cls, lesson: Lesson) -> LessonTyped:
        """What is kept."""
        typed = cls(
            kind=lesson.kind.value,
            title_uk=lesson.title_uk,
            title_en=lesson.title_en,
            body_uk=lesson.body_uk,
            body_en=lesson.body_en,
            minutes=str(lesson.minutes or ""),
            move_on=lesson.move_on.value,
            requires=tuple(lesson.requires),
            competences=", ".join(lesson.competences),
            recording=lesson.recording_code,
            occurrence=str(lesson.occurrence_id or ""),
            lines=(Line(),) * ROWS,
            file_name=lesson.file_name,
            has_captions=bool(lesson.captions_digest),
        )
        return typed if lesson.test is None else typed.asking(spec.parse(lesson.test))

    def asking(self, test: TestSpec) -> LessonTyped:
        """With what a test asks."""
        lines = [
            Line(
                ", ".join([*([line.area] if line.area else []), *line.competences]),
                str(line.levels[0]),
                str(line.levels[1]),
                str(line.count),
                line.audience,
            )
            for line in test.lines
        ]
        each = test.passing.each_area
        return replace(
            self,
            lines=(*lines, *[Line()] * max(2, ROWS - len(lines))),
            time_limit=str(test.time_limit_minutes or ""),
            attempts=str(test.attempts or ""),
            wait_hours=str(test.wait_hours or ""),
            kept=json.dumps(spec.dump(test)),
            total=_percent(test.passing.total),
            each_area=_percent(each) if each is not None else "",
            two_readers=_percent(test.two_readers) if test.two_readers is not None else "",
            opens=test_fields.wall(test.opens_at),
            closes=test_fields.wall(test.closes_at),
            areas=test_fields.areas_text(
                test.passing.areas, {area: _percent(share) for area, share in test.passing.areas.items()}
            ),
            item_kinds=tuple(test.kinds),
            shown=test_fields.ticks(test.review),
        )

    def at(self, seen: int) -> LessonTyped:
        """With the number that refuses an edit of what has changed meanwhile."""
        return replace(self, edit=str(seen))

    def draft(self, session: Session, visitor: Visitor) -> LessonDraft:
        """For the domain. Raises `Invalid`."""
        kind = LessonKind(self.kind)
        occurrence = forms.whole(self.occurrence) if kind is LessonKind.LIVE else None
        recording = self.recording if kind is LessonKind.VIDEO else ""
        if occurrence is not None and not choices.may_choose_occurrence(session, visitor, occurrence):
            raise Invalid("occurrence_unknown", "There is no such occurrence.", "occurrence")
        if recording and not choices.may_choose_recording(session, visitor, recording):
            raise Invalid("recording_unknown", "There is no such recording.", "recording")
        minutes = forms.whole(self.minutes or "0")
        if minutes is None:
            raise Invalid("lesson_minutes", "A lesson takes from 0 to 6000 minutes.", "minutes")
        return LessonDraft(
            kind=kind,
            title_uk=self.title_uk,
            title_en=self.title_en,
            body_uk=self.body_uk,
            body_en=self.body_en,
            minutes=minutes,
            move_on=MoveOn(self.move_on) if self.move_on in set(MoveOn) else MoveOn.COMPLETED,
            requires=self.requires,
            competences=split(self.competences),
            recording_code=recording,
            occurrence_id=occurrence,
            test=self._test() if kind is LessonKind.TEST else None,
        )

    def _test(self) -> TestSpec:
        """What the form says, over what it was."""
        try:
            kept = json.loads(self.kept) if self.kept else {}
            shown: dict[str, Any] = {
                "lines": [_blueprint(line) for line in self.lines if line.count.strip()],
                "time_limit_minutes": _number(self.time_limit),
                "attempts": _number(self.attempts),
                "wait_hours": _number(self.wait_hours) or 0,
                "two_readers": _share(self.two_readers),
            }
            passing = dict(kept.get("passing", {}), total=_share(self.total) or 0, each_area=_share(self.each_area))
            if self.rules:
                opens, closes = test_fields.moment_of(self.opens), test_fields.moment_of(self.closes)
                passing["areas"] = test_fields.areas_of(self.areas)
                shown |= {"opens_at": opens, "closes_at": closes, "kinds": self.item_kinds}
                shown["review"] = test_fields.review_of(self.shown)
            return spec.parse(kept | shown | {"passing": passing})
        except (Invalid, TypeError, ValueError, ZeroDivisionError, AttributeError) as error:
            if isinstance(error, Invalid) and error.code == "test_moment":
                raise
            detail = "At least one line; numbers are whole, shares from 0 to 100; it closes after it opens."
            raise Invalid("lesson_test", detail, "test") from error


def course_typed(form: FormData) -> CourseTyped:
    """What was sent."""
    return CourseTyped(
        **{name: forms.text(form, name) for name in ("title_uk", "title_en", "hours", "framework", "edit")},
        **{name: _long(form, name) for name in ("summary_uk", "summary_en")},
        audience=_ticked(form, "audience"),
    )


def lesson_typed(form: FormData) -> LessonTyped:
    """What was sent."""
    plain = ("title_uk", "title_en", "minutes", "move_on", "competences", "recording", "occurrence", "time_limit")
    more = ("attempts", "wait_hours", "total", "each_area", "two_readers", "kept", "file_name", "edit")
    rules = ("opens", "closes", "areas")
    kind = forms.text(form, "kind")
    count = min(forms.whole(form.get("lines", "")) or 0, 50)
    return LessonTyped(
        kind=kind if kind in set(LessonKind) else LessonKind.PAGE.value,
        **{name: forms.text(form, name) for name in (*plain, *more, *rules)},
        **{name: _long(form, name) for name in ("body_uk", "body_en")},
        requires=_ticked(form, "requires"),
        has_captions=forms.text(form, "has_captions") == "yes",
        rules=forms.text(form, "rules") == "yes",
        item_kinds=_ticked(form, "item_kinds"),
        shown=frozenset(_ticked(form, "shown")),
        lines=tuple(
            Line(*(forms.text(form, f"{name}-{number}") for name in ("what", "lowest", "highest", "count", "audience")))
            for number in range(count)
        ),
    )


def homes(session: Session, visitor: Visitor) -> list[tuple[int, str, str]]:
    """On whose behalf the visitor may teach."""
    return choices.homes(session, None if teaches_everything(visitor) else taught_organisations(visitor))


def home_of(form: FormData, visitor: Visitor) -> int | None:
    """The organisation that was chosen; whoever teaches for one only need not choose."""
    chosen = forms.whole(form.get("organisation", ""))
    if chosen is None and not teaches_everything(visitor):
        return min(taught_organisations(visitor), default=None)
    return chosen


def _blueprint(line: Line) -> dict[str, Any]:
    what = split(line.what)
    area = what[0] if len(what) == 1 and "." not in what[0] else None
    return {
        "area": area,
        "competences": () if area else what,
        "levels": (int(line.lowest or "1"), int(line.highest or "8")),
        "count": int(line.count),
        "audience": line.audience,
    }


def _ticked(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


def _number(text: str) -> int | None:
    return int(text) if text.strip() else None


def _share(text: str) -> Fraction | None:
    return Fraction(text.strip().replace(",", ".")) / 100 if text.strip() else None


def _percent(share: Fraction) -> str:
    """With as many places as it needs: a third is said with four."""
    return f"{Decimal(f'{float(share * 100):.4f}').normalize():f}"


def _hours(text: str) -> Decimal:
    try:
        hours = Decimal(text.replace(",", ".")) if text else Decimal(0)
    except InvalidOperation as error:
        raise Invalid("course_hours", "A course has from 0 to 1000 hours.", "hours") from error
    if not hours.is_finite():
        raise Invalid("course_hours", "A course has from 0 to 1000 hours.", "hours")
    return hours.quantize(Decimal("0.01"))


def _long(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""
