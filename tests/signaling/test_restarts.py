"""A node that stops or dies: journals are restored, people come back, events are told once or more, never lost."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from signaling.config import Limits
from signaling.events import DeliveryError, Event, verify_delivery
from signaling.journal import Journal
from signaling.meeting import facts
from signaling.model import Role
from tests.signaling.support import EVENTS_KEY, FakeTime, NodeServer, ticket, until
from tests.support.fake_media import offer

Serve = Callable[..., Awaitable[NodeServer]]


class WebProcess:
    """The receiving side: applies each event once, by its id. `answer` may be set to fail."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.order: list[str] = []
        self.deliveries = 0
        self.status: int | None = 204
        self.lose_answer = False

    async def handle(self, request: httpx.Request) -> httpx.Response:
        batch = verify_delivery(request.headers["authorization"], request.content, EVENTS_KEY)
        self.deliveries += 1
        if self.status is None:
            raise httpx.ConnectError("down", request=request)
        if self.status < 300:
            for event in batch.events:
                if event.id not in self.events:
                    self.order.append(event.data.type)
                self.events[event.id] = event
        if self.lose_answer:
            self.lose_answer = False
            raise httpx.ReadError("lost", request=request)
        return httpx.Response(self.status)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.handle))

    def settings(self) -> dict[str, Any]:
        return {"events_url": "http://web/api/events", "events_client": self.client()}

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.events.values() if event.data.type == kind]


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.delivery.FIRST_RETRY_S", 0.01)


async def test_everything_that_was_said_survives_the_node(serve: Serve, tmp_path: Path) -> None:
    first = await serve(data_dir=tmp_path / "d")
    host, olena = await first.join(ticket("Ведуча", Role.HOST)), await first.join(ticket("Олена"))
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    await olena.request("chat", text="так")
    await olena.request("chat", text="потай", to=host.id)
    await olena.request("hand", raised=True)
    await host.order("begin")
    await host.order("mute", participant=olena.id)
    await host.order("spotlight", participant=olena.id)
    await host.order("set", locked=True)
    await first.stop()
    assert await olena.ended() in (1012, 4001)

    second = await serve(data_dir=tmp_path / "d")
    restored = second.meeting().state
    assert all(member.away for member in restored.members.values())
    resume = {"participant": olena.id, "key": olena.welcome["resume_key"]}
    back = await second.join(olena.welcome["token"], resume=resume)
    assert back.id == olena.id
    assert back.welcome["resumed"] is False, "media is to be built anew"
    assert [message["text"] for message in back.welcome["chat"]] == ["так", "потай"]
    assert back.welcome["hands"] == [olena.id]
    meeting = back.welcome["meeting"]
    assert (meeting["locked"], meeting["spotlight"]) == (True, olena.id)
    assert meeting["began_at"] is not None
    published = await back.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    assert published["type"] == "published"
    told = next(p for p in (await back.next("participant"))["participant"]["publications"])
    assert told["muted_by_host"] is True
    assert second.media.peer(f"{olena.id}/publish").publications["0"].muted is True


async def test_who_does_not_come_back_after_a_restart_is_lost(serve: Serve, tmp_path: Path) -> None:
    first = await serve(data_dir=tmp_path / "d")
    await first.join(ticket("Олена"))
    await first.stop()
    clock = FakeTime()
    second = await serve(data_dir=tmp_path / "d", clock=clock.clock(), limits=Limits(empty_meeting_s=100))
    clock.monotonic_now += 61
    second.node.tick()
    assert second.meeting().state.members == {}
    clock.monotonic_now += 101
    second.node.tick()
    assert second.node.meetings == {}
    await until(lambda: not list((tmp_path / "d").rglob("*.journal")), "the journal to be deleted")


@pytest.mark.usefixtures("quick_retries")
async def test_a_fault_in_the_telling_does_not_end_it(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    web = WebProcess()
    node = await serve(**web.settings())
    host = await node.join(ticket("Ведуча", Role.HOST))
    await until(lambda: web.of("joined"))
    faults = iter([OSError(5, "the disk"), RuntimeError("a fault")])
    collect = node.node.delivery._collect

    def failing() -> object:
        for fault in faults:
            raise fault
        return collect()

    monkeypatch.setattr(node.node.delivery, "_collect", failing)
    await host.order("begin")
    await until(lambda: web.of("began"), "it is told after all")


async def test_events_in_order_with_stable_ids(serve: Serve) -> None:
    web = WebProcess()
    clock = FakeTime()
    node = await serve(clock=clock.clock(), **web.settings())
    host = await node.join(ticket("Ведуча", Role.HOST).sign(b"t" * 32))
    olena = await node.join(ticket("Олена"))
    await host.order("begin")
    await host.request("chat", text="усім")
    await host.request("chat", text="потай", to=olena.id)
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    speaking = node.media.peer(f"{olena.id}/publish").publications["0"]
    node.media.groups[0].speak(speaking)
    clock.pass_(5.0)
    node.media.groups[0].speak(None)
    clock.pass_(11.0)
    node.node.tick()
    await olena.drop()
    await until(lambda: web.of("away"))
    await host.send({"type": "order", "id": 9, "action": {"do": "end", "close": True}})
    await until(lambda: web.of("closed"))
    assert web.order == [
        "opened", "joined", "joined", "began", "said", "spoke", "roster", "away", "ended", "left", "left", "closed",
    ]  # fmt: skip
    assert web.of("spoke")[0].data.since == web.of("spoke")[0].at - 5.0  # type: ignore[union-attr]
    assert sorted(web.of("roster")[0].data.participants) == sorted([host.id, olena.id])  # type: ignore[union-attr]
    sequences = [event.sequence for event in web.events.values()]
    assert sequences == sorted(set(sequences))
    assert "потай" not in json.dumps([event.model_dump(mode="json") for event in web.events.values()])


@pytest.mark.parametrize("close", ["ended", "ordered"])
async def test_nothing_is_told_after_the_end_though_somebody_speaks_into_it(serve: Serve, close: str) -> None:
    web = WebProcess()
    clock = FakeTime()
    node = await serve(clock=clock.clock(), **web.settings())
    host, olena = await node.join(ticket("Ведуча", Role.HOST)), await node.join(ticket("Олена"))
    await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    node.media.groups[0].speak(node.media.peer(f"{olena.id}/publish").publications["0"])
    clock.pass_(5.0)
    if close == "ended":
        await host.send({"type": "order", "id": 9, "action": {"do": "end", "close": True}})
    else:
        node.node.forget("demo")
    await until(lambda: web.of("closed") and node.node.delivery.pending == 0)
    assert web.order[-1] == "closed"
    assert web.order.count("spoke") == 1
    assert web.of("spoke")[0].data.since == web.of("spoke")[0].at - 5.0  # type: ignore[union-attr]


@pytest.mark.usefixtures("quick_retries")
async def test_web_process_down_slow_or_forgetful(serve: Serve, tmp_path: Path) -> None:
    web = WebProcess()
    web.status = None
    node = await serve(data_dir=tmp_path / "d", **web.settings())
    olena = await node.join(ticket("Олена"))
    await until(lambda: web.deliveries >= 3)
    web.status = 500
    await until(lambda: web.deliveries >= 6)
    assert web.events == {}
    web.status, web.lose_answer = 204, True
    await until(lambda: len(web.events) == 2)
    before = dict(web.events)
    await olena.request("rename", name="Інша")
    await olena.request("leave")
    await until(lambda: web.of("left"))
    assert {key: web.events[key] for key in before} == before, "told again with the same id and content"
    assert web.order == ["opened", "joined", "left"]


@pytest.mark.usefixtures("quick_retries")
async def test_events_survive_both_processes(serve: Serve, tmp_path: Path) -> None:
    down, web = WebProcess(), WebProcess()
    down.status = None
    first = await serve(data_dir=tmp_path / "d", **down.settings())
    await first.join(ticket("Олена"))
    await until(lambda: down.deliveries >= 1)
    await first.stop()
    second = await serve(data_dir=tmp_path / "d", **web.settings())
    await until(lambda: web.of("away"))
    assert web.order == ["opened", "joined", "away"]
    count = web.deliveries
    await second.stop()
    third_web = WebProcess()
    third = await serve(data_dir=tmp_path / "d", **third_web.settings())
    await until(lambda: third.node.ready)
    await asyncio.sleep(0.05)
    assert third_web.events == {}, "what was acknowledged is not told again"
    assert count >= 1


def test_deliveries_are_verified() -> None:
    from signaling.events import EventBatch, sign_delivery

    body = EventBatch(events=[]).model_dump_json().encode()
    good = sign_delivery(body, EVENTS_KEY, node=0)
    assert verify_delivery(good, body, EVENTS_KEY).events == []
    for header, sent, key in (
        (None, body, EVENTS_KEY),
        ("Basic x", body, EVENTS_KEY),
        (good, body + b" ", EVENTS_KEY),
        (good, body, b"x" * 32),
        (sign_delivery(body, EVENTS_KEY, node=0, now=1.0), body, EVENTS_KEY),
    ):
        with pytest.raises(DeliveryError):
            verify_delivery(header, sent, key)


async def test_a_full_disk_refuses_what_it_cannot_keep_and_media_goes_on(node: NodeServer) -> None:
    olena, taras = await node.join(ticket("Олена")), await node.join(ticket("Тарас"))
    await taras.answer_offers()
    journal = node.meeting().journal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.size, before[1]))
    try:
        refused = await olena.request("chat", text="не вміщається")
        assert refused["problem"] == {
            "code": "storage_full",
            "title": "The server cannot store this: its disk is full.",
            "detail": "File too large",
            "retry": True,
        }
        published = await olena.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
        assert published["type"] == "published"
        await taras.first(lambda m: m["type"] == "offer" and m["sections"])
        assert (await node.join(ticket("Ірина"))).closing == "storage_full"
        await taras.drop()
        await until(lambda: node.meeting().state.members[taras.id].away)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (await olena.request("chat", text="тепер так"))["type"] == "ok"
    kinds = [record.fact.fact for record in journal.read(0)]
    assert kinds == ["opened", "joined", "joined", "went_away", "said"]


async def test_a_long_journal_is_shortened(serve: Serve, tmp_path: Path) -> None:
    limits = Limits(journal_bytes=20_000, messages_per_second=10**6, message_burst=10**6)
    node = await serve(data_dir=tmp_path / "d", limits=limits)
    host = await node.join(ticket("Ведуча", Role.HOST))
    for number in range(300):
        await host.order("set", lobby=number % 2 == 0)
    assert node.meeting().journal.size < 21_000
    await node.stop()
    again = await serve(data_dir=tmp_path / "d")
    assert again.meeting().state.lobby is False
    assert list(again.meeting().state.members) == [host.id]


async def test_one_journal_that_cannot_be_replayed_does_not_keep_the_node_down(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = await serve(data_dir=tmp_path)
    for meeting in ("good", "strange"):
        await node.join(ticket(meeting=meeting))
    await node.stop()
    restore = Journal.restore

    def stumble(path: Path) -> tuple[Journal, list[facts.Fact]]:
        if path.name.startswith("strange"):
            raise KeyError("what no version of ours has written")
        return restore(path)

    monkeypatch.setattr(Journal, "restore", stumble)
    again = await serve(data_dir=tmp_path)
    assert set(again.node.meetings) == {"good"}
    assert [path.name.partition(".")[0] for path in tmp_path.rglob("*.broken")] == ["strange"]


async def test_what_waits_for_room_on_the_disk_is_told_before_the_journal_is_shortened(serve: Serve) -> None:
    web = WebProcess()
    node = await serve(limits=Limits(journal_bytes=1), **web.settings())
    host, guest = await node.join(ticket("Ведуча", Role.HOST)), await node.join(ticket("Гість"))
    await until(lambda: node.node.delivery.pending == 0)
    journal = node.meeting().journal
    gone = facts.WentAway(at=1.0, participant=guest.id)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.size, before[1]))
    try:
        journal.append_later([gone])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not journal.all_written
    assert (await host.request("hand", raised=True))["type"] == "ok"
    await until(lambda: [event for event in web.of("away") if event.at == gone.at])
