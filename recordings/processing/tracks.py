"""The second phase: each participant's tracks as files that every player plays, without transcoding.

Tracks of one participant, source and codec that follow each other (a new connection) make one reel. Voice and camera
of a participant stand in one file, everything else in files of its own, the voice in one of its own too: WebM, or MP4
where H.264 is in it. All begin at the recording's zero.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import av
import numpy as np
from pydantic import BaseModel, ConfigDict

from recordings.processing import frames, h264, webm
from recordings.processing.check import TrackReport
from recordings.processing.frames import Frame, Tally
from recordings.processing.ordering import Counts, in_order
from recordings.processing.story import Span
from recordings.raw import blocks

EARLY_S: Final = 15.0
"""Media that would belong so long before its arrival, or ..."""
AHEAD_S: Final = 2.0
"""... so long after it, has a damaged timestamp."""
EDGE_S: Final = 0.2
"""What is captured so little before the zero belongs to it."""
SILENCE_S: Final = 2.0
"""A camera that shows nothing new for so long is not shown: no frozen faces."""
FRAME_S: Final = 0.04
SOUND_MS: Final = 20
SILENCES: Final = (
    (120, b"\xfb\x06" + b"\xff\xfe" * 6),
    (20, b"\xf8\xff\xfe"),
    (10, b"\xf0\xff\xfe"),
    (5, b"\xe8\xff\xfe"),
)
"""Opus packets that say nothing for so many milliseconds (RFC 6716 §3.1, §3.2.5)."""


class TrackJob(BaseModel):
    """One track as a participant's job needs it. What is muted to the end is so until infinity, also in JSON."""

    model_config = ConfigDict(ser_json_inf_nan="constants")

    report: TrackReport
    path: Path
    muted: list[Span] = []
    ended: float | None = None


class PersonJob(BaseModel):
    """All of a participant's tracks; `folder` is where the files go."""

    model_config = ConfigDict(ser_json_inf_nan="constants")

    participant: str
    name: str
    folder: Path
    zero: float
    duration: float
    tracks: list[TrackJob]
    dark: list[Span] = []
    """When nothing was kept: pauses and gaps."""


class Mark(BaseModel):
    """Frames are missing before the one at `at`."""

    at: float


class Size(BaseModel):
    """From `at` on pictures are so large."""

    at: float
    width: int
    height: int


class Reel(BaseModel):
    """A file made from tracks, with what composing must know. Names are relative to the participant's folder."""

    participant: str
    source: str
    media: str
    codec: str
    channels: int = 0
    file: str
    """What is published."""
    media_file: str
    """Where its frames lie: in the same, or for H.264 in a Matroska file."""
    index_file: str
    tracks: list[int]
    since: float
    until: float
    frames: int
    spans: list[Span]
    """When it has something to show."""
    sizes: list[Size] = []
    losses: list[Mark] = []
    frames_left_out: int = 0


class PersonResult(BaseModel):
    """What became of a participant's tracks."""

    participant: str
    name: str
    reels: list[Reel]
    files: list[str]
    """Names of the files with more than one reel: voice and camera together."""
    problems: list[str] = []


@dataclass(eq=False)
class _Source:
    """A reel while it is made."""

    name: str
    jobs: list[TrackJob]
    codec: str
    tally: Tally

    @property
    def sound(self) -> bool:
        return self.codec == "opus"


def process_person(job: PersonJob) -> PersonResult:
    """Write a participant's files. Raises OSError."""
    job.folder.mkdir(parents=True, exist_ok=True)
    result = PersonResult(participant=job.participant, name=job.name, reels=[], files=[])
    sources = _sources(job)
    voices = [source for source in sources if source.name == "microphone"]
    cameras = [source for source in sources if source.name == "camera"]
    pair = [*cameras, *voices]  # another codec later makes another file, with the pictures alone
    if pair:
        _Writing(job, pair, result, "person").run()
    for source in sources:
        if source not in pair:
            _Writing(job, [source], result, source.name).run()
    return result


def _sources(job: PersonJob) -> list[_Source]:
    """Reels to be made: tracks by source and codec, in the order of their beginnings."""
    made: dict[tuple[str, str], _Source] = {}
    for track in sorted(job.tracks, key=lambda one: (one.report.since, one.report.track)):
        report = track.report
        key = (report.source, report.codec)
        if key not in made:
            other = sum(1 for source, _ in made if source == report.source)
            made[key] = _Source(report.source + (f"-{other + 1}" if other else ""), [], report.codec, Tally())
        made[key].jobs.append(track)
    return list(made.values())


def _timed(job: PersonJob, source: _Source) -> Iterator[Frame]:
    """Frames of a reel, on the recording's clock in milliseconds, growing."""
    last = -1
    step = 0 if source.sound else 1
    for number, track in enumerate(source.jobs):
        later = source.jobs[number + 1].report.since if number + 1 < len(source.jobs) else float("inf")
        for frame in _of_track(job, source, track):
            if frame.timestamp >= later * 1000:
                break
            at = max(frame.timestamp, last + step)
            if at - frame.timestamp > 60:  # it lies over what is there already
                continue
            last = at
            yield frame if at == frame.timestamp else frame._replace(timestamp=at)


def _filled(sounds: Iterator[Frame]) -> Iterator[Frame]:
    """A voice without holes: where nothing was sent there is silence, so that players and mixers keep its time."""
    end = 0
    for frame in sounds:
        for lasting, silence in SILENCES:
            while frame.timestamp - end >= lasting:
                yield Frame(end, frame.arrived, True, silence)
                end += lasting
        yield frame
        end = frame.timestamp + _lasting_ms(frame.data)


_OPUS_MS: Final = (
    *(10, 20, 40, 60) * 3,
    *(10, 20) * 2,
    *(2.5, 5, 10, 20) * 4,
)
"""Length of a frame by the configuration number of RFC 6716 §3.1."""


def _lasting_ms(packet: bytes) -> int:
    code = packet[0] & 3
    count = 1 if code == 0 else 2 if code < 3 else packet[1] & 63 if len(packet) > 1 else 1
    return int(_OPUS_MS[packet[0] >> 3] * count)


def _of_track(job: PersonJob, source: _Source, track: TrackJob) -> Iterator[Frame]:
    report = track.report
    if not report.clock.pieces:
        return
    place = report.clock.reader()
    packets = in_order(blocks.read(track.path, report.track), Counts())
    made = (
        frames.sounds(packets, source.tally) if source.sound else frames.pictures(report.codec, packets, source.tally)
    )
    hidden = _merged([*track.muted, *job.dark])
    starts = [span.since for span in hidden]
    needs_key = False
    zero, end = job.zero, job.duration + 0.5
    for stamp, arrived, key, data, after_loss in made:
        time = place(stamp)
        if not -EARLY_S <= time - arrived <= AHEAD_S and not report.damaged_header:
            source.tally.odd += 1
            needs_key = True
            continue
        at = time - zero
        number = bisect_right(starts, at) - 1
        if at < -EDGE_S or at > end or (number >= 0 and at < hidden[number].until):
            needs_key = True
            continue
        if needs_key and not key:
            source.tally.leaned += 1
            continue
        yield Frame(int(max(0.0, at) * 1000 + 0.5), arrived, key, data, after_loss or needs_key)
        needs_key = False


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.since <= merged[-1].until:
            merged[-1] = Span(merged[-1].since, max(merged[-1].until, span.until))
        else:
            merged.append(span)
    return merged


class _Stream:
    """A reel's frames on their way into its file, and what is noted of them."""

    def __init__(self, job: PersonJob, source: _Source, first: Frame) -> None:
        self.source = source
        self.kind = _kind(source, first)
        self.losses: list[Mark] = []
        self.sizes: list[Size] = []
        self._sizes_seen = 0

    def note(self, frame: Frame) -> None:
        """What must be known of a picture."""
        if frame.after_loss:
            self.losses.append(Mark(at=frame.timestamp / 1000))
        if frame.key and len(self.source.tally.sizes) > self._sizes_seen:
            width, height = self.source.tally.sizes[-1]
            self._sizes_seen = len(self.source.tally.sizes)
            self.sizes.append(Size(at=frame.timestamp / 1000, width=width, height=height))


class _Writing:
    """Writes reels into one file; voices also into files of their own, which is little and what is worked with."""

    def __init__(self, job: PersonJob, sources: Sequence[_Source], result: PersonResult, name: str) -> None:
        self.job, self.result = job, result
        self._begun = [
            (source, first, rest)
            for source in sources
            for rest in [_filled(_timed(job, source)) if source.sound else _timed(job, source)]
            for first in [next(rest, None)]
            if first is not None
        ]
        for source in sources:
            if all(source is not one for one, *_ in self._begun):
                result.problems.append(f"{source.name}: nothing in it can be decoded.")
        if len(self._begun) == 1:
            name = self._begun[0][0].name
        plain = all(source.codec != "H264" for source, *_ in self._begun)
        self._path = job.folder / f"{name}.{'webm' if plain else 'mkv'}"

    def run(self) -> None:
        if not self._begun:
            return
        streams = [_Stream(self.job, source, first) for source, first, _ in self._begun]
        together = webm.Writer(self._path, [stream.kind for stream in streams], title=self.job.name)
        alone: dict[int, tuple[Path, webm.Writer]] = {}
        if len(streams) > 1:
            for number, stream in enumerate(streams):
                if stream.source.sound:
                    path = self.job.folder / f"{stream.source.name}.webm"
                    alone[number] = (path, webm.Writer(path, [stream.kind], title=self.job.name))
        tagged = [_tagged(number, chain((first,), rest)) for number, (_, first, rest) in enumerate(self._begun)]
        merged = heapq.merge(*tagged) if len(tagged) > 1 else tagged[0]
        for at, number, frame in merged:
            together.add(number, at, frame.key, frame.data)
            if number in alone:
                alone[number][1].add(0, at, True, frame.data)
            elif frame.key or frame.after_loss:
                streams[number].note(frame)
        for _, writer in alone.values():
            writer.close(SOUND_MS)
        together.close(SOUND_MS)
        published = self._path if self._path.suffix == ".webm" else _mp4(self._path)
        if len(streams) > 1:
            self.result.files.append(published.name)
        for number, stream in enumerate(streams):
            if number in alone:
                path, writer = alone[number]
                self.result.reels.append(self._reel(stream, path, path, writer.indexes[0]))
            else:
                self.result.reels.append(self._reel(stream, self._path, published, together.indexes[number]))

    def _reel(self, stream: _Stream, media: Path, published: Path, index: webm.Index) -> Reel:
        index_path = self.job.folder / f"{stream.source.name}.index"
        index_path.write_bytes(index.content())
        times = index.times
        reports = [track.report for track in stream.source.jobs]
        return Reel(
            participant=self.job.participant,
            source=reports[0].source,
            media=reports[0].media,
            codec=stream.source.codec,
            channels=stream.kind.channels,
            file=published.name,
            media_file=media.name,
            index_file=index_path.name,
            tracks=[report.track for report in reports],
            since=times[0] / 1000,
            until=times[-1] / 1000 + (SOUND_MS / 1000 if stream.source.sound else FRAME_S),
            frames=len(times),
            spans=spans(times, stream.source.jobs, self.job) if not stream.source.sound else [],
            sizes=stream.sizes,
            losses=stream.losses,
            frames_left_out=stream.source.tally.cut + stream.source.tally.leaned,
        )


def _tagged(number: int, made: Iterable[Frame]) -> Iterator[tuple[int, int, Frame]]:
    return ((frame.timestamp, number, frame) for frame in made)


def _kind(source: _Source, first: Frame) -> webm.Kind:
    if source.sound:
        return webm.opus(min(2, max(1, source.jobs[0].report.channels)))
    size = source.tally.sizes[-1] if source.tally.sizes else (0, 0)
    return webm.vp8(size) if source.codec == "VP8" else webm.h264(size, *h264.parameter_sets(first.data))


def spans(times: Sequence[int], tracks: Sequence[TrackJob], job: PersonJob) -> list[Span]:
    """When pictures at `times` (ms) are to be seen: a camera while it moves, a screen as long as it is shared."""
    still = tracks[0].report.source == "screen"
    ends = sorted(min(track.ended if track.ended is not None else track.report.until, job.duration) for track in tracks)
    dark = _merged([*job.dark, *(span for track in tracks for span in track.muted)])
    shown: list[Span] = []

    def show(since: float, until: float) -> None:
        if shown and since - shown[-1].until < 0.002:
            shown[-1] = Span(shown[-1].since, until)
        else:
            shown.append(Span(since, until))

    begun = 0
    for number in _ending(times, ends, [span.since for span in dark], still):
        at = times[number] / 1000
        following = times[number + 1] / 1000 if number + 1 < len(times) else float("inf")
        end = min(following, next((end for end in ends if end > at), at + FRAME_S))
        end = min(end, next((span.since for span in dark if at < span.since < end), end))
        if not still and end - at > SILENCE_S:
            end = at + FRAME_S
        if begun < number:
            show(times[begun] / 1000, at)
        show(at, end)
        begun = number + 1
    return shown


def _ending(times: Sequence[int], ends: Sequence[float], dark: Sequence[float], still: bool) -> list[int]:
    """Numbers of the pictures that may not be seen up to the next one; of most there is nothing to say."""
    at = np.asarray(times) / 1000
    found = at >= max(ends)
    found[-1] = True
    within = np.searchsorted(at, [*ends, *dark]) - 1
    found[within[within >= 0]] = True
    if not still:
        found[:-1] |= np.diff(at) > SILENCE_S
    numbers: list[int] = np.flatnonzero(found).tolist()
    return numbers


def _mp4(path: Path) -> Path:
    """The same frames in an MP4 that can be played while it is fetched. Raises OSError."""
    target = path.with_suffix(".mp4")
    with av.open(str(path)) as source, av.open(str(target), "w", options={"movflags": "faststart"}) as made:
        streams = {one.index: made.add_stream_from_template(one) for one in source.streams}
        for packet in source.demux():
            if packet.dts is None and packet.pts is None:
                continue
            packet.stream = streams[packet.stream.index]
            made.mux_one(packet)
    return target
