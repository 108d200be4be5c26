"""From a file into the bank and out again, and the report on it."""

from __future__ import annotations

from importlib.resources import files

import pytest
from sqlalchemy import func, select

from lms.assessment import queries
from lms.assessment.drafts import Stored
from lms.assessment.exchange import importing, uploads
from lms.assessment.exchange.exporting import write
from lms.assessment.exchange.parts import Format, Unreadable
from lms.assessment.exchange.report import Report
from lms.assessment.models import Item, ItemImport, VersionState
from lms.assessment.queries import Filter
from lms.audit.queries import find_tampering
from lms.database import Database
from lms.directory.models import RoleName
from lms.errors import Conflict, NotFound
from lms.frameworks.loading import load_shipped
from tests.lms.facts import NOW, person

GIFT = """// [id:dl-1] [tag:digcomp22:1.1] [tag:level:3] [tag:audience:citizen] [tag:lang:uk]
::Перше::Питання про 10\\:00 {=так ~ні}

// [id:dl-1-en] [tag:lang:en] [tag:level:11]
Question {=yes ~no}

Без коду {T}

Зламане {=так

// [id:dl-1]
Ще раз {=так ~ні}

// [id:погано/1]
Кирилиця в коді {F}
"""


def take(database: Database, text: str, name: str = "bank.gift") -> Report:
    with database.writing() as session:
        load_shipped(session, NOW)
        return importing.take(session, "operator", name, text.encode(), Format.GIFT, NOW)


def test_a_report_says_what_became_of_each(database: Database) -> None:
    report = take(database, GIFT)
    data = report.data()
    assert data["counts"] == {"taken": 2, "changed": 2, "refused": 2}
    assert (data["taken"][0]["line"], data["taken"][0]["code"]) == (2, "dl-1")
    assert [line["line"] for line in data["changed"]] == [5, 15]
    assert "level '11'" in data["changed"][0]["reason"]
    assert "'1'" in data["changed"][1]["reason"]
    assert [line["line"] for line in data["refused"]] == [9, 12]
    assert "already" in data["refused"][1]["reason"]
    with database.reading() as session:
        reader = {stored.code: stored for stored in queries.stored(session, Filter())}
        assert {str(tag) for tag in reader["dl-1"].tags} == {"digcomp22:1.1", "level:3", "audience:citizen"}
        assert (reader["dl-1-en"].family, reader["dl-1-en"].language) == ("dl-1", "en")
        assert find_tampering(session) is None


def test_the_same_file_brings_nothing_new_and_a_changed_one_a_new_draft(database: Database) -> None:
    take(database, GIFT)
    again = take(database, GIFT)
    assert {line.reasons[-1] for line in again.taken + again.changed} == {"The bank has it already, exactly so."}
    take(database, GIFT.replace("Питання про", "Запитання про"))
    with database.writing() as session:
        author = person(session, "trainer@example.org", RoleName.TRAINER)
        page = queries.item_page(session, author, "dl-1")
        assert (page.body.text, page.card.version, page.card.state) == (
            "Запитання про 10:00",
            1,
            VersionState.DRAFT,
        )


def test_a_file_that_is_none_is_refused_as_a_whole(database: Database) -> None:
    report = take(database, "")
    assert report.data()["error"] == {"code": "file_empty", "reason": "The file is empty.", "line": None}
    for name, form in (("a.gift", Format.GIFT), ("a.XML", Format.QTI), ("a.zip", Format.QTI), ("a.csv", Format.CSV)):
        assert importing.format_of(name, b"") is form
    assert importing.format_of("a.xml", b"<?xml?><quiz>") is Format.MOODLE_XML
    with pytest.raises(Unreadable):
        importing.format_of("a.pdf", b"")


def shipped() -> list[tuple[str, bytes]]:
    return sorted((file.name, file.read_bytes()) for file in (files("lms") / "content" / "items").iterdir())


def drafts(content: bytes, form: Format) -> list[Stored]:
    found = []
    for read in importing.read(content, form):
        assert read.refused == ""
        draft, said = importing.draft_of(read, {"digcomp22"}, "uk")
        assert said == []
        found.append(Stored(0, 0, draft.code, draft.code, draft.language, draft.body, tuple(sorted(draft.tags))))
    return found


@pytest.mark.parametrize("form", list(Format))
def test_the_shipped_bank_goes_out_and_comes_back(form: Format) -> None:
    before = [one for name, content in shipped() for one in drafts(content, importing.format_of(name, content))]
    content, out = write(before, "bank", form)
    exact = {line.code for line in out.taken}
    assert len(exact) >= (70 if form is Format.QTI else 80)
    assert all(line.reasons for line in out.refused + out.changed)
    after = {read.code: read for read in importing.read(content, form)}
    assert set(after) == exact | {line.code for line in out.changed}
    assert [one.code for one in before if one.code in exact and after[one.code].body != one.body] == []


def test_the_shipped_bank_is_taken_whole(database: Database) -> None:
    with database.writing() as session:
        load_shipped(session, NOW)
        for name, content in shipped():
            report = importing.take(session, "demo", name, content, importing.format_of(name, content), NOW)
            assert (report.refused, report.changed, report.error) == ([], [], None)
        assert len(list(queries.stored(session, Filter()))) >= 90


def test_a_file_waits_for_its_sender_and_the_oldest_gives_way(database: Database) -> None:
    with database.writing() as session:
        author = person(session, "trainer@example.org", RoleName.TRAINER)
        other = person(session, "second@example.org", RoleName.TRAINER)
        sent = [uploads.upload(session, author, "", GIFT.encode(), "", "uk", NOW) for _ in range(7)]
        waiting = session.scalars(select(ItemImport.id).order_by(ItemImport.id)).all()
        assert waiting == [one.id for one in sent[2:]]
        with pytest.raises(NotFound):
            uploads.fetch(session, other, sent[-1].id)
        seen = uploads.look(session, author, "", GIFT.encode(), "", "uk")
        assert session.scalar(select(func.count()).select_from(Item)) == 0
        report, found = uploads.plan(session, author, sent[-1].id)
        uploads.take_part(session, author, sent[-1].id, report, found[:1], NOW, offered=True)
        assert session.scalar(select(func.count()).select_from(Item)) == 1, "a part in a transaction of its own"
        # Interrupted: it is taken anew, and what is there already stays as it is.
        report, found = uploads.plan(session, author, sent[-1].id)
        uploads.take_part(session, author, sent[-1].id, report, found, NOW, offered=True)
        taken = uploads.finish(session, author, sent[-1].id, report, NOW)
        assert taken.report["counts"] == seen.data()["counts"]
        assert session.scalar(select(func.max(Item.latest))) == 1
        again = uploads.look(session, author, "", GIFT.encode(), "", "uk")
        assert {line.reasons[-1] for line in again.taken + again.changed} == {importing.SAME}
        with pytest.raises(Conflict):
            uploads.take_part(session, author, sent[-1].id, report, found, NOW, offered=True)
        uploads.discard(session, author, sent[-2].id, NOW)
        with pytest.raises(Conflict):
            uploads.plan(session, author, sent[-2].id)
