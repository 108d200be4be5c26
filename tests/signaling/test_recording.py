"""What of a meeting goes into its recording, and who decides that there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recordings.capture.feed import Feed
from recordings.capture.ring import Ring
from recordings.capture.writing import Writing, folder_of
from recordings.raw import rtpdump, timeline
from signaling.media.publishing import PublishedMedia
from signaling.meeting import channels, facts, orders, rules
from signaling.meeting.plan import Plan
from signaling.meeting.state import Member, State
from signaling.messages import Begin, OrderAction, Record
from signaling.model import Role, Source
from signaling.problems import RefusedError
from signaling.recording import MeetingRecorder
from tests.signaling.support import ticket

NOW = 1_800_000_000.0


class Port:
    """A publication of the SFU."""

    def __init__(self, port_id: str, codec: str | None = "VP8") -> None:
        self.id = port_id
        self.kind = "video"
        self.codec: Any = None if codec is None else codec_of(codec)
        self.muted = False
        self.asked = 0
        self.taps: list[Callable[[Any], None]] = []
        self.on_codec: tuple[Callable[[Any], None], ...] = ()
        self.on_first_packet: Callable[[Any], None] | None = None

    def add_tap(self, tap: Callable[[Any], None]) -> None:
        self.taps.append(tap)

    def remove_tap(self, tap: Callable[[Any], None]) -> None:
        self.taps.remove(tap)

    def anchor(self) -> tuple[int, float] | None:
        return None

    def since_key_frame(self) -> float:
        return 0.0

    def request_keyframe(self, now: float) -> None:
        self.asked += 1

    def send(self, sequence: int) -> None:
        for tap in self.taps:
            tap((sequence, sequence, 0, b"payload", (), 0.0))

    def change_codec(self, name: str) -> None:
        self.codec = codec_of(name)
        for told in self.on_codec:
            told(self)


def codec_of(name: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, clock_rate=90_000, channels=0, parameters={})


class Scene:
    """A meeting's state with its recorder, and the folder in which the recording arrives."""

    def __init__(self, folder: Path, plan: Plan | None = None) -> None:
        self.folder = folder
        self.state = State()
        self.published: list[tuple[str, PublishedMedia]] = []
        self.speaker: str | None = None
        self.now = NOW
        self.wake(plan or Plan(title="Консультація"))

    def wake(self, plan: Plan | None) -> None:
        """The node begins, or begins again (then without a plan: it is in the journal)."""
        ring = Ring(self.folder / "ring", 65_536)
        self.feed = Feed(ring, monotonic=lambda: 0.0, wall=lambda: NOW)
        self.writing = Writing(Ring(self.folder / "ring", 65_536), self.folder / "raw", low_bytes=0, reserve_bytes=0)
        self.recorder = MeetingRecorder(self.feed, self.state, self, now=lambda: self.now, number=self._number)
        self.state.can_record = True
        if plan is not None:
            self.apply(facts.Opened(at=NOW, meeting="demo", opening="o1", plan=plan))

    def everything(self) -> list[tuple[str, PublishedMedia]]:
        return self.published

    def _number(self, track: int) -> None:
        self.apply(facts.TrackRecorded(at=NOW, track=track))

    def apply(self, *told: facts.Fact) -> None:
        for fact in told:
            self.state.apply(fact)
            self.recorder.note(fact)

    def order(self, action: OrderAction, actor: Member | None = None) -> None:
        self.now += 1
        self.apply(*orders.decide(self.state, actor, action, now=self.now))

    def enter(self, name: str, role: Role = Role.PARTICIPANT) -> Member:
        joined = rules.join(
            self.state, ticket(name, role), participant=f"p{len(self.state.members)}", resume="00", now=NOW
        )
        self.apply(joined)
        return self.state.members[joined.participant]

    def publish(self, member: Member, port: Port, source: Source = Source.CAMERA) -> None:
        self.published.append((member.id, PublishedMedia(f"{member.id}:{source.value}", source, "0", port)))
        self.recorder.look()

    def recorded(self) -> Path:
        self.writing.pump(0.0)
        assert self.state.recording or self.last
        return folder_of(self.folder / "raw", int(self.state.recording or self.last, 16))

    last = ""

    def lines(self) -> list[timeline.AnyLine]:
        return list(timeline.read(self.recorded() / timeline.NAME))

    def kinds(self) -> list[str]:
        return [line.kind for line in self.lines()]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_hosts_and_moderators_record_and_nobody_else(scene: Scene) -> None:
    for role in Role:
        member = scene.enter(role.value, role)
        if role in (Role.HOST, Role.MODERATOR):
            scene.order(Record(do="record", status="on"), member)
            scene.order(Record(do="record", status="off"), member)
        else:
            with pytest.raises(RefusedError, match="not_allowed"):
                scene.order(Record(do="record", status="on"), member)


def test_a_node_without_capture_refuses(scene: Scene) -> None:
    scene.state.can_record = False
    with pytest.raises(RefusedError, match="cannot_record"):
        scene.order(Record(do="record", status="on"))
    with pytest.raises(RefusedError, match="bad_action"):
        scene.order(Record(do="record", status="paused"))


def test_a_planned_recording_begins_with_the_meeting(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Plan(title="Планова", recording=True))
    assert not scene.state.as_meeting().recording
    scene.order(Begin(do="begin"))
    assert scene.state.as_meeting().recording
    scene.apply(*rules.close(scene.state, "ended", now=NOW))
    assert not scene.state.as_meeting().recording


def test_what_is_in_a_recording(scene: Scene) -> None:
    host, guest = scene.enter("Ведуча", Role.HOST), scene.enter("Гість")
    early, late = Port("a"), Port("b", codec=None)
    scene.publish(host, early)
    scene.order(Record(do="record", status="on"), host)
    scene.publish(guest, late)
    late.codec = codec_of("H264")
    scene.recorder.look()
    early.send(1_000)
    late.send(2_000)
    scene.apply(rules.say(scene.state, guest, text="всім", to=None, message_id="c1", now=NOW))
    scene.apply(rules.say(scene.state, guest, text="лише вам", to=host.id, message_id="c2", now=NOW))
    early.change_codec("H264")
    early.send(1_001)
    scene.apply(facts.HostMuted(at=NOW, participant=guest.id, source=Source.CAMERA, muted=True))
    late.muted = True
    scene.recorder.look()
    scene.speaker = guest.id
    scene.recorder.look()
    assert scene.state.recording is not None
    scene.last = scene.state.recording
    scene.order(Record(do="record", status="off"), host)
    early.send(1_002)
    lines = scene.lines()
    assert [line.kind for line in lines] == [
        "begun", "present", "present", "spotlight", "speaker", "track", "track", "said", "track_ended", "track",
        "muted", "speaker", "track_ended", "track_ended", "stopped",
    ]  # fmt: skip
    tracks = [line for line in lines if isinstance(line, timeline.Track)]
    assert [(each.track, each.participant, each.codec.name) for each in tracks] == [
        (1, host.id, "VP8"),
        (2, guest.id, "H264"),
        (3, host.id, "H264"),
    ]
    assert [line.text for line in lines if isinstance(line, timeline.Said)] == ["всім"], "private chat stays private"
    packets = [
        [
            one.sequence
            for one in rtpdump.read(scene.recorded() / each.file, each.track)
            if isinstance(one, rtpdump.Packet)
        ]
        for each in tracks
    ]
    assert packets == [[1_000], [2_000], [1_001]]


def test_a_pause_keeps_nothing(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    port = Port("a")
    scene.publish(host, port)
    scene.order(Record(do="record", status="on"), host)
    scene.order(Record(do="record", status="paused"), host)
    assert port.taps == []
    scene.apply(rules.say(scene.state, host, text="не для запису", to=None, message_id="c1", now=NOW))
    scene.enter("Прийшла в перерві")
    scene.order(Record(do="record", status="on"), host)
    assert len(port.taps) == 1
    assert "said" not in scene.kinds()
    after = scene.lines()[scene.kinds().index("resumed") :]
    assert [line.name for line in after if isinstance(line, timeline.Present)] == ["Ведуча", "Прийшла в перерві"]


def test_a_picture_that_is_back_begins_with_a_key_frame(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    port = Port("a")
    scene.publish(host, port)
    scene.order(Record(do="record", status="on"), host)
    asked = port.asked
    port.muted = True
    scene.recorder.look()
    assert port.asked == asked
    port.muted = False
    scene.recorder.look()
    assert port.asked == asked + 1


def test_a_recording_goes_on_when_the_node_comes_back(scene: Scene) -> None:
    host = scene.enter("Ведуча", Role.HOST)
    scene.publish(host, Port("a"))
    scene.order(Record(do="record", status="on"), host)
    restated = scene.state.restate(now=NOW)
    scene.state, scene.published = State(), []
    for fact in restated:
        scene.state.apply(fact)
    scene.wake(None)
    scene.recorder.restored(NOW - 3)
    scene.publish(host, Port("b"))
    lines = scene.lines()
    (gap,) = [line for line in lines if isinstance(line, timeline.Gap)]
    assert (gap.cause, gap.since) == ("node", NOW - 3)
    assert [line.track for line in lines if isinstance(line, timeline.Track)] == [1, 2], "no number comes twice"


def test_who_interprets_into_what_and_who_of_them_is_heard(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Plan(title="Двома мовами", language="uk", channels=["en", "ukl"]))
    host, olena = scene.enter("Ведуча", Role.HOST), scene.enter("Олена", Role.INTERPRETER)
    petro, signs = scene.enter("Петро", Role.INTERPRETER), scene.enter("Жестова", Role.INTERPRETER)
    for member, into in ((olena, "en"), (signs, "ukl")):
        scene.apply(*channels.assign(scene.state, member, "uk", into, now=NOW))
    scene.order(Record(do="record", status="on"), host)
    scene.apply(*channels.assign(scene.state, petro, "uk", "en", now=NOW))
    scene.apply(rules.say(scene.state, host, text="нічого не змінює", to=None, message_id="c1", now=NOW))
    scene.apply(*channels.air(scene.state, petro, take=True, now=NOW))
    scene.order(Record(do="record", status="paused"), host)
    scene.apply(*channels.assign(scene.state, olena, None, None, now=NOW))
    scene.order(Record(do="record", status="on"), host)
    scene.apply(*rules.leave(scene.state, petro.id, "left", now=NOW))
    told = [line for line in scene.lines() if isinstance(line, timeline.Interprets)]
    assert [(line.participant, line.into, line.on_air) for line in told] == [
        (olena.id, "en", True),
        (petro.id, "en", False),
        (olena.id, "en", False),
        (petro.id, "en", True),
        (olena.id, None, False),
        (petro.id, None, False),
    ]
