"""What is in a file, measured: when it flashes and beeps, which colours stand where, how loud it is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

Box = tuple[int, int, int, int]
WHITE = 170.0
FAINT = 0.05
"""A tone that is weaker than this share of the loudest sound is an echo of its coding."""
"""Brightness from which a picture counts as the flash."""


@dataclass
class Film:
    """A file's pictures, made small, and its sound."""

    times: np.ndarray
    pictures: np.ndarray
    """Of each: height, width, RGB."""
    scale: float
    """Pixels of the file for one of `pictures`."""
    sound: np.ndarray
    """48,000 a second, mono, from time 0."""

    def region(self, box: Box) -> np.ndarray:
        """Mean colour of `box` (x, y, width, height in the file's pixels), by picture."""
        x, y, width, height = (round(value / self.scale) for value in box)
        return self.pictures[:, y + 1 : y + height - 1, x + 1 : x + width - 1].mean(axis=(1, 2))

    def colour(self, box: Box, at: float) -> np.ndarray:
        """Mean colour of `box` at a time."""
        return self.region(box)[max(0, int(np.searchsorted(self.times, at + 1e-6)) - 1)]

    def flashes(self, box: Box) -> list[float]:
        """When `box` turns white."""
        return _onsets(self.times, self.region(box).min(axis=1) > WHITE)

    def beeps(self, tone: float = 1_000.0, threshold: float = 0.2) -> list[float]:
        """When the tone begins: where its strength passes a share of its usual strength, for 15 ms at least. The begin
        of another tone has a little of every tone in it: that is none.
        """
        step = 240
        count = len(self.sound) // step
        window = self.sound[: count * step].reshape(count, step)
        times = np.arange(step) / 48_000
        strength = np.abs(window @ np.exp(-2j * np.pi * tone * times)) / step * 2
        if count < 3:
            return []
        strength = np.minimum.reduce([strength[:-2], strength[1:-1], strength[2:]])
        if strength.max() < max(1e-3, FAINT * float(np.sqrt((window**2).mean(axis=1)).max())):
            return []
        loud = strength > threshold * np.percentile(strength, 99.5)
        found: list[float] = []
        for at in _onsets(np.arange(count - 2) * step / 48_000, loud):
            if not found or at - found[-1] > 0.3:
                found.append(at)
        return found

    def strength(self, tone: float, since: float, until: float) -> float:
        """How strong a tone is while it sounds."""
        part = self.sound[int(since * 48_000) : int(until * 48_000)]
        window = part[: len(part) // 240 * 240].reshape(-1, 240)
        return float(np.percentile(np.abs(window @ np.exp(-2j * np.pi * tone * np.arange(240) / 48_000)) / 120, 97))

    def level(self, since: float, until: float) -> float:
        """The sound's strength (RMS)."""
        part = self.sound[int(since * 48_000) : int(until * 48_000)]
        return float(np.sqrt(np.mean(part**2))) if part.size else 0.0


def _onsets(times: np.ndarray, on: np.ndarray) -> list[float]:
    begins = np.flatnonzero(on & ~np.concatenate(([False], on[:-1])))
    return [float(times[index]) for index in begins]


def watch(path: Path, width: int = 160) -> Film:
    """Decode a file."""
    with av.open(str(path)) as file:
        times, pictures, scale = [], [], 1.0
        if file.streams.video:
            stream = file.streams.video[0]
            stream.thread_type = "AUTO"
            for frame in file.decode(stream):
                scale = frame.width / width
                small = frame.reformat(width=width, height=round(frame.height / scale), format="rgb24")
                times.append(frame.time)
                pictures.append(small.to_ndarray())
    return Film(np.array(times), np.array(pictures), scale, _sound(path))


def _sound(path: Path) -> np.ndarray:
    """As a player places it: silence where there is none."""
    with av.open(str(path)) as file:
        if not file.streams.audio:
            return np.zeros(0)
        resampler = av.AudioResampler("fltp", "mono", 48_000)
        parts: list[tuple[float, np.ndarray]] = []
        for frame in file.decode(audio=0):
            at = frame.time
            assert at is not None
            parts += [(at, made.to_ndarray()[0]) for made in resampler.resample(frame)]
    sound = np.zeros(round((parts[-1][0]) * 48_000) + len(parts[-1][1]) + 48_000) if parts else np.zeros(0)
    for at, part in parts:
        start = max(0, round(at * 48_000))
        sound[start : start + len(part)] = part
    return sound


def loudness(path: Path) -> float:
    """Integrated loudness in LUFS, by ffmpeg's meter (EBU R 128)."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-i", str(path), "-vn"]
    said = subprocess.run(
        [*command, "-af", "ebur128=framelog=quiet", "-f", "null", "-"], capture_output=True, text=True, check=True
    ).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])


def offsets(heard: Sequence[float], seen: Sequence[float]) -> list[float]:
    """For each flash the time by which the nearest beep comes later; only pairs within half a second."""
    pairs = [(flash, min(heard, key=lambda beep: abs(beep - flash))) for flash in seen] if heard else []
    return [beep - flash for flash, beep in pairs if abs(beep - flash) < 0.5]


def every_second(moments: Sequence[float], since: int, until: int, within: float = 0.08) -> list[int]:
    """The whole seconds in [since, until) at which nothing was."""
    return [second for second in range(since, until) if all(abs(second - one) > within for one in moments)]
