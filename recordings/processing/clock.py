"""From a sender's timestamps to the recording's clock.

Anchors (the server's sender reports) say at which time of the server's clock the media with a timestamp was captured.
Senders' clocks run fast or slow by some hundred parts per million, reports jitter, and a sender that comes back may
begin anew: so the line through the anchors is fitted robustly (Theil-Sen), in pieces where it breaks, and bent where a
clock's speed changes. Without anchors the packets that were delayed least stand in for them.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

BUCKET_S: Final = 5.0
"""In each such span of arrival the packet that was delayed least is kept."""
SILENCE_S: Final = 1.0
"""After so long without a packet a sender may go on with other timestamps."""
STEP_S: Final = 0.1
"""Anchors that lie this far off their predecessors begin another piece."""
MAX_DRIFT: Final = 2_000e-6
BEND_S: Final = 0.012
"""What anchors of a minute may lie off the line in the middle; beyond it, the line is bent."""
EARLIEST_S: Final = 5.0
"""Media is captured at most this long before it arrives (an encoder's buffer)."""
LATEST_S: Final = 0.5
SAMPLE: Final = 160


class Point(NamedTuple):
    """Media with `timestamp` belongs at `time` (UTC, seconds)."""

    timestamp: int
    time: float


class Mapping(BaseModel):
    """Pieces of the way from timestamps to time: in each, straight lines from knot to knot."""

    rate: int
    pieces: list[list[Point]] = []
    drift_ppm: float = 0.0
    """By how much the sender's clock runs fast."""
    anchored: bool = True

    def reader(self) -> Reader:
        """For timestamps that mostly grow."""
        return Reader(self)


class Reader:
    """Maps timestamps to time, quickly where they grow."""

    def __init__(self, mapping: Mapping) -> None:
        self._lines: list[tuple[int, float, float]] = []
        nominal = 1 / mapping.rate
        for piece in mapping.pieces:
            knots = piece if len(piece) > 1 else [piece[0], Point(piece[0].timestamp + 1, piece[0].time + nominal)]
            for left, right in pairwise(knots):
                slope = (right.time - left.time) / max(1, right.timestamp - left.timestamp)
                self._lines.append((left.timestamp, left.time, slope))
        self._starts = [line[0] for line in self._lines]

    def __call__(self, timestamp: int) -> float:
        """UTC in seconds. Before the first and after the last knot the nearest line goes on."""
        start, at, slope = self._lines[max(0, bisect_right(self._starts, timestamp) - 1)]
        return at + (timestamp - start) * slope


@dataclass(slots=True)
class Evidence:
    """What a track's packets say about its clock; gathered by `saw` and `reported`."""

    rate: int
    anchors: list[Point] = field(default_factory=list)
    earliest: dict[int, Point] = field(default_factory=dict)
    """By bucket of arrival: timestamp and arrival of the packet that was delayed least."""
    breaks: list[int] = field(default_factory=list)
    """Timestamps of packets that came after a silence: where another piece may begin."""
    _last: float = -1.0

    def saw(self, timestamp: int, arrived: float) -> None:
        """A packet."""
        bucket = int(arrived // BUCKET_S)
        known = self.earliest.get(bucket)
        if known is None or arrived - timestamp / self.rate < known.time - known.timestamp / self.rate:
            self.earliest[bucket] = Point(timestamp, arrived)
        if arrived - self._last > SILENCE_S and self._last >= 0:
            self.breaks.append(timestamp)
        self._last = arrived

    def saw_all(self, timestamps: NDArray[np.int64], arrived: NDArray[np.float64]) -> None:
        """Many packets, in the order of their arrival."""
        if not len(arrived):
            return
        buckets = arrived // BUCKET_S
        delays = arrived - timestamps / self.rate
        since = [0, *(np.flatnonzero(np.diff(buckets)) + 1).tolist()]
        for begin, end in zip(since, [*since[1:], len(arrived)], strict=True):
            least = begin + int(np.argmin(delays[begin:end]))
            known = self.earliest.get(bucket := int(buckets[begin]))
            if known is None or delays[least] < known.time - known.timestamp / self.rate:
                self.earliest[bucket] = Point(int(timestamps[least]), float(arrived[least]))
        if self._last >= 0 and arrived[0] - self._last > SILENCE_S:
            self.breaks.append(int(timestamps[0]))
        self.breaks += timestamps[1:][np.diff(arrived) > SILENCE_S].tolist()
        self._last = float(arrived[-1])

    def reported(self, timestamp: int, captured: float) -> None:
        """An anchor."""
        self.anchors.append(Point(timestamp, captured))

    def fit(self) -> Mapping:
        """The way from timestamps to time. Empty without any packet."""
        arrivals = sorted(self.earliest.values())
        anchors = _credible(sorted(self.anchors), arrivals, self.rate)
        points = anchors or arrivals
        if not points:
            return Mapping(rate=self.rate, anchored=False)
        pieces = [
            _fitted(piece, self.rate, arrivals) for piece in _split(points, self.rate, self.breaks, bool(anchors))
        ]
        longest = max(pieces, key=lambda knots: knots[-1].timestamp - knots[0].timestamp)
        return Mapping(rate=self.rate, pieces=pieces, drift_ppm=_drift(longest, self.rate), anchored=bool(anchors))


def _credible(anchors: Sequence[Point], arrivals: Sequence[Point], rate: int) -> list[Point]:
    """Anchors that do not contradict the packets: nothing is captured long before it arrives, or after."""
    if not arrivals:
        return list(anchors)
    stamps = [one.timestamp for one in arrivals]
    good = []
    for anchor in anchors:
        near = arrivals[min(len(arrivals) - 1, bisect_right(stamps, anchor.timestamp))]
        early = near.time - (near.timestamp - anchor.timestamp) / rate - anchor.time
        if -LATEST_S <= early <= EARLIEST_S:
            good.append(anchor)
    return good


def _split(points: Sequence[Point], rate: int, breaks: Sequence[int], anchored: bool) -> list[list[Point]]:
    """Points in runs that one line can go through. Where the next also lies off, it is a step, else an outlier."""
    limit = STEP_S if anchored else 3 * STEP_S
    offsets = [one.time - one.timestamp / rate for one in points]
    runs: list[list[Point]] = [[points[0]]]
    recent = [offsets[0]]
    for index in range(1, len(points)):
        point, offset = points[index], offsets[index]
        if abs(offset - statistics.median(recent)) > limit:
            goes_on = index + 1 >= len(points) or abs(offsets[index + 1] - offset) <= limit
            if not goes_on:
                continue
            first = next((one for one in breaks if points[index - 1].timestamp < one <= point.timestamp), None)
            runs.append([])
            recent.clear()
            if first is not None and first < point.timestamp:
                runs[-1].append(Point(first, offset + first / rate))
        runs[-1].append(point)
        recent = [*recent[-4:], offset]
    return runs


def _fitted(points: Sequence[Point], rate: int, arrivals: Sequence[Point]) -> list[Point]:
    """Knots of the line through `points`."""
    nominal = 1 / rate
    span = (points[-1].timestamp - points[0].timestamp) / rate
    slope = _slope(points, rate) if len(points) > 2 and span >= BUCKET_S else None
    if slope is None:
        inside = [one for one in arrivals if one.timestamp >= points[0].timestamp]
        slope = _slope(inside, rate) if len(inside) > 6 else None
    if slope is None or abs(slope * rate - 1) > MAX_DRIFT:
        slope = nominal
    start = points[0].timestamp
    offset = statistics.median(one.time - (one.timestamp - start) * slope for one in points)
    line = [Point(start, offset), Point(points[-1].timestamp, offset + (points[-1].timestamp - start) * slope)]
    return _bent(points, line, rate, slope) if line[1].timestamp > start else line[:1]


def _slope(points: Sequence[Point], rate: int) -> float | None:
    """Theil-Sen: the median of the slopes between pairs that lie well apart."""
    step = max(1, len(points) // SAMPLE)
    chosen = points[::step]
    apart = (chosen[-1].timestamp - chosen[0].timestamp) / 3
    slopes = [
        (b.time - a.time) / (b.timestamp - a.timestamp)
        for index, a in enumerate(chosen)
        for b in chosen[index + 1 :]
        if b.timestamp - a.timestamp > max(apart, rate)
    ]
    return statistics.median(slopes) if slopes else None


def _bent(points: Sequence[Point], line: list[Point], rate: int, slope: float) -> list[Point]:
    """`line`, with knots in between where the anchors of a minute lie off it."""
    start = line[0]
    minutes: dict[int, list[float]] = {}
    for point in points:
        off = point.time - start.time - (point.timestamp - start.timestamp) * slope
        minutes.setdefault((point.timestamp - start.timestamp) // (60 * rate), []).append(off)
    medians = {minute: statistics.median(offs) for minute, offs in minutes.items() if len(offs) > 4}
    if len(medians) < 3 or max(abs(off) for off in medians.values()) <= BEND_S:
        return line
    stamps = {minute: start.timestamp + minute * 60 * rate + 30 * rate for minute in medians}
    return [
        Point(stamps[minute], start.time + (stamps[minute] - start.timestamp) * slope + off)
        for minute, off in sorted(medians.items())
    ]


def _drift(knots: Sequence[Point], rate: int) -> float:
    if len(knots) < 2 or knots[-1].time <= knots[0].time:
        return 0.0
    ticks = knots[-1].timestamp - knots[0].timestamp
    return round((ticks / rate / (knots[-1].time - knots[0].time) - 1) * 1e6, 1)
