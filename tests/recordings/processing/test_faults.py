"""What goes wrong with recordings, and what comes out all the same."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from recordings.processing import children, layouts
from recordings.processing.errors import DiskFullError, EncoderError, RawMissingError
from recordings.processing.layouts import Canvas
from recordings.processing.options import Options
from recordings.processing.pipeline import Outcome, process, remux
from recordings.processing.state import read
from recordings.raw import rtpdump, timeline
from recordings.raw.timeline import AnyLine
from tests.recordings.making import BLUE, RED, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import Film, every_second, offsets, watch

OPTIONS = Options(width=320, height=180, preset="ultrafast")
WHOLE = layouts.large_with_column(Canvas(320, 180), 0)[0]
CARD = (11, 18, 32)
TILE = (24, 35, 59)


def nothing(phase: str, progress: float) -> None:
    """Nobody looks on."""


def made(
    folder: Path, senders: Sequence[Sender], lasts: float = 4, lines: Sequence[AnyLine] = (), stopped: bool = True
) -> Meeting:
    """A recording of one person, or of those who send."""
    people = [Person(one, one.upper()) for one in dict.fromkeys(sender.participant for sender in senders)]
    meeting = Meeting(folder / "raw", people, senders, lasts=lasts, lines=lines, stopped=stopped)
    meeting.write()
    return meeting


def processed(folder: Path, options: Options = OPTIONS) -> Outcome:
    return process(folder / "raw", folder / "out", options, nothing, lambda: False)


def film(folder: Path, name: str = "video.mp4") -> Film:
    return watch(folder / "out" / "current" / name)


def near(seen: np.ndarray, colour: tuple[int, int, int], within: float = 40) -> bool:
    return float(np.abs(seen - np.array(colour)).max()) < within


# --- nothing there ---


def test_a_meeting_of_no_length_is_empty_not_an_error(tmp_path: Path) -> None:
    made(tmp_path, [], lasts=0)
    assert processed(tmp_path).kind == "empty"
    assert read(tmp_path / "out").outcome == "empty"


def test_a_meeting_in_which_nobody_sent_anything_is_empty(tmp_path: Path) -> None:
    made(tmp_path, [Sender("a", ends=0, anchors_s=0), microphone("a", ends=0, anchors_s=0)])
    assert processed(tmp_path).kind == "empty"


def test_a_folder_without_anything_is_empty(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    assert processed(tmp_path).kind == "empty"


def test_a_recording_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(RawMissingError) as caught:
        processed(tmp_path)
    assert str(tmp_path / "raw") in caught.value.cause
    assert caught.value.next_step
    failure = read(tmp_path / "out").failure
    assert failure is not None
    assert failure.code == "raw_missing"


# --- damage ---


def test_damaged_and_torn_files_cost_only_what_is_damaged(tmp_path: Path) -> None:
    meeting = made(tmp_path, [Sender("a", ends=6), microphone("a", ends=6)], lasts=6)
    chance = random.Random(3)
    for path in meeting.tracks:
        content = bytearray(path.read_bytes())
        start = len(content) // 2
        content[start : start + 200] = chance.randbytes(200)
        path.write_bytes(content[: len(content) - 7])
    with (tmp_path / "raw" / timeline.NAME).open("ab") as file:
        file.write(b'{"kind": "said", "at": 18000')
    outcome = processed(tmp_path)
    assert outcome.kind == "published"
    said = " ".join(outcome.problems)
    assert "bytes in its file are damaged" in said
    assert "are torn" in said
    assert "1 lines of its timeline" in said
    seen = film(tmp_path)
    assert len(seen.times) == 150
    assert len(every_second(seen.beeps(), 0, 6)) <= 1
    assert len(every_second(seen.flashes(WHOLE), 0, 6)) <= 2


def test_damage_anywhere_never_stops_the_check_and_the_tracks(tmp_path: Path) -> None:
    meeting = made(tmp_path, [Sender("a", ends=2), microphone("a", ends=2), Sender("b", ends=2, codec="H264")], lasts=2)
    whole = [path.read_bytes() for path in meeting.tracks]
    seed = int(os.environ.get("VIKNO_TEST_SEED", "11"))
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(12):
        for path, content in zip(meeting.tracks, whole, strict=True):
            broken = bytearray(content)
            for _ in range(chance.randrange(1, 60)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            path.write_bytes(broken[: chance.randrange(len(broken) // 2, len(broken))])
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        outcome = remux(tmp_path / "raw", tmp_path / "out", OPTIONS, nothing, lambda: False)
        assert outcome.kind in ("published", "empty")


def test_pictures_that_cannot_be_decoded_leave_the_name_in_their_place(tmp_path: Path) -> None:
    meeting = made(tmp_path, [Sender("a", ends=3), microphone("a", ends=3)], lasts=3)
    records = []
    for record in rtpdump.read(meeting.tracks[0], 1):
        if isinstance(record, rtpdump.Packet):
            broken = record.payload[:14] + bytes(random.Random(1).randbytes(len(record.payload)))
            offset = round((record.arrived - ZERO) * 1000)
            records.append(rtpdump.rtp_record(1, record.sequence, record.timestamp, record.marker, broken, offset))
    meeting.tracks[0].write_bytes(rtpdump.file_header(ZERO) + b"".join(records))
    assert processed(tmp_path).kind == "published"
    seen = film(tmp_path)
    assert len(seen.times) == 75
    assert every_second(seen.beeps(), 0, 3) == []


def test_lost_and_late_packets(tmp_path: Path) -> None:
    chance = random.Random(5)
    lossy = {"loses": lambda at, number: 2 < at < 3 and chance.random() < 0.3, "reorders": 0.1}
    sender = Sender("a", ends=6, key_every_s=1, **lossy)  # type: ignore[arg-type]
    made(tmp_path, [sender, microphone("a", ends=6, reorders=0.1)], lasts=6)
    outcome = processed(tmp_path)
    assert any("packets of" in problem for problem in outcome.problems)
    seen = film(tmp_path)
    assert every_second(seen.beeps(), 0, 6) == []
    assert [second for second in every_second(seen.flashes(WHOLE), 0, 6) if second not in (2, 3)] == []
    result = (tmp_path / "out" / "work" / "tracks" / "person-01.json").read_text()
    assert '"losses":[{' in result, "where frames were left out is noted"


def test_files_that_are_missing_and_tracks_that_no_line_names(tmp_path: Path) -> None:
    meeting = made(tmp_path, [Sender("a"), microphone("a"), microphone("b", tone=1_600)])
    meeting.tracks[0].unlink()
    lines = (tmp_path / "raw" / timeline.NAME).read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'"track":3' not in line]
    (tmp_path / "raw" / timeline.NAME).write_bytes(b"".join(kept))
    outcome = processed(tmp_path)
    assert outcome.kind == "published"
    assert any("Track 1 (camera): Its file cannot be read" in problem for problem in outcome.problems)
    seen = film(tmp_path)
    assert every_second(seen.beeps(1_000), 0, 4) == []
    assert every_second(seen.beeps(1_600), 0, 4) == []


def test_without_its_timeline_a_recording_is_still_made(tmp_path: Path) -> None:
    made(tmp_path, [Sender("a"), microphone("a"), Sender("b", codec="H264", colour=BLUE)])
    (tmp_path / "raw" / timeline.NAME).unlink()
    assert processed(tmp_path, OPTIONS.model_copy(update={"layout": "grid"})).kind == "published"
    seen = film(tmp_path)
    assert every_second(seen.beeps(), 0, 4, within=0.2) == []
    colours = [seen.colour(box, 2.6) for box in layouts.grid(Canvas(320, 180), 3)]
    assert any(near(colour, RED) for colour in colours)
    assert any(near(colour, BLUE) for colour in colours)


def test_a_crash_ends_the_recording_with_the_last_packet(tmp_path: Path) -> None:
    made(tmp_path, [Sender("a", ends=3), microphone("a", ends=3)], lasts=3, stopped=False)
    outcome = processed(tmp_path)
    assert outcome.duration == pytest.approx(3, abs=0.2)
    assert any("not stopped in order" in problem for problem in outcome.problems)


# --- senders that change ---


@pytest.mark.parametrize("anchors", [1.0, 0.0])
def test_a_clock_that_drifts_is_followed(tmp_path: Path, anchors: float) -> None:
    """Two clocks that go apart by three parts in a thousand: without correction 60 ms in as many seconds."""
    picture = Sender("a", ends=20, rate=5, drift_ppm=-1_500, anchors_s=anchors, sizes=((0, (160, 90)),))
    made(tmp_path, [picture, microphone("a", ends=20, drift_ppm=1_500, anchors_s=anchors)], lasts=20)
    remux(tmp_path / "raw", tmp_path / "out", OPTIONS, nothing, lambda: False)
    seen = film(tmp_path, "tracks/01/person.webm")
    assert every_second(seen.beeps(), 0, 20) == []
    off = offsets(seen.beeps(), seen.flashes((0, 0, 160, 90)))
    assert len(off) == 20
    assert max(off) - min(off) < 0.025
    assert max(abs(one) for one in off) < 0.08


def test_another_codec_and_another_size_in_mid_stream(tmp_path: Path) -> None:
    sizes = ((0.0, (320, 180)), (1.52, (160, 90)))
    senders = [
        Sender("a", ends=3.1, sizes=sizes),
        Sender("a", begins=3.1, ends=6, codec="H264", colour=BLUE, sizes=((0, (240, 180)), (4.5, (320, 180)))),
        microphone("a", ends=6),
    ]
    made(tmp_path, senders, lasts=6)
    processed(tmp_path)
    seen = film(tmp_path)
    assert len(seen.times) == 150
    middle = (WHOLE.x + 80, WHOLE.y + 20, 100, 80)
    assert every_second(seen.flashes(middle), 0, 6, within=0.1) == []
    assert near(seen.colour(WHOLE, 1.4), RED)
    assert near(seen.colour(WHOLE, 2.9), RED)
    assert near(seen.colour(middle, 3.6), BLUE)
    assert near(seen.colour(WHOLE, 5.6), BLUE)
    files = sorted(path.name for path in (tmp_path / "out" / "current" / "tracks" / "01").iterdir())
    assert files == ["camera-2.mp4", "microphone.webm", "person.webm"]
    for name, pictures, sizes in (
        ("person.webm", 77, [(320, 180), (160, 90)]),
        ("camera-2.mp4", 72, [(240, 180), (320, 180)]),
    ):
        shown = list(_sizes(tmp_path / "out" / "current" / "tracks" / "01" / name))
        assert len(shown) == pictures, name
        assert list(dict.fromkeys(shown)) == sizes, name


def _sizes(path: Path) -> Iterator[tuple[int, int]]:
    """Of each picture that a decoder makes of a file."""
    with av.open(str(path)) as file:
        for picture in file.decode(video=0):
            yield picture.width, picture.height


def test_a_new_connection_goes_on_in_the_same_file(tmp_path: Path) -> None:
    senders = [
        Sender("a", ends=2.3, drift_ppm=200),
        microphone("a", ends=2.3),
        Sender("a", begins=2.6, ends=5, drift_ppm=200),
        microphone("a", begins=2.6, ends=5),
    ]
    made(tmp_path, senders, lasts=5)
    processed(tmp_path)
    for name in ("video.mp4", "tracks/01/person.webm"):
        seen = film(tmp_path, name)
        assert every_second(seen.beeps(), 0, 5) == [], name
        box = WHOLE if name == "video.mp4" else (0, 0, 320, 180)
        assert every_second(seen.flashes(box), 0, 5) == [], name


# --- what must not be seen or heard ---


def test_what_was_muted_is_silent_and_dark(tmp_path: Path) -> None:
    senders = [Sender("a", ends=6, muted=[(1.9, 3.9)]), microphone("a", ends=6, muted=[(2.5, 4.5)])]
    made(tmp_path, senders, lasts=6)
    processed(tmp_path)
    seen = film(tmp_path)
    assert every_second(seen.beeps(), 0, 6) == [3, 4]
    assert seen.level(2.6, 4.4) < 1e-3
    assert near(seen.colour(WHOLE, 1.5), RED)
    assert near(seen.colour((WHOLE.x, WHOLE.y, 40, 40), 3.1), TILE, within=7)
    assert near(seen.colour(WHOLE, 4.6), RED)


def test_a_gap_is_a_calm_card_and_not_a_frozen_face(tmp_path: Path) -> None:
    gap = timeline.Gap(at=ZERO + 4, since=ZERO + 2, cause="node")
    senders = [Sender("a", ends=6, silent=[(2, 4)]), microphone("a", ends=6, silent=[(2, 4)])]
    made(tmp_path, senders, lasts=6, lines=[gap])
    outcome = processed(tmp_path)
    assert any("nothing was kept (node)" in problem for problem in outcome.problems)
    seen = film(tmp_path)
    assert near(seen.colour((20, 20, 60, 30), 3.0), CARD, within=7)
    assert near(seen.colour(WHOLE, 1.5), RED)
    assert near(seen.colour(WHOLE, 4.5), RED)
    assert every_second(seen.beeps(), 0, 6) == [2, 3]


def test_a_camera_that_stops_sending_is_not_frozen(tmp_path: Path) -> None:
    made(tmp_path, [Sender("a", ends=6, silent=[(1, 3.9)]), microphone("a", ends=6)], lasts=6)
    processed(tmp_path)
    seen = film(tmp_path)
    assert near(seen.colour((WHOLE.x, WHOLE.y, 40, 40), 3.1), TILE, within=7)
    assert near(seen.colour(WHOLE, 4.6), RED)


def test_a_pause_is_cut_out_but_for_a_card_and_all_stays_in_step(tmp_path: Path) -> None:
    lines: list[AnyLine] = [
        timeline.Paused(at=ZERO + 2.5),
        timeline.Resumed(at=ZERO + 6.5),
        timeline.Said(at=ZERO + 7, message="m", participant="a", name="A", text="Знову тут"),
    ]
    senders = [Sender("a", ends=9, silent=[(2.6, 6.4)], key_every_s=0.5), microphone("a", ends=9)]
    made(tmp_path, senders, lasts=9, lines=lines)
    outcome = processed(tmp_path)
    assert outcome.duration == pytest.approx(8.0, abs=0.05)
    seen = film(tmp_path)
    assert near(seen.colour((20, 20, 60, 30), 4.0), CARD, within=7)
    assert seen.level(2.6, 5.4) < 1e-3, "what was said during a pause is not in it"
    heard = seen.beeps()
    assert every_second(heard, 0, 8) == [3, 4, 5]
    assert every_second(seen.flashes(WHOLE), 0, 8) == [3, 4, 5]
    chat = json.loads((tmp_path / "out" / "current" / "playback.json").read_text())["chat"]
    assert chat[0]["at"] == pytest.approx(6, abs=0.05)


# --- the machine ---


def test_an_encoder_that_fails_is_an_error_with_cause_and_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path, [Sender("a", ends=1), microphone("a", ends=1)], lasts=1)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/bin/false")
    children.ffmpeg.cache_clear()
    with pytest.raises(EncoderError) as caught:
        processed(tmp_path)
    assert "ffmpeg failed" in caught.value.cause
    monkeypatch.undo()
    children.ffmpeg.cache_clear()
    assert processed(tmp_path).kind == "published"


FULL = """
import sys
from pathlib import Path
from recordings.processing import pipeline
from recordings.processing.errors import DiskFullError
from recordings.processing.options import Options
from recordings.processing.pipeline import process
raw, out = Path(sys.argv[1]), Path(sys.argv[2])
room = out / "filler"
pipeline._Run._room = lambda self: None
room.write_bytes(bytes(int(sys.argv[3])))
try:
    process(raw, out / "rec", Options(width=320, height=180, preset="ultrafast"), lambda *_: None, lambda: False)
except DiskFullError as error:
    print("FULL", error.next_step)
room.unlink()
outcome = process(raw, out / "rec", Options(width=320, height=180, preset="ultrafast"), lambda *_: None, lambda: False)
print(outcome.kind)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system of its own")
@pytest.mark.parametrize("left", [20_000, 60_000, 150_000])
def test_a_full_disk_is_named_and_with_room_it_goes_on(tmp_path: Path, left: int) -> None:
    made(tmp_path, [Sender("a", ends=3), microphone("a", ends=3)], lasts=3)
    disk, size = tmp_path / "disk", 2_000_000
    disk.mkdir()
    script = tmp_path / "full.py"
    script.write_text(FULL)
    mount = f"mount -t tmpfs -o size={size} none {disk}"
    run = f"{mount} && {sys.executable} {script} {tmp_path / 'raw'} {disk} {size - left}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    if subprocess.run(["unshare", "-Urm", "true"], check=False).returncode:
        pytest.skip("This machine lets nobody make a file system of their own.")
    said = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", run], capture_output=True, text=True, check=False, env=environment
    )
    lines = said.stdout.splitlines()
    assert lines[-1:] == ["published"], said.stderr
    assert lines[0].startswith("FULL Make room"), said.stdout


def test_too_little_room_is_said_before_the_work_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, [microphone("a", ends=1)], lasts=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000))  # type: ignore[attr-defined]
    with pytest.raises(DiskFullError, match="0 MB left"):
        processed(tmp_path)
