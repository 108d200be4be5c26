"""Signing in and out: cookies, CSRF, wrong passwords, rate limits."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.visitor import ORGANISER, PASSWORD, Visitor

Browser = Callable[..., Visitor]


async def test_signing_in_sets_a_host_cookie_and_shows_the_name(browser: Browser) -> None:
    visitor = browser()
    answer = await visitor.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/schedule")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if "sign-in" in value)
    assert cookie.startswith("__Host-vikno-sign-in=")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    page = await visitor.get("/schedule")
    assert "Plan an occurrence" in page.text
    assert "Sign out" in page.text


async def test_signing_out_ends_the_session_in_the_database_too(browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in()
    stolen = visitor.client.cookies["__Host-vikno-sign-in"]
    assert (await visitor.post("/sign-out")).status_code == 303
    thief = browser()
    thief.client.cookies.set("__Host-vikno-sign-in", stolen, domain="vikno.test", path="/")
    assert "Plan an occurrence" not in (await thief.get("/schedule")).text


async def test_a_wrong_password_is_told_plainly_and_counted(browser: Browser) -> None:
    visitor = browser()
    answers = [await visitor.sign_in(password="not this one") for _ in range(12)]
    assert answers[0].status_code == 403
    assert "The e-mail or the password is wrong" in answers[0].text
    assert f'value="{ORGANISER}"' in answers[0].text, "what was typed is kept"
    assert "not this one" not in answers[0].text, "but never the password"
    assert answers[-1].status_code == 429
    right = await browser(address="192.0.2.99").sign_in(password=PASSWORD)
    assert right.status_code == 429, "the account is guarded, not only the address"


async def test_many_tries_from_one_address_are_refused_with_the_time_to_wait(browser: Browser) -> None:
    visitor = browser()
    answers = [await visitor.post("/sign-in", email=f"p{n}@example.org", password="x", next="/") for n in range(22)]
    refused = [answer for answer in answers if "Too many tries from your address" in answer.text]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    other = await browser(address="192.0.2.7").post("/sign-in", email="p@example.org", password="x", next="/")
    assert "Too many tries from your address" not in other.text


async def test_a_form_without_our_token_is_refused(browser: Browser) -> None:
    visitor = browser()
    await visitor.sign_in()
    for forged in ({}, {"csrf": "0" * 64}):
        answer = await visitor.client.post("/sign-out", data=forged)
        assert answer.status_code == 403
        assert "Reload it and try again" in answer.text
    assert "Sign out" in (await visitor.get("/schedule")).text


async def test_the_token_of_another_browser_or_of_before_the_sign_in_is_worthless(browser: Browser) -> None:
    visitor, other = browser(), browser()
    before = await visitor.csrf()
    foreign = await other.csrf()
    await visitor.sign_in()
    for token in (before, foreign):
        assert (await visitor.client.post("/sign-out", data={"csrf": token})).status_code == 403


async def test_nobody_is_sent_to_another_site(browser: Browser) -> None:
    for address in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        visitor = browser()
        answer = await visitor.post("/sign-in", email=ORGANISER, password=PASSWORD, next=address)
        assert answer.headers["location"] == "/"
        assert (await visitor.get("/language/en", next=address)).headers["location"] == "/"
