"""All voices in one sound, as loud as EBU R 128 says.

Each voice is measured and gets one gain for the whole, so that nobody is much louder than others, whatever their
microphones; within a voice loud and quiet keep their distance, and pauses their silence. Then all are mixed: first in
full precision and measured, then with one gain for everything and a limiter that works only where a true peak would be
too high.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ffmpeg

from recordings.processing import children
from recordings.processing.children import Child, Job
from recordings.processing.options import Options
from recordings.processing.plan import Schedule
from recordings.processing.story import Span

RATE: Final = 48_000
DUCKING: Final = {"threshold": 0.0025, "ratio": 6, "attack": 20, "release": 800, "knee": 2}
"""Of the room while an interpreter speaks: 10 to 15 dB, as in the live stream. What is below -52 dBFS, which is -40
without the headroom, is no speech."""
HEADROOM_DB: Final = 12.0
"""Voices that speak at once add up; the file between the passes has room for it."""
SILENT_LUFS: Final = -60.0
MOST_GAIN_DB: Final = 30.0
VOICE_LUFS: Final = -50.0
"""What is quieter than this is no voice, but the noise of a room: it is left as it is."""
MOST_LEVELLING_DB: Final = 12.0
"""Of a single voice, up or down: a microphone that is worse than that brings its noise along."""
FOR_EVER: Final = 1e6
"""Seconds; no recording lasts so long."""
OVERSAMPLED: Final = 4 * RATE
"""True peaks lie between samples (ITU-R BS.1770-5, annex 2)."""


@dataclass
class Mixing:
    """The sound of a composition, from the files `voices` to `target`."""

    voices: Sequence[Path]
    stereo: bool
    schedule: Schedule
    options: Options
    folder: Path
    silenced: Mapping[Path, Sequence[Span]] = field(default_factory=dict)
    """When a voice is not heard in the room: it interprets."""
    over: Mapping[Path, Sequence[Span]] = field(default_factory=dict)
    """When a voice is heard over the room, lowered beneath it: it interprets into the language of this sound."""

    @property
    def name(self) -> str:
        """The same for the same sound."""
        said = [
            [(str(path), path.stat().st_size) for path in self.voices],
            [tuple(one) for one in self.schedule.stretches],
            self.options.loudness,
            self.options.true_peak,
            "levelled",
            [[(str(path), [tuple(span) for span in spans]) for path, spans in way.items()] for way in self._ways],
        ]
        return f"sound-{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]}"

    @property
    def _ways(self) -> tuple[Mapping[Path, Sequence[Span]], ...]:
        return self.silenced, self.over

    @property
    def target(self) -> Path:
        return self.folder / f"{self.name}.m4a"

    @property
    def _between(self) -> Path:
        return self.folder / f"{self.name}.work.flac"

    def measure(self) -> list[Job]:
        """Before all else: how loud each voice is, unless that is known."""
        return [self._measuring(path) for path in self.voices if path not in self.gains]

    def _measuring(self, path: Path) -> Job:
        def begin() -> Child:
            heard = ffmpeg.input(str(path)).audio.filter("ebur128", framelog="quiet")
            return children.start(_compiled(ffmpeg.output(heard, "-", f="null"), "info"), "ffmpeg", self.folder)

        def finish() -> None:
            assert job.child is not None
            self.gains[path] = levelling(loudness_in(job.child.said())[0], self.options.loudness)

        job = Job("voice", begin, finish)
        return job

    def mix(self) -> Job:
        """The first pass."""
        heard: list[str] = []

        def begin() -> Child:
            return children.start(self._mix_command(), "ffmpeg", self.folder)

        def finish() -> None:
            assert job.child is not None
            heard.append(job.child.said())
            self.measured = loudness_in(heard[-1])

        job = Job("sound", begin, finish)
        return job

    gains: dict[Path, float] = field(default_factory=dict)
    """By voice, in dB."""
    measured: tuple[float, float] = (-70.0, -70.0)
    """Loudness in LUFS and true peak in dBFS of the mix."""

    def level(self) -> Job:
        """The second pass."""
        made = self.folder / f".{self.target.name}.work.m4a"

        def begin() -> Child:
            return children.start(self._level_command(made), "ffmpeg", self.folder)

        def finish() -> None:
            made.replace(self.target)
            self._between.unlink(missing_ok=True)

        return Job("loudness", begin, finish)

    def _mix_command(self) -> list[str]:
        layout = "stereo" if self.stereo else "mono"
        end = max((one.at + one.lasting for one in self.schedule.stretches), default=0.0)
        room = [self._voice(path, layout, self.silenced.get(path, ())) for path in self.voices]
        mixed = _together(room, layout, end)
        if self.over:
            # Inputs that are alike would be taken for one and the same.
            spoken = [self._voice(path, layout, _between(spans), queue=16) for path, spans in self.over.items()]
            copies = _together(spoken, layout, end).filter_multi_output("asplit", 2)
            lowered = ffmpeg.filter([mixed, copies[0]], "sidechaincompress", **DUCKING)
            mixed = ffmpeg.filter([lowered, copies[1]], "amix", inputs=2, normalize=0, dropout_transition=0)
        mixed = self._scheduled(mixed, layout).filter("ebur128", peak="true", framelog="quiet")
        settings: dict[str, Any] = {"c:a": "flac", "sample_fmt": "s32", "compression_level": 1, "ar": RATE}
        built = ffmpeg.output(mixed, str(self._between), **settings)
        return _compiled(built, "info")

    def _voice(self, path: Path, layout: str, silent: Sequence[Span], queue: int = 8) -> Any:
        """One voice, levelled, and not heard during some spans."""
        heard = (
            ffmpeg.input(str(path), thread_queue_size=queue)
            .filter("aresample", RATE, **{"async": 1_000, "first_pts": 0})
            .filter("aformat", sample_fmts="fltp", channel_layouts=layout)
            .filter("volume", f"{self.gains.get(path, 0.0):.2f}dB")
        )
        when = "+".join(f"between(t,{since:.3f},{min(until, FOR_EVER):.3f})" for since, until in silent)
        return heard.filter("volume", 0, enable=when) if when else heard

    def _scheduled(self, mixed: Any, layout: str) -> Any:
        """Only what is kept, and silence under the cards of pauses."""
        stretches = self.schedule.stretches
        if len(stretches) < 2:
            return mixed
        kept = [one for one in stretches if not one.paused]
        copies = mixed.filter_multi_output("asplit", len(kept)) if len(kept) > 1 else [mixed]
        parts: list[Any] = []
        for one in stretches:
            if one.paused:  # inputs that are alike would be taken for one and the same
                silence = f"anullsrc=r={RATE}:cl={layout}:d={one.lasting:.6f}"
                source = ffmpeg.input(silence, f="lavfi", thread_queue_size=8 + len(parts))
                parts.append(source.filter("aformat", sample_fmts="fltp", channel_layouts=layout))
                continue
            number = kept.index(one)
            parts.append(
                copies[number]
                .filter("atrim", start=round(one.at, 6), end=round(one.at + one.lasting, 6))
                .filter("asetpts", "PTS-STARTPTS")
            )
        return ffmpeg.concat(*parts, v=0, a=1)

    def _level_command(self, made: Path) -> list[str]:
        loudness, peak = self.measured
        gain = 0.0 if loudness < SILENT_LUFS else min(MOST_GAIN_DB, self.options.loudness - loudness)
        sound = ffmpeg.input(str(self._between)).filter("volume", f"{gain:.2f}dB")
        if peak + gain > self.options.true_peak:
            limit = 10 ** (self.options.true_peak / 20)
            sound = (
                sound.filter("aresample", OVERSAMPLED)
                .filter("alimiter", limit=round(limit, 4), attack=5, release=60, level=0, latency=1)
                .filter("aresample", RATE)
            )
        settings: dict[str, Any] = {"c:a": "aac", "b:a": "128k" if self.stereo else "80k", "ar": RATE}
        built = ffmpeg.output(sound, str(made), **settings)
        return _compiled(built, "error")


def _together(voices: Sequence[Any], layout: str, end: float) -> Any:
    """All of them at once, with headroom, up to the end."""
    if not voices:
        mixed = ffmpeg.input(f"anullsrc=r={RATE}:cl={layout}", f="lavfi")
    elif len(voices) == 1:
        mixed = voices[0]
    else:
        mixed = ffmpeg.filter(voices, "amix", inputs=len(voices), normalize=0, dropout_transition=0)
    # Silence up to the end, and no further: after silence without an end, ffmpeg does not always stop at `atrim`.
    mixed = mixed.filter("volume", f"{-HEADROOM_DB}dB").filter("apad", whole_dur=round(end, 6))
    return mixed.filter("atrim", end=round(end, 6))


def _between(spans: Sequence[Span]) -> list[Span]:
    """When it is none of the spans, which are in order."""
    edges = [0.0, *(edge for span in spans for edge in span), FOR_EVER]
    return [Span(since, until) for since, until in zip(edges[::2], edges[1::2], strict=True) if since < until]


def levelling(loudness: float, wanted: float) -> float:
    """The gain in dB of a voice of so many LUFS."""
    if loudness < VOICE_LUFS:
        return 0.0
    return max(-MOST_LEVELLING_DB, min(MOST_LEVELLING_DB, wanted - loudness))


def _compiled(built: Any, level: str) -> list[str]:
    quiet = built.global_args("-hide_banner", "-nostats", "-loglevel", level, "-y")
    return [str(part) for part in quiet.compile(cmd=children.ffmpeg())]


_INTEGRATED: Final = re.compile(r"I:\s+(-?[\d.]+|-inf) LUFS")
_PEAK: Final = re.compile(r"Peak:\s+(-?[\d.]+|-inf) dBFS")


def loudness_in(said: str) -> tuple[float, float]:
    """Loudness in LUFS and true peak in dBFS from what ffmpeg's `ebur128` says at its end."""
    loudness, peak = _INTEGRATED.findall(said), _PEAK.findall(said)
    return (
        max(-70.0, float(loudness[-1])) if loudness else -70.0,
        max(-70.0, float(peak[-1])) if peak else -70.0,
    )
