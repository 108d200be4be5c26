"""A composer for killing: `python -m tests.recordings.live_outputs.feeder DATA` feeds all outputs, several times faster
than it lasts, until it is ended."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from recordings.live.formats import CLOCK
from recordings.live.outputs import outputs
from recordings.live.wire import Order
from tests.recordings.live_outputs.synthetic import STREAM, encoded, formats

MEETING = "m1"
LASTS = 6
_AT_ONCE = 30
_PAUSE_S = 0.02


def main() -> None:
    packets = encoded(LASTS)
    made = outputs(Path(sys.argv[1]), Order(stream=STREAM, meeting=MEETING), lambda sealed: sealed)
    for output in made:
        output.begin(formats(), time.time())
    turn = 0
    while True:
        for number, packet in enumerate(packets):
            if number % _AT_ONCE == 0:
                time.sleep(_PAUSE_S)
            for output in made:
                output.take(packet._replace(at=packet.at + turn * LASTS * CLOCK[packet.name]))
        turn += 1


if __name__ == "__main__":
    main()
