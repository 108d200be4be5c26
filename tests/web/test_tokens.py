"""`POST /api/meetings/{meeting}/token`: who gets in, as whom, and who does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import jwt

from signaling import tokens
from signaling.model import Permission
from signaling.plans import KEPT_S
from tests.web.conftest import TOKEN_KEY, Clock, Orders
from tests.web.visitor import Visitor
from web.planned import AGAIN

Browser = Callable[..., Visitor]

DEMO = "/api/meetings/demo/token"


async def test_anyone_with_a_name_joins_an_open_meeting(browser: Browser, clock: Clock, orders: Orders) -> None:
    visitor = browser()
    answer = await visitor.api(DEMO, {"name": "  Марія  "})
    assert answer.status_code == 200, answer.text
    token = tokens.Token.model_validate(claims(answer))
    assert (token.name, token.role, token.presence, token.meeting) == ("Марія", "participant", "guest", "demo")
    assert token.identity.startswith("guest:")
    assert Permission.MODERATE not in token.permissions
    assert answer.json()["expires_at"] == int(clock().timestamp()) + tokens.LIFETIME_S
    assert orders.given == [("plan", "demo")]
    other = await browser().api(DEMO, {"name": "Марія"})
    assert claims(other)["identity"] != token.identity, "another browser is another guest"
    again = await visitor.api(DEMO, {"name": "Марія"})
    assert claims(again)["identity"] == token.identity
    assert orders.given == [("plan", "demo")], "the node is told once"


async def test_the_node_is_told_again_before_it_forgets(browser: Browser, clock: Clock, orders: Orders) -> None:
    assert AGAIN.total_seconds() < KEPT_S
    for later, told in ((timedelta(0), 1), (AGAIN - timedelta(minutes=1), 1), (timedelta(minutes=1), 2)):
        clock.now += later
        assert (await browser().api(DEMO, {"name": "Марія"})).status_code == 200
        assert orders.given == [("plan", "demo")] * told


async def test_a_name_is_needed(browser: Browser) -> None:
    for body in ({}, {"name": "   "}):
        answer = await browser().api(DEMO, body)
        assert answer.status_code == 422
        assert answer.json()["code"] == "name_needed"
    assert (await browser().api(DEMO, {"name": "x" * 200})).status_code == 422
    assert (await browser().api(DEMO, {"name": "x", "role": "host"})).status_code == 422


async def test_the_organiser_is_host_under_the_account_s_name(browser: Browser) -> None:
    organiser = browser()
    await organiser.sign_in()
    said = claims(await organiser.api(DEMO, {"name": "Somebody else"}))
    assert said["role"] == "host"
    assert said["identity"].startswith("person:")
    assert said["name"] != "Somebody else"
    assert "moderate" in said["permissions"]


async def test_who_is_not_invited_is_told_why(browser: Browser) -> None:
    organiser = browser()
    await organiser.sign_in()
    page = await organiser.post(
        "/schedule/new",
        kind="meeting",
        title="Закрите",
        day="2026-11-25",
        time="09:30",
        duration="60",
        zone="Europe/Kyiv",
        access="network",
        listed="y",
    )
    address = page.headers["location"].partition("?")[0]
    await organiser.post(f"{address}/publish")
    started = await organiser.post(f"{address}/start")
    meeting = started.headers["location"].removeprefix("/meet/")
    refused = await browser("uk").api(f"/api/meetings/{meeting}/token", {"name": "Хтось"})
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "sign_in_needed"
    assert refused.json()["detail"].startswith("Ця зустріч для людей мережі")
    sent = await browser().get(f"/meet/{meeting}")
    assert sent.headers["location"] == f"/sign-in?next=/meet/{meeting}"
    assert (await browser().api("/api/meetings/nowhere/token", {"name": "x"})).status_code == 404


async def test_a_foreign_page_gets_no_token(browser: Browser) -> None:
    visitor = browser()
    await visitor.csrf()
    answer = await visitor.client.post(DEMO, json={"name": "x"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf"


async def test_tokens_are_rationed(browser: Browser) -> None:
    visitor = browser()
    csrf = await visitor.csrf()
    statuses = [
        (await visitor.client.post(DEMO, json={"name": "x"}, headers={"X-CSRF-Token": csrf})).status_code
        for _ in range(62)
    ]
    assert statuses[0] == 200
    assert statuses[-1] == 429


async def test_a_node_that_does_not_answer_costs_nobody_the_token(browser: Browser, orders: Orders) -> None:
    orders.down = True
    assert (await browser().api(DEMO, {"name": "x"})).status_code == 200


def claims(answer: httpx.Response) -> dict[str, Any]:
    """What a token says, checked by its signature only: the test's clock stands elsewhere."""
    said: dict[str, Any] = jwt.decode(
        answer.json()["token"],
        TOKEN_KEY,
        algorithms=["HS256"],
        audience=tokens.AUDIENCE,
        options={"verify_exp": False, "verify_iat": False},
    )
    return said
