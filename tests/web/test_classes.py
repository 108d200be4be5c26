"""A class in a library on the pages: a list, a code, a seat without a password, and nothing but the class's course."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select

from lms import demo_items
from lms.assessment.attempts.models import Attempt
from lms.courses import learning
from lms.courses.classes.models import ClassMember, ClassSitting
from lms.courses.models import Enrolment
from lms.database import Database
from lms.directory.models import Organisation
from tests.lms.facts import NOW
from tests.web.visitor import ADMINISTRATOR, ORGANISER, Visitor

Browser = Callable[..., Visitor]
LIST = "Навчальна Перша\nНавчальний Другий, second@example.org"


async def post(visitor: Visitor, at: str, path: str, **fields: str) -> httpx.Response:
    """From a page that holds a form: whoever sits in a class cannot open the page that others take the token from."""
    page = await visitor.get(at)
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return await visitor.client.post(path, data={"csrf": found.group(1), **fields})


@pytest.fixture
async def facilitator(browser: Browser, database: Database) -> Visitor:
    with database.writing() as session:
        demo_items.seed(session, NOW, author=ORGANISER, reviewer=ADMINISTRATOR)
    visitor = browser("en")
    await visitor.sign_in()
    return visitor


async def made(visitor: Visitor, database: Database) -> str:
    with database.reading() as session:
        home = session.scalar(select(Organisation.id).order_by(Organisation.id))
    answer = await visitor.post("/classes/new", title="Tuesdays", course="mobile-case", organisation=str(home))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


async def bring(
    visitor: Visitor, here: str, names: str, file: tuple[str, bytes, str] = ("", b"", "text/csv")
) -> httpx.Response:
    data = {"csrf": await visitor.csrf(), "names": names}
    return await visitor.client.post(f"{here}/people", data=data, files={"file": file})


async def seated(browser: Browser, database: Database, name: str = "Навчальна Перша") -> Visitor:
    with database.reading() as session:
        code = session.scalars(select(ClassSitting.code)).one()
    learner = browser("en")
    names = await learner.post("/class", code=code.lower())
    member = re.search(rf'value="(\d+)">{name}', names.text)
    assert member, names.text
    answer = await learner.post("/class/sit", code=code, member=member.group(1))
    assert (answer.status_code, answer.headers["location"]) == (303, "/class")
    return learner


async def test_from_a_list_to_a_result_on_a_shared_computer(
    facilitator: Visitor, browser: Browser, database: Database
) -> None:
    here = await made(facilitator, database)
    table = ("list.csv", "Прізвище;Ім’я\nНавчальний;Третій".encode("cp1251"), "text/csv")
    answer = await bring(facilitator, here, LIST, table)
    assert answer.status_code == 303, answer.text
    page = (await facilitator.get(here)).text
    for name in ("Навчальна Перша", "Навчальний Другий", "second@example.org", "Навчальний Третій"):
        assert name in page
    empty = await bring(facilitator, here, " \n ")
    assert empty.status_code == 422
    assert "No name was found" in empty.text
    answer = await facilitator.post(f"{here}/sittings", minutes="180", lesson="check")
    sitting = answer.headers["location"]

    learner = await seated(browser, database)
    page = (await learner.get("/class")).text
    assert "Навчальна Перша" in page
    assert "/me" not in page, "no account, no pages of one"
    assert "sits already" in (await browser("en").post("/class", code=_code(database))).text
    assert "Other lessons come first" in page
    with database.writing() as session:
        number = session.scalars(select(ClassMember.person_id).where(ClassMember.name == "Навчальна Перша")).one()
        found = learning.learning_of(
            session, session.scalars(select(Enrolment.id).where(Enrolment.person_id == number)).one()
        )
        for lesson in found.version.lessons:
            if lesson.key != "check":
                learning.settle(session, found, lesson.key, NOW, completed=True, passed=True)
    begun = await post(learner, "/class", "/courses/mobile-case/lessons/check/test")
    assert begun.status_code == 303, begun.text
    attempt = begun.headers["location"]
    shown = (await learner.get(attempt)).text
    saved = await learner.client.post(
        f"{attempt}/answers/1",
        data={"csrf": re.findall(r'name="csrf" value="([0-9a-f]{64})"', shown)[0], "sequence": "1", "writer": "w1"},
    )
    assert saved.status_code == 200, saved.text
    assert "answered" in (await facilitator.get(sitting)).text
    answer = await facilitator.post(f"{sitting}/end")
    assert (answer.status_code, "End it all the same" in answer.text) == (409, True)
    answer = await post(learner, attempt, attempt, do="submit")
    assert answer.headers["location"] == f"{attempt}/result"
    assert (await learner.get(f"{attempt}/result")).status_code == 200
    page = (await facilitator.get(sitting)).text
    assert "not passed" in page
    with database.reading() as session:
        code, test = session.execute(select(Attempt.code, Attempt.test_id)).one()
    assert "under the facilitator’s eyes" in (await facilitator.get(f"/tests/{test}/attempts/{code}")).text
    assert (await post(learner, "/class", "/class/leave")).status_code == 303
    assert "Code of the class" in (await learner.get("/class")).text


def _code(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(ClassSitting.code)).one()


async def test_whoever_sits_by_a_code_comes_nowhere_else(
    facilitator: Visitor, browser: Browser, database: Database
) -> None:
    here = await made(facilitator, database)
    await bring(facilitator, here, LIST)
    opened = await facilitator.post(f"{here}/sittings", minutes="45", lesson="")
    learner = await seated(browser, database)
    for shut in ("/", "/me", "/me/certificates", "/schedule", "/courses", "/classes", "/courses/other", "/manage"):
        answer = await learner.get(shut)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/class?only=yes"), shut
    assert (await learner.get("/api/meetings/x/token")).status_code in (403, 404, 405)
    assert (await learner.get("/courses/mobile-case/edit")).status_code == 303
    for open_here in ("/courses/mobile-case/lessons/purpose", "/offline/account", "/help"):
        assert (await learner.get(open_here)).status_code == 200, open_here
    refused = await post(learner, "/class", "/me/background", age_band="18_29")
    assert refused.status_code == 403
    wrong = await browser("uk").post("/class", code="ZZZZZZ")
    assert wrong.status_code == 404
    assert "ZZZZZZ" in wrong.text, "what was typed stays"
    await facilitator.post(f"{opened.headers['location']}/end")
    assert "Code of the class" in (await learner.get("/class")).text
    assert (await learner.get("/schedule")).status_code == 200, "a seat that is gone shuts nothing"
