"""Road maps on the pages: written without losing a word, read back from DOCX and PDF, followed up by letter."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import httpx
import pytest
from docx import Document
from pypdf import PdfReader
from sqlalchemy import select

from lms.database import Database
from lms.demo_accounts import LEAD, STAFF
from lms.notify.models import OutboxMessage
from lms.roadmaps import following_up
from lms.roadmaps.models import Roadmap
from lms.schedule.models import Occurrence
from tests.lms.facts import NOW
from tests.web.conftest import Clock
from tests.web.visitor import ORGANISER, Visitor
from web.config import WebConfig
from web.mail.letters import RENDERERS, Desk, Unwanted, load_all
from web.site import build_site

Browser = Callable[..., Visitor]
TODAY = date(2026, 11, 25)


@pytest.fixture
async def lead(browser: Browser) -> Visitor:
    visitor = browser("uk")
    await visitor.sign_in(LEAD)
    return visitor


@pytest.fixture
def number(database: Database) -> int:
    """The demo's road map of Lviv, whose lead is one of the demo's people."""
    with database.reading() as session:
        return session.scalars(select(Roadmap.id).order_by(Roadmap.id.desc())).first() or 0


def fields(page: httpx.Response) -> dict[str, str]:
    """What the editor's form holds, as a browser would send it."""
    form = page.text[page.text.index('action="/roadmaps/') :]
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', form))
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return {name: value for name, value in found.items() if name != "csrf" and not name.startswith(("remove", "anew"))}


async def test_a_lead_writes_steps_and_nothing_typed_is_lost(lead: Visitor, number: int) -> None:
    form = fields(await lead.get(f"/roadmaps/{number}/edit"))
    assert form["rows"] == "5"
    form |= {"text-3": "Виїзд до <сіл> & «хуторів»", "due-3": "2026-12-31"}
    more = await lead.post(f"/roadmaps/{number}/edit", **form, do="more")
    assert more.status_code == 200
    assert "Виїзд до &lt;сіл&gt; &amp; «хуторів»" in more.text
    form = fields(more)
    form = {name: value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for name, value in form.items()}
    assert form["rows"] == "6"
    up = await lead.post(f"/roadmaps/{number}/edit", **form, do="up-3")
    assert "Виїзд до &lt;сіл&gt;" in re.findall(r'name="text-2"[^>]*>([^<]*)<', up.text)[0]
    wrong = await lead.post(f"/roadmaps/{number}/edit", **(form | {"due-0": "2026-02-30"}), do="save")
    assert wrong.status_code == 422
    assert "Такої дати" in wrong.text
    assert "Виїзд до &lt;сіл&gt;" in wrong.text
    saved = await lead.post(f"/roadmaps/{number}/edit", **form, do="save")
    assert saved.status_code == 303
    page = await lead.get(f"/roadmaps/{number}")
    assert "Виїзд до &lt;сіл&gt;" in page.text
    assert "Додано крок" in page.text
    late = await lead.post(f"/roadmaps/{number}/edit", **(form | {"title": "Застаріла"}), do="save")
    assert late.status_code == 409
    assert "Застаріла" in late.text


async def test_rows_are_removed_and_an_emptied_one_is_asked_about(lead: Visitor, number: int) -> None:
    form = fields(await lead.get(f"/roadmaps/{number}/edit"))
    emptied = await lead.post(f"/roadmaps/{number}/edit", **(form | {"text-0": ""}), do="save")
    assert emptied.status_code == 422
    removed = await lead.post(f"/roadmaps/{number}/edit", **form, do="save", **{"remove-0": "1"})
    assert removed.status_code == 303
    assert "Вилучено крок" in (await lead.get(f"/roadmaps/{number}")).text


async def test_staff_read_and_move_their_own_steps_on(browser: Browser, number: int) -> None:
    staff = browser("uk")
    await staff.sign_in(STAFF)
    page = await staff.get(f"/roadmaps/{number}")
    assert page.status_code == 200
    assert f"/roadmaps/{number}/edit" not in page.text
    steps = re.findall(rf'action="/roadmaps/{number}/steps/(\d+)"', page.text)
    assert len(steps) == 2
    moved = await staff.post(f"/roadmaps/{number}/steps/{steps[0]}", state="done", note="Проведено")
    assert moved.status_code == 303
    assert "Проведено" in (await staff.get(f"/roadmaps/{number}")).text
    assert (await staff.post(f"/roadmaps/{number}/steps/{steps[0]}", state="nonsense")).status_code == 422
    assert (await staff.get(f"/roadmaps/{number}/edit")).status_code == 403


@pytest.mark.parametrize(
    ("language", "kind", "owner"), [("uk", "Дорожня карта", "Відповідальний"), ("en", "Road map", "Owner")]
)
async def test_documents_say_the_same_in_the_readers_language(
    browser: Browser, number: int, language: str, kind: str, owner: str
) -> None:
    lead = browser(language)
    await lead.sign_in(LEAD)
    answer = await lead.get(f"/roadmaps/{number}.docx")
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")
    document = Document(BytesIO(answer.content))
    words = [paragraph.text for paragraph in document.paragraphs]
    assert words[0] == kind
    assert words[1] == "Зал зустрічей для консультацій (приклад)"
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[0][2] == owner
    assert rows[2][1] == "Провести пробну консультацію із залу"
    assert document.core_properties.language == language

    answer = await lead.get(f"/roadmaps/{number}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    pdf = PdfReader(BytesIO(answer.content))
    text = " ".join("".join(page.extract_text() for page in pdf.pages).split())
    for part in (kind, owner, "Зал зустрічей для консультацій (приклад)", "Визначити відповідального за зал"):
        assert part in text
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == language
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Зал зустрічей для консультацій (приклад)"
    fonts = [one.get_object() for page in pdf.pages for one in page["/Resources"]["/Font"].values()]
    assert all("Manrope" in str(font["/BaseFont"]) for font in fonts)


async def test_words_that_would_break_a_document_do_not(lead: Visitor, number: int) -> None:
    form = fields(await lead.get(f"/roadmaps/{number}/edit"))
    form |= {"text-0": "#panic(1) *не жирний* $x$ \x0b @посилання <мітка>", "note-0": "= 1+1; [текст] \\u"}
    assert (await lead.post(f"/roadmaps/{number}/edit", **form, do="save")).status_code == 303
    document = Document(BytesIO((await lead.get(f"/roadmaps/{number}.docx")).content))
    assert "#panic(1) *не жирний* $x$" in document.tables[0].rows[1].cells[1].text
    pdf = PdfReader(BytesIO((await lead.get(f"/roadmaps/{number}.pdf")).content))
    text = " ".join(pdf.pages[0].extract_text().split())
    assert "#panic(1) *не жирний* $x$" in text
    assert "= 1+1; [текст]" in text


async def test_a_report_and_the_list_show_what_is_late(lead: Visitor, browser: Browser) -> None:
    page = await lead.get("/roadmaps")
    assert "Зал зустрічей для консультацій" in page.text
    assert "1 прострочений" in page.text
    report = await lead.get("/roadmaps/report", since="2026-11-01")
    assert "Провести пробну консультацію із залу" in report.text
    assert "Лисичанськ" not in report.text
    assert (await lead.get("/roadmaps/report", since="нісенітниця")).status_code == 200
    organiser = browser("uk")
    await organiser.sign_in(ORGANISER)
    assert "Лисичанськ" in (await organiser.get("/roadmaps/report")).text
    assert "Прострочено 1 крок" in (await lead.get("/")).text


async def test_road_maps_are_made_on_the_page_of_a_training(browser: Browser, database: Database) -> None:
    organiser = browser("uk")
    await organiser.sign_in(ORGANISER)
    with database.reading() as session:
        slug = session.scalars(select(Occurrence.slug).where(Occurrence.title == "Робота з мобільним кейсом")).one()
    page = await organiser.get(f"/schedule/{slug}")
    assert page.text.count("Дорожня карта міста") == 2
    assert "roadmap-title" not in page.text
    with database.writing() as session:
        for one in session.scalars(select(Roadmap).where(Roadmap.occurrence_id.is_not(None))):
            one.occurrence_id = None
    page = await organiser.get(f"/schedule/{slug}")
    assert "Дорожні карти для 2 центрів-учасників" in page.text
    made = await organiser.post(f"/schedule/{slug}/roadmaps", title="Дорожня карта після тренінгу")
    assert made.status_code == 303
    page = await organiser.get(f"/schedule/{slug}")
    assert page.text.count("Дорожня карта після тренінгу") == 2


async def test_a_lead_makes_one_by_hand(lead: Visitor) -> None:
    assert (await lead.get("/roadmaps/new")).status_code == 200
    form = {"title": "Нова карта", "rows": "1", "text-0": "Крок", "follow_up": "2027-01-20"}
    more = await lead.post("/roadmaps/new", **form, do="more")
    assert 'value="Нова карта"' in more.text
    home = re.search(r'<option value="(\d+)"', more.text)
    assert home
    made = await lead.post("/roadmaps/new", **form, organisation=home.group(1))
    assert made.status_code == 303
    page = await lead.get(made.headers["location"].partition("?")[0])
    assert "Нова карта" in page.text
    assert "20.01.2027" in page.text
    foreign = await lead.post("/roadmaps/new", **form, organisation="1")
    assert foreign.status_code in (403, 404)


async def test_the_letter_names_open_steps(database: Database, config: WebConfig, number: int, clock: Clock) -> None:
    load_all()
    site = build_site(config)
    when = NOW + timedelta(days=12)
    with database.writing() as session:
        assert following_up.queue_for(session, number, when) == 2
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == following_up.KIND)).first()
        assert message is not None
        desk = Desk(when, config.public_url, "vikno@vikno.test", site.templates, config.links, config.sealer)
        letter = RENDERERS[following_up.KIND](session, message, desk)
        assert letter.subject == "Сьогодні час переглянути дорожню карту: Зал зустрічей для консультацій (приклад)"
        assert "Провести пробну консультацію із залу" in letter.text
        assert f"/roadmaps/{number}" in letter.html
        assert "Визначити відповідального" not in letter.text
        message.contents = message.contents | {"day": "2026-01-01"}
        with pytest.raises(Unwanted):
            RENDERERS[following_up.KIND](session, message, desk)
