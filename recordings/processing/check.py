"""The first phase: read everything, say what is there and what is missing, and learn the clocks of the senders."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from recordings.processing.clock import Evidence, Mapping
from recordings.processing.ordering import Counts, in_order
from recordings.processing.story import Story
from recordings.raw import blocks, rtpdump
from recordings.raw.blocks import Block
from recordings.raw.rtpdump import Anchor, Packet
from recordings.raw.timeline import Codec, Track
from sfu.codecs import vp8

SUPPORTED: Final = {"opus": "opus", "vp8": "VP8", "h264": "H264"}
"""Encoding names in small letters, as the server offers them (`sfu.codecs.SUPPORTED`), and as we write them."""


class TrackReport(BaseModel):
    """What was found of one track. Times are seconds since the recording's zero."""

    track: int
    participant: str
    source: str
    media: str
    codec: str
    channels: int = 0
    file: str
    found: bool = True
    """Whether its file is there and has packets."""
    packets: int = 0
    bytes: int = 0
    lost: int = 0
    late: int = 0
    doubled: int = 0
    wild: int = 0
    anchors: int = 0
    since: float = 0.0
    until: float = 0.0
    """When its last record was written, an anchor too: so long it was alive."""
    drift_ppm: float = 0.0
    skipped_bytes: int = 0
    torn_bytes: int = 0
    damaged_header: bool = False
    problems: list[str] = []
    clock: Mapping


class Report(BaseModel):
    """The whole check; published as `check.json`."""

    recording: str
    whole: bool
    """False if a crash ended it."""
    damaged_lines: int
    duration: float
    tracks: list[TrackReport]
    problems: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether there is nothing that could be seen or heard."""
        return self.duration <= 0 or all(not track.packets for track in self.tracks)


def examine(track: Track, path: Path, zero: float) -> TrackReport:
    """Read a track's file. Missing and damaged ones are reported, not raised."""
    codec = SUPPORTED.get(track.codec.name.lower(), track.codec.name)
    report = TrackReport(
        track=track.track,
        participant=track.participant,
        source=track.source,
        media=track.media,
        codec=codec,
        channels=track.codec.channels or (2 if track.media == "audio" else 0),
        file=path.name,
        clock=Mapping(rate=track.codec.clock_rate),
    )
    damage, counts = rtpdump.Damage(), Counts()
    evidence = Evidence(max(1, track.codec.clock_rate))
    try:
        _read(path, track.track, damage, counts, evidence, report)
    except OSError as error:
        report.found = False
        report.problems.append(f"Its file cannot be read: {error.strerror or error}.")
        return report
    report.packets, report.lost, report.late = counts.packets, counts.lost, counts.late
    report.doubled, report.wild = counts.doubled, counts.wild
    report.anchors = len(evidence.anchors)
    report.skipped_bytes, report.torn_bytes, report.damaged_header = (
        damage.skipped_bytes,
        damage.torn_bytes,
        damage.header,
    )
    report.clock = evidence.fit()
    report.drift_ppm = report.clock.drift_ppm
    report.since, report.until = report.since - zero, report.until - zero
    _describe(report)
    return report


def _read(
    path: Path, track: int, damage: rtpdump.Damage, counts: Counts, evidence: Evidence, report: TrackReport
) -> None:
    first = True

    def records() -> Iterator[Block | Packet | Anchor]:
        nonlocal first
        for record in blocks.read(path, track, damage):
            if isinstance(record, Block):
                since, report.until = record.since, record.until
                report.bytes += int((record.ends - record.begins).sum())
                evidence.saw_all(record.timestamp, record.arrived)
                for anchor in record.anchors:
                    evidence.reported(anchor.timestamp, anchor.captured)
            else:
                since = report.until = record.arrived
                if isinstance(record, Packet):
                    report.bytes += len(record.payload)
                    evidence.saw(record.timestamp, record.arrived)
                else:
                    evidence.reported(record.timestamp, record.captured)
            if first:
                report.since, first = since, False
            yield record

    for _ in in_order(records(), counts):
        pass


def _describe(report: TrackReport) -> None:
    say = report.problems.append
    if not report.packets:
        report.found = False
        say("There are no packets in its file.")
        return
    if report.codec not in SUPPORTED.values():
        say(f"Its codec {report.codec} is not one that can be processed; it is kept raw.")
    if report.damaged_header:
        say("The beginning of its file is damaged; times come from the packets' own clock.")
    if report.skipped_bytes:
        say(f"{report.skipped_bytes} bytes in its file are damaged.")
    if report.torn_bytes:
        say(f"The last {report.torn_bytes} bytes of its file are torn.")
    if report.lost:
        say(f"{report.lost} packets of {report.lost + report.packets} are missing.")
    if not report.clock.anchored:
        say("It has no time marks; it was put in place by the arrival of its packets.")


def summed_up(story: Story, tracks: Sequence[TrackReport]) -> Report:
    """The report of the whole recording."""
    ends = [track.until for track in tracks if track.packets and track.until > 0]
    duration = story.until
    if not story.whole and ends:
        duration = max(duration, statistics.median_high(sorted(ends)[-3:]))
    report = Report(
        recording=story.recording,
        whole=story.whole,
        damaged_lines=story.damaged_lines,
        duration=round(max(0.0, duration), 3),
        tracks=list(tracks),
    )
    if not story.whole:
        report.problems.append("The recording was not stopped in order; it ends with the last packet.")
    if story.damaged_lines:
        report.problems.append(f"{story.damaged_lines} lines of its timeline cannot be read.")
    for gap in story.gaps:
        report.problems.append(f"From {gap.since:.1f} s to {gap.until:.1f} s nothing was kept ({gap.cause}).")
    return report


def nameless(number: int, path: Path, at: float) -> Track | None:
    """What a track that no line names may be, judged by its packets; None if there are none.

    Pictures have several packets with one timestamp, or a marker at the end of each (RFC 7741 §4.1, RFC 6184 §5.1).
    """
    packets: list[Packet] = []
    try:
        for record in rtpdump.read(path, number):
            if isinstance(record, Packet):
                packets.append(record)
            if len(packets) >= 500:
                break
    except OSError:
        return None
    if not packets:
        return None
    marked = sum(packet.marker for packet in packets)
    pictures = marked * 2 > len(packets) or len({packet.timestamp for packet in packets}) < len(packets)
    if not pictures:
        codec = Codec(name="opus", clock_rate=48_000, channels=2)
    elif any(vp8.starts_key_frame(packet.payload) for packet in packets):
        codec = Codec(name="VP8", clock_rate=90_000)
    else:
        codec = Codec(name="H264", clock_rate=90_000)
    sound = codec.name == "opus"
    return Track(
        at=at,
        track=number,
        participant=f"track-{number}",
        source="microphone" if sound else "camera",
        media="audio" if sound else "video",
        codec=codec,
    )
