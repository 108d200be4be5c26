"""The pages in a real Chromium: accessibility by axe-core, no overflow at 360 px, and the endpoint's screen at work."""

from __future__ import annotations

import io
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import (
    demo,
    demo_attendance,
    demo_classes,
    demo_credentials,
    demo_directory,
    demo_groups,
    demo_needs,
    images,
)
from lms.appointments.models import Appointment, ConsultationHours
from lms.appointments.plans import free_times
from lms.courses.classes.models import CourseClass
from lms.credentials.external_models import ExternalCertificate
from lms.credentials.models import AwardRule, Certificate
from lms.database import Database
from lms.directory import endpoints
from lms.directory.models import Account, RoleName
from lms.directory.queries import organisation_by_code
from lms.directory.rules import Grant, Visitor
from lms.needs.models import NeedsSurvey
from lms.notify import receiving
from lms.roadmaps.models import Roadmap
from lms.schedule import guests, pictures
from lms.schedule.audience_models import Invitation, RegistrationPolicy
from lms.schedule.models import Occurrence
from lms.schedule.pictures import Taken
from lms.schedule.plan_models import Programme, Series
from lms.streaming import targets as stream_targets
from lms.streaming.models import TargetKind
from lms.streaming.targets import TargetDraft
from tests.lms.notify import mails
from tests.support.browser import PATIENCE_S, launch_bare
from tests.web.visitor import ADMINISTRATOR, ORGANISER, PASSWORD
from web.app import create_app
from web.config import STATIC, WebConfig, utc_now
from web.eid.oidc import OidcProvider, OidcSettings
from web.mail.invitations import RSVP

AXE = Path(__file__).parents[2] / "web" / "client" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PEOPLE = "Прізвище;Ім’я;Електронна пошта\nКоваль;Олена;olena@example.org\nБондар;;без адреси\n".encode("windows-1251")
SERVICE = OidcSettings("staff", {"uk": "Служба", "en": "Service"}, "https://id.example.org", "vikno", "secret")
"""A way to sign in by an electronic identity; its button is on the page, nobody presses it."""
NETWORK = {
    "": (
        "/ /schedule /schedule?when=past /schedule?view=month /schedule?view=week /schedule?q=zzz /sign-in /help "
        "/accessibility /endpoint /no-such-page /organisations /organisations/lviv /series {series} /programmes "
        "{programme} /topics /acts {announced} {registered} {live} {live}/pictures {guest} {rsvp} /courses "
        "/verify /verify/{certificate} /verify/{certificate}?e=2 /issuer /achievements/1 "
        "/courses/digital-literacy /live/demo /offline/uk /class "
        "/open-data /frames /frames/digcomp30"
    ),
    ORGANISER: (
        "/ /manage /schedule /schedule/new {announced} {announced}/edit {announced}/history {announced}/materials "
        "{announced}/invitations {registered} {registered}/registrations {registered}/registration-policy "
        "{registered}/register {held} {held}/attendance {held}/roll-call {held}/roll-call?organisation=2 {live} "
        "{live}/pictures "
        "/needs /needs/new {closed_survey} {closed_survey}/groups {closed_survey}/groups?by=oblast {open_survey} "
        "{open_survey}/edit {open_survey}/answer /series /series/new {series} {series}/edit {series}/reschedule "
        "/programmes /programmes/new {programme} {programme}/protection {series}/protection {announced}/protection "
        "/projects /projects/new "
        "{programme}/edit {programme}/goals/new {programme}/goals/2 "
        "/topics /acts /items /items/dl-1-1-01 /items/new /items/new?kind=cloze "
        "/items/dl-1-1-01/edit /items/dl-1-1-01/try /items/import /items/export?format=gift&look=yes "
        "/slots /slots?duration=60 /attendance-rules "
        "/streaming {training} {training}/groups {announced}/groups /roadmaps?state=all /roadmaps/report {roadmap} "
        "/courses?which=edited /courses/new /courses/import /courses/tasks /courses/mobile-case/edit "
        "/courses/mobile-case/edit/lessons/check /courses/mobile-case/edit/lesson?kind=video "
        "/courses/mobile-case/people /classes /classes/new {class} {class}/sittings/1 "
        "/awards /awards/new /awards/1 /awards/1?person=Демо /awards/1/edit {awarded}/awards {awarded}/awards/new "
        "/reports /reports?period=2020&by=month /reports?period=1999 /reports?by=project "
        "/tests /tests/essays /tests/figures /courses/mobile-case/awards /courses/mobile-case/awards/new"
    ),
    demo_directory.LEAD: (
        "/ {announced} {registered} {registered}/register {registered}/register-people {held} {held}/attendance "
        "{held}/roll-call /organisations/lviv /imports /me/attendance /needs {closed_survey} {open_survey} "
        "/roadmaps /roadmaps/new /roadmaps/report {roadmap} {roadmap}/edit /declared {declared} /reports"
    ),
    demo_directory.STAFF: (
        "/ {announced} {registered} {held} {series} /me /me/notifications /me/calendar /me/attendance /needs "
        "{closed_survey} {open_survey} {open_survey}/answer {roadmap} /courses/mobile-case "
        "/courses/mobile-case/lessons/preparing /courses/mobile-case/lessons/road-map "
        "/courses/mobile-case/lessons/check "
        "/me/certificates /certificates/{certificate} /me/tests /me/background /me/declared/new {declared} /offline "
        "/consultations /consultations?q=zzz /consultations/with/1 {free_time} /appointments {appointment} "
        "{appointment}/move"
    ),
    demo_directory.EXPERT: "/ /consultations/hours /appointments {appointment} /appointments/1",
    ADMINISTRATOR: (
        "/ /manage /audit /people /people/1 /people/new /people/1/edit /organisations /organisations/new "
        "/organisations/lviv /organisations/lviv/edit /organisations/capabilities /endpoints /duplicates "
        "/items /items/dl-1-1-01 /items/dl-3-4-04 "
        "/duplicates/organisation/1/2 /duplicates/person/1/2 /imports /imports/1 /mail /mail?box=trouble "
        "/mail?box=sent /mail/1 /mail/inbox /mail/inbox/1 /mail/addresses /streaming"
    ),
}
"""Every page of the network by who opens it; what is in brackets is looked up in the demo's data."""

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Served:
    """The app on a port of its own."""

    url: str
    config: WebConfig

    @property
    def database(self) -> Database:
        """Where its data is."""
        return self.config.database


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, demo_file: Path) -> Iterator[Served]:
    assert (STATIC / ".vite" / "manifest.json").exists(), "Build the client first: npm run build, in web/client"
    database = Database(f"sqlite:///{shutil.copy(demo_file, tmp_path_factory.mktemp('pages') / 'vikno.sqlite3')}")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://localhost:{listening.getsockname()[1]}"
        session_key, token_key, events_key = b"s" * 32, b"t" * 32, b"e" * 32
        config = WebConfig(database, session_key, token_key, events_key, url, b"k" * 32, demo=True)
        config = replace(config, open_data=True, eid={"staff": OidcProvider(SERVICE)}, eid_key=b"h" * 32)
        server = uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        _wait_for(url + "/help")
        yield Served(url, config)
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


def faults(page: Page) -> list[str]:
    """What axe-core finds, and whether the page is wider than the screen."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(_AXE_RUN, RULES)
    told = [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return told + ([f"{overflow} px wider than the screen"] if overflow > 0 else [])


_AXE_RUN = """async (rules) =>
  (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]})).violations"""
"""What is well is neither collected nor sent over: it is most of a page."""


@pytest.fixture(scope="module")
def places(served: Served) -> dict[str, str]:
    """Where the demo's things stand; an import, a letter that came in and a guest's link are put in first."""
    now = utc_now()
    with served.database.writing() as session:
        planner = Visitor(grants=frozenset({Grant(RoleName.ADMINISTRATOR)}))
        invitation = session.scalars(select(Invitation).order_by(Invitation.id)).first()
        assert invitation is not None
        announced = session.get_one(Occurrence, invitation.occurrence_id).slug
        token = guests.invite_guest(session, planner, announced, name="Олена", now=now).token
        target = TargetDraft("Сторінка асоціації", TargetKind.FACEBOOK, "rtmps://live.example.org/app")
        stream_targets.add(session, planner, target, "key", served.config.sealer, now)
        receiving.take_in(session, mails.LETTER, now, None)
        _take_pictures(session, planner, served.config)
        demo_credentials.seed(session, served.config.issuer, now)
        demo_classes.seed(session, now, facilitator=ORGANISER)
        staff = session.scalars(select(Account.person_id).where(Account.subject == demo_directory.STAFF)).one()
        surveys = {each.title: each.slug for each in session.scalars(select(NeedsSurvey))}
        return {
            "announced": "/schedule/" + announced,
            "registered": "/schedule/"
            + session.scalars(select(Occurrence.slug).join(RegistrationPolicy).limit(1)).one(),
            "held": "/schedule/"
            + session.scalars(select(Occurrence.slug).where(Occurrence.meeting == demo_attendance.MEETING)).one(),
            "live": "/schedule/"
            + session.scalars(select(Occurrence.slug).where(Occurrence.meeting == demo.DEMO_MEETING)).one(),
            "series": "/series/" + session.scalars(select(Series.slug).order_by(Series.id.desc()).limit(1)).one(),
            "programme": "/programmes/" + session.scalars(select(Programme.slug).limit(1)).one(),
            "closed_survey": "/needs/" + surveys[demo_needs.CLOSED],
            "open_survey": "/needs/" + surveys[demo_needs.OPEN],
            "training": "/schedule/"
            + session.scalars(select(Occurrence.slug).where(Occurrence.title == demo_groups.TRAINING)).one(),
            "roadmap": f"/roadmaps/{session.scalars(select(Roadmap.id).order_by(Roadmap.id.desc()).limit(1)).one()}",
            "class": f"/classes/{session.scalars(select(func.max(CourseClass.id))).one()}",
            "guest": f"/guest/{token}",
            "appointment": f"/appointments/{session.scalars(select(func.max(Appointment.id))).one()}",
            "free_time": f"/consultations/with/1/book?at={_free_time(session):%Y-%m-%dT%H:%MZ}",
            "declared": "/declared/" + session.scalars(select(ExternalCertificate.code)).one(),
            "certificate": session.scalars(select(Certificate.number).where(Certificate.person_id == staff)).one(),
            "awarded": "/series/"
            + session.scalars(select(Series.slug).join(AwardRule, AwardRule.series_id == Series.id)).one(),
            "rsvp": "/rsvp/" + served.config.links.sign(RSVP, invitation.id),
        }


def _free_time(session: Session) -> datetime:
    now = utc_now()
    (hours,) = session.scalars(select(ConsultationHours))
    return free_times(session, [hours], now, now, 14)[hours.id][0].starts_at


def _take_pictures(session: Session, planner: Visitor, config: WebConfig) -> None:
    """Two of the live consultation, one of them hidden."""
    live = session.scalars(select(Occurrence).where(Occurrence.meeting == demo.DEMO_MEETING)).one()
    written = io.BytesIO()
    Image.new("RGB", (1280, 720), (40, 90, 60)).save(written, "JPEG")
    picture = images.clean(written.getvalue())
    for number in (1, 2):
        taken = Taken("Олена Коваль", "Ірина Бондар", "document_camera", f"Сканер паспортів, вид {number}")
        made = pictures.keep(session, planner, live.id, taken, picture, config.files, utc_now())
    pictures.hide(session, planner, live.slug, made, utc_now(), hidden=True)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("width", "scheme", "language"), [(360, "light", "uk"), (1280, "dark", "en")])
@pytest.mark.parametrize("email", list(NETWORK), ids=lambda email: email.partition("@")[0] or "public")
def test_pages_are_accessible_and_fit(
    served: Served, places: dict[str, str], open_context: Any, email: str, width: int, scheme: str, language: str
) -> None:
    # axe-core is injected by the test; the policy that would stop it is tested in test_pages.
    context = open_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale=language, bypass_csp=True
    )
    page = context.new_page()
    if email:
        sign_in(page, served.url, email)
    if email == ADMINISTRATOR:
        page.goto(served.url + "/imports")
        page.set_input_files("input[type=file]", {"name": "people.csv", "mimeType": "text/csv", "buffer": PEOPLE})
        page.click("main form button")
    wrong = {}
    for path in NETWORK[email].format(**places).split():
        answer = page.goto(served.url + path)
        assert answer is not None
        odd = [str(answer.status)] if answer.status != (404 if path == "/no-such-page" else 200) else []
        wrong[path] = odd + faults(page)
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
