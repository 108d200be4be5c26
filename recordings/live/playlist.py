"""Playlists of HTTP Live Streaming (RFC 8216; EXT-X-GAP: draft-pantos-hls-rfc8216bis), written and read again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from recordings.live.formats import RATE, SEGMENT_S

VERSION: Final = 7
"""EXT-X-MAP for more than I-frames needs 6, and EXT-X-MEDIA's SERVICE values 7."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as a playlist names it."""

    uri: str
    """Relative to the playlist: `<stream>-<run>/720p-000012.m4s`."""
    duration: float
    """Seconds."""
    wall: float
    """UTC of its first sample, in seconds since the epoch."""
    run: int
    """Which run of the composer made it, from 0: its discontinuity sequence number."""
    map: str = ""
    """URI of what is needed before it; empty for captions."""
    gap: bool = False
    """There is none: nothing came, or it could not be written."""


@dataclass
class Media:
    """A media playlist: the window over the latest segments of one rendition."""

    first: int = 0
    """Media sequence number of the first segment."""
    segments: list[Segment] = field(default_factory=list)
    ended: bool = False

    @property
    def next(self) -> int:
        """Media sequence number of the segment that comes next."""
        return self.first + len(self.segments)

    def add(self, segment: Segment, window: int) -> None:
        """Append a segment; the oldest leave the window, so many are kept."""
        self.segments.append(segment)
        surplus = len(self.segments) - window
        if surplus > 0:
            del self.segments[:surplus]
            self.first += surplus

    def text(self) -> str:
        """The playlist as it is served."""
        lines = [
            "#EXTM3U",
            f"#EXT-X-VERSION:{VERSION}",
            f"#EXT-X-TARGETDURATION:{SEGMENT_S}",
            f"#EXT-X-MEDIA-SEQUENCE:{self.first}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self.segments[0].run if self.segments else 0}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
        ]
        run, needed = (self.segments[0].run if self.segments else 0), ""
        for segment in self.segments:
            lines += ["#EXT-X-DISCONTINUITY"] * (segment.run - run)
            if segment.map and (segment.map != needed or segment.run != run):
                lines.append(f'#EXT-X-MAP:URI="{segment.map}"')
                needed = segment.map
            run = segment.run
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_stamp(segment.wall)}")
            if segment.gap:
                lines.append("#EXT-X-GAP")
            lines += [f"#EXTINF:{segment.duration:.5f},", segment.uri]
        if self.ended:
            lines.append("#EXT-X-ENDLIST")
        return "\n".join(lines) + "\n"

    def files(self) -> set[str]:
        """What it refers to."""
        return {one for segment in self.segments for one in (segment.uri, segment.map) if one}


def read(text: str) -> Media:
    """A playlist of ours. Raises ValueError for anything else."""
    made = Media()
    run, needed, wall, gap, duration = 0, "", 0.0, False, 0.0
    lines = text.splitlines()
    if not lines or lines[0] != "#EXTM3U":
        raise ValueError("This is no playlist.")
    for line in lines:
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-MEDIA-SEQUENCE":
            made.first = int(value)
        elif tag == "#EXT-X-DISCONTINUITY-SEQUENCE":
            run = int(value)
        elif tag == "#EXT-X-DISCONTINUITY":
            run += 1
        elif tag == "#EXT-X-MAP":
            needed = value.removeprefix('URI="').removesuffix('"')
        elif tag == "#EXT-X-PROGRAM-DATE-TIME":
            wall = datetime.fromisoformat(value).timestamp()
        elif tag == "#EXT-X-GAP":
            gap = True
        elif tag == "#EXTINF":
            duration = float(value.rstrip(","))
        elif tag == "#EXT-X-ENDLIST":
            made.ended = True
        elif line and not line.startswith("#"):
            made.segments.append(Segment(line, duration, wall, run, needed, gap))
            gap = False
    return made


def _stamp(wall: float) -> str:
    return datetime.fromtimestamp(round(wall, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Picture:
    """A variant with pictures."""

    uri: str
    codec: str
    bit_rate: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Rendition:
    """A sound track, or captions."""

    uri: str
    name: str
    """What a player's menu shows."""
    language: str = ""
    """BCP 47, where it is known."""
    codec: str = ""
    bit_rate: int = 0
    channels: int = 0


def multivariant(pictures: Sequence[Picture], sounds: Sequence[Rendition], captions: Sequence[Rendition]) -> str:
    """The playlist that names the others. The first sound is the one that plays unless another is chosen, and is also
    to be had alone."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for place, sound in enumerate(sounds):
        chosen = "YES" if place == 0 else "NO"
        channels = f',CHANNELS="{sound.channels}"' if sound.channels else ""
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="{sound.name}"{_language(sound)},DEFAULT={chosen},'
            f'AUTOSELECT={chosen}{channels},URI="{sound.uri}"'
        )
    lines += [
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="{caption.name}"{_language(caption)},DEFAULT=NO,'
        f'AUTOSELECT=YES,FORCED=NO,URI="{caption.uri}"'
        for caption in captions
    ]
    more = ',SUBTITLES="captions"' if captions else ""
    heard = max((sound.bit_rate for sound in sounds), default=0)
    spoken = list(dict.fromkeys(sound.codec for sound in sounds))
    if sounds:
        more += ',AUDIO="sound"'
    for picture in pictures:
        lines += [
            f"#EXT-X-STREAM-INF:{_rates(picture.bit_rate + heard)},{_codecs([picture.codec, *spoken])},"
            f"RESOLUTION={picture.width}x{picture.height},FRAME-RATE={RATE:.3f},CLOSED-CAPTIONS=NONE{more}",
            picture.uri,
        ]
    if sounds:
        lines += [f"#EXT-X-STREAM-INF:{_rates(heard)},{_codecs(spoken)}{more}", sounds[0].uri]
    return "\n".join(lines) + "\n"


def _rates(average: int) -> str:
    """The peak: the encoder's buffer holds a second, so two seconds have three at most; and what MP4 adds."""
    return f"BANDWIDTH={average * 8 // 5},AVERAGE-BANDWIDTH={average * 21 // 20}"


def _codecs(codecs: Iterable[str]) -> str:
    return f'CODECS="{",".join(codecs)}"'


def _language(rendition: Rendition) -> str:
    return f',LANGUAGE="{rendition.language}"' if re.fullmatch(r"[A-Za-z0-9-]+", rendition.language) else ""
