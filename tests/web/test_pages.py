"""Every page answers in both languages, with its headers; what is not there, or not for everybody, says so."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.support.postgres import database_url
from tests.web.visitor import ADMINISTRATOR, HOST, Visitor, links, room_of
from web.app import create_app
from web.config import WebConfig

__all__ = ["database_url"]

Browser = Callable[..., Visitor]

PUBLIC = ("/", "/schedule", "/schedule?when=past", "/sign-in", "/organisations", "/help", "/accessibility", "/endpoint")
ORGANISERS = ("/schedule/new", "/manage")
ADMINISTRATORS = ("/endpoints", "/people")


@pytest.mark.parametrize("language", ["uk", "en"])
async def test_every_page_answers_in_both_languages(browser: Browser, language: str) -> None:
    visitor = browser(language)
    await visitor.sign_in(ADMINISTRATOR)
    schedule = await visitor.get("/schedule")
    occurrences = links(schedule, "/schedule/2")
    assert occurrences
    pages = [*PUBLIC, *ORGANISERS, *ADMINISTRATORS, occurrences[0], occurrences[0] + "/edit", "/meet/demo"]
    for path in pages:
        if path == "/sign-in":
            continue
        page = await visitor.get(path)
        assert page.status_code == 200, path
        assert f'<html lang="{language}"' in page.text, path
        assert re.search(r"<title>[^<]*\S[^<]*· (Вікно|Vikno)</title>", page.text), path
        if path not in ("/meet/demo", "/endpoint"):
            assert len(re.findall(r"<h1", page.text)) == 1, path


async def test_ukrainian_comes_first_and_a_choice_is_kept(browser: Browser) -> None:
    stranger = browser("de")
    assert '<html lang="uk"' in (await stranger.get("/")).text
    assert (await stranger.get("/language/en", next="/help")).headers["location"] == "/help"
    assert '<html lang="en"' in (await stranger.get("/")).text
    assert (await stranger.get("/language/de")).status_code == 404


async def test_headers_forbid_what_is_not_ours(browser: Browser) -> None:
    for path in ("/", "/no-such-page", "/api/endpoint/state", "/static/assets/site.js"):
        answer = await browser().get(path)
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "camera=(self)" in answer.headers["permissions-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert (await browser().get("/")).headers["cache-control"] == "no-store"
    assert "immutable" in (await browser().get("/static/assets/site.js")).headers["cache-control"]


async def test_no_page_has_inline_script_or_style(browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in(ADMINISTRATOR)
    for path in (*PUBLIC, *ORGANISERS, *ADMINISTRATORS, "/meet/demo"):
        text = (await visitor.get(path)).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), path
        scripts = re.findall(r"<script([^>]*)>", text)
        assert all("src=" in one or "application/json" in one for one in scripts), path


async def test_an_unknown_address_gets_a_page_or_a_problem_document(browser: Browser) -> None:
    visitor = browser()
    page = await visitor.get("/schedule/no-such-thing")
    assert page.status_code == 404
    assert "There is no such page" in page.text
    document = await visitor.get("/api/no-such-thing")
    assert document.headers["content-type"] == "application/problem+json"
    assert document.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "http_404",
        "detail": "",
    }


async def test_a_bug_shows_a_calm_page_and_no_trace(config: WebConfig, caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(config)  # of its own: the one that tests share keeps the routes it has

    @app.get("/secret-place/{token}")
    def broken(token: str) -> None:
        raise RuntimeError("the password is swordfish")

    visitor = Visitor(app, "en", "192.0.2.1")
    async with visitor.client:
        page = await visitor.get("/secret-place/topsecret")
    assert page.status_code == 500
    assert "Something broke on our side" in page.text
    assert "swordfish" not in page.text
    assert "content-security-policy" in page.headers
    assert "topsecret" not in caplog.text, "secrets stand in addresses, so the log names the route only"
    assert "/secret-place/{token}" in caplog.text


async def test_what_is_too_large_is_refused(browser: Browser) -> None:
    visitor = browser()
    form = await visitor.post("/sign-in", email="x" * 300_000, password="x")
    assert form.status_code == 413
    body = await visitor.api("/api/meetings/demo/token", {"name": "x" * 300_000})
    assert body.status_code == 413


@pytest.mark.parametrize("path", ADMINISTRATORS + ORGANISERS)
async def test_pages_for_some_are_closed_to_others(browser: Browser, path: str) -> None:
    stranger = browser()
    sent = await stranger.get(path)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/sign-in?next={path}")
    if path in ADMINISTRATORS:
        organiser = browser()
        await organiser.sign_in()
        assert (await organiser.get(path)).status_code == 403


async def test_a_client_that_was_not_built_is_told_with_the_remedy(config: WebConfig, tmp_path: Path) -> None:
    from dataclasses import replace

    visitor = Visitor(create_app(replace(config, static_dir=tmp_path / "nothing")), "en", "192.0.2.1")
    page = await visitor.get("/")
    assert page.status_code == 503
    assert "npm run build" in page.text
    await visitor.client.aclose()


async def test_lists_ask_the_database_as_often_for_many_rows_as_for_few(config: WebConfig, browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in(ADMINISTRATOR)
    counted: list[str] = []
    listener = lambda *given: counted.append(given[2])  # noqa: E731
    event.listen(config.database.engine, "before_cursor_execute", listener)
    try:
        for path, most in (("/", 22), ("/schedule", 10), ("/schedule?when=past", 11), ("/organisations", 9)):
            counted.clear()
            assert (await visitor.get(path)).status_code == 200
            selects = [statement for statement in counted if statement.lstrip().upper().startswith(("SELECT", "WITH"))]
            assert len(selects) <= most, (path, len(selects))
    finally:
        event.remove(config.database.engine, "before_cursor_execute", listener)


async def test_health_names_what_is_not_ready(config: WebConfig) -> None:
    from dataclasses import replace

    async def well() -> None:
        return None

    async def ill() -> str:
        return "no space is left"

    async def broken() -> None:
        raise OSError("cable cut")

    probes = {"database": well, "disk": ill, "media-0": broken}
    visitor = Visitor(create_app(replace(config, probes=probes)), "en", "192.0.2.1")
    answer = await visitor.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "parts": {"database": "ready", "disk": "no space is left", "media-0": "could not be asked: cable cut"},
    }
    assert (await visitor.get("/readyz")).json() == {"ready": True, "parts": {"database": "ready"}}
    assert "python_info" in (await visitor.get("/metrics")).text
    await visitor.client.aclose()


async def test_the_room_page_says_what_the_client_needs(browser: Browser) -> None:
    page = await browser("uk").get("/meet/demo")
    assert page.status_code == 200
    room = room_of(page)
    assert room["meeting"] == "demo"
    assert room["tokenUrl"] == "/api/meetings/demo/token"
    assert (room["name"], room["nameFixed"], room["autoJoin"], room["language"]) == ("", False, False, "uk")
    assert room["title"] in html.unescape(page.text)
    assert room["backUrl"].startswith("/schedule/")
    assert (await browser().get("/meet/no-such-meeting")).status_code == 404


def test_the_host_of_these_tests_is_https() -> None:
    assert HOST.startswith("https://"), "cookies with the __Host- prefix exist there only"
