"""The control API, its client, health and metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from signaling.control_client import ControlClient, ControlError
from signaling.control_tokens import sign_control
from signaling.meeting.plan import Plan
from signaling.messages import Begin, End, KeepPicture, MuteOther, OrderAction, Remove, ShowOut
from signaling.model import Presence, Role, Source
from tests.signaling.support import CONTROL_KEY, TOKEN_KEY, NodeServer, ticket

Serve = Callable[..., Awaitable[NodeServer]]


def client(node: NodeServer, key: bytes = CONTROL_KEY) -> ControlClient:
    return ControlClient(node.url, key)


async def test_plan_orders_and_what_runs(node: NodeServer) -> None:
    control = client(node)
    plan = Plan(title="Консультація", roles={"person:1": Role.HOST}, lobby=True)
    await asyncio.to_thread(control.plan, "demo", plan)
    assert await asyncio.to_thread(control.meetings) == []
    host = await node.join(ticket("Ведуча", identity="person:1"))
    assert host.welcome["meeting"]["title"] == "Консультація"
    assert host.welcome["participants"][0]["role"] == "host"
    guest = await node.join(ticket("Гість"))
    assert guest.got[0]["type"] == "waiting"

    (running,) = await asyncio.to_thread(control.meetings)
    assert (running["id"], running["present"], running["waiting"]) == ("demo", 1, 1)
    await asyncio.to_thread(control.order, "demo", Begin(do="begin"))
    assert (await host.first(lambda m: m["type"] == "meeting" and m["meeting"]["began_at"]))["meeting"]["began_at"]
    detail = await asyncio.to_thread(control.meeting, "demo")
    assert detail["participants"][0]["name"] == "Ведуча"  # type: ignore[index]
    await asyncio.to_thread(control.plan, "demo", Plan(title="Інша", roles={"person:1": Role.MODERATOR}))
    changed = await host.first(lambda m: m["type"] == "meeting" and m["meeting"]["title"] == "Інша")
    assert changed["meeting"]["lobby"] is False
    await host.first(lambda m: m["type"] == "participant" and m["participant"]["role"] == "moderator")
    kept = KeepPicture(
        do="keep_picture", by=host.id, identity="person:1", participant=host.id, source=Source.DOCUMENT_CAMERA
    )
    await asyncio.to_thread(control.order, "demo", kept)
    told = await host.next("picture")
    assert (told["by_name"], told["participant"], told["source"]) == ("Ведуча", host.id, "document_camera")
    refused = kept.model_copy(update={"identity": "person:2"})
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(control.order, "demo", refused)
    assert (caught.value.code, caught.value.status) == ("not_allowed", 403)
    await asyncio.to_thread(control.order, "demo", End(do="end", close=True))
    await host.ended()
    assert host.closing == "ended"
    await guest.ended()
    assert guest.closing == "ended"


async def test_whoever_is_shown_out_comes_back_by_a_new_token_only(node: NodeServer) -> None:
    control, now = client(node), time.time()
    host = await node.join(ticket("Ведуча", Role.HOST))
    guest = ticket("Гість", identity="guest:7", presence=Presence.GUEST)
    other = ticket("Гість (інший пристрій)", identity="guest:7.3", presence=Presence.GUEST)
    inside = await node.join(guest)
    stays = await node.join(ticket("Інший", identity="guest:71", presence=Presence.GUEST))
    await host.order("set", lobby=True)
    waits = await node.join(other)
    assert waits.got[0]["type"] == "waiting"
    order = ShowOut(do="show_out", identity="guest:7", why="link_withdrawn", until=now)
    assert (await host.order("show_out", identity="guest:7", why="link_withdrawn", until=now))["type"] == "refused"
    await asyncio.to_thread(control.order, "demo", order)
    for each in (inside, waits):
        await each.ended()
        assert each.closing == "link_withdrawn"
    names = await asyncio.to_thread(control.names, "demo")
    assert list(names.values()) == ["Ведуча", "Інший"]
    assert (await node.join(guest)).closing == "link_withdrawn"
    later = await node.join(guest.sign(TOKEN_KEY, now=time.time() + 60))
    assert later.got[0]["type"] == "waiting", "the door has let them in again; the lobby has not"
    assert (await stays.request("chat", text="Я ще тут"))["type"] == "ok"


async def test_a_disconnected_device_is_shown_out_and_no_other_of_its_centre(node: NodeServer) -> None:
    control, now = client(node), time.time()
    hall = ticket("Центр (зала)", identity="endpoint:3", presence=Presence.ENDPOINT)
    inside = await node.join(hall)
    stays = await node.join(ticket("Центр (кабінет)", identity="endpoint:31", presence=Presence.ENDPOINT))
    order = ShowOut(do="show_out", identity="endpoint:3", why="endpoint_disconnected", until=now)
    await asyncio.to_thread(control.order, "demo", order)
    await inside.ended()
    assert inside.closing == "endpoint_disconnected"
    assert (await node.join(hall)).closing == "endpoint_disconnected"
    assert (await stays.request("chat", text="Я ще тут"))["type"] == "ok"


@pytest.mark.parametrize(
    ("meeting", "action", "code", "status"),
    [
        ("other", Begin(do="begin"), "unknown_meeting", 404),
        ("demo", Remove(do="remove", participant="p1"), "unknown_participant", 404),
    ],
)
async def test_orders_that_fail_say_why(
    node: NodeServer, meeting: str, action: OrderAction, code: str, status: int
) -> None:
    await node.join(ticket())
    with pytest.raises(ControlError) as caught:
        await asyncio.to_thread(client(node).order, meeting, action)
    assert (caught.value.code, caught.value.status) == (code, status)


async def test_only_bearers_of_the_control_key(node: NodeServer) -> None:
    with pytest.raises(ControlError, match="control token"):
        await asyncio.to_thread(client(node, b"x" * 32).meetings)
    join_token = ticket(role=Role.HOST).sign(CONTROL_KEY)
    expired = sign_control(CONTROL_KEY, now=1.0)
    async with node.http() as http:
        for header in ({}, {"Authorization": f"Bearer {join_token}"}, {"Authorization": f"Bearer {expired}"}):
            assert (await http.get("/meetings", headers=header)).status_code == 401


async def test_an_unreachable_node_is_one_clear_error() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    control = ControlClient("http://127.0.0.1:1", CONTROL_KEY, transport=httpx.MockTransport(down))
    with pytest.raises(ControlError) as caught:
        control.order("demo", MuteOther(do="mute"))
    assert caught.value.code == "node_unavailable"


async def test_bad_bodies(node: NodeServer) -> None:
    header = {"Authorization": f"Bearer {sign_control(CONTROL_KEY)}"}
    async with node.http() as http:
        for path, body, status in (
            ("/meetings/demo", "{", 422),
            ("/meetings/demo", '{"colour": "red"}', 422),
            ("/meetings/a%20b", "{}", 422),
            ("/meetings/demo", "x" * 300_000, 413),
        ):
            answer = await http.put(path, content=body, headers=header)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_plan_survives_a_restart_and_closing_forgets_it(serve: Serve, tmp_path: Path) -> None:
    first = await serve(data_dir=tmp_path / "d")
    await asyncio.to_thread(client(first).plan, "demo", Plan(title="Планова", lobby=True))
    await first.stop()
    second = await serve(data_dir=tmp_path / "d", open_meetings=False)
    assert (await second.join(ticket(meeting="other"))).closing == "unknown_meeting"
    olena = await second.join(ticket("Олена", Role.HOST))
    assert olena.welcome["meeting"]["title"] == "Планова"
    await asyncio.to_thread(client(second).close_meeting, "demo")
    await olena.ended()
    assert (await second.join(ticket("Олена", Role.HOST))).closing == "unknown_meeting"


async def test_health_and_metrics(node: NodeServer) -> None:
    await node.join(ticket())
    async with node.http() as http:
        health = await http.get("/healthz")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert (await http.get("/readyz")).json() == {"ready": True}
        metrics = (await http.get("/metrics")).text
        assert "vikno_signaling_participants 1.0" in metrics
        assert "vikno_media_packets_in_total 7.0" in metrics
        assert 'vikno_media_drops_total{reason="stun_malformed"} 2.0' in metrics
        node.node.ready = False
        assert (await http.get("/healthz")).status_code == 503
        assert (await http.get("/readyz")).status_code == 503
        node.node.ready = True
