"""A test on the pages: begun in a lesson, saved answer by answer, handed in, and what the course makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.datastructures import FormData

from lms import demo_items
from lms.assessment import content
from lms.assessment.attempts import finishing
from lms.assessment.attempts.models import Attempt, AttemptItem
from lms.assessment.attempts.presenting import presented
from lms.assessment.attempts.saving import current
from lms.assessment.models import ItemVersion
from lms.assessment.scoring import score
from lms.database import Database
from lms.demo_accounts import STAFF
from tests.lms.facts import NOW
from tests.support.postgres import database_url
from tests.web.visitor import ADMINISTRATOR, ORGANISER, Visitor
from web.attempt_answers import answer_of, cloze_html

__all__ = ["database_url"]  # on both databases

Browser = Callable[..., Visitor]
LESSON = "/courses/mobile-case/lessons/check"


@pytest.fixture
async def staff(browser: Browser, database: Database) -> Visitor:
    with database.writing() as session:
        demo_items.seed(session, NOW, author=ORGANISER, reviewer=ADMINISTRATOR)
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    return visitor


async def begun(visitor: Visitor) -> str:
    answer = await visitor.post(f"{LESSON}/test")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def right_fields(database: Database, address: str) -> dict[int, dict[str, Any]]:
    """The fields of each question, filled in rightly."""
    with database.reading() as session:
        rows = session.execute(
            select(AttemptItem.position, ItemVersion.body)
            .join(Attempt, Attempt.id == AttemptItem.attempt_id)
            .join(ItemVersion, ItemVersion.id == AttemptItem.item_version_id)
            .where(Attempt.code == address.rpartition("/")[2])
        ).all()
    return {position: _right(content.parse(body), f"a-{position}") for position, body in rows}


def _right(body: content.Body, name: str) -> dict[str, Any]:
    match body:
        case content.SingleChoice():
            return {name: max(body.options, key=lambda each: each.share).id}
        case content.MultipleChoice():
            return {name: [each.id for each in body.options if each.share > 0]}
        case content.TrueFalse():
            return {name: str(body.answer).lower()}
        case content.Matching():
            return {f"{name}-{each.id}": each.answer for each in body.stems}
        case content.Ordering():
            return {f"{name}-{each.id}": str(place) for place, each in enumerate(body.elements, 1)}
        case content.Cloze():
            return {f"{name}-{each.id}": _blank(each) for each in body.blanks}
        case content.Numeric():
            return {name: str(body.answers[0].value)}
        case content.ShortText():
            return {name: body.answers[0].pattern}
        case _:
            return {name: "Текст"}


def _blank(blank: Any) -> str:
    if isinstance(blank, content.ChoiceBlank):
        return max(blank.options, key=lambda each: each.share).id
    return str(getattr(blank.answers[0], "pattern", None) or blank.answers[0].value)


async def test_a_test_is_taken_and_passed_and_the_course_knows(staff: Visitor, database: Database) -> None:
    assert "Почати тест" in (await staff.get(LESSON)).text
    address = await begun(staff)
    page = await staff.get(address)
    assert page.text.count("data-position=") == 6
    assert 'data-remaining="900"' in page.text
    fields = right_fields(database, address)
    saved = await staff.post(f"{address}/answers/1", sequence="1", writer="w1", **fields[1])
    assert saved.json() | {"remaining_s": 0} == {"stored": 1, "remaining_s": 0, "lateness": "", "writer": ""}
    assert "Продовжити тест" in (await staff.get(LESSON)).text
    assert await begun(staff) == address, "one attempt at a time"
    everything = {name: value for each in fields.values() for name, value in each.items()}
    everything |= {f"f-{position}": "1" for position in fields}
    kept = await staff.post(address, do="save", **everything)
    assert kept.headers["location"] == f"{address}?done=saved"
    handed = await staff.post(address, do="submit", **everything)
    assert handed.headers["location"] == f"{address}/result"
    result = await staff.get(f"{address}/result")
    assert "Складено." in result.text
    assert "100 % усіх балів" in result.text
    assert "складено, 100 %" in (await staff.get(LESSON)).text
    course = await staff.get("/courses/mobile-case")
    assert "пройдено занять: 4 із 5" in course.text


async def test_what_was_not_known_is_said_by_area_and_an_appeal_is_made_once(
    staff: Visitor, database: Database
) -> None:
    address = await begun(staff)
    handed = await staff.post(address, do="submit")
    assert handed.status_code == 303
    result = await staff.get(f"{address}/result")
    assert "Не складено." in result.text
    assert "0 % усіх балів" in result.text
    assert "/courses/mobile-case/lessons/visit" in result.text, "the lesson of the area that is lacking"
    assert (await staff.post(f"{address}/appeal", text="")).status_code == 422
    assert (await staff.post(f"{address}/appeal", text="Питання 2 двозначне.")).status_code == 303
    assert "Питання 2 двозначне." in (await staff.get(f"{address}/result")).text
    assert (await staff.post(f"{address}/appeal", text="Ще раз.")).status_code == 409
    late = await staff.post(f"{address}/answers/1", sequence="1", writer="w1", **right_fields(database, address)[1])
    assert late.status_code == 409
    assert late.json()["refused"] == "attempt_over"


async def test_after_the_last_attempt_the_lesson_says_so_instead_of_offering_another(staff: Visitor) -> None:
    for _ in range(5):
        assert "Почати тест" in (await staff.get(LESSON)).text
        await staff.post(await begun(staff), do="submit")
    lesson = (await staff.get(LESSON)).text
    assert "Ви використали всі спроби." in lesson
    assert "Почати тест" not in lesson
    assert (await staff.post(f"{LESSON}/test")).status_code == 409


async def test_saves_that_come_late_and_twice_count_by_their_number(staff: Visitor, database: Database) -> None:
    address = await begun(staff)
    position, fields = next(
        (number, each) for number, each in right_fields(database, address).items() if f"a-{number}" in each
    )
    here = f"{address}/answers/{position}"
    for sequence in ("3", "1", "3"):
        told = await staff.post(here, sequence=sequence, writer="w1", **fields)
        assert told.json()["stored"] == 3
    assert f'data-position="{position}" data-sequence="3"' in (await staff.get(address)).text
    assert (await staff.post(here, sequence="0", writer="w1", **fields)).status_code == 422


async def test_a_second_window_takes_over_and_the_first_one_hears_of_it(staff: Visitor, database: Database) -> None:
    address = await begun(staff)
    fields = right_fields(database, address)
    for window in ("first", "second"):
        assert (await staff.post(f"{address}/take-over", writer=window)).json()["writer"] == window
    told = await staff.post(f"{address}/answers/1", sequence="1", writer="first", **fields[1])
    assert (told.status_code, told.json()["writer"]) == (200, "second"), "it is kept, and says who writes now"
    assert (await staff.get(f"{address}/state")).json()["writer"] == "second"


def marks_of(page: str) -> dict[str, str]:
    """What a page remembers of each item as it was shown."""
    return dict(re.findall(r'name="(f-\d+)" value="([^"]*)"', page))


@pytest.mark.parametrize("writer", ["", "first"], ids=["without a script", "with one"])
async def test_a_window_that_knows_nothing_of_what_another_gave_takes_nothing_away(
    staff: Visitor, database: Database, writer: str
) -> None:
    """Both are open when the time runs out, and the stale one hands in."""
    address = await begun(staff)
    stale = marks_of((await staff.get(address)).text)
    fields = right_fields(database, address)
    for position, each in fields.items():
        await staff.post(f"{address}/answers/{position}", sequence="1", writer="second", **each)
    handed = await staff.post(address, do="submit", writer=writer, **stale)
    assert handed.status_code == 303
    assert "100 % усіх балів" in (await staff.get(f"{address}/result")).text


async def test_without_a_script_an_old_page_gives_what_was_changed_in_it(staff: Visitor, database: Database) -> None:
    address = await begun(staff)
    shown = marks_of((await staff.get(address)).text)
    position, right = next((n, each) for n, each in right_fields(database, address).items() if f"a-{n}" in each)
    mark = {f"f-{position}": shown[f"f-{position}"]}
    await staff.post(address, do="save", **mark, **right)
    await staff.post(address, do="save", **mark, **right)
    here = f'data-position="{position}" data-sequence='
    assert f'{here}"1"' in (await staff.get(address)).text, "the same is nothing new"
    await staff.post(address, do="save", **mark)
    assert f'{here}"1"' in (await staff.get(address)).text, "the page showed no answer, and gives none"


async def test_whoever_takes_over_numbers_above_what_still_waits_elsewhere(staff: Visitor, database: Database) -> None:
    address = await begun(staff)
    floors = [
        (await staff.post(f"{address}/take-over", writer=window)).json()["floor"] for window in ("a", "a", "b", "a")
    ]
    assert floors == [2000, 2000, 4000, 6000]
    position, right = next(iter(right_fields(database, address).items()))
    here = f"{address}/answers/{position}"
    await staff.post(here, sequence="4001", writer="b", **right)
    await staff.post(here, sequence="2300", writer="a")
    with database.writing() as session:
        attempt = finishing.found(session, address.rpartition("/")[2])
        saved = finishing.saves_of(session, attempt)[attempt.items[position - 1].id]
    assert len(saved) == 2, "nothing is lost"
    counts = current(saved)
    assert counts is not None
    assert counts.writer == "b", "and the old answer that arrived last does not count"


async def test_a_test_is_nobody_elses_and_nothing_in_it_tells_what_is_right(
    staff: Visitor, browser: Browser, database: Database
) -> None:
    address = await begun(staff)
    page = (await staff.get(address)).text
    assert "share" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL).partition("data-attempt-form")[2]
    other = browser("uk")
    await other.sign_in()
    answers: list[httpx.Response] = [
        await other.get(address),
        await other.get(f"{address}/state"),
        await other.post(f"{address}/answers/1", sequence="1", writer="w"),
        await other.post(address, do="submit"),
    ]
    assert {answer.status_code for answer in answers} == {404}


async def test_a_bank_that_is_too_small_says_so(browser: Browser) -> None:
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    refused = await visitor.post(f"{LESSON}/test")
    assert refused.status_code == 422
    assert "У банку замало" in refused.text


async def test_what_the_form_sends_of_every_item_of_the_bank_is_an_answer(staff: Visitor, database: Database) -> None:
    """The form's fields, filled in rightly, are worth the whole point; empty ones are no answer."""
    with database.reading() as session:
        bodies = [content.parse(body) for body in session.scalars(select(ItemVersion.body))]
    assert {body.kind for body in bodies} == set(content.ItemKind)
    for body in bodies:
        fields = [
            (name, one)
            for name, value in _right(body, "a-1").items()
            for one in (value if isinstance(value, list) else [value])
        ]
        answer = answer_of(presented(body, {}), FormData(fields), 1)
        assert score(body, answer).share in (1, None), body.title
        assert answer_of(presented(body, {}), FormData([]), 1) is None


def test_the_blanks_of_a_cloze_are_fields_and_nothing_typed_breaks_out_of_them() -> None:
    shown = {"kind": "cloze", "text": "Один [[b1]] два [[b2]]", "blanks": [
        {"id": "b1", "kind": "short"}, {"id": "b2", "kind": "choice", "options": [{"id": "o1", "text": "<b>так</b>"}]},
    ]}  # fmt: skip
    made = cloze_html(shown, {"b1": '"><script>', "b2": "o1"}, 3, "Пропуск")
    assert 'name="a-3-b1" value="&#34;&gt;&lt;script&gt;"' in made
    assert '<option value="o1" selected>&lt;b&gt;так&lt;/b&gt;</option>' in made
    assert "[[" not in made
