"""The second phase: each participant's tracks as files that every player plays, without transcoding.

Tracks of one participant, source and codec that follow each other (a new connection) make one reel: a WebM, or for
H.264 an MP4. Beside them, voice and camera of a participant are written into one file. All begin at the recording's
zero.
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
from pydantic import BaseModel

from recordings.processing import frames, webm
from recordings.processing.check import TrackReport
from recordings.processing.frames import Frame, Tally
from recordings.processing.ordering import Counts, in_order
from recordings.processing.story import Span
from recordings.raw import rtpdump

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
    """One track as a participant's job needs it."""

    report: TrackReport
    path: Path
    muted: list[Span] = []
    ended: float | None = None


class PersonJob(BaseModel):
    """All of a participant's tracks; `folder` is where the files go."""

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
    """What scenes take their frames from: the same, or for H.264 a Matroska file."""
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
    """Names of the files with voice and camera together."""
    problems: list[str] = []


@dataclass
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
    voices = [source for source in sources if source.name.startswith("microphone")]
    cameras = [source for source in sources if source.name.startswith("camera")]
    together = {id(one) for one in (*voices, *cameras)}
    for source in sources:
        if id(source) not in together:
            _Writing(job, [source], result, None).run()
    if voices and cameras:
        _pair(job, voices, cameras, result)
    else:
        for source in (*voices, *cameras):
            _Writing(job, [source], result, "person" if source is (voices or cameras)[0] else None).run()
    return result


def _pair(job: PersonJob, voices: list[_Source], cameras: list[_Source], result: PersonResult) -> None:
    """The first camera with the voice; another codec later makes another file without voice."""
    _Writing(job, [cameras[0], voices[0]], result, "person").run()
    for source in (*voices[1:], *cameras[1:]):
        _Writing(job, [source], result, None).run()


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
            yield frame._replace(timestamp=at) if at != frame.timestamp else frame


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
    packets = in_order(rtpdump.read(track.path, report.track), Counts())
    made = (
        frames.sounds(packets, source.tally) if source.sound else frames.pictures(report.codec, packets, source.tally)
    )
    hidden = _merged([*track.muted, *job.dark])
    starts = [span.since for span in hidden]
    needs_key = False
    end = job.duration + 0.5
    for frame in made:
        time = place(frame.timestamp)
        if not -EARLY_S <= time - frame.arrived <= AHEAD_S and not report.damaged_header:
            source.tally.odd += 1
            needs_key = True
            continue
        at = time - job.zero
        number = bisect_right(starts, at) - 1
        if at < -EDGE_S or at > end or (number >= 0 and at < hidden[number].until):
            needs_key = True
            continue
        if needs_key and not frame.key:
            source.tally.leaned += 1
            continue
        yield frame._replace(timestamp=int(max(0.0, at) * 1000 + 0.5), after_loss=frame.after_loss or needs_key)
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
        self.times: list[int] = []
        self._sizes_seen = 0
        extension = "mkv" if source.codec == "H264" else "webm"
        self.media = job.folder / f"{source.name}.{extension}"
        self.writer = webm.Writer(self.media, [self.kind], title=job.name)

    def add(self, frame: Frame) -> None:
        at = frame.timestamp
        self.writer.add(0, at, frame.key, frame.data)
        if frame.after_loss and not self.source.sound:
            self.losses.append(Mark(at=at / 1000))
        if frame.key and not self.source.sound and len(self.source.tally.sizes) > self._sizes_seen:
            width, height = self.source.tally.sizes[-1]
            self._sizes_seen = len(self.source.tally.sizes)
            self.sizes.append(Size(at=at / 1000, width=width, height=height))


class _Writing:
    """Writes reels, and if `together` names it, one file with all of them."""

    def __init__(self, job: PersonJob, sources: Sequence[_Source], result: PersonResult, together: str | None) -> None:
        self.job, self.result = job, result
        self._together = together
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

    def run(self) -> None:
        if not self._begun:
            return
        streams = [_Stream(self.job, source, first) for source, first, _ in self._begun]
        kinds = [stream.kind for stream in streams]
        plain = all(stream.source.codec != "H264" for stream in streams)
        both: webm.Writer | None = None
        path = self.job.folder / f"{self._together}.{'webm' if plain else 'mkv'}"
        if self._together and len(streams) > 1:
            both = webm.Writer(path, kinds, title=self.job.name)
        tagged = [_tagged(number, chain((first,), rest)) for number, (_, first, rest) in enumerate(self._begun)]
        for at, number, frame in heapq.merge(*tagged, key=lambda one: one[:2]):
            streams[number].add(frame)
            if both is not None:
                both.add(number, at, frame.key, frame.data)
        for stream in streams:
            stream.writer.close(SOUND_MS if stream.source.sound else int(FRAME_S * 1000))
            self.result.reels.append(self._reel(stream))
        if both is not None:
            both.close(SOUND_MS)
            if plain:
                self.result.files.append(path.name)
            else:
                self.result.files.append(_mp4(path).name)
                path.unlink()
        elif self._together:
            self.result.files.append(self.result.reels[-1].file)

    def _reel(self, stream: _Stream) -> Reel:
        index = stream.writer.indexes[0]
        index_path = stream.media.with_suffix(".index")
        index_path.write_bytes(index.content())
        published = _mp4(stream.media) if stream.source.codec == "H264" else stream.media
        times = index.times
        reports = [track.report for track in stream.source.jobs]
        return Reel(
            participant=self.job.participant,
            source=reports[0].source,
            media=reports[0].media,
            codec=stream.source.codec,
            channels=stream.kind.channels,
            file=published.name,
            media_file=stream.media.name,
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
    return webm.vp8(size) if source.codec == "VP8" else webm.h264(size, *frames.parameter_sets(first.data))


def spans(times: Sequence[int], tracks: Sequence[TrackJob], job: PersonJob) -> list[Span]:
    """When pictures at `times` (ms) are to be seen: a camera while it moves, a screen as long as it is shared."""
    still = tracks[0].report.source != "camera"
    ends = sorted(min(track.ended if track.ended is not None else track.report.until, job.duration) for track in tracks)
    dark = _merged([*job.dark, *(span for track in tracks for span in track.muted)])
    shown: list[Span] = []
    for number, at_ms in enumerate(times):
        at = at_ms / 1000
        following = times[number + 1] / 1000 if number + 1 < len(times) else float("inf")
        end = min(following, next((end for end in ends if end > at), at + FRAME_S))
        end = min(end, next((span.since for span in dark if at < span.since < end), end))
        if not still and end - at > SILENCE_S:
            end = at + FRAME_S
        if shown and at - shown[-1].until < 0.002:
            shown[-1] = Span(shown[-1].since, end)
        else:
            shown.append(Span(at, end))
    return shown


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
