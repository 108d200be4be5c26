"""Clocks of a live stream: from a sender's timestamps to the node's clock, as anchors come in. Pure arithmetic.

Offline the whole track is there and a line is fitted through all anchors (`recordings.processing.clock`). Here the last
few decide: their median withstands a report that jitters, and follows a clock that runs fast or slow.
"""

from __future__ import annotations

import statistics
from collections import deque
from typing import Final

from recordings.processing.clock import EARLIEST_S, LATEST_S, STEP_S

ANCHORS: Final = 7
"""About one comes each second. A clock that is 300 ppm fast is followed with a lag of 3 s, which is 1 ms."""
TRAVEL_S: Final = 0.04
"""What passes between capture and arrival, before the first anchor says."""
ARRIVALS_S: Final = 5.0
BUCKET_S: Final = 0.5
BUCKETS: Final = 16
SPARE_S: Final = 0.06
MAX_LAG_S: Final = 2.0
_STEP_S: Final = 0.25
"""What the node's clock must be off to be set anew: less is the time that reading takes."""


class TrackClock:
    """Where on the node's clock (UTC, in seconds) media of one track belongs."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._anchors: deque[float] = deque(maxlen=ANCHORS)
        """For each anchor the time at which timestamp 0 was captured."""
        self._suspect: float | None = None
        self._offset: float | None = None
        self._arrivals: deque[tuple[int, float]] = deque(maxlen=6)
        """By bucket of arrival, the same time by the packet that was delayed least."""

    @property
    def known(self) -> bool:
        return self._offset is not None

    def saw(self, timestamp: int, arrived: float) -> None:
        """A packet. As long as there is no anchor, the one of the last half minute that was delayed least shows the
        way.
        """
        if self._anchors:
            return
        bucket, offset = int(arrived / ARRIVALS_S), arrived - TRAVEL_S - timestamp / self.rate
        if not self._arrivals or self._arrivals[-1][0] != bucket:
            self._arrivals.append((bucket, offset))
        elif offset < self._arrivals[-1][1]:
            self._arrivals[-1] = (bucket, offset)
        self._offset = min(offset for _, offset in self._arrivals)

    def reported(self, timestamp: int, captured: float, arrived: float) -> None:
        """An anchor. One that cannot be is left out; one that is off counts when the next says the same."""
        if not -LATEST_S <= arrived - captured <= EARLIEST_S:
            return
        offset = captured - timestamp / self.rate
        if self._anchors and abs(offset - statistics.median(self._anchors)) > STEP_S:
            if self._suspect is None or abs(offset - self._suspect) > STEP_S:
                self._suspect = offset
                return
            self._anchors.clear()
        self._suspect = None
        self._anchors.append(offset)
        self._offset = statistics.median(self._anchors)

    def time(self, timestamp: int) -> float:
        """When media with this timestamp was captured."""
        return (self._offset or 0.0) + timestamp / self.rate

    def timestamp(self, time: float) -> float:
        """What was captured at `time`."""
        return (time - (self._offset or 0.0)) * self.rate


class Lateness:
    """By how much a participant's media must be shown later than everybody's, since it comes so late: a poor line.

    Of each half second the packet that came latest counts, and of the last 8 s all but the worst quarter.
    """

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._worst: deque[float] = deque(maxlen=BUCKETS)
        self._bucket = -1
        self.lag = 0.0
        """Seconds."""

    def saw(self, captured: float, arrived: float) -> None:
        """A packet of sound."""
        bucket = int(arrived / BUCKET_S)
        late = arrived - captured
        if bucket != self._bucket:
            self._bucket = bucket
            self._settle()
            self._worst.append(late)
        elif late > self._worst[-1]:
            self._worst[-1] = late

    def _settle(self) -> None:
        if len(self._worst) < 2:
            return
        ranked = sorted(self._worst)
        need = min(MAX_LAG_S, max(0.0, ranked[(len(ranked) - 1) * 3 // 4] + SPARE_S - self._delay))
        if need > self.lag or (need < self.lag - 2 * SPARE_S and len(self._worst) == BUCKETS):
            self.lag = need


class NodeTime:
    """The node's clock, in terms of this process's monotonic one.

    The node reads the wall clock once, when it starts, so that its tracks agree with each other; what this process
    finds on the wall may be off by whatever was corrected since. The node writes its time into the ring all the time.
    """

    def __init__(self, guess: float) -> None:
        self._ahead = guess
        self._seen: float | None = None
        self._doubts = 0

    def saw(self, written: float, now: float) -> None:
        """The node's clock as the ring has it, at the monotonic time `now`."""
        if written == self._seen:
            return
        fresh = self._seen is not None
        self._seen = written
        if not fresh:  # it may have been written at any time
            return
        ahead = written - now
        if abs(ahead - self._ahead) < _STEP_S:
            self._doubts = 0
            return
        self._doubts += 1
        if self._doubts > 1:
            self._ahead, self._doubts = ahead, 0

    def of(self, now: float) -> float:
        """UTC in seconds, as the node has it."""
        return now + self._ahead
