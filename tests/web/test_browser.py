"""The pages in a real Chromium: accessibility by axe-core, no overflow at 360 px, and the endpoint's screen at work."""

from __future__ import annotations

import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from lms.database import Database
from lms.directory import endpoints
from lms.directory.models import RoleName
from lms.directory.queries import organisation_by_code
from lms.directory.rules import Grant, Visitor
from tests.support import sealing
from tests.support.browser import PATIENCE_S, launch_bare
from tests.web import network
from tests.web.network import NETWORK
from tests.web.visitor import ADMINISTRATOR, PASSWORD
from web.app import create_app
from web.config import STATIC, WebConfig, utc_now
from web.eid.oidc import OidcProvider, OidcSettings
from web.main.library import FolderLibrary

AXE = Path(__file__).parents[2] / "web" / "client" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERVICE = OidcSettings("staff", {"uk": "Служба", "en": "Service"}, "https://id.example.org", "vikno", "secret")
"""A way to sign in by an electronic identity; its button is on the page, nobody presses it."""
pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Served:
    """The app on a port of its own."""

    url: str
    config: WebConfig
    folder: Path
    """Where its recordings lie."""

    @property
    def database(self) -> Database:
        """Where its data is."""
        return self.config.database


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, demo_file: Path) -> Iterator[Served]:
    assert (STATIC / ".vite" / "manifest.json").exists(), "Build the client first: npm run build, in web/client"
    folder = tmp_path_factory.mktemp("pages")
    database = Database(f"sqlite:///{shutil.copy(demo_file, folder / 'vikno.sqlite3')}")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://localhost:{listening.getsockname()[1]}"
        session_key, token_key, events_key = b"s" * 32, b"t" * 32, b"e" * 32
        config = WebConfig(database, session_key, token_key, events_key, url, b"k" * 32, demo=True)
        config = replace(config, open_data=True, eid={"staff": OidcProvider(SERVICE)}, eid_key=b"h" * 32)
        trusted = (sealing.authority_pem(),)
        config = replace(config, recordings=FolderLibrary(folder), seals=True, seal_authorities=trusted)
        server = uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        _wait_for(url + "/help")
        yield Served(url, config, folder)
        server.should_exit = True
        thread.join(20)
    database.close()


def _wait_for(url: str) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            httpx.get(url).raise_for_status()
            return
        except httpx.TransportError:
            assert time.monotonic() < end, f"{url} did not answer within 30 s"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch_bare(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[Any]:
    opened: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        opened.append(chromium.new_context(**options))
        opened[-1].set_default_timeout(1000 * PATIENCE_S)
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


def sign_in(page: Page, url: str, email: str = ADMINISTRATOR) -> None:
    page.goto(url + "/sign-in")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    expect(page.locator("header form[action='/sign-out']").first).to_be_attached()


def faults(page: Page, rules: Sequence[str] = RULES, *, around: bool = True) -> list[str]:
    """What axe-core finds, and whether the page is wider than the screen. `rules` are names or tags.

    Without `around` nothing of the site's head and foot, which no rule about the page as a whole may miss.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(_AXE_RUN, [[] if around else AROUND, list(rules)])
    told = [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return told + ([f"{overflow} px wider than the screen"] if overflow > 0 else [])


AROUND = ["body > .band", "body > .foot"]
_AXE_RUN = """async ([exclude, rules]) =>
  (await axe.run({exclude}, {runOnly: rules, resultTypes: ["violations"]})).violations"""
"""What is well is neither collected nor sent over: it is most of a page."""


@pytest.fixture(scope="module")
def places(served: Served) -> dict[str, str]:
    """Where the demo's things stand, and some more that are put in."""
    return network.places(served.database, served.config, served.folder)


ONE_LANGUAGE = ("/offline/uk",)
PHONE, DESK = ViewportSize(width=360, height=800), ViewportSize(width=1280, height=800)
SEEN = ("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable")
"""Rules that ask how a thing looks. The others ask what it is: they find the same on a small screen and on a wide one,
in light and in dark colours, unless something is shown that was hidden."""
READ = (
    "aria-command-name",
    "aria-dialog-name",
    "aria-input-field-name",
    "aria-toggle-field-name",
    "button-name",
    "document-title",
    "empty-heading",
    "empty-table-header",
    "html-has-lang",
    "html-lang-valid",
    "image-alt",
    "image-redundant-alt",
    "input-button-name",
    "label",
    "label-content-name-mismatch",
    "landmark-unique",
    "link-name",
    "select-name",
    "svg-img-alt",
    "summary-name",
    "valid-lang",
)
"""Rules that ask for words: what they find may differ by language."""


def _looks(page: Page, address: str, *, whole: bool = False) -> list[str]:
    """Faults of the page that is open: every rule on a phone, and then what may differ elsewhere.

    It is loaded once: on the same page the window grows and its colours turn dark, and at last its English words are
    put in place of the Ukrainian ones. `whole`: every rule each time, and of the menu and the foot too, whatever may
    differ. That is asked of the first two pages (the second has a place in the menu): they are the same on all.
    """
    found = faults(page)
    page.evaluate(_NOTE_SHOWN)
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="dark")
    wide = faults(page) if whole or page.evaluate(_MORE_SHOWN) else faults(page, SEEN, around=False)
    found += [f"wide and dark: {each}" for each in wide]
    if address:
        page.evaluate(_IN_ENGLISH, address)
        found += [f"in English: {each}" for each in faults(page, RULES if whole else READ)]
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light")
    return found


_SHOWN = "[...document.querySelectorAll('main *')].filter(each => each.checkVisibility({visibilityProperty: true}))"
_NOTE_SHOWN = f"""() => {{
  window.__shown = new Set({_SHOWN});
  const still = document.head.appendChild(document.createElement("style"));
  still.textContent = "* {{ transition: none !important }}" }}"""
"""What the main part shows; from here on colours change at once, so that none is looked at halfway."""
_MORE_SHOWN = f"() => {_SHOWN}.some(each => !window.__shown.has(each))"
_IN_ENGLISH = """async (address) => {
  const answer = await fetch(address, {headers: {"Accept-Language": "en"}});
  const words = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (words.documentElement.lang !== "en") throw new Error(`${address} is not in English`);
  document.documentElement.lang = "en";
  document.title = words.title;
  document.body.replaceWith(document.adoptNode(words.body)) }"""


@pytest.mark.timeout(400)
@pytest.mark.parametrize("email", list(NETWORK), ids=lambda email: email.partition("@")[0] or "public")
def test_pages_are_accessible_and_fit(served: Served, places: dict[str, str], open_context: Any, email: str) -> None:
    # axe-core is injected by the test; the policy that would stop it is tested in test_pages.
    # What the worker keeps of pages is tested in test_offline_browser; here it would only load each page once more.
    calm = {"bypass_csp": True, "service_workers": "block"}
    context = open_context(viewport=PHONE, color_scheme="light", locale="uk", **calm)
    page = context.new_page()
    if email:
        sign_in(page, served.url, email)
    context.add_init_script(AXE.read_text(encoding="utf-8"))
    wrong = {}
    for act in network.ACTS.get(email, ()):
        act(page, served.url, served.config, places)
        wrong[act.__name__] = _looks(page, "")
    for number, path in enumerate(NETWORK[email].format(**places).split()):
        answer = page.goto(served.url + path)
        assert answer is not None
        odd = [str(answer.status)] if answer.status != (404 if path == "/no-such-page" else 200) else []
        wrong[path] = odd + _looks(page, "" if path in ONE_LANGUAGE else path, whole=number < 2)
    assert {path: found for path, found in wrong.items() if found} == {}


def test_our_scripts_run_under_the_policy_without_a_word_in_the_console(served: Served, open_context: Any) -> None:
    page = open_context(locale="uk").new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("/", "/schedule", "/endpoint"):
        page.goto(served.url + path)
        page.wait_for_load_state("networkidle")
    assert said == []


def test_everything_on_the_start_page_is_reached_by_keyboard(served: Served, open_context: Any) -> None:
    page = open_context(locale="en").new_page()
    page.goto(served.url)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_in_viewport()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('href')"))
    assert {"/", "/schedule", "/sign-in", "/meet/demo", "/help", "/endpoint"} <= reached
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") in ("solid", "none", "auto")


def test_the_menu_on_a_phone_needs_no_script_and_holds_everything(served: Served, open_context: Any) -> None:
    context = open_context(locale="en", viewport={"width": 360, "height": 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto(served.url)
    expect(page.locator(".nav__list")).to_be_hidden()
    page.keyboard.press("Tab")
    page.locator(".menu--page > summary").focus()
    page.keyboard.press("Enter")
    page.locator(".menu--page").get_by_role("link", name="Schedule").click()
    page.wait_for_url("**/schedule")
    page.get_by_role("link", name="Month", exact=True).click()
    expect(page.locator("table.month")).to_be_visible()


def test_the_month_is_walked_through_by_keyboard(served: Served, open_context: Any) -> None:
    page = open_context(locale="en", viewport={"width": 360, "height": 800}).new_page()
    page.goto(served.url + "/schedule?view=month")
    page.get_by_role("link", name="Month after").focus()
    page.keyboard.press("Tab")
    day = page.evaluate("document.activeElement.closest('td.month__day') !== null")
    if not day:  # nothing in the present month: the next one has the consultations
        page.get_by_role("link", name="Month after").click()
        page.get_by_role("link", name="Month after").focus()
        page.keyboard.press("Tab")
    name = page.evaluate("document.activeElement.textContent")
    assert "occurrence" in name, "a day says how much is on it"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**day=*")
    expect(page.locator("#day .occurrence").first).to_be_visible()
    assert page.locator(".month [aria-current='date']").count() == 1


def test_ones_own_time_stands_beside_the_network_s(served: Served, open_context: Any) -> None:
    page = open_context(locale="en", timezone_id="Europe/Lisbon").new_page()
    page.goto(served.url + "/schedule")
    expect(page.locator(".own-time").first).to_contain_text("for you")
    expect(page.locator("[data-zone-note]")).to_be_visible()
    at_home = open_context(locale="en", timezone_id="Europe/Kyiv").new_page()
    at_home.goto(served.url + "/schedule")
    expect(at_home.locator(".own-time").first).to_be_hidden()
    expect(at_home.locator("[data-zone-note]")).to_be_hidden()


def test_a_device_is_paired_and_joins_by_itself(served: Served, open_context: Any) -> None:
    context = open_context(locale="en")
    page = context.new_page()
    page.goto(served.url + "/endpoint")
    shown = page.locator(".kiosk__code")
    code = shown.text_content() or ""
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code)
    page.reload()
    expect(shown).to_have_text(code)  # after a loss of power it is the same code
    with served.database.writing() as session:
        home = organisation_by_code(session, "kyiv")
        chief = Visitor(person_id=1, grants=frozenset({Grant(RoleName.ADMINISTRATOR)}))
        endpoints.approve_pairing(session, chief, code=code, organisation_id=home.id, label="Зала", now=utc_now())
    page.wait_for_url("**/meet/demo?as=endpoint")

    page.goto(served.url + "/endpoint")
    expect(page.get_by_role("heading", name="Today")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Stay here").click()
    expect(page.get_by_role("button", name="Join now")).to_be_visible()
    context.set_offline(True)
    expect(page.get_by_role("status")).to_contain_text("No connection to Vikno")
    context.set_offline(False)
    expect(page.get_by_role("status")).to_have_text("")
    page.get_by_role("button", name="Join now").click()
    page.wait_for_url("**/meet/demo?as=endpoint")
