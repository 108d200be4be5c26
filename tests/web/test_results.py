"""The pages of those who look after tests, and of those who took them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from lms import demo_items
from lms.assessment.attempts.models import Attempt, AttemptItem
from lms.database import Database
from lms.demo_accounts import STAFF
from lms.notify.models import OutboxMessage
from tests.lms.facts import NOW
from tests.web.visitor import ADMINISTRATOR, ORGANISER, Visitor

Browser = Callable[..., Visitor]
LESSON = "/courses/mobile-case/lessons/check"


@pytest.fixture
async def both(browser: Browser, database: Database) -> tuple[Visitor, Visitor]:
    """Somebody who takes a test, and an administrator, who has not made the course."""
    with database.writing() as session:
        demo_items.seed(session, NOW, author=ORGANISER, reviewer=ADMINISTRATOR)
    staff, keeper = browser("uk"), browser("uk")
    await staff.sign_in(STAFF)
    await keeper.sign_in(ADMINISTRATOR)
    return staff, keeper


async def begun(staff: Visitor, database: Database) -> tuple[str, str]:
    """The attempt's addresses, for who takes it and for its trainer."""
    address = (await staff.post(f"{LESSON}/test")).headers["location"]
    with database.reading() as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id.desc())).first()
        assert attempt is not None
        return address, f"/tests/{attempt.test_id}/attempts/{attempt.code}"


async def test_more_time_in_mid_attempt_reaches_the_page(both: tuple[Visitor, Visitor], database: Database) -> None:
    staff, keeper = both
    address, watched = await begun(staff, database)
    test = watched.split("/attempts/")[0]
    assert (await staff.post(f"{address}/state")).json()["remaining_s"] == 900
    assert "Проходять зараз" in (await keeper.get(test)).text
    wrong = await keeper.post(f"{watched}/time", minutes="10", reason="")
    assert wrong.status_code == 422
    assert 'value="10"' in wrong.text, "what was typed is kept"
    given = await keeper.post(f"{watched}/time", multiplier="1.5", minutes="10", reason="Екранний диктор")
    assert given.status_code == 303, given.text
    assert (await staff.get(f"{address}/state")).json()["remaining_s"] == 900 * 3 // 2 + 600
    page = (await keeper.get(watched)).text
    assert "Завершення без додаткового часу" in page
    assert "Завершення перенесено" in page
    assert "Екранний диктор" in (await keeper.get(test)).text


async def test_more_time_for_everybody_reaches_the_page(both: tuple[Visitor, Visitor], database: Database) -> None:
    staff, keeper = both
    address, watched = await begun(staff, database)
    test = watched.split("/attempts/")[0]
    wrong = await keeper.post(f"{test}/extend", more="20", reason="", seen="0")
    assert wrong.status_code == 422
    assert 'value="20"' in wrong.text, "what was typed is kept"
    for page in ("/tests", test):
        told = (await keeper.get(page)).text
        assert "Курс «" in told
        assert "mobile-case/1/" not in told, "people see the course, not the test's name"
    assert (await keeper.post(f"{test}/extend", more="20", reason="Знеструмлення", seen="0")).status_code == 303
    twice = await keeper.post(f"{test}/extend", more="20", reason="Знеструмлення", seen="0")
    assert twice.status_code == 409
    assert (await staff.get(f"{address}/state")).json()["remaining_s"] == 900 + 1200
    assert "Знеструмлення" in (await keeper.get(test)).text
    assert "Знеструмлення" in (await keeper.get(watched)).text


async def test_an_appeal_a_wrong_question_and_a_void_attempt(both: tuple[Visitor, Visitor], database: Database) -> None:
    staff, keeper = both
    address, watched = await begun(staff, database)
    await staff.post(address, do="submit")
    await staff.post(f"{address}/appeal", text="Питання 2 двозначне.")
    assert "апеляцію розглядають" in (await staff.get("/me/tests")).text
    record = await staff.get("/me/learning-record.json")
    assert "attachment" in record.headers["content-disposition"]
    verbs = {each["verb"]["display"]["en"] for each in record.json()["statements"]}
    assert {"launched", "completed", "terminated", "failed"} <= verbs
    assert "Апеляція" in (await keeper.get("/tests")).text
    answered = await keeper.post(f"{watched}/appeal", do="grant", answer="Справді.")
    assert answered.status_code == 303, answered.text
    result = (await staff.get(f"{address}/result")).text
    assert "Ваша відповідь" in result
    assert "Що правильно" not in result, "not in the first ten minutes"
    with database.writing() as session:
        attempt = session.scalars(select(Attempt)).one()
        attempt.finished_at = attempt.started_at = NOW - timedelta(hours=1)
    result = (await staff.get(f"{address}/result")).text
    assert "Що правильно" in result
    assert "Задоволено" in result
    assert "<svg" in result
    with database.reading() as session:
        version = session.scalars(select(AttemptItem.item_version_id).order_by(AttemptItem.id)).first()
    ruling = f"/tests/rulings/{version}"
    preview = (await keeper.get(f"{ruling}?how=full")).text
    assert "0 %, не складено" in preview
    assert "17 %, не складено" in preview
    assert (await keeper.post(ruling, how="full", reason="")).status_code == 422
    assert (await keeper.post(ruling, how="full", reason="Двозначне")).status_code == 303
    assert "17 % усіх балів" in (await staff.get(f"{address}/result")).text
    assert (await keeper.post(f"{watched}/void", reason="Збій")).status_code == 303
    assert "Визнати спробу недійсною" not in (await keeper.get(watched)).text
    with database.reading() as session:
        kinds = list(session.scalars(select(OutboxMessage.kind).where(OutboxMessage.kind.startswith("attempt."))))
    assert {"attempt.appeal_answered", "attempt.changed", "attempt.voided"} <= set(kinds)


async def test_figures_as_pages_and_files_and_answers_about_oneself(
    both: tuple[Visitor, Visitor], database: Database
) -> None:
    staff, keeper = both
    address, watched = await begun(staff, database)
    await staff.post(address, do="submit")
    test = watched.split("/attempts/")[0]
    page = await keeper.get(f"{test}/figures?by=sex")
    assert page.status_code == 200
    assert "Ще замало людей" in page.text
    file = await keeper.get("/tests/figures.csv?by=month")
    assert "середня частка всіх балів" in file.text
    areas = await keeper.get(f"{test}/areas.csv")
    assert "різниця середніх ÷" in areas.text
    assert areas.text.count("\n") == 2, "the header, and one line that says nothing of so few"
    assert (await keeper.get("/tests/areas.xlsx")).content.startswith(b"PK")
    assert (await keeper.get(f"{test}/items.xlsx")).content.startswith(b"PK")
    assert (await keeper.get("/tests/figures.exe")).status_code == 404
    assert (await staff.post("/me/background", sex="female")).status_code == 422
    assert (await staff.post("/me/background", sex="female", agreed="yes")).status_code == 303
    assert "Відкликати згоду" in (await staff.get("/me/background")).text
    assert (await staff.post("/me/background/remove")).status_code == 303
    assert "Відкликати згоду" not in (await staff.get("/me/background")).text
