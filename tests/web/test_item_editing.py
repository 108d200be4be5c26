"""The bank written in the browser, without a script: new items, edits, conflicts, try-out, files in and out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from html import unescape

import pytest
from httpx import Response
from sqlalchemy.orm import Session

from lms import demo_items
from lms.assessment import queries
from lms.assessment.content import ItemKind
from lms.assessment.models import Item, ItemImport, VersionState
from lms.database import Database
from lms.demo_accounts import ADMINISTRATOR, ORGANISER, STAFF
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from lms.directory.rules import Visitor as Someone
from tests.lms.facts import NOW, counted
from tests.web.visitor import Visitor

Browser = Callable[..., Visitor]
NEW = {
    "kind": "single",
    "language": "uk",
    "text": "Що **це**?",
    "policy": "sc_share",
    "shuffle": "yes",
    "options": "3",
    "options-0-text": "Вікно",
    "options-0-right": "yes",
    "options-0-feedback": "Саме так",
    "options-1-text": "Двері",
    "competences": "1",
    "competences-0-tag": "digcomp22:1.1",
    "levels": "2",
    "audiences": "citizen",
    "topics": "вікна; двері",
}


@pytest.fixture
def bank(database: Database) -> Database:
    """The demo's bank."""
    with database.writing() as session:
        demo_items.seed(session, NOW, author=ORGANISER, reviewer=ADMINISTRATOR)
    return database


async def signed_in(browser: Browser, who: str = ORGANISER) -> Visitor:
    visitor = browser("en")
    await visitor.sign_in(who)
    return visitor


async def sent_in(author: Visitor, told: dict[str, str], files: dict[str, tuple[str, bytes]]) -> Response:
    """A form with a file."""
    data = {"csrf": await author.csrf(), **told}
    return await author.client.post("/items/import", data=data, files=files or {"file": ("", b"")})


def fields(page: str) -> dict[str, str]:
    """What the editor's form would send as it stands: texts, ticks, choices."""
    form = page[page.index('id="item-form"') : page.index("</form>", page.index('id="item-form"'))]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        told = {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if told.get("type") not in ("checkbox", "radio") or tag.rstrip(">").endswith(" checked"):
            found[told["name"]] = told.get("value", "")
    for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL):
        found[name] = unescape(text)
    for name, inner in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option(?: value="([^"]*)")? selected>', inner)
        found[name] = (chosen.group(1) or "") if chosen else ""
    del found["csrf"]
    return found


async def test_an_item_is_written_sent_to_review_and_its_text_is_shown_as_markdown(
    bank: Database, browser: Browser
) -> None:
    author = await signed_in(browser)
    kinds = (await author.get("/items/new")).text
    assert all(f"/items/new?kind={kind}" in kinds for kind in ItemKind)
    made = await author.post("/items/new", **NEW, do="offer", code="window-1")
    assert made.headers["location"] == "/items/window-1?done=item_offered"
    page = (await author.get("/items/window-1")).text
    assert "<strong>це</strong>" in page
    with bank.reading() as session:
        item = session.query(Item).filter(Item.code == "window-1").one()
        assert item.state is VersionState.OFFERED
    second = await signed_in(browser, ADMINISTRATOR)
    assert "window-1" in (await second.get("/items")).text
    digest = re.findall(r'name="digest" value="(\w+)"', (await second.get("/items/window-1")).text)[0]
    await second.post("/items/window-1/review", verdict="returned", digest=digest, comment="Яке вікно?")
    assert "Яке вікно?" in (await author.get("/items/window-1")).text


async def test_buttons_work_without_a_script_and_nothing_typed_is_lost(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    page = await author.post("/items/new/form", **NEW, do="add:options")
    kept = fields(page.text)
    assert {name: kept.get(name, "") for name in NEW if name not in ("levels", "audiences")} == {
        name: value for name, value in NEW.items() if name not in ("levels", "audiences")
    } | {"options": "4"}
    assert 'id="row-options-3" data-focus-row tabindex="-1" autofocus' in page.text
    page = await author.post("/items/new/form", **NEW, do="preview")
    assert "<strong>це</strong>" in page.text
    assert fields(page.text)["options-1-text"] == "Двері"
    wrong = await author.post("/items/new", **(NEW | {"options-0-right": "", "text": ""}))
    assert wrong.status_code == 422
    assert 'id="options-error"' in wrong.text
    assert 'aria-describedby="text-hint text-error" aria-invalid="true"' in wrong.text
    assert fields(wrong.text)["topics"] == NEW["topics"]
    with bank.reading() as session:
        assert session.query(Item).filter(Item.title.contains("Що це?")).count() == 0


async def test_every_kind_of_the_bank_goes_through_its_form_unchanged(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    with bank.reading() as session:
        items = list(queries.stored(session, queries.Filter()))
        by_kind = {stored.body.kind: stored for stored in items}
    assert set(by_kind) >= set(ItemKind) - {ItemKind.NUMERIC}
    for stored in by_kind.values():
        page = (await author.get(f"/items/{stored.code}/edit")).text
        sent = fields(page) | {"do": "save"}
        sent |= {name: tag.value for tag in stored.tags for name in ("levels", "audiences") if tag.scheme == name[:-1]}
        assert (await author.post(f"/items/{stored.code}/edit", **sent)).status_code == 303, stored.code
    with bank.reading() as session:
        for stored in by_kind.values():
            page = queries.item_page(session, _organiser(session), stored.code)
            assert page.card.version == 1, f"{stored.code}: saved unchanged, it makes no version"
            assert page.body == stored.body


async def test_an_edit_of_what_is_in_use_makes_a_version_and_says_so(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    page = (await author.get("/items/dl-1-1-01/edit")).text
    assert "makes version 2" in page
    sent = fields(page) | {"title": "Інакше", "levels": "1", "do": "save"}
    assert (await author.post("/items/dl-1-1-01/edit", **sent)).status_code == 303
    told = (await author.get("/items/dl-1-1-01")).text
    assert "<ins>Інакше</ins>" in told
    assert "an earlier version is in use" in told
    new = (await author.get("/items/new?like=dl-1-1-01&language=en")).text
    assert (fields(new)["family"], fields(new)["code"]) == ("dl-1-1-01", "dl-1-1-01-en")


async def test_who_saves_later_is_told_and_loses_nothing(bank: Database, browser: Browser) -> None:
    first, second = await signed_in(browser), await signed_in(browser, ADMINISTRATOR)
    sent = fields((await first.get("/items/dl-1-1-01/edit")).text) | {"do": "save"}
    theirs = sent | {"text": "Їхній текст"}
    assert (await second.post("/items/dl-1-1-01/edit", **theirs)).status_code == 303
    refused = await first.post("/items/dl-1-1-01/edit", **(sent | {"text": "Мій текст"}))
    assert refused.status_code == 409
    assert fields(refused.text)["text"] == "Мій текст"
    assert "<del>Їхній</del><ins>Мій</ins>" in refused.text
    over = re.findall(r'value="(over:\d+)"', refused.text)[0]
    assert (await first.post("/items/dl-1-1-01/edit", **(sent | {"text": "Мій текст", "do": over}))).status_code == 303
    with bank.reading() as session:
        assert queries.item_page(session, _organiser(session), "dl-1-1-01").body.text == "Мій текст"


async def test_a_try_out_scores_and_keeps_nothing(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    await author.post("/items/new", **NEW, code="window-1")
    page = (await author.get("/items/window-1/try")).text
    seed = re.findall(r'name="seed" value="(\w+)"', page)[0]
    right = await author.post("/items/window-1/try", seed=seed, **{"a-1": "a"})
    assert "100 % of the point" in right.text
    assert "Саме так" in right.text
    assert "0 % of the point" in (await author.post("/items/window-1/try", seed=seed, **{"a-1": "b"})).text
    assert (await author.post("/items/window-1/try", seed=seed, **{"a-1": "zz"})).status_code == 422
    with bank.reading() as session:
        by_kind = {stored.body.kind: stored.code for stored in queries.stored(session, queries.Filter())}
    for code in by_kind.values():
        assert (await author.get(f"/items/{code}/try")).status_code == 200
        assert "Nothing was answered" in (await author.post(f"/items/{code}/try", seed="x")).text


GIFT = """::Один:: Скільки буде 2 + 2? {=4 ~5}

Опис без питання

::Два:: Чи є тут <script>alert(1)</script> скрипт? {T}
"""


async def test_a_file_is_looked_at_before_anything_is_stored(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    with bank.reading() as session:
        before = session.query(Item).count()
    sent = await sent_in(author, {"pasted": GIFT, "language": "uk", "format": ""}, {})
    place = sent.headers["location"]
    page = (await author.get(place)).text
    for told in ("It has no braces", "Scripts", "Take 2 questions"):
        assert told in page, told
    assert "alert(1)" not in page
    with bank.reading() as session:
        assert session.query(Item).count() == before, "nothing is stored by looking"
    assert "Один" in (await author.get(f"{place}/report.csv")).text
    other = await signed_in(browser, ADMINISTRATOR)
    assert (await other.get(place)).status_code == 404, "it is nobody else's"
    assert (await author.post(place, do="take", offer="yes")).status_code == 303
    assert (await author.post(place, do="take")).status_code == 409, "it is taken once"
    with bank.reading() as session:
        assert session.query(Item).count() == before + 2
        assert session.query(Item).filter(Item.state == VersionState.OFFERED).count() == 2
        assert session.query(ItemImport).one().content is None


def slipping() -> bytes:
    """A package with a file that would lie outside of it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
        archive.writestr("imsmanifest.xml", "<manifest/>")
    return made.getvalue()


BOMB = b'<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><quiz>&b;</quiz>'


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("bomb.xml", BOMB, "defines entities"),
        ("slip.zip", slipping(), "would lie outside of it"),
        ("deep.xml", b"<quiz>" + b"<a>" * 200 + b"</a>" * 200 + b"</quiz>", "nested too deeply"),
        ("broken.xml", b"<quiz><question>", "no well-formed XML"),
        ("binary.gift", b"\x00\x01\x02\xff" * 100, "GIFT is text"),
        ("empty.csv", b"a,b\n1,2\n", "column"),
    ],
)
async def test_a_hostile_file_is_refused_with_a_sentence(
    bank: Database, browser: Browser, name: str, content: bytes, told: str
) -> None:
    author = await signed_in(browser)
    sent = await sent_in(author, {"language": "uk"}, {"file": (name, content)})
    page = (await author.get(sent.headers["location"])).text
    assert "cannot be taken" in page
    assert told in page
    assert 'value="take"' not in page


async def test_a_file_of_100_mb_is_not_read(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    sent = await sent_in(author, {"language": "uk"}, {"file": ("a.gift", b"x" * (18 * 1024 * 1024))})
    assert sent.status_code == 413
    nothing = await sent_in(author, {"language": "uk", "pasted": ""}, {})
    assert nothing.status_code == 422
    unknown = await sent_in(author, {"language": "uk", "pasted": "Просто текст"}, {})
    assert unknown.status_code == 422
    assert "Просто текст" in unknown.text


@pytest.mark.parametrize("form", ["gift", "moodle-xml", "qti", "csv"])
async def test_a_selection_goes_out_and_the_page_says_what_the_format_does_not_carry(
    bank: Database, browser: Browser, form: str
) -> None:
    author = await signed_in(browser)
    page = (await author.get("/items/export?competence=digcomp22:1&language=uk")).text
    assert "What the filter of the list finds" in page
    whole = await author.get(f"/items/export?language=uk&format={form}")
    assert "attachment" in whole.headers["content-disposition"]
    told = (await author.get(f"/items/export?language=uk&format={form}&look=yes")).text
    assert "left out" in told
    one = await author.get(f"/items/export?code=dl-1-1-01&code=dl-1-1-02&format={form}")
    assert one.status_code == 200
    assert len(one.content) < len(whole.content)
    staff = await signed_in(browser, STAFF)
    assert (await staff.get(f"/items/export?format={form}")).status_code == 403


async def test_drafts_that_are_ticked_go_to_review_together(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    for code in ("one", "two", "three"):
        await author.post("/items/new", **NEW, code=code)
    done = await author.post("/items/offer", code=["one", "two", "dl-1-1-01"])
    assert done.status_code == 303
    with bank.reading() as session:
        chosen = session.query(Item).filter(Item.code.in_(("one", "two", "three", "dl-1-1-01")))
        states = {item.code: item.state.value for item in chosen}
    assert states == {"one": "offered", "two": "offered", "three": "draft", "dl-1-1-01": "usable"}


async def test_the_list_takes_as_many_statements_for_fifty_as_for_one(bank: Database, browser: Browser) -> None:
    author = await signed_in(browser)
    await author.get("/items")
    with counted(bank) as few:
        assert "dl-1-1-01" in (await author.get("/items?words=dl-1-1-01&language=uk")).text
    with counted(bank) as many:
        assert "Page 1 of" in (await author.get("/items")).text
    assert len(few) == len(many)
    for narrowed in ("level=1", "audience=citizen", "state=usable", "kind=single", "usable=yes"):
        assert (await author.get(f"/items?{narrowed}")).status_code == 200
    assert "No such questions" in (await author.get("/items?state=withdrawn")).text


def _organiser(session: Session) -> Someone:
    account = session.query(Account).filter(Account.subject == ORGANISER).one()
    return visitor_of_person(session, account.person_id, NOW)
