"""The bank of questions on the pages: found, read, reviewed by a second person, released, withdrawn."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from lms import demo_items
from lms.assessment import actions, queries
from lms.assessment.content import Option, SingleChoice
from lms.assessment.drafts import ItemDraft
from lms.assessment.models import Item, VersionState
from lms.database import Database
from lms.demo_accounts import ADMINISTRATOR, ORGANISER, STAFF
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from tests.lms.facts import NOW
from tests.web.visitor import Visitor

Browser = Callable[..., Visitor]


@pytest.fixture
def bank(database: Database) -> Database:
    """The demo's bank, and a draft of the organiser's with a script in it."""
    with database.writing() as session:
        demo_items.seed(session, NOW, author=ORGANISER, reviewer=ADMINISTRATOR)
        account = session.query(Account).filter(Account.subject == ORGANISER).one()
        author = visitor_of_person(session, account.person_id, NOW)
        options = (Option(id="a", text="*Так*", share="1"), Option(id="b", text="<script>alert(1)</script>Ні"))  # type: ignore[arg-type]
        body = SingleChoice(text="Чи **це** питання?", options=options)
        actions.create(session, author, ItemDraft(body, code="draft-1"), NOW)
        actions.offer(session, author, "draft-1", NOW)
    return database


async def signed_in(browser: Browser, who: str) -> Visitor:
    visitor = browser("uk")
    await visitor.sign_in(who)
    return visitor


async def test_from_the_list_to_a_review_and_into_use(bank: Database, browser: Browser) -> None:
    author, second = await signed_in(browser, ORGANISER), await signed_in(browser, ADMINISTRATOR)
    listed = await author.get("/items?competence=digcomp22:1&language=en")
    assert "dl-1-1-01-en" in listed.text
    assert "dl-2-1-01-en" not in listed.text
    rows = listed.text[listed.text.index("<tbody>") :]
    assert "1.1 Перегляд, пошук і відбір даних" in rows
    assert "Рамка цифрової компетентності для громадян (DigComp) 2.2" in rows
    assert "digcomp22:" not in rows, "people see names"
    assert "draft-1" in (await second.get("/items")).text
    page = await second.get("/items/draft-1")
    assert "<strong>це</strong>" in page.text
    assert "<script>alert" not in page.text
    digest = re.findall(r'name="digest" value="(\w+)"', page.text)[0]
    own = await author.post("/items/draft-1/review", verdict="good", digest=digest)
    assert own.status_code == 403
    empty = await second.post("/items/draft-1/review", verdict="returned", digest=digest)
    assert empty.status_code == 422
    for path, fields in (
        ("review", {"verdict": "good", "digest": digest}),
        ("release", {}),
        ("withdraw", {"reason": "Стара"}),
    ):
        assert (await second.post(f"/items/draft-1/{path}", **fields)).status_code == 303
    with bank.reading() as session:
        item = session.query(Item).filter(Item.code == "draft-1").one()
        assert item.state is VersionState.WITHDRAWN


async def test_every_item_of_the_demo_has_its_page(bank: Database, browser: Browser) -> None:
    reader = await signed_in(browser, ADMINISTRATOR)
    with bank.reading() as session:
        by_kind = {stored.body.kind: stored.code for stored in queries.stored(session, queries.Filter())}
    assert len(by_kind) >= 8
    for code in by_kind.values():
        assert (await reader.get(f"/items/{code}")).status_code == 200


async def test_the_bank_is_not_for_everybody(bank: Database, browser: Browser) -> None:
    staff = await signed_in(browser, STAFF)
    assert (await staff.get("/items")).status_code == 403
    assert (await staff.get("/items/dl-1-1-01")).status_code == 403
