"""A project as it is entered, chosen and seen: on its page, on what bears it, in the filters."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from PIL import Image

from tests.web.test_protection import planned
from tests.web.visitor import Visitor, links

Browser = Callable[..., Visitor]


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 200), (200, 16, 46)).save(out, "PNG")
    return out.getvalue()


async def entered(organiser: Visitor, **more: str) -> str:
    """The address of a project with a logo."""
    form = (await organiser.get("/projects/new")).text
    owner = re.search(r'<select[^>]*name="owner".*?<option[^>]*value="(\d+)"', form, re.DOTALL)
    funder = re.search(r'<select[^>]*name="funders".*?<option[^>]*value="(\d+)"', form, re.DOTALL)
    assert owner
    assert funder
    fields = {
        "csrf": await organiser.csrf(),
        "name": "Стійкі громади",
        "name_en": "Resilient communities",
        "number": "UNDP-00123",
        "owner": owner.group(1),
        "funders": funder.group(1),
        "statement": "За підтримки Уряду Великої Британії",
        "logo_alt": "Прапор Великої Британії",
    }
    files = {"logo": ("flag.png", picture(), "image/png")}
    answer = await organiser.client.post("/projects/new", data=fields | more, files=files)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("?")[0])


async def test_a_project_is_entered_chosen_and_found(browser: Browser) -> None:
    organiser, stranger = browser("uk"), browser("uk")
    await organiser.sign_in()
    address = await entered(organiser)
    slug = address.rpartition("/")[2]
    page = (await stranger.get(address)).text
    assert "За підтримки Уряду Великої Британії" in page
    assert 'alt="Прапор Великої Британії"' in page
    logo = await stranger.get(f"{address}/logo")
    assert (logo.status_code, logo.headers["content-type"]) == (200, "image/png")
    occurrence = await planned(organiser, title="З донором")
    assert (await organiser.post(f"{occurrence}/project", project=slug)).status_code == 303
    shown = (await stranger.get(occurrence)).text
    assert "UNDP-00123" in shown
    assert f"{address}/logo" in shown
    found = (await stranger.get("/schedule", project=slug)).text
    assert "З донором" in found
    assert "З донором" not in (await stranger.get("/schedule", project="other")).text
    for home in ("/courses/mobile-case", links(await organiser.get("/series"), "/series/2")[0]):
        assert (await organiser.post(f"{home}/project", project=slug)).status_code == 303
        assert "За підтримки Уряду" in (await organiser.get(home)).text
    assert "/courses/mobile-case" in (await stranger.get("/courses", project=slug)).text
    assert "/courses/mobile-case" not in (await stranger.get("/courses", project="other")).text


async def test_what_cannot_be_a_logo_is_refused_and_nothing_typed_is_lost(browser: Browser) -> None:
    organiser = browser("uk")
    await organiser.sign_in()
    address = await entered(organiser)
    form = (await organiser.get(f"{address}/edit")).text
    owner = re.search(r'<option selected value="(\d+)"', form)
    assert owner
    fields = {"csrf": await organiser.csrf(), "name": "Нова назва", "owner": owner.group(1), "logo_alt": "Знак"}
    files = {"logo": ("flag.svg", b"<svg/>", "image/svg+xml")}
    answer = await organiser.client.post(f"{address}/edit", data=fields, files=files)
    assert answer.status_code == 422
    assert "PNG, JPEG" in answer.text
    assert "Нова назва" in answer.text
    assert "Стійкі громади" in (await organiser.get(address)).text
