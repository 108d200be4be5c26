"""The door and the bounds: bad tokens, bad frames, two tabs, lobby, resume, silence, slow clients."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import pytest

from signaling.config import Limits
from signaling.connection import DESCRIPTION_BURST
from signaling.meeting import facts
from signaling.messages import MAX_FRAME_BYTES, Problem, Refused
from signaling.model import Presence, Role
from signaling.problems import RefusedError
from signaling.tokens import Token, verify
from tests.signaling.support import TOKEN_KEY, FakeTime, NodeServer, ticket, until
from tests.support.fake_media import offer

Serve = Callable[..., Awaitable[NodeServer]]


@pytest.mark.parametrize(
    ("compact", "code"),
    [
        ("", "bad_token"),
        ("not.a.token", "bad_token"),
        (ticket().sign(b"x" * 32), "bad_token"),
        (ticket().sign(TOKEN_KEY, lifetime_s=-60), "token_expired"),
        (ticket(node=3).sign(TOKEN_KEY, lifetime_s=24 * 3600), "wrong_meeting"),
    ],
)
async def test_bad_tokens_are_told_apart(node: NodeServer, compact: str, code: str) -> None:
    client = await node.join(compact)
    assert client.closing == code
    assert await client.ended() == (4001 if code == "token_expired" else 4000)
    assert node.node.meetings == {}


async def test_token_of_another_algorithm_is_forged(node: NodeServer) -> None:
    import jwt

    claims = jwt.decode(ticket().sign(TOKEN_KEY), options={"verify_signature": False})
    client = await node.join(jwt.encode(claims, None, algorithm="none"))
    assert client.closing == "bad_token"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "bad_message"),
        ("[]", "bad_message"),
        ("[" * 20_000, "bad_message"),
        ('{"type":"hello"}', "bad_message"),
        ('{"type":"ping","id":1}', "bad_message"),
        (json.dumps({"type": "hello", "version": 99, "token": "x"}), "version"),
        (b"\x00\x01", "bad_message"),
    ],
)
async def test_whatever_is_no_hello_is_refused(node: NodeServer, frame: str | bytes, code: str) -> None:
    client = await node.connect()
    await client.websocket.send(frame)
    await client.ended()
    assert client.closing == code


async def test_no_hello_in_time(serve: Serve) -> None:
    node = await serve(limits=Limits(hello_s=0.05))
    client = await node.connect()
    await client.ended()
    assert client.closing == "no_hello"


async def test_too_many_silent_connections(serve: Serve) -> None:
    node = await serve(limits=Limits(unauthenticated_connections=2))
    quiet = [await node.connect() for _ in range(2)]
    await until(lambda: node.node.unauthenticated == 2)
    third = await node.connect()
    await third.ended()
    assert third.closing == "too_many_connections"
    await quiet[0].close()
    await until(lambda: node.node.unauthenticated == 1)
    assert (await node.join(ticket())).welcome


@pytest.mark.parametrize(
    "message",
    [
        {"type": "unknown", "id": 5},
        {"type": "chat", "id": 5},
        {"type": "chat", "id": 5, "text": "x", "extra": 1},
        {"type": "chat", "id": 5, "text": "x" * 2001},
        {"type": "order", "id": 5, "action": {"do": "explode"}},
        {"type": "publish", "id": 5, "sdp": "", "sources": {}},
        {"type": "publish", "id": 5, "sdp": "v=0", "sources": {"0": "telescope"}},
    ],
)
async def test_a_wrong_message_is_refused_and_the_connection_lives(
    node: NodeServer, message: dict[str, object]
) -> None:
    client = await node.join(ticket())
    await client.send(message)
    refused = await client.next("refused")
    assert refused["id"] == 5
    assert refused["problem"]["code"] == "bad_message"
    assert refused["problem"]["detail"]
    assert (await client.request("ping"))["type"] == "pong"


async def test_oversize_frame(node: NodeServer) -> None:
    client = await node.join(ticket())
    await client.websocket.send("x" * (MAX_FRAME_BYTES + 1))
    assert await client.ended() in (1009, 4000)
    await until(lambda: node.meeting().state.members[client.id].away)


async def test_too_many_messages(serve: Serve) -> None:
    node = await serve(limits=Limits(messages_per_second=1, message_burst=5), clock=FakeTime().clock())
    client = await node.join(ticket())
    for number in range(20):
        await client.send({"type": "ping", "id": number})
    await client.ended()
    assert client.closing == "too_many_messages"
    assert sum(message["type"] == "pong" for message in client.got) == 4


async def test_chat_has_a_slower_rate_and_only_refuses(serve: Serve) -> None:
    node = await serve(clock=FakeTime().clock())
    client = await node.join(ticket())
    answers = [(await client.request("chat", text=str(number))) for number in range(12)]
    assert [answer["type"] for answer in answers] == ["ok"] * 10 + ["refused"] * 2
    assert answers[-1]["problem"]["code"] == "too_many_messages"


async def test_renegotiating_without_end_is_refused(serve: Serve) -> None:
    node = await serve(clock=FakeTime().clock())
    client = await node.join(ticket())
    answers = [await client.request("restart", rebuild=True) for _ in range(DESCRIPTION_BURST + 2)]
    assert {answer["type"] for answer in answers[:DESCRIPTION_BURST]} == {"ok"}
    assert answers[-1]["problem"]["code"] == "too_many_messages"
    assert (await client.request("ping"))["type"] == "pong"


async def test_control_characters_go_no_further(node: NodeServer) -> None:
    """PostgreSQL takes no NUL, and a name that turns the line around stands for somebody else's."""
    other = await node.join(ticket())
    guest = await node.join(ticket("Гість\0\n", presence=Presence.GUEST))
    assert [each["name"] for each in guest.welcome["participants"]] == ["Олена", "Гість  "]
    assert (await guest.request("rename", name="О\0ля\u202e"))["type"] == "ok"
    await other.first(lambda m: m["type"] == "participant" and m["participant"]["name"] == "О ля")
    assert (await guest.request("rename", name="\0"))["problem"]["code"] == "bad_message"
    assert (await guest.request("chat", text="а\0\nб\tв\x1b"))["type"] == "ok"
    assert (await other.next("chat"))["message"]["text"] == "а\nб\tв"
    assert (await guest.request("chat", text="\0"))["problem"]["code"] == "bad_message"


async def test_two_tabs_with_one_token(node: NodeServer) -> None:
    token = ticket()
    first = await node.join(token)
    await first.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    refused = await node.join(token, takeover=False)
    assert refused.closing == "already_joined"
    second = await node.join(token)
    assert await first.ended() == 4000
    assert first.closing == "replaced"
    assert second.id == first.id
    assert second.welcome["resumed"] is False
    assert second.welcome["participants"][0]["publications"] == []
    assert node.media.peer(f"{first.id}/publish").state == "closed"
    assert (await second.request("ping"))["type"] == "pong"
    assert not node.meeting().state.members[second.id].away


async def test_resume_keeps_peers_and_subscriptions(node: NodeServer) -> None:
    olena, taras = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await taras.answer_offers()
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    await taras.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    await taras.first(lambda message: message["type"] == "offer" and message["sections"])
    peer = node.media.peer(f"{taras.id}/subscribe")
    await until(lambda: peer.subscriptions)
    await taras.drop()
    away = await olena.first(lambda message: message["type"] == "participant" and message["participant"]["away"])
    assert away["participant"]["id"] == taras.id
    await olena.request("chat", text="зачекаймо")

    resume = {"participant": taras.id, "key": taras.welcome["resume_key"]}
    again = await node.join(taras.welcome["token"], resume=resume)
    assert again.welcome["resumed"] is True
    assert again.id == taras.id
    assert [message["text"] for message in again.welcome["chat"]] == ["зачекаймо"]
    assert node.media.peer(f"{taras.id}/subscribe") is peer
    assert peer.state == "connected"
    back = await olena.first(
        lambda m: m["type"] == "participant" and not m["participant"]["away"], start=olena.mark() - 1
    )
    assert back["participant"]["id"] == taras.id


async def test_resume_sends_the_unanswered_offer_again(node: NodeServer) -> None:
    olena, taras = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    first = await taras.next("offer")
    await taras.drop()
    resume = {"participant": taras.id, "key": taras.welcome["resume_key"]}
    again = await node.join(taras.welcome["token"], resume=resume)
    assert await again.next("offer") == first


@pytest.mark.parametrize("wrong", ["key", "participant", "identity"])
async def test_nobody_resumes_as_somebody_else(node: NodeServer, wrong: str) -> None:
    olena = await node.join(ticket("Олена"))
    resume = {"participant": olena.id, "key": olena.welcome["resume_key"]}
    token: Token | str = ticket("Тарас")
    if wrong == "key":
        token = ticket("Олена")
        resume["key"] = "k" * 32
    elif wrong == "participant":
        token = ticket("Олена")
        resume["participant"] = "p000000000000"
    other = await node.join(token, resume=resume)
    assert other.welcome["resumed"] is False
    assert other.id != olena.id
    assert (await olena.request("ping"))["type"] == "pong"


async def test_away_for_60_s_is_gone_whatever_the_wall_clock_does(serve: Serve) -> None:
    clock = FakeTime()
    node = await serve(clock=clock.clock())
    olena, taras = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await taras.drop()
    await until(lambda: node.meeting().state.members[taras.id].away)
    clock.wall_now += 7 * 24 * 3600.0  # somebody sets the clock
    node.node.tick()
    clock.wall_now -= 30 * 24 * 3600.0
    clock.monotonic_now += 59.0
    node.node.tick()
    assert taras.id in node.meeting().state.members
    clock.monotonic_now += 1.1
    node.node.tick()
    assert (await olena.next("left"))["reason"] == "lost"
    resume = {"participant": taras.id, "key": taras.welcome["resume_key"]}
    late = await node.join(ticket("Тарас"), resume=resume)
    assert late.welcome["resumed"] is False
    assert late.id != taras.id


async def test_a_silent_socket_is_away(serve: Serve) -> None:
    node = await serve(limits=Limits(silence_s=0.2))
    client = await node.join(ticket())
    started = time.monotonic()
    assert await client.ended() == 4001
    assert time.monotonic() - started >= 0.15
    assert node.meeting().state.members[client.id].away


@pytest.mark.parametrize("jump_s", [-7200.0, 7200.0])
async def test_resume_after_the_clock_was_set(serve: Serve, jump_s: float) -> None:
    node = await serve()
    client = await node.join(ticket())
    await client.drop()
    renewed = verify(client.welcome["token"], TOKEN_KEY).sign(TOKEN_KEY, now=time.time() - jump_s)
    again = await node.join(renewed, resume={"participant": client.id, "key": client.welcome["resume_key"]})
    assert again.welcome["resumed"] is True
    stranger = await node.join(renewed, resume={"participant": client.id, "key": "k" * 20})
    if jump_s > 0:
        assert stranger.closing == "token_expired"


async def test_page_reload_leaves_no_ghost(node: NodeServer) -> None:
    before = await node.join(ticket("Олена"))
    await before.drop()
    await until(lambda: node.meeting().state.members[before.id].away)
    after = await node.join(ticket("Олена"))
    assert len(after.welcome["participants"]) == 1


async def test_a_slow_client_is_cut_off_and_resumes(serve: Serve) -> None:
    node = await serve(limits=Limits(queue_messages=20, messages_per_second=1e6, message_burst=10**6))
    olena = await node.join(ticket("Олена", Role.HOST))
    slow = await node.join(ticket("Тарас"))
    slow.stop_reading()
    link = node.meeting().links[slow.id]
    bulky = Refused(id=None, problem=Problem(code="bad_message", title="", detail="я" * 100_000))
    for _ in range(1000):
        await olena.request("ping")
        link.send(bulky)
        if node.meeting().state.members[slow.id].away:
            break
    assert node.meeting().state.members[slow.id].away
    slow.websocket.transport.abort()
    again = await node.join(slow.welcome["token"], resume={"participant": slow.id, "key": slow.welcome["resume_key"]})
    assert again.welcome["resumed"] is True


async def test_lobby_admit_and_deny(node: NodeServer) -> None:
    host = await node.join(ticket("Ведуча", Role.HOST))
    assert (await host.order("set", lobby=True))["type"] == "ok"
    guest = await node.join(ticket("Гість", presence=Presence.GUEST))
    assert [message["type"] for message in guest.got] == ["waiting"]
    waiting = (await host.first(lambda m: m["type"] == "lobby" and m["waiting"]))["waiting"]
    assert waiting[0]["name"] == "Гість"
    refused = await guest.request("chat", text="пустіть")
    assert refused["problem"]["code"] == "not_allowed"
    assert (await guest.request("ping"))["type"] == "pong"
    assert (await host.order("admit", participant=waiting[0]["id"]))["type"] == "ok"
    await guest.next("welcome")
    assert (await guest.request("chat", text="дякую"))["type"] == "ok"

    other = await node.join(ticket("Інший", presence=Presence.GUEST))
    second = await host.first(lambda m: m["type"] == "lobby" and m["waiting"] and m["waiting"][0]["name"] == "Інший")
    assert (await guest.order("admit"))["problem"]["code"] == "not_allowed"
    assert (await host.order("deny", participant=second["waiting"][0]["id"]))["type"] == "ok"
    await other.ended()
    assert other.closing == "denied"


async def test_admitting_everybody_is_not_stopped_by_one(node: NodeServer) -> None:
    host = await node.join(ticket("Ведуча", Role.HOST))
    inside = await node.join(ticket("Тарас", presence=Presence.GUEST))
    await host.order("set", lobby=True)
    await host.order("remove", participant=inside.id)
    again = await node.join(ticket("Тарас", presence=Presence.GUEST))
    node.meeting().commit([facts.Barred(at=0.0, identity=ticket("Тарас").identity)])
    guest = await node.join(ticket("Гість", presence=Presence.GUEST))
    assert (await host.order("admit"))["type"] == "ok"
    await guest.next("welcome")
    await again.ended()
    assert again.closing == "banned"
    assert [message for message in host.got if message["type"] == "lobby"][-1]["waiting"] == []


async def test_a_full_disk_leaves_a_guest_in_the_lobby(node: NodeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await node.join(ticket("Ведуча", Role.HOST))
    await host.order("set", lobby=True)
    guest = await node.join(ticket("Гість", presence=Presence.GUEST))
    journal = node.meeting().journal
    append = journal.append

    def full(new: list[facts.Fact]) -> None:
        if isinstance(new[0], facts.Joined):
            raise RefusedError("storage_full")
        append(new)

    monkeypatch.setattr(journal, "append", full)
    assert (await host.order("admit"))["problem"]["code"] == "storage_full"
    monkeypatch.undo()
    assert (await host.order("admit"))["type"] == "ok"
    await guest.next("welcome")


async def test_remove_ban_and_end(node: NodeServer) -> None:
    host = await node.join(ticket("Ведуча", Role.HOST))
    olena, taras = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await host.order("remove", participant=olena.id)
    await olena.ended()
    assert olena.closing == "removed"
    await host.order("remove", participant=taras.id, ban=True)
    await taras.ended()
    assert taras.closing == "banned"
    assert (await node.join(ticket("Тарас"))).closing == "banned"
    await host.order("begin")
    await host.send({"type": "order", "id": 99, "action": {"do": "end", "close": True}})
    await host.ended()
    assert host.closing == "ended"
    assert (await node.join(ticket("Олена"))).closing == "ended"
    assert (await node.join(ticket("Ведуча", Role.HOST))).welcome, "a host may open it again"


async def test_host_mute_stops_forwarding_and_asks_to_unmute(node: NodeServer) -> None:
    host, olena = await node.join(ticket("Ведуча", Role.HOST)), await node.join(ticket("Олена"))
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"}, muted=[])
    media = node.media.peer(f"{olena.id}/publish").publications["0"]
    publication = f"{olena.id}:microphone"
    await olena.request("mute", publication=publication, muted=True)
    assert media.muted is False, "own mute and mute by the host are two states"
    await host.order("set", self_unmute=False)
    await host.order("mute", participant=olena.id)
    assert media.muted is True
    told = await olena.first(
        lambda m: (
            m["type"] == "participant"
            and m["participant"]["id"] == olena.id
            and any(each["muted_by_host"] for each in m["participant"]["publications"])
        )
    )
    assert told["participant"]["publications"][0]["muted"] is True
    refused = await olena.request("mute", publication=publication, muted=False)
    assert refused["problem"]["code"] == "muted_by_host"
    await host.order("allow_unmute", participant=olena.id)
    assert (await olena.next("asked"))["by"] == "Ведуча"
    assert media.muted is False
    assert (await olena.request("mute", publication=publication, muted=False))["type"] == "ok"


async def test_new_microphones_start_muted_where_nobody_may_unmute_themselves(node: NodeServer) -> None:
    host, olena = await node.join(ticket("Ведуча", Role.HOST)), await node.join(ticket("Олена"))
    await host.order("set", self_unmute=False)
    for person in (host, olena):
        await person.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    assert node.media.peer(f"{host.id}/publish").publications["0"].muted is False
    assert node.media.peer(f"{olena.id}/publish").publications["0"].muted is True
    await host.order("allow_unmute", participant=olena.id)
    assert node.media.peer(f"{olena.id}/publish").publications["0"].muted is False


async def test_losing_a_permission_ends_what_it_allowed(node: NodeServer) -> None:
    host, olena = await node.join(ticket("Ведуча", Role.HOST)), await node.join(ticket("Олена"))
    await host.answer_offers()
    await olena.request("publish", sdp=offer(("1", "video")), sources={"1": "camera"})
    await host.first(lambda m: m["type"] == "offer" and m["sections"])
    await host.order("role", participant=olena.id, role="viewer")
    assert node.media.peer(f"{olena.id}/publish").publications["1"].muted is True
    await until(lambda: not node.media.peer(f"{host.id}/subscribe").subscriptions)
    again = await olena.request("publish", sdp=offer(("1", "video")), sources={"1": "camera"})
    assert again["rejected"]["1"]["code"] == "not_allowed"
    renewed = await olena.next("token")
    assert renewed["token"]


async def test_tokens_are_renewed_at_half_life(serve: Serve) -> None:
    clock = FakeTime()
    clock.wall_now = time.time() - 301.0
    node = await serve(clock=clock.clock())
    olena = await node.join(ticket("Олена"))
    clock.pass_(299.0)
    node.node.tick()
    clock.pass_(2.0)
    node.node.tick()
    token = (await olena.next("token"))["token"]
    await olena.request("leave")
    assert (await node.join(token)).welcome
    assert sum(message["type"] == "token" for message in olena.got) == 1


async def test_line_check_leaves_no_trace(node: NodeServer) -> None:
    client = await node.join(ticket(), check=True)
    assert client.got[0]["type"] == "checked"
    published = await client.request("publish", sdp=offer(("0", "audio")), sources={})
    assert published["sdp"]
    assert (await client.request("ping"))["type"] == "pong"
    await client.close()
    assert node.node.meetings == {}
    await until(lambda: not node.media.open_peers())


async def test_speaker_and_quality_are_told(node: NodeServer) -> None:
    olena, taras = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    peer = node.media.peer(f"{olena.id}/publish")
    node.media.groups[0].speak(peer.publications["0"])
    assert (await taras.next("speaker"))["participant"] == olena.id
    peer.become("silent")
    assert (await taras.next("quality"))["participants"] == {olena.id: 0}
    peer.become("connected")
    await taras.next("quality", participants={olena.id: 3})


async def test_automatic_videos_are_screens_then_speakers(serve: Serve) -> None:
    node = await serve(limits=Limits(automatic_videos=2, messages_per_second=1000))
    people = [await node.join(ticket(name)) for name in ("А", "Б", "В", "Г")]
    viewer = people[0]
    await viewer.answer_offers()
    for person in people[1:]:
        sources = {"0": "microphone", "1": "camera"}
        await person.request("publish", sdp=offer(("0", "audio"), ("1", "video")), sources=sources)

    def received() -> set[str]:
        kept = node.media.peer(f"{viewer.id}/subscribe").subscriptions
        return {each.stream_id for each in kept if each.publication.kind == "video"}

    await until(lambda: len(received()) == 2)
    quiet = next(person for person in people[1:] if person.id not in received())
    node.media.groups[0].speak(node.media.peer(f"{quiet.id}/publish").publications["0"])
    await until(lambda: quiet.id in received())
    screen = offer(("0", "audio"), ("1", "video"), ("2", "video"))
    sources = {"0": "microphone", "1": "camera", "2": "screen"}
    await people[1].request("publish", sdp=screen, sources=sources)
    await until(lambda: f"{people[1].id}.screen" in received())
    assert len(received()) == 2

    await viewer.request("receive", videos=[{"publication": f"{people[3].id}:camera", "paused": True}], audio=False)
    kept = node.media.peer(f"{viewer.id}/subscribe").subscriptions
    assert [(each.stream_id, each.paused) for each in kept] == [(people[3].id, True)]


async def test_one_outstanding_offer(node: NodeServer) -> None:
    viewer = await node.join(ticket("Глядач", Role.VIEWER))
    first = await viewer.next("offer")
    for name in ("А", "Б", "В"):
        person = await node.join(ticket(name))
        await person.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    await until(lambda: len(node.media.peer(f"{viewer.id}/subscribe").subscriptions) == 3)
    await asyncio.sleep(0.05)
    assert sum(message["type"] == "offer" for message in viewer.got) == 1
    stale = await viewer.request("answer", revision=7, sdp=first["sdp"])
    assert stale["problem"]["code"] == "stale_revision"
    await viewer.request("answer", revision=1, sdp=first["sdp"])
    second = await viewer.next("offer", revision=2)
    assert len(second["sections"]) == 3

    await viewer.request("restart")
    third = await viewer.next("offer", revision=3)
    assert "a=ice-ufrag:n1" in third["sdp"]
    assert (await viewer.request("answer", revision=2, sdp=second["sdp"]))["problem"]["code"] == "stale_revision"
    old = node.media.peer(f"{viewer.id}/subscribe")
    old.undecodable = []
    await viewer.request("restart", rebuild=True)
    fourth = await viewer.next("offer", revision=4)
    assert fourth["rebuild"] is True
    fresh = node.media.peer(f"{viewer.id}/subscribe")
    assert old.state == "closed"
    fresh.undecodable = [next(iter(fourth["sections"]))]
    await viewer.request("answer", revision=4, sdp=fourth["sdp"])
    lost = await viewer.next("undecodable")
    assert lost["publications"] == [next(iter(fourth["sections"].values()))["publication"]]


async def test_whose_connection_was_closed_at_the_far_end_gets_another_and_nobody_waits(
    node: NodeServer,
) -> None:
    """Whoever goes to another room closes their connections first; others must not miss who comes meanwhile."""
    going, staying = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    first = await going.next("offer")
    await going.request("answer", revision=1, sdp=first["sdp"])
    await staying.answer_offers()
    late = await node.join(ticket("Ганна"))
    await asyncio.sleep(0.05)  # her coming alone changes what others receive: that is over
    node.media.peer(f"{going.id}/subscribe").become("closed")
    await late.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    heard = f"{late.id}:microphone"
    await staying.first(lambda m: m["type"] == "offer" and heard in str(m["sections"]))
    again = await going.next("offer", revision=2)
    assert again["rebuild"] is True
    assert [section["publication"] for section in again["sections"].values()] == [heard]
    await going.request("answer", revision=2, sdp=again["sdp"])
    await late.request("publish", sdp=offer(("0", "audio"), ("1", "video")), sources={"0": "microphone", "1": "camera"})
    assert (await going.next("offer", revision=3))["rebuild"] is False


async def test_what_fails_in_one_place_stops_neither_time_nor_the_others(serve: Serve) -> None:
    clock = FakeTime()
    # On a busy machine writing the faults down takes seconds; nobody is to fall silent meanwhile.
    node = await serve(clock=clock.clock(), limits=Limits(silence_s=120.0))
    broken = await node.join(ticket("Олена"))
    olena, taras = [await node.join(ticket(name, meeting="other")) for name in ("Олена", "Тарас")]

    def fail() -> None:
        raise RuntimeError("a fault")

    node.meeting().tick = fail
    node.node.grouping.tick = fail
    await taras.drop()
    await until(lambda: node.meeting("other").state.members[taras.id].away)
    clock.monotonic_now += 61.0
    node.node.tick()
    assert (await olena.next("left"))["reason"] == "lost"
    assert (await broken.request("ping"))["type"] == "pong"


async def test_publish_ice_restart_keeps_and_rebuild_replaces_the_peer(node: NodeServer) -> None:
    olena, viewer = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await viewer.answer_offers()
    sources = {"0": "microphone"}
    await olena.request("publish", sdp=offer(("0", "audio")), sources=sources)
    await viewer.first(lambda m: m["type"] == "offer" and m["sections"])
    peer = node.media.peer(f"{olena.id}/publish")
    await olena.request("publish", sdp=offer(("0", "audio"), ufrag="u2"), sources=sources)
    assert node.media.peer(f"{olena.id}/publish") is peer
    (subscription,) = node.media.peer(f"{viewer.id}/subscribe").subscriptions
    rebuilt = await olena.request("publish", sdp=offer(("0", "audio"), fingerprint="bb"), sources=sources)
    assert rebuilt["publications"] == {"0": f"{olena.id}:microphone"}
    fresh = node.media.peer(f"{olena.id}/publish")
    assert fresh is not peer
    assert peer.state == "closed"
    assert subscription.publication is fresh.publications["0"], "receivers go on in the same section"


async def test_a_screen_share_stops_and_starts_again_in_the_same_section(node: NodeServer) -> None:
    olena, viewer = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await viewer.answer_offers()
    microphone, screen = offer(("0", "audio")), offer(("0", "audio"), ("1", "video"))
    stopped = microphone + offer(("1", "video"), direction="inactive").partition("aa\r\n")[2]
    sources = {"0": "microphone"}

    async def shown(count: int) -> None:
        label = f"{viewer.id}/subscribe"
        await until(lambda: any(peer.label == label for peer in node.media.peers))
        peer = node.media.peer(label)
        await until(lambda: len(peer.subscriptions) == count)
        assert len(node.meeting().state.members[olena.id].publications) == count

    for _ in range(2):
        started = await olena.request("publish", sdp=screen, sources=sources | {"1": "screen"})
        assert started["publications"]["1"] == f"{olena.id}:screen"
        await shown(2)
        assert node.media.peer(f"{olena.id}/publish").publications["1"].muted is False
        answer = await olena.request("publish", sdp=stopped, sources=sources)
        assert answer["type"] == "published"
        assert answer["publications"] == {"0": f"{olena.id}:microphone"}
        assert answer["rejected"] == {}
        await shown(1)
    named = await olena.request("publish", sdp=stopped, sources=sources | {"1": "screen"})
    assert named["publications"] == {"0": f"{olena.id}:microphone"}, "a silent section publishes nothing"


async def test_a_second_camera_that_a_host_switched_off_can_be_shown_anew(node: NodeServer) -> None:
    host, olena = await node.join(ticket("Ведуча", Role.HOST)), await node.join(ticket("Олена"))
    await host.answer_offers()
    shown, stopped = offer(("0", "video")), offer(("0", "video"), direction="inactive")

    def forwarded() -> bool:
        return not node.media.peer(f"{olena.id}/publish").publications["0"].muted

    def received_by_host() -> set[str]:
        label = f"{host.id}/subscribe"
        peers = [peer for peer in node.media.peers if peer.label == label]
        return {each.stream_id for peer in peers for each in peer.subscriptions}

    for _ in range(2):
        answer = await olena.request("publish", sdp=shown, sources={"0": "document_camera"})
        assert answer["publications"] == {"0": f"{olena.id}:document_camera"}
        assert forwarded()
        await until(lambda: f"{olena.id}.document" in received_by_host())
        await host.order("mute", participant=olena.id, source="document_camera")
        assert not forwarded()
        await olena.request("publish", sdp=stopped, sources={})


async def test_rejected_sections_say_why(node: NodeServer) -> None:
    viewer = await node.join(ticket("Глядач", Role.VIEWER))
    answer = await viewer.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    assert answer["rejected"]["0"]["code"] == "not_allowed"
    olena = await node.join(ticket("Олена"))
    sdp = offer(("0", "audio"), ("1", "video"), ("2", "video"), ("3", "video"))
    answer = await olena.request("publish", sdp=sdp, sources={"0": "camera", "1": "camera", "2": "camera"})
    assert {mid: each["code"] for mid, each in answer["rejected"].items()} == {
        "0": "kind_mismatch",
        "2": "source_taken",
        "3": "bad_message",
    }
    broken = await olena.request("publish", sdp="nonsense", sources={})
    assert broken["problem"]["code"] == "bad_description"
