"""`/audit`: for administrators and auditors; readable, filtered, page by page, and it says whether the chain holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.audit import anchors
from lms.directory import accounts, passwords
from lms.directory.models import Account, RoleName
from tests.lms.facts import NOW
from tests.web.visitor import ADMINISTRATOR, ORGANISER, PASSWORD, Visitor, links
from web.app import create_app
from web.config import WebConfig
from web.pages import audit
from web.pages.audit import differences

Browser = Callable[..., Visitor]


async def test_only_administrators_and_auditors_read_the_log(browser: Browser, config: WebConfig) -> None:
    with config.database.writing() as session:
        person = accounts.create_person(
            session, "system", family_name="Ревізор", given_name="Іван", email="auditor@vikno.test",
            now=NOW,
        )  # fmt: skip
        accounts.give_role(session, "system", person_id=person.id, role=RoleName.AUDITOR, now=NOW)
        session.scalars(select(Account).where(Account.person_id == person.id)).one().secret = passwords.make(PASSWORD)
    stranger = browser()
    assert (await stranger.get("/audit")).headers["location"] == "/sign-in?next=/audit"
    organiser = browser()
    await organiser.sign_in(ORGANISER)
    assert (await organiser.get("/audit")).status_code == 403
    for email in (ADMINISTRATOR, "auditor@vikno.test"):
        reader = browser()
        await reader.sign_in(email)
        page = await reader.get("/audit", action="occurrence.create")
        assert page.status_code == 200
        assert "occurrence.create" in page.text
        assert "/audit" in links(await reader.get("/manage"), "/audit")


async def test_the_log_is_filtered_and_read_page_by_page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 2)
    chief = browser()
    await chief.sign_in(ADMINISTRATOR)
    page = await chief.get("/audit", action="occurrence.publish")
    older = [link for link in links(page, "/audit?") if "before=" in link]
    assert older
    assert "action=occurrence.publish" in older[0]
    following = await chief.get(older[0])
    assert following.status_code == 200
    assert "occurrence.publish" in following.text
    assert "No entry fits" in (await chief.get("/audit", actor="person:999999")).text
    assert (await chief.get("/audit", day="no-day", kind="'", object="\x00")).status_code in (200, 422)
    assert "No entry fits" in (await chief.get("/audit", day="2020-01-01")).text
    assert "Організатор" in (await chief.get("/audit", kind="occurrence", day="2026-11-25")).text


async def test_the_page_says_whether_the_chain_held(config: WebConfig, tmp_path: Path) -> None:
    visitor = Visitor(create_app(replace(config, audit_anchors=tmp_path)), "en", "192.0.2.1")
    await visitor.sign_in(ADMINISTRATOR)
    assert "The chain has not been checked yet" in (await visitor.get("/audit")).text
    with config.database.reading() as session:
        anchor = anchors.take(session, NOW)
    anchors.write(tmp_path, anchor)
    page = await visitor.get("/audit")
    assert f"whole on 25 November 2026, 09:00: {anchor.length} entries" in page.text
    (tmp_path / "2026-11-25.json").unlink()
    anchors.write(tmp_path, replace(anchor, first_break=7))
    assert "entry 7 was changed, removed or slipped in" in (await visitor.get("/audit")).text
    await visitor.client.aclose()


async def test_editors_see_who_changed_their_occurrence(browser: Browser) -> None:
    organiser = browser()
    await organiser.sign_in(ORGANISER)
    address = links(await organiser.get("/schedule"), "/schedule/2")[0]
    page = await organiser.get(address + "/history")
    assert page.status_code == 200
    assert "occurrence.publish" in page.text
    assert address + "/history" in links(await organiser.get(address), address)
    stranger = browser()
    assert (await stranger.get(address + "/history")).status_code == 403
    assert address + "/history" not in links(await stranger.get(address), address)


def test_differences_name_each_value_that_changed() -> None:
    found = differences(
        {"title": "а", "parties": [[1, "organiser"]], "zone": "Europe/Kyiv", "venue": ""},
        {"title": "б", "parties": [], "zone": "Europe/Kyiv", "venue": None, "listed": True},
    )
    assert [(one.field, one.before, one.after) for one in found] == [
        ("title", "а", "б"),
        ("parties", "1; organiser", ""),
        ("listed", "", "True"),
    ]
    assert differences(None, None) == []
