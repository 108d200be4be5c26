"""Group rooms on a node: opened by the web process, entered by members, closed with notice, back after a restart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from signaling.config import Limits
from signaling.meeting.plan import GroupRoom
from signaling.messages import CloseGroups, End, OpenGroups, SetMeeting
from signaling.model import Role
from signaling.tokens import Token
from tests.signaling.support import Client, FakeTime, NodeServer, ticket, until

Serve = Callable[..., Awaitable[NodeServer]]

OLENA, PETRO, HANNA = "person:1", "person:2", "person:3"
ROOMS = [
    GroupRoom(number=1, meeting="demo.g1", name="Обладнання", task="Скласти перелік", members=[OLENA]),
    GroupRoom(number=2, meeting="demo.g2", name="Люди", members=[PETRO]),
]


def group_ticket(number: int, identity: str, role: Role = Role.PARTICIPANT) -> Token:
    token = ticket(identity, role, meeting=f"demo.g{number}", identity=identity)
    return token.model_copy(update={"main": "demo"})


async def main_room(node: NodeServer) -> tuple[Client, Client, Client]:
    """A host and two participants in the main room."""
    host = await node.join(ticket("Ганна", Role.HOST, identity=HANNA))
    olena = await node.join(ticket("Олена", identity=OLENA))
    petro = await node.join(ticket("Петро", identity=PETRO))
    return host, olena, petro


def open_groups(node: NodeServer, **more: Any) -> None:
    node.meeting().order(None, OpenGroups(do="open_groups", rooms=ROOMS, **more))


async def go(node: NodeServer, client: Client, number: int, identity: str, role: Role = Role.PARTICIPANT) -> Client:
    """Somebody leaves where they are and comes into a group."""
    await client.request("leave")
    return await node.join(group_ticket(number, identity, role))


async def test_each_is_told_of_their_own_group_and_the_host_of_all(node: NodeServer) -> None:
    host, olena, petro = await main_room(node)
    open_groups(node)
    mine = (await olena.next("groups"))["groups"]
    assert (mine["mine"], mine["here"], [room["number"] for room in mine["rooms"]]) == (1, None, [1])
    assert mine["rooms"][0]["task"] == "Скласти перелік"
    assert (await petro.next("groups"))["groups"]["mine"] == 2
    seen = (await host.next("groups"))["groups"]
    assert seen["mine"] is None
    assert [room["number"] for room in seen["rooms"]] == [1, 2]
    assert seen["people"] == ["Ганна", "Олена", "Петро"]


async def test_the_host_sees_who_is_where(node: NodeServer) -> None:
    host, olena, petro = await main_room(node)
    open_groups(node)
    inside = await go(node, olena, 1, OLENA)
    assert inside.welcome["meeting"]["title"] == "1. Обладнання"
    assert inside.welcome["groups"]["here"] == 1
    told = await host.first(
        lambda message: message["type"] == "groups" and message["groups"]["rooms"][0]["people"] == [OLENA]
    )
    assert told["groups"]["people"] == ["Ганна", "Петро"]
    other = (await petro.next("groups"))["groups"]
    assert all(room["people"] == [] for room in other["rooms"])


async def test_a_host_visits_a_group_and_comes_back(node: NodeServer) -> None:
    host, olena, _petro = await main_room(node)
    open_groups(node)
    await go(node, olena, 1, OLENA)
    visiting = await go(node, host, 1, HANNA, Role.HOST)
    assert {each["name"] for each in visiting.welcome["participants"]} == {OLENA, HANNA}
    await visiting.request("leave")
    back = await node.join(ticket("Ганна", Role.HOST, identity=HANNA))
    assert back.welcome["groups"]["rooms"][0]["people"] == [OLENA]


async def test_nobody_gets_in_by_the_side_door(node: NodeServer) -> None:
    _host, olena, _petro = await main_room(node)
    assert (await node.join(group_ticket(1, OLENA))).closing == "group_over"
    open_groups(node)
    stranger = await node.join(group_ticket(1, "person:9"))
    assert stranger.closing == "not_allowed"
    node.meeting().order(None, SetMeeting(do="set", locked=True))
    inside = await go(node, olena, 1, OLENA)
    assert inside.welcome["participant"]
    elsewhere = await node.join(ticket("Олена", meeting="demo.g7", identity=OLENA).model_copy(update={"main": "demo"}))
    assert elsewhere.closing == "group_over"


async def test_closing_is_announced_everywhere_and_then_brings_all_back(serve: Serve) -> None:
    time = FakeTime()
    node = await serve(clock=time.clock())
    host, olena, petro = await main_room(node)
    open_groups(node)
    first, second = await go(node, olena, 1, OLENA), await go(node, petro, 2, PETRO)
    node.meeting().order(None, CloseGroups(do="close_groups", after_s=60))
    for client in (host, first, second):
        told = await client.first(lambda message: message["type"] == "groups" and message["groups"]["closes_at"])
        assert told["groups"]["closes_at"] == time.wall_now + 60
    time.pass_(59)
    node.node.tick()
    assert first.closed_with is None
    time.pass_(2)
    node.node.tick()
    assert (await first.ended(), await second.ended()) == (4000, 4000)
    assert first.closing == second.closing == "group_over"
    again = await node.join(ticket("Олена", identity=OLENA))
    assert again.welcome["groups"]["open"] is False
    assert (await node.join(group_ticket(1, OLENA))).closing == "group_over"


async def test_when_the_meeting_ends_the_groups_end(node: NodeServer) -> None:
    _host, olena, petro = await main_room(node)
    open_groups(node)
    first = await go(node, olena, 1, OLENA)
    node.meeting().order(None, End(do="end", close=True))
    await first.ended()
    await petro.ended()
    assert first.closing == petro.closing == "ended"
    await until(lambda: not node.node.running("demo.g1"))


async def test_the_official_end_brings_the_groups_back(node: NodeServer) -> None:
    host, olena, _petro = await main_room(node)
    open_groups(node)
    first = await go(node, olena, 1, OLENA)
    assert (await host.order("begin"))["type"] == "ok"
    assert (await host.order("end"))["type"] == "ok"
    await first.ended()
    assert first.closing == "group_over"


async def test_a_group_does_not_begin_or_end_the_meeting(node: NodeServer) -> None:
    host, _olena, _petro = await main_room(node)
    open_groups(node)
    inside = await go(node, host, 1, HANNA, Role.HOST)
    for order in ("begin", "end"):
        assert (await inside.order(order))["problem"]["code"] == "bad_action"


async def test_participants_open_and_close_nothing(node: NodeServer) -> None:
    host, olena, _petro = await main_room(node)
    rooms = [room.model_dump() for room in ROOMS]
    for client in (host, olena):
        assert (await client.order("open_groups", rooms=rooms))["problem"]["code"] == "not_allowed"
    open_groups(node)
    assert (await host.order("close_groups", after_s=0))["problem"]["code"] == "not_allowed"
    assert (await olena.order("tell_groups", text="Увага"))["problem"]["code"] == "not_allowed"


async def test_a_word_to_all_groups_is_said_in_each_and_stays_in_the_chat(node: NodeServer) -> None:
    host, olena, petro = await main_room(node)
    assert (await host.order("tell_groups", text="Рано"))["problem"]["code"] == "bad_action"
    open_groups(node)
    first = await go(node, olena, 1, OLENA)
    assert (await host.order("tell_groups", text="  Ще п’ять хвилин "))["type"] == "ok"
    for client in (first, petro, host):
        assert (await client.next("groups_told"))["text"] == "Ще п’ять хвилин"
    late = await node.join(group_ticket(1, OLENA))
    assert [line["text"] for line in late.welcome["chat"]] == ["Ще п’ять хвилин"]


async def test_whoever_has_no_group_may_choose_where_that_is_allowed(node: NodeServer) -> None:
    await main_room(node)
    guest = await node.join(ticket("Гість", identity="guest:5"))
    open_groups(node, choose=True)
    seen = (await guest.next("groups"))["groups"]
    assert seen["choose"]
    assert [room["number"] for room in seen["rooms"]] == [1, 2]


async def test_the_main_room_waits_for_its_groups_however_empty_it_is(serve: Serve) -> None:
    time = FakeTime()
    node = await serve(clock=time.clock(), limits=Limits(empty_meeting_s=30))
    host, olena, petro = await main_room(node)
    open_groups(node)
    inside = await go(node, olena, 1, OLENA)
    await host.request("leave")
    await petro.request("leave")
    time.pass_(100)
    node.node.tick()
    assert node.node.running("demo") is not None
    await inside.request("leave")
    for _again in range(2):
        time.pass_(100)
        node.node.tick()
    assert node.node.meetings == {}


@pytest.mark.parametrize("closing", [False, True])
async def test_groups_survive_the_death_of_the_node(serve: Serve, tmp_path: Path, closing: bool) -> None:
    """The second node finds the first one's journals, as after `kill -9`."""
    time = FakeTime()
    first = await serve(clock=time.clock(), data_dir=tmp_path / "one")
    _host, olena, _petro = await main_room(first)
    open_groups(first)
    inside = await go(first, olena, 1, OLENA)
    if closing:
        first.meeting().order(None, CloseGroups(do="close_groups", after_s=60))
    key, participant = inside.welcome["resume_key"], inside.id
    await first.stop()
    second = await serve(clock=time.clock(), data_dir=tmp_path / "one")
    again = await second.join(group_ticket(1, OLENA), resume={"participant": participant, "key": key})
    seen = again.welcome["groups"]
    assert (seen["here"], seen["open"], bool(seen["closes_at"])) == (1, True, closing)
    if closing:
        time.pass_(61)
        second.node.tick()
        await again.ended()
        assert again.closing == "group_over"
