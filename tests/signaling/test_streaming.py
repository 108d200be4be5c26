"""What of a meeting goes to the live composer, who decides that it is streamed, and who is told how that fares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recordings.capture.feed import CONTENT, LINE
from recordings.capture.ring import Ring
from recordings.live import wire
from recordings.raw import timeline
from signaling.clock import Clock
from signaling.control_tokens import sign_control
from signaling.media.publishing import PublishedMedia
from signaling.meeting import channels, facts, orders, rules
from signaling.meeting.plan import Plan, StreamTarget
from signaling.meeting.state import Member, State
from signaling.messages import Begin, End, OrderAction, SetStreamTarget, Stream
from signaling.model import Role, Source
from signaling.problems import RefusedError
from signaling.streaming import MeetingStreamer, Streaming
from signaling.tokens import verify_program
from tests.signaling.support import CONTROL_KEY, TOKEN_KEY, FakeTime, NodeServer, ticket, until
from tests.signaling.test_recording import NOW, Port

YOUTUBE = StreamTarget(id="youtube", name="YouTube", sealed="gAAAA-youtube")
FACEBOOK = StreamTarget(id="facebook", name="Facebook", sealed="gAAAA-facebook")
PLAN = Plan(title="Вебінар", may_stream=True, targets=[YOUTUBE, FACEBOOK])
Serve = Callable[..., Awaitable[NodeServer]]


class Composer:
    """The other end of a ring."""

    def __init__(self, path: Path) -> None:
        self.ring = Ring(path, wire.CAPACITY)
        self.ring.take_over()
        self.ring.reader_seen = 1e9

    def read(self) -> list[Any]:
        """Orders, lines, and (track, sequence) of packets, in their order."""
        found: list[Any] = []
        for kind, number, _key, content in self.ring.records():
            if kind == wire.ORDER:
                found.append(wire.Order.model_validate_json(bytes(content)))
            elif kind == LINE:
                found.append(timeline.LINE.validate_json(bytes(content)))
            elif kind == CONTENT and len(content) > 100:
                found.append((number, int.from_bytes(content[10:12], "big")))
            content.release()
        self.ring.free()
        return found


class Scene:
    """A meeting's state with its streamer."""

    def __init__(self, folder: Path, plan: Plan = PLAN) -> None:
        self.folder = folder
        self.time = FakeTime()
        self.state = State()
        self.published: list[tuple[str, PublishedMedia]] = []
        self.speaker: str | None = None
        self.wake()
        self.apply(facts.Opened(at=NOW, meeting="demo", opening="o1", plan=plan))

    def wake(self) -> None:
        """The node begins, or begins again."""
        clock: Clock = self.time.clock()
        around = Streaming(self.folder, 0, clock, TOKEN_KEY, "http://127.0.0.1:8701")
        self.streamer = MeetingStreamer(around, self.state, self)

    def everything(self) -> list[tuple[str, PublishedMedia]]:
        return self.published

    def apply(self, *told: facts.Fact) -> None:
        for fact in told:
            self.state.apply(fact)
            self.streamer.note(fact)

    def order(self, action: OrderAction, actor: Member | None = None) -> None:
        decided = orders.decide(self.state, actor, action, now=self.time.wall_now)
        self.apply(*self.streamer.prepare(decided, wanted=isinstance(action, Stream)))

    def enter(self, name: str, role: Role = Role.PARTICIPANT) -> Member:
        joined = rules.join(
            self.state, ticket(name, role), participant=f"p{len(self.state.members)}", resume="00", now=NOW
        )
        self.apply(joined)
        return self.state.members[joined.participant]

    def publish(self, member: Member, port: Port, source: Source = Source.CAMERA) -> None:
        self.published.append((member.id, PublishedMedia(f"{member.id}:{source.value}", source, "0", port)))
        self.streamer.look()

    def rings(self) -> dict[str, Path]:
        return wire.rings(self.folder, 0)

    def composer(self) -> Composer:
        (path,) = self.rings().values()
        return Composer(path)

    def packet(self, port: Port, sequence: int, length: int = 100) -> None:
        for tap in port.taps:
            tap((sequence, sequence, 0, b"p" * length, (), self.time.monotonic_now))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for node in (0, 1):
        for path in wire.rings(tmp_path, node).values():
            path.unlink()


@pytest.fixture
def scene(folder: Path) -> Scene:
    return Scene(folder)


def kinds(found: list[Any]) -> list[str]:
    return [each.kind if isinstance(each, timeline.Line) else type(each).__name__ for each in found]


def test_the_composer_knows_who_interprets_and_who_is_on_the_air(folder: Path) -> None:
    scene = Scene(folder, PLAN.model_copy(update={"channels": ["en"]}))
    host, olena = scene.enter("Ведуча", Role.HOST), scene.enter("Олена", Role.INTERPRETER)
    scene.apply(*channels.assign(scene.state, olena, "uk", "en", now=NOW))
    scene.order(Begin(do="begin"), host)
    scene.order(Stream(do="stream", status="on"), host)
    composer = scene.composer()
    petro = scene.enter("Петро", Role.INTERPRETER)
    scene.apply(*channels.assign(scene.state, petro, "uk", "en", now=NOW))
    scene.apply(*channels.air(scene.state, petro, take=True, now=NOW))
    scene.streamer.tick()
    scene.apply(*rules.leave(scene.state, petro.id, "left", now=NOW))
    told = [line for line in composer.read() if isinstance(line, timeline.Interprets)]
    assert {line.participant: (line.into, line.on_air) for line in told} == {
        olena.id: ("en", False),
        petro.id: (None, False),
    }
    assert [line.on_air for line in told if line.participant == petro.id][-2:] == [True, False]


# ---------------------------------------------------------------- who decides


def test_hosts_and_moderators_stream_what_may_be_streamed(scene: Scene) -> None:
    for role in Role:
        member = scene.enter(role.value, role)
        if role in (Role.HOST, Role.MODERATOR):
            scene.order(Stream(do="stream", status="on"), member)
            assert scene.state.as_meeting().streaming
            scene.order(Stream(do="stream", status="off"), member)
            assert not scene.state.as_meeting().streaming
        else:
            with pytest.raises(RefusedError, match="not_allowed"):
                scene.order(Stream(do="stream", status="on"), member)


def test_what_is_not_meant_for_the_public_is_streamed_by_the_web_process_alone(folder: Path) -> None:
    scene = Scene(folder, Plan(title="Консультація", targets=[YOUTUBE]))
    host = scene.enter("Ведуча", Role.HOST)
    assert not scene.streamer.seen().may
    with pytest.raises(RefusedError, match="may_not_stream"):
        scene.order(Stream(do="stream", status="on"), host)
    assert scene.rings() == {}
    scene.order(Stream(do="stream", status="on", others=[FACEBOOK]))
    assert [*scene.state.streams.targets] == ["youtube", "facebook"]
    with pytest.raises(RefusedError, match="already_streaming"):
        scene.order(Stream(do="stream", status="on"))


def test_hosts_choose_among_planned_targets(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    with pytest.raises(RefusedError, match="unknown_target"):
        scene.order(Stream(do="stream", status="on", targets=["elsewhere"]), host)
    with pytest.raises(RefusedError, match="not_allowed"):
        scene.order(Stream(do="stream", status="on", others=[FACEBOOK]), host)
    with pytest.raises(RefusedError, match="not_streaming"):
        scene.order(SetStreamTarget(do="stream_target", id="youtube", status="on"), host)
    scene.order(Stream(do="stream", status="on", targets=["youtube"]), host)
    assert [(each.id, each.on) for each in scene.streamer.seen().targets] == [("youtube", True), ("facebook", False)]


def test_a_group_and_a_node_without_streamer_refuse(folder: Path) -> None:
    group = Scene(folder, Plan(title="Група", main="demo", group=1, may_stream=True))
    with pytest.raises(RefusedError, match="bad_action"):
        group.order(Stream(do="stream", status="on"))
    assert not group.streamer.seen().may
    group.state.can_stream = False
    group.state.plan = PLAN
    with pytest.raises(RefusedError, match="cannot_stream"):
        group.order(Stream(do="stream", status="on"))


def test_a_planned_stream_begins_and_ends_with_the_meeting(folder: Path) -> None:
    scene = Scene(folder, Plan(title="Вебінар", streaming=True, targets=[YOUTUBE]))
    assert not scene.state.as_meeting().streaming
    scene.order(Begin(do="begin"))
    assert scene.state.as_meeting().streaming
    scene.order(End(do="end"))
    assert not scene.state.as_meeting().streaming
    scene.order(Begin(do="begin"))
    scene.apply(*rules.close(scene.state, "empty", now=NOW))
    assert not scene.state.as_meeting().streaming


# ---------------------------------------------------------------- what the composer gets


def test_what_goes_to_the_composer(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    port = Port("a")
    scene.publish(host, port)
    scene.order(Stream(do="stream", status="on", targets=["youtube"]), host)
    composer = scene.composer()
    scene.streamer.tick()
    scene.packet(port, 1_000)
    guest = scene.enter("Гість")
    scene.apply(rules.say(scene.state, guest, text="лише вам", to=host.id, message_id="c1", now=NOW))
    scene.order(SetStreamTarget(do="stream_target", id="facebook", status="on"), host)
    scene.order(SetStreamTarget(do="stream_target", id="youtube", status="again"), host)
    scene.order(SetStreamTarget(do="stream_target", id="facebook", status="off"), host)
    stream = scene.state.stream
    scene.order(Stream(do="stream", status="off"), host)
    found = composer.read()
    assert kinds(found) == [
        "Order", "begun", "present", "spotlight", "speaker", "track", "tuple", "present", "Order", "Order", "Order",
        "track_ended", "Order", "stopped",
    ]  # fmt: skip
    told = [each for each in found if isinstance(each, wire.Order)]
    assert [[(target.id, target.again) for target in order.targets] for order in told] == [
        [("youtube", 0)],
        [("youtube", 0), ("facebook", 0)],
        [("youtube", 1), ("facebook", 0)],
        [("youtube", 1)],
        [("youtube", 1)],
    ]
    assert {(order.stream, order.meeting, order.title) for order in told} == {(stream, "demo", "Вебінар")}
    assert told[0].program == "http://127.0.0.1:8701/whip/demo?source=program"
    token = verify_program(told[0].program_token, TOKEN_KEY)
    assert (token.use, token.stream, token.meeting) == ("publish", stream, "demo")
    assert (port.taps, port.on_codec) == ([], ())
    assert not composer.ring.writer_open


def test_a_recording_and_a_stream_take_the_same_picture(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    port = Port("a")
    recorded: list[Any] = []
    port.add_tap(recorded.append)
    scene.publish(host, port)
    scene.order(Stream(do="stream", status="on"), host)
    composer = scene.composer()
    scene.streamer.tick()
    scene.packet(port, 7)
    assert [entry[0] for entry in recorded] == [7]
    assert (2, 7) in composer.read()
    scene.order(Stream(do="stream", status="off"), host)
    scene.packet(port, 8)
    assert [entry[0] for entry in recorded] == [7, 8]


def test_a_composer_that_comes_back_is_told_everything_anew(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    port = Port("a")
    scene.publish(host, port)
    scene.order(Stream(do="stream", status="on"), host)
    first = scene.composer()
    scene.streamer.tick()
    assert kinds(first.read())[0] == "Order"
    guest = scene.enter("Гість")
    scene.publish(guest, Port("b"))
    asked = port.asked
    second = scene.composer()
    assert second.read() == [], "what was written for another is let go"
    scene.streamer.tick()
    scene.packet(port, 5)
    found = second.read()
    assert kinds(found) == [
        "Order", "begun", "present", "present", "spotlight", "speaker", "track", "track", "tuple",
    ]  # fmt: skip
    assert port.asked == asked + 1, "a key frame is asked for"
    assert len(port.taps) == 1
    began = [each for each in found if isinstance(each, timeline.Begun)]
    assert [each.at for each in began] == [scene.state.streams.since]
    scene.streamer.tick()
    assert second.read() == [], "told once"


def test_a_node_that_comes_back_goes_on_with_the_same_stream(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    scene.order(Stream(do="stream", status="on"), host)
    scene.order(SetStreamTarget(do="stream_target", id="facebook", status="off"), host)
    composer = scene.composer()
    scene.streamer.tick()
    composer.read()
    stream, since, restated = scene.state.stream, scene.state.streams.since, scene.state.restate(now=NOW)
    scene.state = State()
    for fact in restated:
        scene.state.apply(fact)
    scene.wake()
    scene.streamer.restored()
    (order, begun, *_) = composer.read()
    assert (order.stream, [target.id for target in order.targets]) == (stream, ["youtube"])
    assert (begun.recording, begun.at) == (stream, since)
    assert [*scene.rings()] == [stream]


async def test_a_full_ring_loses_packets_and_says_so(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    port = Port("a")
    scene.publish(host, port)
    scene.order(Stream(do="stream", status="on"), host)
    composer = scene.composer()
    scene.streamer.tick()
    for length in (60_000, 100):
        for sequence in range(600):
            scene.packet(port, sequence, length)
    lost = scene.streamer.seen().lost_packets
    assert 600 < lost < 1_200
    scene.enter("Гість")
    assert kinds(composer.read())[-1] == "tuple"
    asked = port.asked
    scene.time.pass_(1.0)
    scene.streamer.tick()
    scene.streamer.tick()
    found = [each for each in composer.read() if isinstance(each, timeline.Present | timeline.Gap)]
    assert kinds(found) == ["present", "gap"], "a line is kept until there is room"
    assert (found[1].cause, found[1].packets) == ("overflow", lost)
    assert port.asked == asked + 1


# ---------------------------------------------------------------- how it fares


async def test_those_who_moderate_are_told_how_it_fares(serve: Serve, folder: Path) -> None:
    time = FakeTime()
    node = await serve(data_dir=folder, streaming=True, clock=time.clock())
    async with node.http() as http:
        headers = {"Authorization": f"Bearer {sign_control(CONTROL_KEY)}"}
        await http.put("/meetings/demo", content=PLAN.model_dump_json(), headers=headers)
        host, guest = await node.join(ticket("Ведуча", Role.HOST)), await node.join(ticket("Гість"))
        assert host.got[0]["stream"]["may"]
        assert guest.got[0]["stream"] is None
        await host.order("stream", status="on", targets=["youtube"])
        said = await guest.first(lambda m: m["type"] == "meeting" and m["meeting"]["streaming"])
        assert said["meeting"]["stream_since"] == time.wall_now
        await host.first(lambda m: m["type"] == "stream" and m["stream"]["state"] == "starting")
        stream = node.meeting().state.stream
        place = wire.folder(folder, "demo")
        place.mkdir(parents=True)
        target = wire.TargetStatus(id="youtube", state="waiting", problem="hung", since=NOW, tries=2)
        status = wire.Status(
            stream=stream, meeting="demo", state="live", began_at=NOW, at=time.wall_now, live_at=NOW, late_frames=3
        )
        wire.write_status(place / wire.STATUS, status.model_copy(update={"targets": [target]}))
        time.pass_(1.5)
        seen = (await host.first(lambda m: m["type"] == "stream" and m["stream"]["state"] == "live"))["stream"]
        assert (seen["targets"][0]["state"], seen["targets"][0]["problem"], seen["late_frames"]) == (
            "waiting",
            "hung",
            3,
        )
        assert "sealed" not in seen["targets"][0]
        assert [each["on"] for each in seen["targets"]] == [True, False]
        time.pass_(11)
        await host.first(lambda m: m["type"] == "stream" and m["stream"]["state"] == "away")
        count = {"do": "count_viewers", "counted_by": "web-1", "viewers": 41}
        assert (await http.post("/meetings/demo/orders", json=count, headers=headers)).status_code == 204
        await guest.first(lambda m: m["type"] == "meeting" and m["meeting"]["viewers"] == 41)
        await until(lambda: node.meeting().streamer.seen().viewers == 41)
        assert (await host.request("order", action=count))["problem"]["code"] == "not_allowed"
        assert not any(m["type"] == "stream" for m in guest.got)
        await http.delete("/meetings/demo", headers=headers)
        ring = Ring(wire.ring_path(folder, 0, stream), wire.CAPACITY)
        assert not ring.writer_open
        ring.close()


async def test_a_stream_that_nobody_remembers_is_over(serve: Serve, folder: Path) -> None:
    ring = Ring(wire.ring_path(folder, 0, "00000000000000ff"), wire.CAPACITY)
    ring.writer_open = True
    other = Ring(wire.ring_path(folder, 1, "00000000000000ff"), wire.CAPACITY)
    other.writer_open = True
    await serve(data_dir=folder, streaming=True)
    assert (ring.writer_open, other.writer_open) == (False, True)
