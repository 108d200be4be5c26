"""Frames of competences on the pages: for everybody to read, with what an operator has loaded."""

from __future__ import annotations

from collections.abc import Callable

from lms.database import Database
from lms.frameworks.loading import load, load_shipped
from tests.lms.facts import NOW
from tests.lms.frameworks.test_frameworks import OUTCOMES, with_outcomes
from tests.web.visitor import Visitor


async def test_a_frame_is_read_by_everybody(database: Database, browser: Callable[..., Visitor]) -> None:
    with database.writing() as session:
        load_shipped(session, NOW)
        load(session, "operator", with_outcomes(OUTCOMES), NOW)
    reader = browser("uk")
    listed = (await reader.get("/frames")).text
    assert "5 областей, 21 компетентність" in listed
    assert ", 0 компетентностей" not in listed
    assert 'href="/frames/digcomp30"' in listed
    page = (await reader.get("/frames/digcomp30")).text
    assert "2 результати навчання" in page
    assert "Звужує пошук." in page
    assert "Knows that results are ordered." in page, "what is not translated is said as its publisher says it"
    assert "Narrows a search." in (await browser("en").get("/frames/digcomp30")).text
    assert "не завантажено" in (await reader.get("/frames/digcomp-ua")).text
    assert (await reader.get("/frames/none")).status_code == 404
