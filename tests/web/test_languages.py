"""Pages of a meeting between languages: planning its interpretation, and what a partner from abroad reads."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from signaling.model import SIGNED
from tests.web.conftest import Orders
from tests.web.test_invitations import letters  # noqa: F401
from tests.web.test_occurrences import made
from tests.web.visitor import Visitor
from web.languages import language_name
from web.mail.letters import Letter

Browser = Callable[..., Visitor]
INTERPRETED = {
    "interpretation": "pl",
    "speakers-1-name": "Jan Tłumacz",
    "speakers-1-role": "interpreter",
    "speakers-1-interprets": "en",
    "speakers-1-email": "jan@example.org",
    "access": "open",
    "listed": "y",
}


@pytest.fixture
async def organiser(browser: Browser) -> Visitor:
    visitor = browser()
    await visitor.sign_in()
    return visitor


async def test_from_the_form_to_the_page_the_room_and_the_letter(
    organiser: Visitor,
    browser: Browser,
    orders: Orders,
    letters: Callable[[], list[tuple[str, Letter]]],  # noqa: F811
) -> None:
    address = await made(organiser, **INTERPRETED)
    form = (await organiser.get(f"{address}/edit")).text
    assert re.search(r'name="interpretation" value="pl" checked', form)
    assert re.search(r'<option selected value="en">', form)
    await organiser.post(f"{address}/publish")
    page = (await browser().get(address)).text
    assert "<strong>Interpretation</strong>: Polish, English" in page
    assert "Interpreter: English" in page
    letter = next(letter for _, letter in letters() if letter.to == "jan@example.org")
    assert "Переклад: польська, англійська" in letter.text
    assert "польська, англійська" in letter.html

    found = re.search(r'href="/meet/([^"]+)"', (await organiser.get(address)).text)
    assert found
    answer = await organiser.api(f"/api/meetings/{found.group(1)}/token", {"name": "x"})
    assert answer.status_code == 200, answer.text
    plan = orders.plans[-1]
    assert plan.channels == ("pl", "en")
    assert [language for _, language in plan.interpreters] == ["en"]
    assert all(re.fullmatch(r"guest:\d+", identity) for identity, _ in plan.interpreters)


async def test_an_address_may_ask_for_its_language_and_says_what_is_not_in_it(
    organiser: Visitor, browser: Browser
) -> None:
    address = await made(organiser, **(INTERPRETED | {"title_en": ""}))
    await organiser.post(f"{address}/publish")
    partner = browser("uk")
    page = await partner.get(address, lang="en", when="past")
    assert '<html lang="en"' in page.text
    assert re.search(r'<h1 lang="uk">\s*Паспорти', page.text), "there is no title in English"
    for language in ("uk", "en"):
        assert f'<link rel="alternate" hreflang="{language}" href="https://vikno.test{address}?lang={language}">' in (
            page.text
        )
    assert f'href="/language/uk?next={address}%3Fwhen%3Dpast"' in page.text, "the switch keeps the page"
    assert '<html lang="en"' in (await partner.get("/schedule")).text, "and goes on in it"
    assert "<h1>" in (await browser("uk").get(address)).text
    assert '<html lang="uk"' in (await browser("uk").get(address, lang="xx")).text


def test_names_of_languages() -> None:
    assert [language_name(tag, "uk") for tag in ("pl", "ukl")] == ["польська", "українська жестова мова"]
    assert language_name("pl", "en") == "Polish"
    assert {language_name(tag, "en") for tag in ("ukl", "ils")} & SIGNED == set(), "none is shown as its code"
