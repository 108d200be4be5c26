"""`POST /internal/events`: only from our own nodes, and twice is as good as once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from signaling.events import sign_delivery
from tests.web.conftest import EVENTS_KEY, Clock
from tests.web.visitor import Visitor

Browser = Callable[..., Visitor]


def batch(at: float) -> bytes:
    """Somebody joins the demo."""
    joined = {
        "type": "joined",
        "participant": "p1",
        "identity": "guest:abc",
        "name": "Марія",
        "organisation": "",
        "role": "participant",
        "presence": "guest",
    }
    kinds: list[dict[str, Any]] = [{"type": "opened", "title": "Demo"}, joined]
    events = [
        {"id": f"o1-{n}", "node": 0, "meeting": "demo", "opening": "o1", "sequence": n, "at": at + n, "data": data}
        for n, data in enumerate(kinds, 1)
    ]
    return json.dumps({"events": events}).encode()


async def deliver(visitor: Visitor, body: bytes, authorization: str) -> httpx.Response:
    return await visitor.client.post("/internal/events", content=body, headers={"Authorization": authorization})


async def test_events_of_a_node_are_stored_once(browser: Browser, clock: Clock) -> None:
    visitor, body = browser(), batch(clock().timestamp())
    first = await deliver(visitor, body, sign_delivery(body, EVENTS_KEY, node=0))
    assert (first.status_code, first.json()) == (200, {"new": 2, "repeated": 0, "unknown": 0})
    again = await deliver(visitor, body, sign_delivery(body, EVENTS_KEY, node=0))
    assert again.json() == {"new": 0, "repeated": 2, "unknown": 0}


async def test_events_of_others_are_refused(browser: Browser, clock: Clock) -> None:
    visitor, body = browser(), batch(clock().timestamp())
    for authorization in (
        "",
        "Bearer x.y.z",
        sign_delivery(body, b"k" * 32, node=0),
        sign_delivery(b"{}", EVENTS_KEY, node=0),
    ):
        answer = await deliver(visitor, body, authorization)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_a_node")
    strange = b'{"events": [{"id": 1}]}'
    assert (await deliver(visitor, strange, sign_delivery(strange, EVENTS_KEY, node=0))).status_code == 422
