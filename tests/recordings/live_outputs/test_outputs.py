"""The outputs together, and the status that tells of them."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from recordings.live.formats import Encoded, EngineFigures, Output, TakesFigures, TakesOrders
from recordings.live.instant import final
from recordings.live.lane import Lane
from recordings.live.outputs import outputs
from recordings.live.sending import Pace
from recordings.live.status import StatusFile
from recordings.live.wire import STATUS, Order, Status, Target, folder, read_status
from tests.recordings.live_outputs.synthetic import STREAM, WALL, encoded, feed, formats
from tests.support.waiting import wait_for

ORDER = Order(stream=STREAM, meeting="m1", title="Нарада", targets=[Target(id="t1", name="YouTube", sealed="broken")])


def _unseal(sealed: str) -> str:
    raise ValueError("This was sealed with another key.")


class _All:
    """What the engine does with outputs."""

    def __init__(self, data: Path) -> None:
        self.outputs = outputs(data, ORDER, _unseal, pace=Pace(first_retry=0.05))
        for output in self.outputs:
            output.begin(formats(), WALL)

    def take(self, packet: Encoded) -> None:
        for output in self.outputs:
            output.take(packet)

    def close(self) -> None:
        for output in self.outputs:
            output.close()


def _status(data: Path) -> Status:
    found = read_status(folder(data, "m1") / STATUS)
    assert found is not None
    return found


def test_from_starting_over_live_to_ended(tmp_path: Path) -> None:
    everything = _All(tmp_path)
    wait_for(lambda: read_status(folder(tmp_path, "m1") / STATUS) is not None)
    first = _status(tmp_path)
    assert (first.state, first.live_at, first.stream, first.meeting) == ("starting", None, STREAM, "m1")
    packets: Output = everything  # type: ignore[assignment]
    feed(packets, 7)
    for output in everything.outputs:
        if isinstance(output, TakesFigures):
            output.figures(EngineFigures(late_frames=3, sounds=("floor", "interpretation")))
    wait_for(lambda: _status(tmp_path).state == "live")
    everything.close()
    last = _status(tmp_path)
    assert last.state == "ended"
    assert last.live_at is not None
    assert last.began_at == first.began_at <= last.live_at
    assert (last.segments, last.late_frames, last.sounds) == (4, 3, ["floor", "interpretation"])
    assert [(one.id, one.state, one.problem) for one in last.targets] == [("t1", "failed", "address")]
    assert final(tmp_path, STREAM).exists()


def test_a_run_that_goes_on_knows_when_the_stream_began(tmp_path: Path) -> None:
    before = Status(stream=STREAM, meeting="m1", state="live", began_at=1.0, live_at=2.0, at=3.0, late_frames=7)
    path = folder(tmp_path, "m1") / STATUS
    path.parent.mkdir(parents=True)
    path.write_text(before.model_dump_json())
    everything = _All(tmp_path)
    everything.close()
    after = _status(tmp_path)
    assert (after.began_at, after.live_at, after.late_frames) == (1.0, 2.0, 7)


def test_another_stream_knows_nothing_of_the_one_before(tmp_path: Path) -> None:
    before = Status(stream="f" * 16, meeting="m1", state="ended", began_at=1.0, live_at=2.0, at=3.0)
    path = folder(tmp_path, "m1") / STATUS
    path.parent.mkdir(parents=True)
    path.write_text(before.model_dump_json())
    everything = _All(tmp_path)
    everything.close()
    after = _status(tmp_path)
    assert after.stream == STREAM
    assert after.live_at is None
    assert after.began_at > 1.0


def test_another_order_is_told_to_whoever_wants_to_know(tmp_path: Path) -> None:
    everything = _All(tmp_path)
    for output in everything.outputs:
        if isinstance(output, TakesOrders):
            output.order(ORDER.model_copy(update={"targets": []}))
    everything.close()
    assert _status(tmp_path).targets == []


def test_no_meeting_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="names no meeting"):
        outputs(tmp_path, ORDER.model_copy(update={"meeting": "../etc"}), _unseal)


def test_an_output_that_stands_still_keeps_nobody_waiting() -> None:
    """A disk that does not answer: what finds no room is dropped, of pictures up to the next key frame."""
    going, taken = threading.Event(), []

    def take(packet: Encoded) -> None:
        going.wait()
        taken.append(packet)

    packets = [packet for packet in encoded() if packet.name == "720p"]
    lane = Lane("test", take, limit_bytes=sum(len(packet.data) for packet in packets) // 3)
    lane.call(lambda: None)
    for packet in packets[:250]:
        lane.put(packet)
    assert lane.dropped > 0
    going.set()
    wait_for(lambda: len(taken) == 250 - lane.dropped)
    before = len(taken)
    for packet in packets[255:]:
        lane.put(packet)
    assert lane.close(lambda: None, 10)
    assert taken[before].key
    assert taken[before].at == 12 * 90_000


def test_an_output_that_fails_goes_on() -> None:
    taken = []

    def take(packet: Encoded) -> None:
        taken.append(packet)
        raise RuntimeError("a fault of its own")

    lane = Lane("test", take)
    lane.call(lambda: None)
    for packet in encoded()[:10]:
        lane.put(packet)
    assert lane.close(lambda: None, 10)
    assert len(taken) == 10
    assert lane.close(lambda: None, 10), "twice is once"


class _Part:
    """An output of which the status tells."""

    trouble, live_at, segments, languages = "", None, 0, ()

    def statuses(self) -> list[Any]:
        return []


def test_the_status_tells_of_the_disk_early_and_even_when_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hls: Any = _Part()
    instant: Any = _Part()
    path = folder(tmp_path, "m1")
    status = StatusFile(path, ORDER, hls, hls, instant, low_bytes=1 << 60)
    wait_for(lambda: read_status(path / STATUS) is not None)
    assert _status(tmp_path).trouble == "disk_low", "before anything is missing"
    instant.trouble = "the disk is full"
    assert status.status().trouble == "not_kept"
    write = Path.write_bytes

    def write_bytes(file: Path, content: bytes) -> int:  # type: ignore[override]
        write(file, content[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    hls.trouble = "No space left on device"
    wait_for(lambda: (found := read_status(path / STATUS)) is not None and found.trouble == "gaps")
    hls.trouble = instant.trouble = ""
    wait_for(lambda: (found := read_status(path / STATUS)) is not None and found.trouble == "disk_low")
    status.close()
    assert _status(tmp_path).state == "ended"
    assert [one.name for one in path.iterdir()] == [STATUS]
    assert StatusFile(path, ORDER, hls, hls, instant, low_bytes=0).status().trouble == ""
