"""The first administrator's one-time link, and the invitation of an organiser."""

from __future__ import annotations

import re
from collections.abc import Callable

from lms.database import Database
from lms.directory import accounts
from tests.web.conftest import Clock
from tests.web.visitor import ADMINISTRATOR, HOST, Visitor

Browser = Callable[..., Visitor]


async def test_the_first_administrator_makes_an_account_once(
    browser: Browser, database: Database, clock: Clock
) -> None:
    with database.writing() as session:
        token = accounts.administrator_link(session, clock(), force=True)
    visitor = browser()
    typed = {"given_name": "Ірина", "family_name": "Перша", "email": "iryna@example.org"}
    short = await visitor.post(f"/welcome/{token}", **typed, password="short", password_again="other")
    assert short.status_code == 422
    assert "at least 10 characters" in short.text
    assert "The two passwords differ" in short.text
    assert 'value="Ірина"' in short.text
    secret = "чотири зелені вікна"
    done = await visitor.post(f"/welcome/{token}", **typed, password=secret, password_again=secret)
    assert done.headers["location"] == "/?done=welcome"
    assert (await visitor.get("/endpoints")).status_code == 200, "signed in, as administrator"
    again = await browser().get(f"/welcome/{token}")
    assert again.status_code == 410
    assert "used already" in again.text
    assert (await browser().get("/welcome/invented")).status_code == 404


async def test_an_administrator_invites_an_organiser(browser: Browser) -> None:
    administrator = browser()
    await administrator.sign_in(ADMINISTRATOR)
    page = await administrator.post("/people", given_name="Олег", family_name="Новий", email="oleh@example.org")
    assert page.status_code == 201
    found = re.search(rf"{HOST}(/welcome/[\w-]+)</code>", page.text)
    assert found
    secret = "тиха ранкова площа"
    invited = browser()
    done = await invited.post(found.group(1), password=secret, password_again=secret)
    assert done.headers["location"] == "/sign-in?done=password_set"
    await invited.sign_in("oleh@example.org", secret)
    assert (await invited.get("/schedule/new")).status_code == 200
    twice = await administrator.post("/people", given_name="Олег", family_name="Новий", email="oleh@example.org")
    assert twice.status_code == 422
    assert "an account with this e-mail already" in twice.text
