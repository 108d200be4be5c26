"""The settings of protection, what everybody reads before coming in, and what the token of a room says."""

from __future__ import annotations

from collections.abc import Callable

import jwt

from signaling import tokens
from tests.web.conftest import TOKEN_KEY, Orders
from tests.web.visitor import ADMINISTRATOR, Visitor, links, room_of

Browser = Callable[..., Visitor]
PLAN = {
    "kind": "consultation",
    "title": "Пункт пропуску",
    "day": "2026-11-25",
    "time": "09:30",
    "duration": "60",
    "zone": "Europe/Kyiv",
    "access": "open",
    "listed": "y",
}


async def planned(organiser: Visitor, **more: str) -> str:
    """The address of an announced occurrence."""
    page = await organiser.post("/schedule/new", **(PLAN | more))
    address: str = page.headers["location"].partition("?")[0]
    await organiser.post(f"{address}/publish")
    return address


def read(compact: str) -> tokens.Token:
    claims = jwt.decode(compact, TOKEN_KEY, algorithms=["HS256"], options={"verify_exp": False, "verify_aud": False})
    return tokens.Token.model_validate(claims)


async def test_the_rules_are_told_on_the_page_before_the_door_and_to_the_node(browser: Browser, orders: Orders) -> None:
    organiser = browser("uk")
    await organiser.sign_in()
    address = await planned(organiser)
    assert "Захист учасників" in (await organiser.get(address)).text, "its editors find the way"
    assert 'id="protection"' not in (await browser("uk").get(address)).text
    wanted = {"hide_names": "y", "pseudonyms": "y", "keeping": "voices", "held": "y"}
    answer = await organiser.post(f"{address}/protection", **wanted)
    assert answer.headers["location"] == f"{address}?done=saved"
    form = (await organiser.get(f"{address}/protection")).text
    assert 'checked id="hide_names"' in form
    shown = (await browser("uk").get(address)).text
    for said in ("не бачать імен одне одного", "лише голоси й те, що показують", "організатор перегляне"):
        assert said in shown
    started = await organiser.post(f"{address}/start")
    room = room_of(await browser("uk").get(started.headers["location"]))
    assert room["protection"] == {"hide_names": True, "recording": "voices", "held": True}
    assert (room["hidden"], room["alias"]) == (False, "")
    assert (await browser().get(f"{address}/protection")).status_code in (303, 401, 403)


async def test_a_plan_to_record_and_a_rule_never_to_do_so_exclude_each_other(browser: Browser) -> None:
    organiser = browser("uk")
    await organiser.sign_in()
    address = await planned(organiser, recorded="y")
    refused = await organiser.post(f"{address}/protection", keeping="never", hide_names="y")
    assert refused.status_code == 409
    assert "Спершу вимкніть це" in refused.text
    assert 'checked id="hide_names"' in refused.text, "what was chosen is kept"
    other = await planned(organiser, title="Друга")
    assert (await organiser.post(f"{other}/protection", keeping="never")).status_code == 303
    form = await organiser.get(f"{other}/edit")
    version = form.text.partition('name="version" type="hidden" value="')[2].partition('"')[0]
    refused = await organiser.post(f"{other}/edit", **PLAN, recorded="y", version=version)
    assert refused.status_code == 422
    assert "ніколи не записують" in refused.text


async def test_the_token_carries_the_pseudonym_that_was_chosen(browser: Browser) -> None:
    organiser = browser("uk")
    await organiser.sign_in()
    address = await planned(organiser)
    assert (await organiser.post(f"{address}/pseudonym", under="another", name="Зірка")).status_code == 409
    await organiser.post(f"{address}/protection", keeping="allowed", pseudonyms="y")
    assert (await organiser.post(f"{address}/pseudonym", under="another", name="Зірка")).status_code == 303
    assert 'value="Зірка"' in (await organiser.get(address)).text
    meeting = (await organiser.post(f"{address}/start")).headers["location"].removeprefix("/meet/")
    token = read((await organiser.api(f"/api/meetings/{meeting}/token", {})).json()["token"])
    assert (token.hidden, token.alias) == (True, "Зірка")
    await organiser.post(f"{address}/pseudonym", under="own")
    token = read((await organiser.api(f"/api/meetings/{meeting}/token", {})).json()["token"])
    assert (token.hidden, token.alias) == (False, "")
    guest = read((await browser().api(f"/api/meetings/{meeting}/token", {"name": "Гість"})).json()["token"])
    assert not guest.hidden


async def test_an_administrator_protects_the_people_of_a_centre(browser: Browser) -> None:
    administrator = browser("uk")
    await administrator.sign_in(ADMINISTRATOR)
    home = links(await administrator.get("/organisations"), "/organisations/")
    address = next(each for each in home if not each.endswith(("/new", "/capabilities")) and "?" not in each)
    assert (await administrator.post(f"{address}/protection", protected="yes")).status_code == 303
    assert "Людей захищено" in (await administrator.get(address)).text
    assert (await administrator.post(f"{address}/protection")).status_code == 303
    assert "Людей захищено" not in (await administrator.get(address)).text
