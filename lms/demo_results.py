"""Demo results of tests: numbered participants who took the digital-literacy test, some of them twice.

The rows are those that taking a test leaves, drawn and scored by the rules of every attempt; only the visits in between
are left out, because a start of the demo must not wait for a thousand saves. Who answers what is decided by a fixed
seed: the figures are the same at every start, and nobody real is behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.assessment.attempts import finishing, publishing
from lms.assessment.attempts.drawing import Candidate, draw, order_of
from lms.assessment.attempts.models import Appeal, Attempt, AttemptEvent, AttemptItem, Response, TestVersion
from lms.assessment.attempts.passing import Mark, judge
from lms.assessment.attempts.spec import TestSpec, parse
from lms.assessment.attempts.states import AttemptState
from lms.assessment.attempts.timing import Lateness
from lms.assessment.content import (
    Blank,
    Body,
    ChoiceBlank,
    Cloze,
    Criterion,
    Essay,
    Grade,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    NumericBlank,
    Ordering,
    ShortBlank,
    ShortText,
    SingleChoice,
    TextAnswer,
    TrueFalse,
    dump,
)
from lms.assessment.content import parse as parse_body
from lms.assessment.drafts import digest_of, shown_title
from lms.assessment.figures.consent import CONSENT
from lms.assessment.figures.models import BackgroundAnswer
from lms.assessment.models import Item, ItemTag, ItemVersion, VersionState
from lms.assessment.scoring import score
from lms.courses import testing
from lms.courses.models import Course, CourseVersion, Lesson
from lms.courses.models import VersionState as CourseState
from lms.directory.models import Affiliation, Organisation, Person

COURSE: Final = "digital-literacy"
LESSON: Final = "final-test"
HOMES: Final = (("lviv", 8), ("kharkiv", 7), ("kyiv", 6), ("lutsk", 6), ("sumy", 5), ("vinnytsia", 4))
"""How many of which centre; the smallest group is one that the figures hide."""
REPEATS: Final = 14
_WRITER: Final = "demo"
_HARDER: Final = {"1": 0.04, "2": 0.02, "3": -0.10, "4": -0.05, "5": 0.03}
"""Areas are not equally easy."""
_AGES: Final = (("18_29", 0.1), ("30_44", 0.06), ("45_59", 0.0), ("60_over", -0.12))
_ESSAY: Final = Essay(
    text="Опишіть, як ви допомогли б людині, яка боїться подавати заяву на порталі «Дія» сама.",
    criteria=(
        Criterion(
            id="steps",
            text="Чи зрозумілі кроки",
            grades=(Grade(points=0, text="ні"), Grade(points=1, text="частково"), Grade(points=2, text="так")),
        ),
    ),
)
_ESSAYS: Final = (
    "Спершу спитав би, що саме лякає. Потім ми разом відкрили б портал, і людина сама натискала б кнопки.",
    "Показав би кожен крок на своєму екрані, дав би надруковану пам’ятку й попросив повторити.",
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """An item with an answer of each kind, and what they are worth. A wrong answer may be none."""

    body: Body
    right: Any
    wrong: Any
    shares: tuple[Fraction, Fraction]


def seed(session: Session, now: datetime) -> int:
    """Put them in once, after the courses and the bank; how many attempts."""
    found = session.execute(
        select(Course, CourseVersion, Lesson)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .join(Lesson, Lesson.version_id == CourseVersion.id)
        .where(Course.slug == COURSE, Lesson.key == LESSON, CourseVersion.state == CourseState.PUBLISHED)
    ).one_or_none()
    if found is None:
        return 0
    course, version, lesson = found
    spec, code = testing.spec_of(lesson, version.framework), testing.code_of(COURSE, version.number, LESSON)
    put = publishing.put(
        session, "system", code, spec, now, title_uk=lesson.title_uk, title_en=lesson.title_en,
        author=version.published_by, organisation_id=course.organisation_id, audience=version.audience,
    )  # fmt: skip
    if session.scalar(select(Attempt.id).where(Attempt.test_id == put.test_id).limit(1)) is not None:
        return 0
    chance = Random(2026)  # noqa: S311 - the same figures at every start
    taken = _Hall(session, put, spec, chance).fill(_people(session, now), now)
    _written(session, version.published_by, sorted({attempt.person_id for attempt in taken})[:2], now)
    _appealed(session, taken, now)
    session.flush()
    return len(taken)


def _people(session: Session, now: datetime) -> list[Person]:
    """Numbered participants, who have worked where they work for half a year."""
    homes = {each.code: each.id for each in session.scalars(select(Organisation))}
    places = [homes[code] for code, count in HOMES if code in homes for _ in range(count)]
    people = [
        Person(family_name="Демо", given_name=f"Учасник {number}", created_at=now)
        for number in range(1, len(places) + 1)
    ]
    session.add_all(people)
    session.flush()
    since = now.date() - timedelta(days=180)
    session.add_all(
        Affiliation(person_id=person.id, organisation_id=place, position="", from_date=since)
        for person, place in zip(people, places, strict=True)
    )
    return people


class _Hall:
    """The test, and everybody who takes it."""

    def __init__(self, session: Session, version: TestVersion, spec: TestSpec, chance: Random) -> None:
        self.session, self.version, self.spec, self.chance = session, version, spec, chance
        self.there = publishing.candidates(session, spec, "uk")
        self.asked = _asked(session, self.there)

    def fill(self, people: Sequence[Person], now: datetime) -> list[Attempt]:
        """Once each; the first ones again, better."""
        made = []
        for number, person in enumerate(people):
            ability = 0.55 + 0.35 * self.chance.random()
            if number % 4 != 3:
                ability += self._background(person, now)
            day = now - timedelta(days=100 - 2 * number, hours=self.chance.randrange(7))
            made.append(self._take(person, 1, ability, day))
            if number < REPEATS:
                made.append(self._take(person, 2, ability + 0.12, day + timedelta(days=21)))
        self.session.add_all(made)
        self.session.flush()
        self._answer(made)
        return made

    def _background(self, person: Person, now: datetime) -> float:
        """What they say of themselves; how much more or less they know, so that there is something to see."""
        band, more = self.chance.choice(_AGES)
        sex, settlement = self.chance.choice(("female", "male")), self.chance.choice(("town", "village"))
        self.session.add(
            BackgroundAnswer(
                person_id=person.id, age_band=band, sex=sex, settlement=settlement, consent=CONSENT,
                consented_at=now - timedelta(days=120),
            )
        )  # fmt: skip
        return more - (0.05 if settlement == "village" else 0)

    def _take(self, person: Person, number: int, ability: float, began: datetime) -> Attempt:
        seed = f"demo-{person.given_name}-{number}"
        items = []
        for position, each in enumerate(draw(self.spec.lines, self.there, seed, kinds=self.spec.kinds), start=1):
            asked = self.asked[each.version_id]
            knows = self.chance.random() < min(0.97, ability + _HARDER.get(each.area, 0))
            items.append(
                AttemptItem(
                    position=position, item_version_id=each.version_id, line=each.line, area=each.area,
                    order=order_of(asked.body, seed, each.version_id), share=str(asked.shares[not knows]),
                )
            )  # fmt: skip
        verdict = judge([Mark(one.area, Fraction(one.share or 0), Fraction(1)) for one in items], self.spec.passing)
        ended = began + timedelta(minutes=17 + self.chance.randrange(20))
        return Attempt(
            code=f"demo{person.id:08d}{number:02d}", test_id=self.version.test_id, version_id=self.version.id,
            person_id=person.id, number=number, language="uk", seed=seed, writer=_WRITER, state=AttemptState.GRADED,
            started_at=began, deadline=began + timedelta(minutes=self.spec.time_limit_minutes or 60),
            finished_at=ended, passed=verdict.passed, total=str(verdict.total), parts=verdict.data(), told_at=ended,
            items=items,
        )  # fmt: skip

    def _answer(self, attempts: Sequence[Attempt]) -> None:
        """The answers that earned it, and the beginning and the end in the attempt's log."""
        pairs: list[tuple[AttemptItem, Response]] = []
        for attempt in attempts:
            assert attempt.finished_at is not None
            for at, kind in ((attempt.started_at, "began"), (attempt.finished_at, "submitted")):
                self.session.add(AttemptEvent(attempt_id=attempt.id, at=at, kind=kind))
            for item in attempt.items:
                asked = self.asked[item.item_version_id]
                given = asked.right if item.share == str(asked.shares[0]) else asked.wrong
                if given is not None:
                    saved = attempt.started_at + timedelta(seconds=30 * item.position)
                    row = Response(
                        attempt_item_id=item.id, sequence=1, writer=_WRITER, data={"answer": given}, saved_at=saved,
                        lateness=Lateness.IN_TIME,
                    )  # fmt: skip
                    pairs.append((item, row))
        self.session.add_all(row for _, row in pairs)
        self.session.flush()
        for item, row in pairs:
            item.response_id = row.id


def _asked(session: Session, there: Sequence[Candidate]) -> dict[int, _Asked]:
    rows = session.execute(
        select(ItemVersion.id, ItemVersion.body).where(ItemVersion.id.in_([each.version_id for each in there]))
    )
    found = {}
    for number, data in rows:
        body = parse_body(data)
        right, wrong = _answers(body)
        found[number] = _Asked(body, right, wrong, (_worth(body, right), _worth(body, wrong)))
    return found


def _worth(body: Body, answer: Any) -> Fraction:
    return score(body, answer).share or Fraction(0)


def _answers(body: Body) -> tuple[Any, Any]:
    """A right answer and a wrong one, as a page would send them. None: nothing was answered."""
    match body:
        case SingleChoice():
            ranked = sorted(body.options, key=lambda each: each.share)
            return ranked[-1].id, ranked[0].id
        case MultipleChoice():
            right = [each.id for each in body.options if each.share > 0]
            return right, [each.id for each in body.options if each.share <= 0][:1] or None
        case TrueFalse():
            return body.answer, not body.answer
        case Matching():
            pairs = {each.id: each.answer for each in body.stems}
            first, *_, last = pairs
            return pairs, pairs | {first: pairs[last], last: pairs[first]}
        case Ordering():
            return [each.id for each in body.elements], [each.id for each in reversed(body.elements)]
        case Numeric():
            unit = f" {body.units.known[0].name}" if body.units else ""
            return _number(body.answers) + unit, "0"
        case ShortText():
            return _words(body.answers), "не знаю"
        case Cloze():
            filled = {each.id: _in_blank(each) for each in body.blanks}
            return filled, {**filled, body.blanks[0].id: ""}
        case Essay():
            return None, None


def _number(answers: Sequence[NumericAnswer]) -> str:
    """The number that earns most, as it is typed."""
    best = max((each for each in answers if each.value is not None), key=lambda each: each.share)
    return format(best.value or 0, "f").replace(".", ",")


def _words(answers: Sequence[TextAnswer]) -> str:
    """The words that earn most: a star stands for anything, so also for nothing."""
    return max(answers, key=lambda each: each.share).pattern.replace("*", "").strip()


def _in_blank(blank: Blank) -> str:
    match blank:
        case ChoiceBlank():
            return max(blank.options, key=lambda each: each.share).id
        case ShortBlank():
            return _words(blank.answers)
        case NumericBlank():
            return _number(blank.answers)


def _written(session: Session, author: str, people: Sequence[int], now: datetime) -> None:
    """Two answers in words that wait for their readers, in a test of one question."""
    version = ItemVersion(
        number=1, kind=_ESSAY.kind, policy=_ESSAY.policy, body=dump(_ESSAY), digest=digest_of(_ESSAY),
        state=VersionState.USABLE, written_by=author, writers={author: now.isoformat()}, written_at=now,
        reviewed_by="system", reviewed_at=now,
    )  # fmt: skip
    item = Item(
        code="demo-essay", family="demo-essay", language="uk", kind=_ESSAY.kind, title=shown_title(_ESSAY),
        state=VersionState.USABLE, created_by=author, created_at=now, updated_at=now, versions=[version],
        tags=[ItemTag(scheme="digcomp22", value="2.3")],
    )  # fmt: skip
    session.add(item)
    session.flush()
    item.usable_id = version.id
    session.flush()
    spec = parse(
        {"lines": [{"area": "2", "count": 1}], "kinds": ["essay"], "two_readers": "1/4", "passing": {"total": "1/2"}}
    )
    put = publishing.put(
        session, "system", "helping", spec, now, title_uk="Допомога людині: опис", title_en="Helping: in words",
        author=author,
    )  # fmt: skip
    for number, (person_id, text) in enumerate(zip(people, _ESSAYS, strict=False), start=1):
        at = now - timedelta(days=number, hours=3)
        attempt = Attempt(
            code=f"demoessay{number:04d}", test_id=put.test_id, version_id=put.id, version=put, person_id=person_id,
            number=1, language="uk", seed="demo", writer=_WRITER, state=AttemptState.IN_PROGRESS, started_at=at,
            items=[AttemptItem(position=1, item_version_id=version.id, line=0, area="2", order={})],
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        session.add(
            Response(
                attempt_item_id=attempt.items[0].id, sequence=1, writer=_WRITER, data={"answer": text}, saved_at=at,
                lateness=Lateness.IN_TIME,
            )
        )  # fmt: skip
        session.flush()
        finishing.finish(session, attempt, AttemptState.SUBMITTED, at + timedelta(minutes=12))


def _appealed(session: Session, taken: Sequence[Attempt], now: datetime) -> None:
    """Somebody who did not pass holds the result to be wrong."""
    lost = next((each for each in reversed(taken) if each.passed is False), None)
    if lost is not None:
        text = "У питанні про паролі дві відповіді здаються правильними. Прошу перевірити."
        session.add(Appeal(attempt_id=lost.id, text=text, made_at=now - timedelta(days=2)))
