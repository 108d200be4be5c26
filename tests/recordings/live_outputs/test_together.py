"""Engine and outputs together: what a meeting sent is what a player gets, and what a server is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from recordings.live.engine import DELAY_S
from recordings.live.formats import Output
from recordings.live.instant import final
from recordings.live.outputs import outputs
from recordings.live.sending import Pace
from recordings.live.targets import Targets
from recordings.live.wire import INDEX, STATUS, Order, Status, Target, folder, read_status
from recordings.processing.layouts import Canvas, large_with_column
from recordings.raw import timeline
from tests.recordings import making
from tests.recordings.live.driving import BEGINS, SMALL, STREAM, Driver, records
from tests.recordings.making import BLUE, ZERO, Meeting, Person, Sender, microphone
from tests.recordings.measuring import Film, every_second, loudness, offsets, watch
from tests.support.rtmp_server import rtmp_server
from tests.support.waiting import wait_for

LARGE, BESIDE = large_with_column(Canvas(SMALL.width, SMALL.height), 1)
LASTS = 6


@dataclass
class _Driver(Driver):
    made: Sequence[Output] = ()

    def _outputs(self, order: Order) -> Sequence[Output]:
        pace = Pace(first_retry=0.05, longest_retry=0.2, hung=20.0, proven=0.0, tries=2, held=1_000.0)
        self.made = outputs(self.path.parent / "data", order, lambda sealed: sealed, inner=True, pace=pace)
        return self.made

    def sends(self) -> bool:
        """Whether the server takes the stream."""
        return any(isinstance(one, Targets) and one.statuses()[0].state == "live" for one in self.made)


def _meeting(raw: Path) -> Meeting:
    """Olena's clock is fast, Taras's slow; he speaks from the third second on, half as loud."""
    return Meeting(
        raw,
        [Person("a", "Олена Ковальчук"), Person("b", "Тарас Ґудзь")],
        [
            Sender("a", drift_ppm=300),
            microphone("a", drift_ppm=300),
            Sender("b", codec="H264", colour=BLUE, drift_ppm=-300),
            microphone("b", drift_ppm=-300, tone=1_600, loudness=0.1),
        ],
        lasts=LASTS,
        lines=[timeline.Speaker(at=ZERO + 0.2, participant="a"), timeline.Speaker(at=ZERO + 3, participant="b")],
    )


def _in_step(film: Film) -> None:
    """Every second of both is there, in step from the first to the last though their clocks drift."""
    begin = film.flashes(LARGE)[0]
    for box, tone in ((LARGE, 1_000.0), (BESIDE, 1_600.0)):
        seen, heard = film.flashes(box), film.beeps(tone)
        assert every_second([one - begin for one in seen], 0, LASTS) == []
        assert every_second([one - begin for one in heard], 0, LASTS) == []
        assert max(map(abs, offsets(heard, seen))) < 0.08


def _in_place(film: Film) -> None:
    """Whoever speaks is large, the other one beside."""
    begin = film.flashes(LARGE)[0]
    for at, (red, blue) in ((2.5, (LARGE, BESIDE)), (5.5, (BESIDE, LARGE))):
        assert film.colour(red, begin + at)[0] > 120 > 80 > film.colour(red, begin + at)[2]
        assert film.colour(blue, begin + at)[2] > 120 > 80 > film.colour(blue, begin + at)[0]


def test_a_meeting_is_seen_and_heard_in_what_is_written_and_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "BEEP_S", 0.5)  # long enough for the meter's windows
    meeting, data = _meeting(tmp_path / "raw"), tmp_path / "data"

    def status() -> Status:
        found = read_status(folder(data, "m1") / STATUS)
        assert found is not None
        return found

    with rtmp_server(tmp_path) as server:
        target = Target(id="t", sealed=server.address())
        order = Order(stream=STREAM, meeting="m1", targets=[target])
        driver = _Driver(tmp_path / "ring", order=order, now=BEGINS - 3)
        driver.say(driver.order)
        driver.run(-2.9)
        wait_for(driver.sends)  # from the next key frame on, so it has the meeting whole
        driver.run(meeting.lasts + DELAY_S + 0.1, records(meeting))
        driver.close()
        assert status().state == "ended"
        assert status().targets[0].problem == ""
        wait_for(server.recorded)
        written = {"HLS": folder(data, "m1") / INDEX, "kept": final(data, STREAM), "RTMP": server.recorded()[0]}
        for path in written.values():
            film = watch(path)
            _in_step(film)
            _in_place(film)
        loud = {name: loudness(path) for name, path in written.items()}
    assert max(loud.values()) - min(loud.values()) < 0.5, loud
    assert -16 < loud["HLS"] < -9, "two voices of 0.5 s each second, levelled: loud, and below full scale"
