"""What makes the site an app that reads without a network: manifest, icons, worker, and whose pages may be kept."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from lms import demo_accounts
from tests.web.visitor import ORGANISER, Visitor
from web.app import create_app
from web.config import WebConfig
from web.icons import SIZES
from web.offline import NOBODY, account_name
from web.security import CONTENT_SECURITY_POLICY

Browser = Callable[..., Visitor]
COURSE = "/courses/mobile-case"


async def learner(browser: Browser, language: str = "en") -> Visitor:
    visitor = browser(language)
    await visitor.sign_in(demo_accounts.STAFF)
    return visitor


async def test_the_manifest_speaks_the_page_s_language(browser: Browser) -> None:
    for language, name in (("uk", "Вікно"), ("en", "Vikno")):
        page = await browser(language).get("/help")
        linked = re.search(r'rel="manifest" href="([^"]+)"', page.text)
        assert linked, "every page names the manifest"
        answer = await browser().get(linked.group(1))
        assert answer.headers["content-type"] == "application/manifest+json"
        told = answer.json()
        assert (told["short_name"], told["lang"], told["id"]) == (name, language, "/")
        assert (told["display"], told["start_url"], told["scope"]) == ("standalone", "/", "/")
        assert [one["url"] for one in told["shortcuts"]] == ["/schedule", "/courses", "/me/certificates"]
        assert {one["purpose"] for one in told["icons"]} == {"any", "maskable"}
    unknown = await browser("en").get("/app.webmanifest?language=xx")
    assert unknown.json()["lang"] == "en"


async def test_icons_are_drawn_from_the_logo(browser: Browser) -> None:
    for name, side in SIZES.items():
        answer = await browser().get(f"/icons/{name}.png")
        assert answer.headers["content-type"] == "image/png"
        picture = Image.open(io.BytesIO(answer.content)).convert("RGBA")
        assert picture.size == (side, side)
        corner, pane = picture.getpixel((0, 0)), picture.getpixel((round(side * 0.6), round(side * 0.4)))
        assert pane == (0xF5, 0xB9, 0x21, 255), "the lit pane"
        assert corner == ((0, 0, 0, 0) if name.startswith("icon") else (0x12, 0x26, 0x4D, 255)), name
    assert (await browser().get("/icons/other.png")).status_code == 404


async def test_the_worker_may_answer_for_every_page_and_changes_with_every_build(
    browser: Browser, config: WebConfig, tmp_path: Path
) -> None:
    answer = await browser().get("/sw.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["service-worker-allowed"] == "/"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert re.match(r"self\.VIKNO_BUILD = '[0-9a-f]{16}';\n", answer.text)
    assert (await browser("uk").get("/sw.js")).text == answer.text, "one worker, whatever the language"
    (tmp_path / ".vite").mkdir()
    manifest = json.loads((config.static_dir / ".vite" / "manifest.json").read_text())
    manifest["src/site/main.ts"]["file"] = "assets/site-other.js"
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "sw.js").write_bytes((config.static_dir / "sw.js").read_bytes())
    rebuilt = Visitor(create_app(replace(config, static_dir=tmp_path)), "en", "192.0.2.1")
    assert (await rebuilt.get("/sw.js")).text != answer.text


async def test_pages_say_whose_they_are_and_only_some_may_be_kept(browser: Browser) -> None:
    visitor = await learner(browser)
    whose = (await visitor.get("/help")).headers["vikno-account"]
    assert re.fullmatch("[0-9a-f]{20}", whose)
    for path in ("/courses", COURSE, f"{COURSE}/lessons/preparing", "/help", "/offline"):
        page = await visitor.get(path)
        assert (page.headers["vikno-account"], page.headers.get("vikno-keep")) == (whose, "yes"), path
        assert f'data-account="{whose}"' in page.text
    for path in ("/", "/schedule", "/me", "/me/certificates", "/needs", "/courses?text=x", "/organisations"):
        page = await visitor.get(path)
        assert (page.headers["vikno-account"], page.headers.get("vikno-keep")) == (whose, None), path
    again = await learner(browser)
    assert (await again.get("/help")).headers["vikno-account"] == whose, "the same at every sign-in"
    other = browser()
    await other.sign_in(ORGANISER)
    assert (await other.get("/help")).headers["vikno-account"] not in (whose, NOBODY)
    stranger = await browser().get("/courses")
    assert (stranger.headers["vikno-account"], stranger.headers.get("vikno-keep")) == (NOBODY, None)
    preview = await other.get(f"{COURSE}/lessons/preparing")
    assert preview.status_code == 200
    assert "vikno-keep" not in preview.headers, "who edits a course reads drafts, and keeps none"


def test_the_name_of_a_store_is_keyed() -> None:
    assert account_name(b"a" * 32, 1) != account_name(b"b" * 32, 1)
    assert account_name(b"a" * 32, 1) != account_name(b"a" * 32, 2)
    assert account_name(b"a" * 32, None) == NOBODY


async def test_what_a_course_lets_be_kept(browser: Browser) -> None:
    visitor = await learner(browser)
    told = (await visitor.get(f"{COURSE}/offline")).json()
    assert told["account"] == (await visitor.get("/help")).headers["vikno-account"]
    page = await visitor.get(COURSE)
    assert "data-keep-course" in page.text
    lessons = set(re.findall(rf'href="({COURSE}/lessons/[^"]+)"', page.text))
    assert told["pages"]
    assert {one["url"] for one in told["pages"]} <= lessons, "nothing that is not open yet"
    for one in told["pages"]:
        assert (await visitor.get(one["url"])).headers["vikno-keep"] == "yes"
    other = browser()
    await other.sign_in(ORGANISER)
    assert (await other.get(f"{COURSE}/offline")).status_code == 403


async def test_signing_out_empties_the_cache_and_leaves_what_waits(browser: Browser) -> None:
    visitor = await learner(browser)
    assert (await visitor.get("/offline/account")).json()["csrf"] == await visitor.csrf()
    left = await visitor.post("/sign-out")
    assert left.headers["clear-site-data"] == '"cache"', '"storage" would take unsent answers with it'
    assert (await visitor.get("/offline/account")).json() == {"account": NOBODY, "csrf": ""}


async def test_the_page_without_a_network_is_the_same_for_everybody(browser: Browser) -> None:
    visitor = await learner(browser)
    for language, heading in (("uk", "Немає мережі"), ("en", "No network")):
        page = await visitor.get(f"/offline/{language}")
        assert heading in page.text
        assert "data-account" not in page.text
        assert "vikno-account" not in page.headers
        assert page.text == (await browser().get(f"/offline/{language}")).text
    assert (await visitor.get("/offline/xx")).status_code == 404
