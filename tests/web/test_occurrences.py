"""An organiser plans, publishes, changes, starts, ends and cancels; an expert comes by a personal link."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from signaling import tokens
from tests.web.conftest import Clock, Orders
from tests.web.test_tokens import claims
from tests.web.visitor import HOST, Visitor, room_of

Browser = Callable[..., Visitor]

PLAN: dict[str, Any] = {
    "kind": "consultation",
    "title": "Паспорти: нові правила",
    "title_en": "Passports: new rules",
    "description": "Перший абзац.\n\nДругий абзац.",
    "day": "2026-12-16",
    "time": "10:00",
    "duration": "90",
    "zone": "Europe/Kyiv",
    "access": "link",
    "listed": "y",
    "agenda-0-title": "Вступ",
    "agenda-0-minutes": "10",
    "speakers-0-name": "Експерт ДМС",
    "speakers-0-role": "presenter",
}


@pytest.fixture
async def organiser(browser: Browser) -> Visitor:
    visitor = browser()
    await visitor.sign_in()
    return visitor


async def made(organiser: Visitor, **changes: Any) -> str:
    """The address of a new draft."""
    answer = await organiser.post("/schedule/new", **(PLAN | changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("?")[0]


async def meeting_of(organiser: Visitor, address: str) -> str:
    page = await organiser.get(address)
    found = re.search(r'href="/meet/([^"]+)"', page.text)
    assert found
    return found.group(1)


async def test_a_draft_is_for_its_editors_until_it_is_published(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    own = await organiser.get(address, done="created")
    assert "The draft is saved" in own.text
    assert "Passports: new rules" in own.text
    assert "10:00–11:30" in own.text
    stranger = browser()
    assert (await stranger.get(address)).status_code == 404
    assert (await organiser.post(f"{address}/publish")).headers["location"] == f"{address}?done=published"
    page = await stranger.get(address)
    assert page.status_code == 200
    assert "Експерт ДМС" in page.text
    assert "Start now" not in page.text
    assert "Passports: new rules" in (await stranger.get("/schedule")).text
    again = await organiser.post(f"{address}/publish")
    assert again.status_code == 409
    assert "It was published already." in again.text


async def test_what_was_typed_is_kept_when_something_is_wrong(organiser: Visitor) -> None:
    answer = await organiser.post("/schedule/new", **(PLAN | {"time": "half past ten", "duration": "2", "title": ""}))
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 3
    assert "Enter a time as hours and minutes" in answer.text
    assert "From 5 minutes to a whole day" in answer.text
    assert "Give it a title." in answer.text
    for kept in ("Passports: new rules", "Другий абзац.", "half past ten", "Експерт ДМС", "Вступ"):
        assert kept in html.unescape(answer.text), kept


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"day": "1999-01-01"}, "This day is past or years away"),
        ({"day": "2027-03-28", "time": "03:30"}, "Clocks skip this time that night"),
        ({"zone": "Mars/Olympus"}, "Not a valid choice"),
        ({"agenda-0-minutes": "-4"}, "From 1 to 600 minutes"),
    ],
)
async def test_impossible_plans_are_refused_at_their_field(
    organiser: Visitor, changes: dict[str, str], said: str
) -> None:
    answer = await organiser.post("/schedule/new", **(PLAN | changes))
    assert answer.status_code == 422
    assert said in answer.text


async def test_more_rows_can_be_had_without_losing_or_saving_anything(organiser: Visitor) -> None:
    answer = await organiser.post("/schedule/new", **PLAN, more="agenda")
    assert answer.status_code == 200
    assert 'name="agenda-2-title"' in answer.text
    assert "Вступ" in answer.text
    assert "Passports: new rules" not in (await organiser.get("/schedule")).text


async def test_two_editors_do_not_overwrite_each_other(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    form = await organiser.get(f"{address}/edit")
    version = re.search(r'name="version" type="hidden" value="(\d+)"', form.text)
    assert version
    first = await organiser.post(f"{address}/edit", **(PLAN | {"title_en": "First", "version": version.group(1)}))
    assert first.status_code == 303
    late = await organiser.post(f"{address}/edit", **(PLAN | {"title_en": "Late words", "version": version.group(1)}))
    assert late.status_code == 409
    assert "Somebody changed this while you were writing" in late.text
    assert "Late words" in late.text
    assert "First" in (await organiser.get(address)).text
    newer = re.search(r'name="version" type="hidden" value="(\d+)"', late.text)
    assert newer
    second = await organiser.post(f"{address}/edit", **(PLAN | {"title_en": "Late words", "version": newer.group(1)}))
    assert second.status_code == 303


async def test_editing_keeps_rows_that_the_form_does_not_show(organiser: Visitor) -> None:
    address = await made(organiser)
    form = await organiser.get(f"{address}/edit")
    fields = dict(re.findall(r'name="([^"]+)"[^>]*?value="([^"]*)"', form.text))
    assert fields["speakers-0-name"] == "Експерт ДМС"
    assert fields["day"] == "2026-12-16"
    assert fields["time"] == "10:00"
    assert re.search(r'name="agenda-0-kind"[^>]*>\s*<option selected value="talk"', form.text)
    assert re.search(r'name="speakers-0-role"[^>]*>\s*<option selected value="presenter"', form.text)


async def test_start_now_orders_the_node_and_opens_the_room(organiser: Visitor, orders: Orders) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    meeting = await meeting_of(organiser, address)
    started = await organiser.post(f"{address}/start")
    assert started.headers["location"] == f"/meet/{meeting}"
    assert ("begin", meeting) in orders.given
    assert "On now" in (await organiser.get("/")).text
    ended = await organiser.post(f"{address}/end")
    assert ended.status_code == 303
    assert orders.given[-1] == ("close", meeting)
    shut = await organiser.get(f"/meet/{meeting}")
    assert shut.status_code == 410
    assert "This meeting has ended." in shut.text


async def test_a_node_that_is_down_does_not_stop_the_start(organiser: Visitor, orders: Orders) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    orders.down = True
    assert (await organiser.post(f"{address}/start")).status_code == 303
    assert "On now" in (await organiser.get(address)).text


async def test_cancelling_needs_a_reason_and_shows_it(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    nothing = await organiser.post(f"{address}/cancel", reason="  ")
    assert nothing.status_code == 422
    assert "Say why" in nothing.text
    assert (await organiser.post(f"{address}/cancel", reason="Лектор захворів")).status_code == 303
    page = await browser().get(address)
    assert "This occurrence was cancelled." in page.text
    assert "Лектор захворів" in page.text


async def test_only_organisers_change_things(organiser: Visitor, browser: Browser) -> None:
    address = await made(organiser)
    await organiser.post(f"{address}/publish")
    stranger = browser()
    for act in ("publish", "start", "end", "cancel"):
        answer = await stranger.post(f"{address}/{act}", reason="mischief")
        assert answer.status_code == 403, act
    assert (await stranger.post("/schedule/new", **PLAN)).status_code == 401
    assert (await stranger.get(f"{address}/edit")).headers["location"].startswith("/sign-in")


async def test_an_expert_comes_by_a_personal_link(organiser: Visitor, browser: Browser, clock: Clock) -> None:
    address = await made(organiser, access="network")
    await organiser.post(f"{address}/publish")
    shown = await organiser.post(f"{address}/guests", name="Олена Експертна", organisation="ДМС", role="presenter")
    assert shown.status_code == 201
    found = re.search(rf"{HOST}(/guest/[\w-]+)</code>", shown.text)
    assert found
    link = found.group(1)
    assert link not in (await organiser.get(address)).text, "the link is shown once"

    expert = browser()
    early = await expert.get(link)
    assert "Personal invitation for Олена Експертна" in early.text
    assert "The room opens on" in early.text
    clock.now = clock.now.replace(year=2026, month=12, day=16, hour=7, minute=50)
    ready = await expert.get(link)
    assert "Go to the room" in ready.text
    joined = await expert.post(link)
    assert joined.status_code == 303
    room = joined.headers["location"]
    assert room.endswith("?as=guest")
    meeting = room.removeprefix("/meet/").removesuffix("?as=guest")
    assert room_of(await expert.get(room))["name"] == "Олена Експертна"
    answer = await expert.api(f"/api/meetings/{meeting}/token?as=guest", {})
    token = tokens.Token.model_validate(claims(answer))
    assert (token.name, token.role, token.organisation, token.presence) == (
        "Олена Експертна",
        "presenter",
        "ДМС",
        "guest",
    )

    await organiser.sign_in()  # weeks have passed since
    revoke = re.search(r'action="([^"]+/revoke)"', (await organiser.get(address)).text)
    assert revoke
    await organiser.post(revoke.group(1))
    gone = await expert.get(link)
    assert gone.status_code == 410
    assert "was withdrawn" in gone.text
    refused = await expert.api(f"/api/meetings/{meeting}/token?as=guest", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "guest_link_revoked")
    assert (await expert.get("/meet/demo")).status_code == 200, "an old link shuts no open door"


async def test_a_guest_link_that_nobody_made_opens_nothing(browser: Browser) -> None:
    assert (await browser().get("/guest/not-a-link")).status_code == 404
