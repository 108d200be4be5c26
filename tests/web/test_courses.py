"""Courses on the pages: a trainer writes one, a learner goes through it, nothing that was typed is lost."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections.abc import Callable

import httpx
import pytest

from lms.demo_accounts import LEAD, STAFF
from tests.web.visitor import Visitor, links

Browser = Callable[..., Visitor]


@pytest.fixture
async def trainer(browser: Browser) -> Visitor:
    """An organiser teaches, too."""
    visitor = browser("uk")
    await visitor.sign_in()
    return visitor


@pytest.fixture
async def staff(browser: Browser) -> Visitor:
    visitor = browser("uk")
    await visitor.sign_in(STAFF)
    return visitor


async def upload(visitor: Visitor, path: str, name: str = "", content: bytes = b"", **fields: str) -> httpx.Response:
    """A form with a file, or with an empty place for one."""
    sent = {"file": (name, content)}
    return await visitor.client.post(path, data={"csrf": await visitor.csrf(), **fields}, files=sent)


def edit_of(page: httpx.Response) -> str:
    found = re.search(r'name="edit" value="(\d+)"', page.text)
    assert found, page.text
    return found.group(1)


async def test_everybody_sees_what_is_taught(browser: Browser) -> None:
    visitor = browser("uk")
    page = await visitor.get("/courses")
    assert "Цифрова грамотність: основи" in page.text
    assert "/courses/new" not in page.text
    shown = await visitor.get("/courses/digital-literacy")
    assert "Увійдіть, щоб навчатися" in shown.text
    found = await visitor.get("/courses", text="кейс")
    assert links(found, "/courses/mobile") == ["/courses/mobile-case"]
    assert "Тут немає курсів" in (await visitor.get("/courses", text="немає такого")).text


async def test_a_learner_goes_through_a_course_in_order(staff: Visitor) -> None:
    begun = await staff.post("/courses/digital-literacy/begin")
    assert begun.headers["location"] == "/courses/digital-literacy/lessons/start"
    first = await staff.get("/courses/digital-literacy/lessons/start")
    assert "<h1>Як улаштовано курс</h1>" in first.text
    assert first.text.count("Як улаштовано курс</h") == 1, "the text's own title is not said twice"
    closed = await staff.get("/courses/digital-literacy/lessons/communication")
    assert closed.status_code == 409
    assert "Інформація: знайти, оцінити, зберегти" in closed.text
    assert (await staff.post("/courses/digital-literacy/lessons/start/opened", place="0.5")).json() == {"kept": True}
    assert 'data-place="0.5"' in (await staff.get("/courses/digital-literacy/lessons/start")).text
    done = await staff.post("/courses/digital-literacy/lessons/start/done")
    assert done.headers["location"] == "/courses/digital-literacy/lessons/information"
    assert "пройдено занять: 1 із 7" in (await staff.get("/courses/digital-literacy")).text
    assert "/courses/digital-literacy" in (await staff.get("/")).text


async def test_an_assignment_goes_back_and_forth(staff: Visitor, trainer: Visitor) -> None:
    """The demo's learner has handed a road map in."""
    queue = await trainer.get("/courses/tasks")
    number = re.search(r"/courses/mobile-case/tasks/(\d+)", queue.text)
    assert number, queue.text
    path = number.group(0)
    empty = await trainer.post(path, do="return", comment="")
    assert empty.status_code == 422
    assert "Напишіть, що слід виправити" in empty.text
    await trainer.post(path, do="return", comment="Хто заміняє, коли один хворіє?")
    lesson = await staff.get("/courses/mobile-case/lessons/road-map")
    assert "Хто заміняє" in lesson.text
    assert "Кому: люди старшого віку" in lesson.text, "what was handed in is there to be mended"
    here = "/courses/mobile-case/lessons/road-map/task"
    refused = await upload(staff, here, "план.exe", b"MZ", text="З заміною.")
    assert refused.status_code == 422
    assert "З заміною." in refused.text
    handed = await upload(staff, here, "план.pdf", b"%PDF-1.7", text="З заміною.")
    assert handed.status_code == 303
    queue = await trainer.get("/courses/tasks")
    link = next(link for link in links(queue, "/courses/mobile-case/lessons") if "handed-in" in link)
    fetched = await trainer.get(link)
    assert fetched.content == b"%PDF-1.7"
    assert fetched.headers["content-disposition"].startswith("attachment")
    number = re.search(r"/courses/mobile-case/tasks/(\d+)", queue.text)
    assert number
    await trainer.post(number.group(0), do="accept")
    assert "прийнято" in (await staff.get("/courses/mobile-case/lessons/road-map")).text


async def test_a_trainer_writes_a_course_looks_at_it_and_publishes_it(trainer: Visitor, staff: Visitor) -> None:
    wrong = await trainer.post("/courses/new", title_uk="", summary_uk="Опис, що не загубиться")
    assert wrong.status_code == 422
    assert "Опис, що не загубиться" in wrong.text
    made = await trainer.post("/courses/new", title_uk="Запис на час", title_en="Appointments", hours="1,5")
    assert made.headers["location"] == "/courses/appointments/edit?done=saved"
    assert (await staff.get("/courses/appointments")).status_code == 404
    fields = {"kind": "page", "title_uk": "Навіщо", "body_uk": "## Черга\n\n<script>alert(1)</script>", "minutes": "5"}
    looked = await upload(trainer, "/courses/appointments/edit/lesson", do="preview", **fields)
    assert "<h2>Черга</h2>" in looked.text
    assert "<script>alert" not in looked.text
    assert "&lt;script&gt;" in looked.text
    added = await upload(trainer, "/courses/appointments/edit/lesson", do="save", **fields)
    assert added.headers["location"] == "/courses/appointments/edit?done=saved#lesson-navishcho"
    await trainer.post("/courses/appointments/publish")
    assert "Навіщо" in (await staff.get("/courses/appointments")).text


async def test_an_edit_begins_the_next_version_and_two_editors_do_not_overwrite_each_other(trainer: Visitor) -> None:
    here = "/courses/mobile-case/edit/lessons/purpose"
    fields = {"kind": "page", "title_uk": "Для чого кейс", "body_uk": "Текст", "move_on": "Completed"}
    mine, theirs = edit_of(await trainer.get(here)), edit_of(await trainer.get(here))
    assert (await upload(trainer, here, edit=mine, **fields)).status_code == 303
    late = await upload(trainer, here, edit=theirs, **{**fields, "body_uk": "Мій текст"})
    assert late.status_code == 409
    assert "Мій текст" in late.text


async def test_a_lesson_with_a_file_and_a_video(trainer: Visitor, staff: Visitor) -> None:
    await trainer.post("/courses/new", title_uk="Файли", title_en="Files")
    for kind, title, name, content in (
        ("file", "Handout", "пам’ятка.pdf", b"%PDF-1.7"),
        ("video", "Film", "film.mp4", b"\0\0\0\x18ftypmp42" + bytes(100)),
    ):
        fields = {"kind": kind, "title_uk": title, "title_en": title, "move_on": "Completed"}
        added = await upload(trainer, "/courses/files/edit/lesson", name, content, **fields)
        assert added.status_code == 303, added.text
    await trainer.post("/courses/files/publish")
    await staff.post("/courses/files/begin")
    page = await staff.get("/courses/files/lessons/handout")
    link = next(link for link in links(page, "/courses/files/lessons/handout/files") if "signed" in link)
    fetched = await staff.get(link)
    assert fetched.content == b"%PDF-1.7"
    assert (await staff.get(link.replace("signed=", "signed=x"))).status_code == 404
    await staff.post("/courses/files/lessons/handout/done")
    film = await staff.get("/courses/files/lessons/film")
    source = re.search(r'data-lesson-video src="([^"]+)"', film.text)
    assert source
    part = await staff.client.get(source.group(1).replace("&amp;", "&"), headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, b"ftyp")
    done = await staff.post("/courses/files/lessons/film/done")
    assert done.headers["location"] == "/courses/files?done=course_done"


async def test_a_video_and_its_captions_are_sent_in_one_form(trainer: Visitor, staff: Visitor) -> None:
    await trainer.post("/courses/new", title_uk="Фільми", title_en="Films")
    here = "/courses/films/edit/lesson"
    assert 'name="captions" type="file" accept=".vtt' in (await trainer.get(here, kind="video")).text
    fields = {"csrf": await trainer.csrf(), "kind": "video", "title_uk": "Film", "title_en": "Film"}
    film, said = ("film.mp4", b"\0\0\0\x18ftypmp42"), ("film.uk.vtt", b"WEBVTT\n")
    sent = await trainer.client.post(here, data=fields, files={"file": film, "captions": said})
    assert sent.status_code == 303, sent.text
    await trainer.post("/courses/films/publish")
    await staff.post("/courses/films/begin")
    page = await staff.get("/courses/films/lessons/film")
    track = re.search(r'<track kind="captions" srclang="uk" [^>]*src="([^"]+)"', page.text)
    assert track, page.text
    assert (await staff.get(html.unescape(track.group(1)))).content == b"WEBVTT\n"
    assert "Субтитри вже є" in (await trainer.get("/courses/films/edit/lessons/film")).text


async def test_what_comes_first_is_named_in_the_language_of_the_page(browser: Browser) -> None:
    visitor = browser("en")
    await visitor.sign_in(STAFF)
    await visitor.post("/courses/digital-literacy/begin")
    shown = await visitor.get("/courses/digital-literacy")
    assert "first: <span>Information: find, judge, keep</span>" in shown.text
    closed = await visitor.get("/courses/digital-literacy/lessons/communication")
    assert "These come first: <span>Information: find, judge, keep</span>." in closed.text


async def test_a_test_is_described_in_the_form_and_comes_back_as_typed(trainer: Visitor) -> None:
    await trainer.post("/courses/new", title_uk="Тест", title_en="Testing")
    here = "/courses/testing/edit/lesson"
    fields = {"kind": "test", "title_uk": "Check", "move_on": "Passed", "lines": "2", "total": "60"}
    wrong = await upload(trainer, here, **{**fields, "what-0": "4", "count-0": "багато"})
    assert wrong.status_code == 422
    assert 'value="багато"' in wrong.text
    lines = {"what-0": "4.1, 4.2", "lowest-0": "2", "highest-0": "5", "count-0": "3", "each_area": "40"}
    lines["two_readers"] = "20"
    assert (await upload(trainer, here, **fields, **lines)).status_code == 303
    page = await trainer.get("/courses/testing/edit/lessons/check")
    assert 'name="what-0" value="4.1, 4.2"' in page.text
    assert 'name="each_area" inputmode="decimal" value="40"' in page.text
    assert 'name="two_readers" inputmode="decimal" value="20"' in page.text


async def test_when_a_test_is_open_whom_it_asks_and_what_is_shown_is_in_the_form_and_nothing_is_lost(
    trainer: Visitor,
) -> None:
    await trainer.post("/courses/new", title_uk="Тест", title_en="Testing")
    here = "/courses/testing/edit/lesson"
    fields = {"kind": "test", "title_uk": "Check", "move_on": "Passed", "lines": "1", "total": "60", "rules": "yes"}
    fields |= {"what-0": "4, 5.1", "count-0": "3", "audience-0": "pupil", "areas": "4: 70; 5: 50,5"}
    fields |= {"item_kinds": "ordering", "shown": "after_closing:right"}
    fields |= {"opens": "2026-12-01T10:00", "closes": "2026-12-01T12:30"}
    for wrong in ({"closes": "2027-03-28T03:30"}, {"closes": "2026-11-30T10:00"}, {"areas": "4: багато"}):
        assert (await upload(trainer, here, **{**fields, **wrong})).status_code == 422, wrong
    assert (await upload(trainer, here, **fields)).status_code == 303
    for _ in range(2):  # as it was made, and saved again as the form shows it
        packed = await trainer.get("/courses/testing/export.zip")
        with zipfile.ZipFile(io.BytesIO(packed.content)) as package:
            test = json.loads(package.read("course.json"))["lessons"][0]["test"]
        assert (test["opens_at"], test["closes_at"]) == ("2026-12-01T08:00:00Z", "2026-12-01T10:30:00Z")
        assert test["passing"]["areas"] == {"4": "7/10", "5": "101/200"}
        assert (test["kinds"], test["lines"][0]["audience"]) == (["ordering"], "pupil")
        assert test["lines"][0]["competences"] == ["4", "5.1"]
        assert test["review"] == {"right_after": [], "while_open": [], "after_closing": ["right"]}
        page = await trainer.get("/courses/testing/edit/lessons/check")
        found = re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page.text)
        sent = {name: html.unescape(value) for name, value in found if name in {*fields, "edit", "kept"}}
        sent |= {"move_on": "Passed", "audience-0": "pupil", "item_kinds": "ordering", "shown": "after_closing:right"}
        assert (await upload(trainer, f"{here}s/check", **sent)).status_code == 303


async def test_what_nobody_passes_is_not_waited_for_and_competences_are_numbers(trainer: Visitor) -> None:
    await trainer.post("/courses/new", title_uk="Тест", title_en="Testing")
    here = "/courses/testing/edit/lesson"
    assert 'value="Passed"' not in (await trainer.get(here)).text
    page = {"kind": "page", "title_uk": "Read", "body_uk": "Текст"}
    assert (await upload(trainer, here, **page, move_on="Passed")).status_code == 422
    assert (await upload(trainer, here, **page, competences="безпека")).status_code == 422
    assert (await upload(trainer, here, **page, competences="4.1")).status_code == 303


async def test_an_edit_of_a_test_keeps_what_its_form_does_not_show(trainer: Visitor) -> None:
    """The shipped test draws some kinds of items only; that has no field."""
    here = "/courses/mobile-case/edit/lessons/check"
    page = await trainer.get(here)
    kept = html.unescape(re.search(r'name="kept" value="([^"]*)"', page.text).group(1))  # type: ignore[union-attr]
    assert "single" in kept
    fields = {"kind": "test", "title_uk": "Перевірте себе", "move_on": "Passed", "lines": "1", "total": "70"}
    fields |= {"what-0": "4", "count-0": "2", "kept": kept, "edit": edit_of(page)}
    assert (await upload(trainer, here, **fields)).status_code == 303
    packed = await trainer.get("/courses/mobile-case/export.zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as package:
        described = json.loads(package.read("course.json"))
    test = next(each["test"] for each in described["lessons"] if each["id"] == "check")
    assert test["kinds"] == json.loads(kept)["kinds"]
    assert (test["passing"]["total"], test["lines"][0]["area"]) == ("7/10", "4")
    broken = await upload(trainer, here, **{**fields, "kept": "[1"})
    assert broken.status_code == 422


async def test_a_package_goes_out_and_in(trainer: Visitor) -> None:
    packed = await trainer.get("/courses/mobile-case/export.zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as package:
        assert "course.json" in package.namelist()
    taken = await upload(trainer, "/courses/import", "course.zip", packed.content)
    assert "Прийнято 5 занять" in taken.text
    refused = await upload(trainer, "/courses/import", "course.zip", b"no zip")
    assert refused.status_code == 422
    assert "Пакунок не можна прийняти" in refused.text
    assert "no ZIP file" in refused.text


async def test_a_course_is_done_again_by_oneself_and_when_its_trainer_asks(trainer: Visitor, staff: Visitor) -> None:
    await trainer.post("/courses/new", title_uk="Закон", title_en="Law")
    await upload(
        trainer, "/courses/law/edit/lesson", kind="page", title_uk="Read", body_uk="Текст", move_on="Completed"
    )
    await trainer.post("/courses/law/publish")
    await staff.post("/courses/law/begin")
    assert (await staff.post("/courses/law/again")).status_code == 409
    assert (await staff.post("/courses/law/lessons/read/done")).headers["location"] == "/courses/law?done=course_done"
    assert "/courses/law/again" in (await staff.get("/courses/law")).text
    assert (await staff.post("/courses/law/again")).status_code == 303
    await staff.post("/courses/law/lessons/read/done")
    asked = {"before": "2027-11-25", "reason": "Новий закон про реєстрацію"}
    wrong = await trainer.post("/courses/law/people/again", **asked)
    assert wrong.status_code == 422
    assert "Новий закон про реєстрацію" in wrong.text, "nothing typed is lost"
    assert (await trainer.post("/courses/law/people/again", **asked | {"before": "2026-11-25"})).status_code == 303


async def test_a_lead_sees_and_enrols_their_own_people(browser: Browser) -> None:
    lead = browser("uk")
    await lead.sign_in(LEAD)
    page = await lead.get("/courses/mobile-case/people")
    assert page.status_code == 200
    assert "Правила" not in page.text
    unknown = await lead.post("/courses/mobile-case/people", person="nobody@example.org")
    assert unknown.status_code == 404
    assert "nobody@example.org" in unknown.text
    enrolled = await lead.post("/courses/digital-literacy/people", person=STAFF)
    assert enrolled.status_code == 303
    learners = await lead.get("/courses/digital-literacy/people")
    number = re.search(r"/courses/digital-literacy/people/(\d+)/due", learners.text)
    assert number
    early = await lead.post(number.group(0), due_on="2020-01-01")
    assert "Строк має бути в майбутньому" in early.text
    await lead.post(number.group(0), due_on="2026-12-31")
    table = await lead.get("/courses/digital-literacy/people.csv")
    assert "2026-12-31" in table.text
