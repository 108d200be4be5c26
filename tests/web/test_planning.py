"""Planning series in the browser: made by a rule, filled in line by line, changed, released; topics, acts, files."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.web.visitor import ADMINISTRATOR, Visitor

Browser = Callable[..., Visitor]

SERIES: dict[str, Any] = {
    "kind": "consultation",
    "title": "Зимові консультації",
    "title_en": "Winter consultations",
    "way": "rule",
    "frequency": "WEEKLY",
    "interval": "1",
    "weekdays": ["2"],
    "position": "1",
    "day": "2026-12-16",
    "time": "10:00",
    "duration": "90",
    "zone": "Europe/Kyiv",
    "ends": "count",
    "count": "3",
    "access": "network",
    "listed": "y",
}


@pytest.fixture
async def organiser(browser: Browser) -> Visitor:
    visitor = browser()
    await visitor.sign_in()
    return visitor


async def form_of(visitor: Visitor, **changes: Any) -> dict[str, Any]:
    """The form of a new series, with the organisation that it offers first."""
    page = await visitor.get("/series/new")
    owner = re.search(r'<select[^>]*id="owner"[^>]*>\s*<option[^>]*value="(\d+)"', page.text)
    assert owner, page.text
    return SERIES | {"owner": owner.group(1)} | changes


async def made(visitor: Visitor, **changes: Any) -> str:
    """The address of a new series."""
    answer = await visitor.post("/series/new", **await form_of(visitor, **changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


def lines(page: httpx.Response) -> list[tuple[str, str]]:
    """Of each line of the planner: where it is sent, and its version."""
    return re.findall(
        r'action="(/series/[^"]+/dates/[^"/]+)" data-row>.*?name="version" value="(\d+)"', page.text, re.S
    )


async def test_a_rule_becomes_a_table_of_drafts(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    page = await organiser.get(address)
    assert "every Wednesday, 3 times" in page.text
    assert len(lines(page)) == 3
    assert "No expert body yet." in page.text
    assert "No topic of its own yet." in page.text
    assert (await browser().get(address)).status_code == 404


async def test_the_dates_are_shown_before_they_are_made(organiser: Visitor) -> None:
    shown = await organiser.post(
        "/series/new", **await form_of(organiser, show="dates", day="2027-03-21", time="03:30", weekdays=["6"])
    )
    assert shown.status_code == 200
    assert "Clocks skip the planned hour that day: it begins at 04:30." in shown.text
    piece = await organiser.post("/series/dates", **await form_of(organiser))
    assert piece.text.count("<li>") == 3
    assert "<html" not in piece.text


async def test_a_line_is_saved_by_itself_and_refused_when_it_is_old(organiser: Visitor) -> None:
    page = await organiser.get(await made(organiser))
    where, version = lines(page)[1]
    typed = {"version": version, "title": "Паспорти", "expert": "Експерт служби", "email": "Expert@Example.org"}
    token = await organiser.csrf()
    asked = {"Accept": "application/json"}
    saved = await organiser.client.post(where, data={"csrf": token, **typed}, headers=asked)
    assert saved.status_code == 200
    assert saved.json()["version"] == int(version) + 1
    assert saved.json()["warnings"] == ["No expert body yet."]
    old = await organiser.client.post(where, data={"csrf": token, **typed}, headers=asked)
    assert (old.status_code, old.json()["code"]) == (409, "changed_meanwhile")
    kept = await organiser.post(where, **(typed | {"title": "Інша назва"}))
    assert kept.status_code == 409
    assert 'value="Інша назва"' in kept.text
    assert "expert@example.org" in (await organiser.get(where.partition("/dates/")[0])).text


async def test_irregular_dates_of_the_past_take_place_only_when_it_is_said(organiser: Visitor) -> None:
    dates = {"way": "dates", "dates": "19.08.2019\n22.08.2019\n2019-09-11 14:00", "title": "Лідерство"}
    refused = await organiser.post("/series/new", **await form_of(organiser, **dates))
    assert refused.status_code == 422
    assert "say that it took place" in refused.text
    assert "22.08.2019" in refused.text
    address = await made(organiser, took_place="y", **dates)
    page = await organiser.get(address)
    assert "11 September 2019" in page.text
    wrong = await organiser.post("/series/new", **await form_of(organiser, way="dates", dates="31.02.2027"))
    assert "A line is no date" in wrong.text


async def test_dates_are_added_moved_and_left_out(organiser: Visitor) -> None:
    address = await made(organiser)
    added = await organiser.post(f"{address}/dates", day="2027-01-15", time="14:00")
    assert added.headers["location"] == f"{address}?done=date_added"
    past = await organiser.post(f"{address}/dates", day="2020-01-15", time="14:00")
    assert past.status_code == 422
    assert "This date has passed" in past.text
    where, version = lines(await organiser.get(address))[0]
    moved = await organiser.post(f"{where}/move", version=version, day="2026-12-17", time="11:00")
    assert moved.status_code == 303
    where, _version = lines(await organiser.get(address))[2]
    assert (await organiser.post(f"{where}/leave-out")).status_code == 303
    page = await organiser.get(address)
    assert len(lines(page)) == 3
    assert "17 December" in page.text


async def test_the_future_is_changed_after_a_preview(organiser: Visitor) -> None:
    address = await made(organiser)
    page = await organiser.get(f"{address}/reschedule")
    version = re.search(r'name="version"[^>]*value="(\d+)"', page.text)
    assert version
    wanted = {name: SERIES[name] for name in ("way", "frequency", "interval", "position", "duration", "zone", "ends")}
    wanted |= {"weekdays": ["3"], "day": "2026-12-17", "time": "11:00", "count": "4", "version": version.group(1)}
    shown = await organiser.post(f"{address}/reschedule", **wanted)
    assert shown.status_code == 200
    assert shown.text.count("Moves") == 3
    assert "Is added as a draft" in shown.text
    assert "16 December" in (await organiser.get(address)).text
    done = await organiser.post(f"{address}/reschedule", apply="y", **wanted)
    assert done.headers["location"] == f"{address}?done=rescheduled"
    assert "every Thursday, 4 times" in (await organiser.get(address)).text
    again = await organiser.post(f"{address}/reschedule", apply="y", **wanted)
    assert again.status_code == 409


async def test_a_release_publishes_the_drafts_and_says_later_what_is_new(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    assert (await organiser.post(f"{address}/release", note="Перший випуск")).status_code == 303
    stranger = browser()
    page = await stranger.get(address)
    assert page.status_code == 200
    assert "3 dates were announced." in page.text
    assert "Move, leave out" not in page.text
    nothing = await organiser.post(f"{address}/release")
    assert nothing.status_code == 409
    assert "Nothing has changed since the last release." in nothing.text
    where, version = lines(await organiser.get(address))[0]
    await organiser.post(f"{where}/move", version=version, day="2026-12-17", time="11:00", reason="Зал зайнятий")
    await organiser.post(f"{address}/release")
    page = await stranger.get(address)
    assert "16 December 2026, 10:00 → <strong>17 December 2026, 11:00" in html.unescape(page.text)


async def test_only_editors_plan_and_only_organisers_begin(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/release")
    stranger = browser()
    assert (await stranger.get("/series/new")).status_code == 303
    assert (await stranger.post(f"{address}/dates", day="2027-01-15", time="14:00")).status_code == 403
    assert (await stranger.get("/schedule/experts", q="Демо")).status_code == 403
    assert (await organiser.get("/schedule/experts", q="Демо")).json()[0]["name"] in (
        "Організатор Демо",
        "Адміністратор Демо",
    )
    assert (await stranger.get("/series")).status_code == 200


async def test_a_series_is_edited_copied_and_handed_over(organiser: Visitor) -> None:
    address = await made(organiser)
    form = await organiser.get(f"{address}/edit")
    assert 'value="Зимові консультації"' in form.text
    fields = {"title": "Весняні консультації", "kind": "webinar", "access": "open", "version": "1"}
    owner = await form_of(organiser)
    saved = await organiser.post(f"{address}/edit", owner=owner["owner"], **fields)
    assert saved.status_code == 303, saved.text
    assert "Весняні консультації" in (await organiser.get(address)).text
    stale = await organiser.post(f"{address}/edit", owner=owner["owner"], **fields)
    assert stale.status_code == 409
    copied = await organiser.get("/series/new", copied=address.rpartition("/")[2])
    assert re.search(r'<option selected value="[^"]*zymovi-konsultatsii', copied.text)
    new_owner = re.search(r'id="owner" name="owner"><option value="(\d+)"', (await organiser.get(address)).text)
    assert new_owner
    assert (await organiser.post(f"{address}/hand-over", owner=new_owner.group(1))).status_code == 303
    assert (await organiser.post(f"{address}/hand-over", owner=new_owner.group(1))).status_code == 422


async def test_a_programme_holds_series(organiser: Visitor) -> None:
    owner = (await form_of(organiser))["owner"]
    fields = {"title": "Програма року", "owner": owner, "from_date": "2026-09-01", "to_date": "2027-09-01"}
    answer = await organiser.post("/programmes/new", **fields)
    address = str(answer.headers["location"]).partition("?")[0]
    page = await organiser.get(address)
    number = re.search(r"/series/new\?programme=(\d+)", page.text)
    assert number
    await made(organiser, programme=number.group(1))
    assert "Winter consultations" in (await organiser.get(address)).text
    wrong = await organiser.post(f"{address}/edit", **(fields | {"to_date": "2026-08-01"}))
    assert wrong.status_code == 422
    assert "The end lies before the beginning." in wrong.text
    assert (await organiser.post(f"{address}/edit", **(fields | {"title": "Інша"}))).status_code == 303


async def test_topics_are_kept_as_a_tree(organiser: Visitor, browser: Browser) -> None:
    assert (
        await organiser.post("/topics", name_uk="Водійські посвідчення", name_en="Driving licences")
    ).status_code == 303
    page = await organiser.get("/topics")
    assert "Driving licences" in page.text
    twice = await organiser.post("/topics", name_uk="Водійські посвідчення")
    assert twice.status_code == 409
    assert 'value="Водійські посвідчення"' in twice.text
    number = re.findall(r'id="topic-(\d+)">\s*<span[^>]*><a[^>]*>Driving licences', page.text)[0]
    assert (await organiser.post(f"/topics/{number}", retire="y")).status_code == 303
    assert "Driving licences" not in (await browser().get("/topics")).text
    assert (await browser().post("/topics", name_uk="Чуже")).status_code == 403


async def test_an_act_changes_and_what_was_said_is_outdated(organiser: Visitor, browser: Browser) -> None:
    act = {"number": "1-TEST", "title": "Тестовий порядок", "valid_as_of": "2026-11-25"}
    assert (await organiser.post("/acts", **act)).status_code == 303
    assert (await organiser.post("/acts", **act)).status_code == 409
    number = re.findall(r'action="/acts/(\d+)/change"', (await organiser.get("/acts", search="1-TEST")).text)[0]
    address = await made(organiser)
    await organiser.post(f"{address}/release")
    slug = lines(await organiser.get(address))[0][0].rpartition("/")[2]
    assert (await organiser.post(f"/schedule/{slug}/materials/acts", act=number, note="ст. 5")).status_code == 303
    assert "Тестовий порядок" in (await browser().get(f"/schedule/{slug}")).text
    without = await organiser.post(f"/acts/{number}/change", state="changed", changed_on="2027-01-01")
    assert without.status_code == 422
    done = await organiser.post(
        f"/acts/{number}/change", state="changed", changed_on="2027-01-01", note="Новий порядок"
    )
    assert done.status_code == 303
    page = await browser().get(f"/schedule/{slug}")
    assert "Outdated in part." in page.text
    assert "Новий порядок" in page.text


async def test_a_file_is_handed_out_as_an_attachment_to_those_who_see_the_occurrence(
    organiser: Visitor, browser: Browser
) -> None:
    address = await made(organiser)
    slug = lines(await organiser.get(address))[0][0].rpartition("/")[2]
    where = f"/schedule/{slug}/materials"
    token = await organiser.csrf()

    async def send(name: str, contents: bytes, **more: str) -> httpx.Response:
        file = {"file": (name, contents, "text/html")}
        return await organiser.client.post(where, data={"csrf": token, **more}, files=file)

    assert (await send("../Зразок заяви.pdf", b"%PDF-1.7 zrazok")).status_code == 303
    for name, contents, said in (("a.html", b"<script>", "are not taken"), ("a.pdf", b"", "The file is empty")):
        refused = await send(name, contents)
        assert (refused.status_code, said in refused.text) == (422, True)
    page = await organiser.get(f"/schedule/{slug}")
    found = re.search(rf'href="({where}/\d+)"', page.text)
    assert found
    stranger = browser()
    assert (await stranger.get(found.group(1))).status_code == 404
    await organiser.post(f"{address}/release")
    file = await stranger.get(found.group(1))
    assert (file.content, file.headers["content-type"]) == (b"%PDF-1.7 zrazok", "application/pdf")
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-disposition"].startswith("attachment;")
    assert "%D0%97%D1%80%D0%B0%D0%B7%D0%BE%D0%BA" in file.headers["content-disposition"]
    link = await organiser.client.post(
        where, data={"csrf": token, "url": "javascript:alert(1)", "title": "x"}, files={"none": b""}
    )
    assert link.status_code == 422
    number = found.group(1).rpartition("/")[2]
    assert (await organiser.post(f"{where}/{number}/remove")).status_code == 303
    assert (await stranger.get(found.group(1))).status_code == 404


async def test_quiet_hours_need_figures(organiser: Visitor, browser: Browser) -> None:
    page = await organiser.get("/slots", duration="120")
    assert page.status_code == 200
    assert (await browser().get("/slots")).status_code == 303
    admin = browser()
    await admin.sign_in(ADMINISTRATOR)
    assert (await admin.get("/slots")).status_code == 200
