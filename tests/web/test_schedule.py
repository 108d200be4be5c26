"""`/schedule`: the same occurrences as a list, a week and a month; every link keeps the filters."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from tests.web.visitor import ADMINISTRATOR, Visitor, links

Browser = Callable[..., Visitor]


async def test_a_month_is_a_table_whose_days_are_links(browser: Browser) -> None:
    page = await browser().get("/schedule", view="month", month="2026-12")
    assert "December 2026" in page.text
    assert 'data-day="2026-12-02"' in page.text, "by which the arrow keys of `site/month.ts` go"
    assert page.text.count('scope="col"') == 7
    days = [link for link in links(page, "/schedule?") if link.endswith("#day")]
    assert any("day=2026-12-02" in link for link in days)
    assert "2 December: 2 occurrences" in re.sub(r"<[^>]+>", "", page.text)
    chosen = await browser().get("/schedule", view="month", day="2026-12-02")
    assert "Wednesday, 2 December 2026" in chosen.text
    assert 'aria-current="date"' in chosen.text
    assert "view=month&amp;month=2027-01" in chosen.text
    assert "view=month&amp;month=2026-11" in chosen.text


async def test_a_week_begins_on_monday_and_leads_to_its_neighbours(browser: Browser) -> None:
    page = await browser().get("/schedule", view="week", day="2026-12-03")
    assert "30 November – 6 December 2026" in page.text
    assert "Social services: accepting documents in practice" in page.text
    assert {"day=2026-11-23", "day=2026-12-07"} <= {
        part for link in links(page, "/schedule?") for part in link.partition("?")[2].split("&")
    }


async def test_today_is_marked(browser: Browser) -> None:
    assert "month__day--today" in (await browser().get("/schedule", view="month")).text
    assert "week__day--today" in (await browser().get("/schedule", view="week")).text
    assert "Today" in (await browser().get("/schedule")).text


async def test_filters_stay_when_the_view_changes_and_can_be_taken_away(browser: Browser) -> None:
    page = await browser().get("/schedule", q="соціального", kind="consultation", view="month", month="2026-12")
    kept = [link for link in links(page, "/schedule?") if "kind=consultation" in link]
    assert kept
    assert all("q=" in link for link in kept)
    assert "/schedule?view=month&month=2026-12" in links(page, "/schedule?")
    language = links(page, "/language/uk")[0]
    moved = await browser().get(language)
    assert "kind=consultation" in moved.headers["location"], "the other language shows the same"


@pytest.mark.parametrize(
    "words",
    [
        {"view": "month", "month": "2026-13"},
        {"view": "month", "month": "9999-12"},
        {"view": "week", "day": "0001-01-01"},
        {"view": "month", "day": "yesterday"},
        {"kind": "picnic", "topic": "no-such", "oblast": "'; --", "series": "x", "organisation": "nobody", "mine": "1"},
        {"page": "1000"},
        {"when": "past", "page": "2"},
    ],
)
async def test_words_that_mean_nothing_filter_nothing_or_find_nothing(browser: Browser, words: dict[str, str]) -> None:
    assert (await browser().get("/schedule", **words)).status_code == 200


async def test_what_cannot_be_asked_is_refused(browser: Browser) -> None:
    for words in ({"view": "year"}, {"page": "0"}, {"q": "x" * 500}):
        assert (await browser().get("/schedule", **words)).status_code == 422


async def test_nothing_found_says_so_and_leads_back(browser: Browser) -> None:
    page = await browser().get("/schedule", q="такого немає")
    assert "Nothing fits what you asked for" in page.text
    assert 'value="такого немає"' in html.unescape(page.text)
    assert "/schedule" in links(page, "/schedule")


async def test_drafts_are_in_the_calendar_of_those_who_edit_them_only(browser: Browser) -> None:
    organiser = browser()
    await organiser.sign_in(ADMINISTRATOR)
    plan = {
        "kind": "webinar", "title": "Таємна чернетка", "day": "2026-12-17", "time": "10:00", "duration": "60",
        "zone": "Europe/Kyiv", "access": "network", "listed": "y",
    }  # fmt: skip
    assert (await organiser.post("/schedule/new", **plan)).status_code == 303
    for words in ({"view": "month", "month": "2026-12"}, {"view": "week", "day": "2026-12-17"}, {"q": "чернетка"}):
        assert "Таємна чернетка" in (await organiser.get("/schedule", **words)).text
        assert "Таємна чернетка" not in (await browser().get("/schedule", **words)).text
