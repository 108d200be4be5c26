"""Signing in by an electronic identity: the whole way, through a real OpenID provider and a service like id.gov.ua."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from lms import demo_directory
from lms.audit.queries import entries
from lms.database import Database
from lms.directory import accounts
from lms.directory.access_models import SignInSession
from lms.directory.eid.models import EidIdentity
from lms.directory.models import Account
from lms.directory.queries import visitor_of_person
from tests.support.eid_servers import StateService, serving
from tests.support.oidc_server import CLIENT, SECRET, OidcServer, oidc_server, walk
from tests.web.visitor import ADMINISTRATOR, HOST, ORGANISER, PASSWORD, Visitor
from web.config import WebConfig, utc_now
from web.eid.id_gov_ua import IdGovUa, IdGovUaSettings
from web.eid.oidc import OidcProvider, OidcSettings
from web.i18n import translate
from web.site import build_site
from web.wording import SENTENCES

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Both services answer by plain HTTP; to read the system's authorities takes long."""
Browser = Callable[..., Visitor]
NAMES = {"uk": "Тестова служба", "en": "Test service"}
TAX_NUMBER = "2718281828"
PEOPLE = {
    "anna": {
        "given_name": "Анна",
        "family_name": "Ключ",
        "drfo": TAX_NUMBER,
        "email": ORGANISER,
        "email_verified": True,
    },
    "bohdan": {"given_name": "Богдан", "family_name": "Замок", "email": ORGANISER, "email_verified": False},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcServer]:
    """A real OpenID provider."""
    with oidc_server(tmp_path_factory.mktemp("oidc"), f"{HOST}/sign-in/with/staff/back", PEOPLE) as server:
        yield server


@pytest.fixture
def state_service() -> Iterator[StateService]:
    """A service like id.gov.ua."""
    service = StateService()
    with serving(service):
        yield service


@pytest.fixture
def config(config: WebConfig, provider: OidcServer, state_service: StateService) -> WebConfig:
    """Two services; the time is that of the real provider."""
    staff = OidcSettings("staff", NAMES, provider.issuer, CLIENT, SECRET, claims={"tax_number": "drfo"})
    state = IdGovUaSettings(
        "state", {"uk": "id.gov.ua", "en": "id.gov.ua"}, StateService.CLIENT, StateService.SECRET,
        state_service.address, ("dig_sign", "bank_id"),
    )  # fmt: skip
    eid = {"staff": OidcProvider(staff, context=PLAIN), "state": IdGovUa(state, context=PLAIN)}
    return replace(config, eid=eid, eid_key=b"h" * 32, clock=utc_now)


async def there(visitor: Visitor, service: str = "staff", query: str = "") -> str:
    """Where the button sends the browser."""
    answer = await visitor.get(f"/sign-in/with/{service}{query}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come(visitor: Visitor, name: str, service: str = "staff", query: str = "", *, abort: bool = False) -> str:
    """Go to the service and through its pages; where our answer to the way back leads."""
    back = walk(await there(visitor, service, query), name, HOST, abort=abort)
    answer = await visitor.client.get(back)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def link(visitor: Visitor, name: str, service: str = "staff", email: str = demo_directory.STAFF) -> None:
    """Come as somebody unknown and say, by the password, whose account it is."""
    page = await come(visitor, name, service, "?next=/schedule")
    answer = await visitor.post(page, email=email, password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/schedule"), answer.text


async def refusal(visitor: Visitor, location: str, code: str) -> None:
    """We are told why, in both languages, on a page of ours without what the service has sent."""
    assert location.endswith(f"refused={code}"), location
    assert "state=" not in location
    assert SENTENCES[code] in (await visitor.get(location)).text
    assert translate("uk", SENTENCES[code]) != SENTENCES[code]


async def signed_in(visitor: Visitor) -> bool:
    """Whether the browser is."""
    return (await visitor.get("/me")).status_code == 200


async def test_somebody_new_links_once_and_then_signs_in_with_it_alone(browser: Browser, database: Database) -> None:
    first = browser()
    page = await come(first, "anna", query="?next=/schedule")
    asked = await first.get(page)
    assert "No account is linked yet" in asked.text
    assert "Анна Ключ" in asked.text
    assert not await signed_in(first)
    wrong = await first.post(page, email=demo_directory.STAFF, password="not this one")
    assert wrong.status_code == 403
    answer = await first.post(page, email=demo_directory.STAFF, password=PASSWORD)
    assert answer.headers["location"] == "/schedule"
    assert await signed_in(first)
    assert (await first.get(page)).status_code == 303, "what was found is used up"
    again = browser()
    assert await come(again, "anna", query="?next=/me/calendar") == "/me/calendar"
    assert await signed_in(again)
    cookie = again.client.cookies["__Host-vikno-sign-in"]
    assert cookie != first.client.cookies["__Host-vikno-sign-in"]
    with database.reading() as session:
        assert [one.action for one in entries(session, limit=2)] == ["sign_in", "sign_in"]
        assert "eid.link" in [one.action for one in entries(session, limit=5)]


async def test_nothing_that_names_somebody_is_stored_or_logged(
    browser: Browser, database: Database, state_service: StateService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    state_service.who = {"drfocode": "3141592653", "givenname": "ОЛЕНА", "serial": "58E2D9", "issuer": "CN=АЦСК"}
    await link(browser(), "-", "state")
    state_service.encrypted = True
    await come(browser(), "-", "state")
    with database.reading() as session:
        tables = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        everything = "\n".join(str(session.execute(text(f'SELECT * FROM "{name}"')).all()) for name in tables)
    for secret in ("3141592653", "58E2D9", "ОЛЕНА"):
        assert secret not in everything
    logged = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith(("web.", "lms.")))
    assert "encrypted envelope" in logged
    for fields in (fields for _, fields in state_service.asked):
        for name in ("code", "client_secret", "access_token", "state"):
            assert name not in fields or fields[name] not in logged


async def test_the_same_human_through_another_service_is_known_by_the_number(
    browser: Browser, state_service: StateService
) -> None:
    await link(browser(), "anna")
    state_service.who = {"drfocode": TAX_NUMBER, "auth_type": "bank_id"}
    visitor = browser()
    assert await come(visitor, "-", "state") == "/"
    page = await visitor.get("/me")
    assert "Test service" in page.text
    assert "BankID" in page.text


async def test_an_unverified_e_mail_or_one_without_the_setting_opens_nothing(
    browser: Browser, app: FastAPI, config: WebConfig
) -> None:
    assert (await come(browser(), "anna")).startswith("/sign-in/found/"), "verified, and not allowed here"
    staff = config.eid["staff"]
    assert isinstance(staff, OidcProvider)
    allowed = OidcProvider(replace(staff._settings, match_email=True), context=PLAIN)
    app.state.site = build_site(replace(config, eid={"staff": allowed}))
    assert (await come(browser(), "bohdan")).startswith("/sign-in/found/"), "allowed, and not verified"
    visitor = browser()
    assert await come(visitor, "anna") == "/"
    assert await signed_in(visitor)


async def test_somebody_without_a_number_is_known_by_the_certificate(
    browser: Browser, state_service: StateService
) -> None:
    state_service.who = {"drfocode": "АА123456", "issuer": "CN=АЦСК", "serial": "01", "givenname": "Ян"}
    await link(browser(), "-", "state")
    assert await come(browser(), "-", "state") == "/"
    state_service.who["serial"] = "02"
    assert (await come(browser(), "-", "state")).startswith("/sign-in/found/"), "a new certificate is linked anew"
    state_service.who = {"drfocode": "0000000000", "unzr": "19850412-01234"}
    await link(browser(), "-", "state")
    assert await come(browser(), "-", "state") == "/"


async def test_an_identity_of_somebody_else_is_not_linked(browser: Browser, state_service: StateService) -> None:
    await link(browser(), "anna")
    other = browser()
    await other.sign_in()
    await refusal(other, await come(other, "anna", query="?link=1"), "eid_taken")
    state_service.who = {"drfocode": TAX_NUMBER}
    page = await come(other, "-", "state", "?link=1")
    answer = await other.post(page)
    assert answer.status_code == 409
    assert SENTENCES["eid_taken"] in answer.text, "the number is somebody else's as well"
    same = browser()
    await same.sign_in(demo_directory.STAFF)
    state_service.who = {"drfocode": "3141592653"}
    answer = await same.post(await come(same, "-", "state", "?link=1"))
    assert SENTENCES["eid_other_number"] in answer.text


async def test_linking_from_the_profile_is_confirmed_and_unlinking_keeps_one_way(
    browser: Browser, database: Database
) -> None:
    visitor = browser()
    await visitor.sign_in(demo_directory.STAFF)
    page = await come(visitor, "anna", query="?link=1")
    assert "Link to your account" in (await visitor.get(page)).text
    assert "Unlink" not in (await visitor.get("/me")).text
    assert (await visitor.client.post(page, data={})).status_code == 403, "only our own page links"
    assert (await visitor.post(page)).headers["location"] == "/me?done=eid_linked"
    assert await come(visitor, "anna", query="?link=1") == "/me?done=eid_linked", "linking it again changes nothing"
    elsewhere, here = browser(), browser()
    for one in (elsewhere, here):
        assert await come(one, "anna") == "/"
    action = re.search(r'action="(/me/identities/\d+/unlink)"', (await here.get("/me")).text)
    assert action
    assert (await visitor.post("/me/identities/999/unlink")).status_code == 404
    stranger = browser()
    await stranger.sign_in()
    assert (await stranger.post(action.group(1))).status_code == 404
    with database.writing() as session:
        session.execute(text("UPDATE account SET secret = NULL WHERE subject = :it"), {"it": demo_directory.STAFF})
    last = await here.post(action.group(1))
    assert last.status_code == 409
    assert SENTENCES["eid_last"] in last.text
    with database.writing() as session:
        session.execute(text("UPDATE account SET secret = 'x' WHERE subject = :it"), {"it": demo_directory.STAFF})
    assert (await here.post(action.group(1))).headers["location"] == "/me?done=eid_unlinked"
    assert await signed_in(here)
    assert await signed_in(visitor)
    assert not await signed_in(elsewhere)
    assert (await come(browser(), "anna")).startswith("/sign-in/found/")


async def test_an_invitation_is_taken_without_a_password(browser: Browser, database: Database) -> None:
    with database.writing() as session:
        boss = session.scalars(select(Account.person_id).where(Account.subject == ADMINISTRATOR)).one()
        keeper = visitor_of_person(session, boss, utc_now())
        token = accounts.invite_organiser(
            session, keeper, email="new@vikno.test", family_name="Замок", given_name="Богдан", now=utc_now()
        )
    visitor = browser()
    assert f"/sign-in/with/staff?welcome={token}" in (await visitor.get(f"/welcome/{token}")).text
    cancelled = await come(visitor, "bohdan", query=f"?welcome={token}", abort=True)
    await refusal(visitor, cancelled, "eid_cancelled")
    assert await come(visitor, "bohdan", query=f"?welcome={token}") == "/?done=welcome"
    assert "Богдан Замок" in (await visitor.get("/me")).text
    assert (await visitor.get(f"/welcome/{token}")).status_code == 410
    assert await come(browser(), "bohdan") == "/"


async def test_whoever_turns_back_is_told_so(browser: Browser, state_service: StateService) -> None:
    visitor = browser()
    location = await come(visitor, "anna", query="?next=/schedule", abort=True)
    assert location.startswith("/sign-in?next=%2Fschedule")
    await refusal(visitor, location, "eid_cancelled")
    state_service.error = "server_error"
    await refusal(visitor, await come(visitor, "-", "state"), "eid_refused")


async def test_a_way_back_works_once_in_the_browser_that_went(browser: Browser, provider: OidcServer) -> None:
    await link(browser(), "anna")
    visitor, thief = browser(), browser()
    await thief.get("/sign-in")
    back = walk(await there(visitor), "anna", HOST)
    stolen = (await thief.client.get(back)).headers["location"]
    await refusal(thief, stolen, "eid_state")
    mixed = back.replace("/with/staff/", "/with/state/")
    await refusal(visitor, (await visitor.client.get(mixed)).headers["location"], "eid_state")
    assert (await visitor.client.get(back)).headers["location"] == "/"
    await visitor.post("/sign-out")
    await refusal(visitor, (await visitor.client.get(back)).headers["location"], "eid_used")
    forged = re.sub(r"state=[^&]+", "state=made-up", back)
    await refusal(visitor, (await visitor.client.get(forged)).headers["location"], "eid_state")
    code = re.search(r"code=([^&]+)", back)
    assert code
    fresh = await there(visitor)
    state = re.search(r"state=([^&]+)", fresh)
    assert state
    replay = f"/sign-in/with/staff/back?code={code.group(1)}&state={state.group(1)}&iss={provider.issuer}"
    await refusal(visitor, (await visitor.client.get(replay)).headers["location"], "eid_code")


async def test_a_way_that_takes_too_long_expires(browser: Browser, app: FastAPI, config: WebConfig) -> None:
    visitor = browser()
    back = walk(await there(visitor), "anna", HOST)
    app.state.site = build_site(replace(config, clock=lambda: utc_now() + timedelta(minutes=16)))
    await refusal(visitor, (await visitor.client.get(back)).headers["location"], "eid_expired")


async def test_a_page_that_asks_belongs_to_its_browser(browser: Browser) -> None:
    visitor, thief = browser(), browser()
    page = await come(visitor, "anna")
    await thief.get("/sign-in")
    await refusal(thief, (await thief.get(page)).headers["location"], "eid_state")
    await refusal(thief, (await thief.post(page, email="x", password="y")).headers["location"], "eid_state")


async def test_the_provider_may_change_its_key(browser: Browser, provider: OidcServer) -> None:
    await link(browser(), "anna")
    provider.rotate()
    assert await come(browser(), "anna") == "/"


async def test_a_disabled_account_stays_shut(browser: Browser, database: Database, state_service: StateService) -> None:
    await link(browser(), "anna")
    with database.writing() as session:
        ids = dict(session.execute(select(Account.subject, Account.person_id)).all())
        keeper = visitor_of_person(session, ids[ADMINISTRATOR], utc_now())
        accounts.disable_account(session, keeper, ids[demo_directory.STAFF], utc_now())
    visitor = browser()
    await refusal(visitor, await come(visitor, "anna"), "eid_disabled")
    state_service.who = {"drfocode": TAX_NUMBER}
    await refusal(visitor, await come(visitor, "-", "state"), "eid_disabled")
    with database.reading() as session:
        assert len(session.scalars(select(EidIdentity)).all()) == 1
        live = select(SignInSession).join(Account, Account.id == SignInSession.account_id)
        assert all(one.person_id != 0 for one in session.scalars(live))


async def test_a_service_that_is_down_is_told_and_the_password_works(
    browser: Browser, app: FastAPI, config: WebConfig
) -> None:
    nowhere = OidcSettings("staff", NAMES, "http://127.0.0.1:9", CLIENT, SECRET)
    app.state.site = build_site(replace(config, eid={"staff": OidcProvider(nowhere, context=PLAIN)}))
    visitor = browser()
    answer = await visitor.get("/sign-in/with/staff?next=/schedule")
    await refusal(visitor, answer.headers["location"], "eid_unavailable")
    assert (await visitor.sign_in()).status_code == 303


async def test_an_encrypted_answer_is_named(browser: Browser, state_service: StateService) -> None:
    state_service.encrypted = True
    visitor = browser()
    await refusal(visitor, await come(visitor, "-", "state"), "eid_encrypted")


async def test_nobody_is_sent_to_another_site(browser: Browser) -> None:
    await link(browser(), "anna")
    for address in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        assert await come(browser(), "anna", query=f"?next={address}") == "/"
    visitor = browser()
    page = await visitor.get("/sign-in?refused=<script>")
    assert "<script>" not in page.text


async def test_administrators_see_that_an_identity_is_linked(browser: Browser, database: Database) -> None:
    await link(browser(), "anna")
    keeper, organiser = browser(), browser()
    await keeper.sign_in(ADMINISTRATOR)
    await organiser.sign_in(demo_directory.LEAD)
    with database.reading() as session:
        number = session.scalars(select(Account.person_id).where(Account.subject == demo_directory.STAFF)).one()
    assert "Test service" in (await keeper.get(f"/people/{number}")).text
    page = await organiser.get(f"/people/{number}")
    assert page.status_code == 200
    assert "Test service" not in page.text


async def test_without_services_nothing_changes(browser: Browser, app: FastAPI, config: WebConfig) -> None:
    app.state.site = build_site(replace(config, eid={}))
    visitor = browser()
    assert "/sign-in/with/" not in (await visitor.get("/sign-in")).text
    assert (await visitor.get("/sign-in/with/staff")).status_code == 404
    await visitor.sign_in()
    assert "Electronic identity" not in (await visitor.get("/me")).text


async def test_the_buttons_bear_the_services_names(browser: Browser) -> None:
    page: httpx.Response = await browser("uk").get("/sign-in?next=/schedule")
    assert "Увійти через Тестова служба" in page.text
    assert 'href="/sign-in/with/state?next=/schedule"' in page.text
