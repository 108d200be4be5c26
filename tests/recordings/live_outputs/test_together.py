"""Engine and outputs together: what a meeting sent is what a player gets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recordings.live.engine import DELAY_S
from recordings.live.formats import Output
from recordings.live.instant import final
from recordings.live.outputs import outputs
from recordings.live.wire import INDEX, STATUS, Order, folder, read_status
from tests.recordings.live.driving import SMALL, STREAM, Driver, records
from tests.recordings.making import Meeting, Person, Sender, microphone
from tests.recordings.measuring import every_second, offsets, watch


class _Driver(Driver):
    def _outputs(self, order: Order) -> Sequence[Output]:
        return outputs(self.path.parent / "data", order, lambda sealed: sealed)


def test_a_meeting_is_seen_and_heard_in_what_is_written(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path / "raw", [Person("a", "Олена Ковальчук")], [Sender("a"), microphone("a")])
    driver = _Driver(tmp_path / "ring")
    driver.say(driver.order)
    driver.run(meeting.lasts + DELAY_S + 0.1, records(meeting))
    driver.close()
    data = tmp_path / "data"
    for path in (folder(data, "m1") / INDEX, final(data, STREAM)):
        film = watch(path)
        seen, heard = film.flashes((0, 0, SMALL.width, SMALL.height)), film.beeps()
        assert len(heard) == len(seen) == meeting.lasts, path.name
        begin = seen[0]
        assert every_second([one - begin for one in seen], 0, round(meeting.lasts)) == []
        assert max(map(abs, offsets(heard, seen))) < 0.08
    status = read_status(folder(data, "m1") / STATUS)
    assert status is not None
    assert (status.state, status.segments) == ("ended", 4)
