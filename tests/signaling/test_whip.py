"""WHIP (RFC 9725) and WHEP over HTTP, with the fake SFU."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from signaling.config import IceServerConfig, Limits
from signaling.model import Presence, Role
from signaling.tokens import Token
from tests.signaling.support import TOKEN_KEY, FakeTime, NodeServer, ticket, until
from tests.support.fake_media import offer

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
OFFER = offer(("0", "audio"), ("1", "video"))


def bearer(token: Token | str) -> dict[str, str]:
    # Parameters of tests are signed when tests are collected, long before some of them run.
    compact = token if isinstance(token, str) else token.sign(TOKEN_KEY, lifetime_s=24 * 3600)
    return {"Authorization": f"Bearer {compact}"}


@pytest.fixture
async def http(node: NodeServer) -> AsyncIterator[httpx.AsyncClient]:
    async with node.http() as client:
        yield client


async def publish(http: httpx.AsyncClient, token: Token, sdp: str = OFFER, **query: str) -> httpx.Response:
    return await http.post(f"/whip/{token.meeting}", content=sdp, headers=bearer(token) | SDP, params=query)


async def play(http: httpx.AsyncClient, token: Token, **query: str) -> httpx.Response:
    sdp = offer(("0", "audio"), ("1", "video"), direction="recvonly")
    return await http.post(f"/whep/{token.meeting}", content=sdp, headers=bearer(token) | SDP, params=query)


async def test_an_encoder_is_a_participant(node: NodeServer, http: httpx.AsyncClient) -> None:
    olena = await node.join(ticket("Олена"))
    token = ticket("Кодер", Role.PRESENTER)
    made = await publish(http, token)
    assert made.status_code == 201
    assert made.headers["content-type"] == "application/sdp"
    assert "m=audio" in made.text
    location = made.headers["location"]
    told = await olena.first(lambda m: m["type"] == "participant" and len(m["participant"]["publications"]) == 2)
    assert told["participant"]["presence"] == "service"
    assert {each["source"] for each in told["participant"]["publications"]} == {"microphone", "camera"}
    await olena.answer_offers()
    await olena.first(lambda m: m["type"] == "offer" and len(m["sections"]) == 2)

    assert (await http.delete(location, headers=bearer(ticket("Чужий")))).status_code == 403
    assert (await http.delete(location)).status_code == 401
    expired = token.sign(TOKEN_KEY, lifetime_s=-100)
    assert (await http.delete(location, headers=bearer(expired))).status_code == 200, "its bearer may always end it"
    assert (await olena.next("left"))["reason"] == "left"
    assert (await http.delete(location, headers=bearer(token))).status_code == 404
    assert not [peer for peer in node.media.open_peers() if peer.label.endswith("/publish")]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"headers": SDP}, 401, "bad_token"),
        ({"headers": {"Authorization": "Basic x"} | SDP}, 401, "bad_token"),
        ({"headers": bearer(ticket().sign(b"x" * 32)) | SDP}, 401, "bad_token"),
        ({"headers": bearer(ticket().sign(TOKEN_KEY, lifetime_s=-60)) | SDP}, 401, "token_expired"),
        ({"headers": bearer(ticket(meeting="other")) | SDP}, 403, "wrong_meeting"),
        ({"headers": bearer(ticket(role=Role.VIEWER)) | SDP}, 403, "not_allowed"),
        ({"headers": bearer(ticket()) | {"Content-Type": "text/plain"}}, 415, "bad_message"),
        ({"headers": bearer(ticket()) | SDP | {"Accept": "text/html"}}, 406, "bad_message"),
        ({"content": "nonsense"}, 400, "bad_description"),
        ({"content": ""}, 400, "bad_message"),
        ({"content": b"\xff\xfe"}, 400, "bad_message"),
        ({"content": "x" * 140_000}, 413, "too_large"),
        ({"params": {"source": "telescope"}}, 400, "bad_message"),
    ],
)
async def test_refusals_are_problem_documents(
    node: NodeServer, http: httpx.AsyncClient, change: dict[str, Any], status: int, code: str
) -> None:
    request = {"content": OFFER, "headers": bearer(ticket()) | SDP} | change
    answer = await http.post("/whip/demo", **request)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["title"]
    assert ("www-authenticate" in answer.headers) == (status == 401)
    meeting = node.node.meetings.get("demo")
    assert meeting is None or meeting.state.members == {}
    assert node.node.resources == {}


async def test_methods_and_discovery(http: httpx.AsyncClient) -> None:
    for path in ("/whip/demo", "/whep/demo"):
        options = await http.options(path)
        assert options.status_code == 200
        assert options.headers["accept-post"] == "application/sdp"
        assert options.headers["access-control-allow-origin"] == "*"
        assert (await http.get(path)).status_code == 405
        assert (await http.options(path + "/0-abcdefghijkl")).headers["accept-patch"].endswith("sdpfrag")
        assert (await http.put(path + "/0-abcdefghijkl")).status_code == 405
        missing = await http.delete(path + "/0-abcdefghijkl", headers=bearer(ticket()))
        assert missing.status_code == 404


async def test_trickle_and_ice_restart(node: NodeServer, http: httpx.AsyncClient) -> None:
    token = ticket("Кодер")
    made = await publish(http, token)
    location, who = made.headers["location"], bearer(token) | FRAGMENT
    section = "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\n"
    candidate = "a=ice-ufrag:u1\r\na=ice-pwd:secret\r\n" + section
    trickled = await http.patch(location, content=candidate, headers=who | {"If-Match": '"1"'})
    assert trickled.status_code == 204
    assert (await http.patch(location, content=candidate, headers=who)).status_code == 428
    assert (await http.patch(location, content=candidate, headers=who | {"If-Match": '"9"'})).status_code == 412
    wrong = await http.patch(location, content=candidate, headers=bearer(token) | SDP | {"If-Match": '"1"'})
    assert wrong.status_code == 415

    restart = "a=ice-ufrag:u2\r\na=ice-pwd:another\r\n"
    done = await http.patch(location, content=restart, headers=who | {"If-Match": "*"})
    assert done.status_code == 200
    assert done.headers["etag"] == '"2"'
    assert done.headers["content-type"] == "application/trickle-ice-sdpfrag"
    assert "a=ice-ufrag:n1" in done.text
    assert len([peer for peer in node.media.peers if peer.label.endswith("/publish")]) == 1
    late = await http.patch(location, content=candidate, headers=who | {"If-Match": '"1"'})
    assert late.status_code == 412


async def test_a_resource_dies_with_its_peer(node: NodeServer, http: httpx.AsyncClient) -> None:
    olena = await node.join(ticket("Олена"))
    made = await publish(http, ticket("Кодер"))
    encoder = next(peer for peer in node.media.open_peers() if peer.label.endswith("/publish"))
    encoder.become("silent")
    node.node.tick()
    assert len(node.node.resources) == 1
    encoder.become("failed")
    node.node.tick()
    assert (await olena.next("left"))["reason"] == "lost"
    assert node.node.resources == {}
    assert (await http.delete(made.headers["location"], headers=bearer(ticket("Кодер")))).status_code == 404


async def test_the_same_token_again_takes_over(node: NodeServer, http: httpx.AsyncClient) -> None:
    token = ticket("Кодер")
    first = (await publish(http, token)).headers["location"]
    second = await publish(http, token)
    assert second.status_code == 201
    assert len(node.meeting().state.members) == 1
    assert (await http.delete(first, headers=bearer(token))).status_code == 404
    assert (await http.delete(second.headers["location"], headers=bearer(token))).status_code == 200


async def test_an_encoder_stands_beside_its_person(node: NodeServer, http: httpx.AsyncClient) -> None:
    token = ticket("Олена")
    olena = await node.join(token)
    await publish(http, token, source="screen")
    assert len(node.meeting().state.members) == 2
    assert (await olena.request("ping"))["type"] == "pong"
    service = next(m for m in node.meeting().state.members.values() if m.presence is Presence.SERVICE)
    assert {each.source.value for each in service.publications.values()} == {"screen", "screen_audio"}


async def test_an_encoder_publishes_a_second_camera(node: NodeServer, http: httpx.AsyncClient) -> None:
    assert (await publish(http, ticket("Камера"), source="document_camera")).status_code == 201
    (service,) = node.meeting().state.members.values()
    assert [each.source.value for each in service.publications.values()] == ["document_camera"]
    assert (await publish(http, ticket("Камера"), source="window")).status_code == 400


async def test_lobby_lock_and_removal(node: NodeServer, http: httpx.AsyncClient) -> None:
    host = await node.join(ticket("Ведуча", Role.HOST))
    await host.order("set", lobby=True)
    waits = await publish(http, ticket("Гість", presence=Presence.GUEST))
    assert (waits.status_code, waits.json()["code"]) == (403, "waiting_room")
    await host.order("set", lobby=False, locked=True)
    locked = await publish(http, ticket("Гість", presence=Presence.GUEST))
    assert (locked.status_code, locked.json()["code"]) == (403, "locked")
    await host.order("set", locked=False)
    made = await publish(http, ticket("Гість", presence=Presence.GUEST))
    assert made.status_code == 201
    encoder = next(m for m in node.meeting().state.members.values() if m.presence is Presence.SERVICE)
    await host.order("remove", participant=encoder.id)
    assert node.node.resources == {}
    await host.send({"type": "order", "id": 99, "action": {"do": "end", "close": True}})
    await host.ended()
    over = await publish(http, ticket("Гість", presence=Presence.GUEST))
    assert (over.status_code, over.json()["code"]) == (409, "ended")


async def test_a_player_watches_one_participant(node: NodeServer, http: httpx.AsyncClient) -> None:
    olena = await node.join(ticket("Олена"))
    sources = {"0": "microphone", "1": "camera"}
    await olena.request("publish", sdp=offer(("0", "audio"), ("1", "video")), sources=sources)
    assert (await play(http, ticket("Глядач", Role.VIEWER), source="nobody")).status_code == 404
    made = await play(http, ticket("Глядач", Role.VIEWER), source=olena.id)
    assert made.status_code == 201
    player = next(peer for peer in node.media.open_peers() if peer.label.endswith("/whep"))
    published = node.media.peer(f"{olena.id}/publish").publications
    assert [each.publication for each in player.subscriptions] == [published["0"], published["1"]]

    screen = offer(("0", "audio"), ("1", "video"), ("2", "video"))
    await olena.request("publish", sdp=screen, sources=sources | {"2": "screen"})
    shared = node.media.peer(f"{olena.id}/publish").publications["2"]
    await until(lambda: player.subscriptions[1].publication is shared)
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    await until(lambda: player.subscriptions[1].publication is None)


async def test_a_player_follows_the_active_speaker(node: NodeServer, http: httpx.AsyncClient) -> None:
    await play(http, ticket("Глядач", Role.VIEWER))
    player = next(peer for peer in node.media.open_peers() if peer.label.endswith("/whep"))
    assert [each.publication for each in player.subscriptions] == [None, None]
    people = [await node.join(ticket(name)) for name in ("Олена", "Тарас")]
    for person in people:
        sources = {"0": "microphone", "1": "camera"}
        await person.request("publish", sdp=offer(("0", "audio"), ("1", "video")), sources=sources)
    for person in (people[1], people[0], people[1]):
        published = node.media.peer(f"{person.id}/publish").publications
        node.media.groups[0].speak(published["0"])
        await until(lambda p=published: [s.publication for s in player.subscriptions] == [p["0"], p["1"]])
    node.media.groups[0].speak(None)
    await until(lambda: node.meeting().media.speaker is None)
    assert player.subscriptions[1].publication is published["1"], "between speakers the last one stays"


async def test_ice_servers_are_linked(serve: Callable[..., Awaitable[NodeServer]]) -> None:
    turn = IceServerConfig(("turn:turn.example:3478",), username="u", credential="c")
    node = await serve(ice_servers=[IceServerConfig(("stun:stun.example",)), turn])
    async with node.http() as http:
        made = await publish(http, ticket())
        links = made.headers.get_list("link")
    assert links[0] == '<stun:stun.example>; rel="ice-server"'
    assert 'username="u"; credential="c"; credential-type="password"' in links[1]


async def test_a_peer_that_never_comes_up_is_given_up(serve: Callable[..., Awaitable[NodeServer]]) -> None:
    clock = FakeTime()
    node = await serve(clock=clock.clock(), limits=Limits())
    async with node.http() as http:
        await publish(http, ticket())
    node.media.open_peers()[0].state = "connecting"
    clock.pass_(29)
    node.node.tick()
    assert len(node.node.resources) == 1
    clock.pass_(2)
    node.node.tick()
    assert node.node.resources == {}
    assert node.media.open_peers() == []
