"""The live stream, measured: everybody flashes and beeps each second, and so must what comes out."""

from __future__ import annotations

from itertools import pairwise

import pytest

from recordings.processing.layouts import Canvas, large_with_column
from recordings.raw import timeline
from tests.recordings.live.driving import SMALL, Kept, stream
from tests.recordings.making import BLUE, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import every_second, offsets

CANVAS = Canvas(SMALL.width, SMALL.height)
LARGE, BESIDE = large_with_column(CANVAS, 1)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Olena's clock is fast, Taras's slow; he sends H.264 and speaks from the third second on."""
    folder = tmp_path_factory.mktemp("usual")
    meeting = Meeting(
        folder / "raw",
        [Person("a", "Олена Ковальчук"), Person("b", "Тарас Ґудзь")],
        [
            Sender("a", drift_ppm=300, anchor_noise_s=0.004, reorders=0.05),
            microphone("a", drift_ppm=300, anchor_noise_s=0.004, dtx=True, reorders=0.05),
            Sender("b", codec="H264", colour=BLUE, drift_ppm=-300),
            microphone("b", drift_ppm=-300, tone=1_600),
        ],
        lines=[
            timeline.Speaker(at=ZERO + 0.2, participant="a"),
            timeline.Speaker(at=ZERO + 3, participant="b"),
        ],
    )
    return stream(folder, meeting)


def test_every_second_is_seen_and_heard_in_step(usual: Kept) -> None:
    film = usual.film()
    for box, tone in ((LARGE, 1_000.0), (BESIDE, 1_600.0)):
        flashes, beeps = film.flashes(box), film.beeps(tone)
        assert not every_second(flashes, 0, 6), flashes
        assert not every_second(beeps, 0, 6), beeps
        assert max(abs(offset) for offset in offsets(beeps, flashes)) < 0.08
    assert not every_second(usual.film("360p", "opus", width=80).beeps(1_000.0), 0, 6)


def test_streams_begin_at_zero_go_on_without_a_hole_and_have_key_frames_every_two_seconds(usual: Kept) -> None:
    for name in usual.formats:
        packets = usual.of(name)
        assert packets[0].at == 0, name
        assert all(one.at + one.duration == other.at for one, other in pairwise(packets)), name
    for name in ("720p", "360p"):
        assert [packet.at for packet in usual.of(name) if packet.key] == [0, 180_000, 360_000, 540_000]
    assert usual.closed == 1


def test_who_speaks_is_large_after_a_moment(usual: Kept) -> None:
    film = usual.film()
    assert film.colour(LARGE, 3.5)[0] > 120
    assert film.colour(LARGE, 3.5)[2] < 80, "somebody who only begins does not take over"
    assert film.colour(LARGE, 4.5)[2] > 120
    assert film.colour(BESIDE, 4.5)[0] > 120
