"""Voices into one sound: in step with the composition's clock, about equally loud, never clipped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from recordings.live.decoding import SOUND_RATE, SoundTrack

JUMP_S: Final = 0.06
"""A voice that is off by more is set right at once, else it is stretched: nobody hears half a percent."""
STRAY_S: Final = 0.003
NEAR_S: Final = 0.0003
STRETCH: Final = 0.004
"""A voice that strays is stretched until it is near."""
HEARD: Final = 0.003
"""Strength (RMS) from which somebody speaks: -50 dBFS."""
WANTED: Final = 0.1
"""Of a voice while it speaks: -20 dBFS."""
LEAST_GAIN: Final = 0.5
MOST_GAIN: Final = 3.0
SLOW: Final = 0.03
"""Share by which level and gain move in a block of 40 ms: about 1.3 s."""
CEILING: Final = 0.9
KNEE: Final = 0.7
DUCKED: Final = 0.18
"""Of the floor while the interpreter speaks: -15 dB."""
DUCK_HOLD_S: Final = 0.8
_FALL: Final = 0.35
_RISE: Final = 0.08
"""Shares of the way to it in a block."""


class Voice:
    """One track's sound on the composition's clock."""

    def __init__(self, track: SoundTrack) -> None:
        self.track = track
        self._position: float | None = None
        self._stretching = False
        self._level = WANTED
        self._gain = 1.0
        self.strength = 0.0
        """RMS of the last block, before the gain."""

    def read(self, time: float, count: int, *, heard: bool = True) -> np.ndarray | None:
        """`count` samples from `time` (UTC, of capture) on; None for silence."""
        self.strength = 0.0
        if not self.track.clock.known:
            return None
        block = self._block(self.track.clock.timestamp(time), count)
        if block is None or not heard:
            return None
        self.strength = float(np.sqrt(np.mean(np.square(block))))
        return self._levelled(block)

    def _block(self, wanted: float, count: int) -> np.ndarray | None:
        off = wanted - self._position if self._position is not None else float("inf")
        if abs(off) > JUMP_S * SOUND_RATE:
            self._position, self._stretching, off = float(round(wanted)), False, 0.0
        assert self._position is not None
        if abs(off) > STRAY_S * SOUND_RATE:
            self._stretching = True
        elif abs(off) < NEAR_S * SOUND_RATE:
            self._stretching = False
        start = self._position
        if not self._stretching:
            self._position = float(round(start)) + count
            return self.track.read(round(start), count)
        step = count + max(-STRETCH * count, min(STRETCH * count, off))
        self._position = start + step
        first = int(start)
        source = self.track.read(first, int(start + step) - first + 2)
        if source is None:
            return None
        places = start - first + np.arange(count, dtype=np.float64) * (step / count)
        known = np.arange(source.shape[1], dtype=np.float64)
        return np.stack([np.interp(places, known, channel) for channel in source]).astype(np.float32)

    def _levelled(self, block: np.ndarray) -> np.ndarray:
        before = self._gain
        if self.strength > HEARD:
            self._level += (self.strength - self._level) * SLOW
            wanted = min(MOST_GAIN, max(LEAST_GAIN, WANTED / max(self._level, 1e-6)))
            self._gain += (wanted - before) * SLOW
        return _ramped(block, before, self._gain)


def _ramped(block: np.ndarray, before: float, after: float) -> np.ndarray:
    """A gain that moves evenly over the block."""
    if abs(after - before) < 1e-6:
        return block if after == 1.0 else block * np.float32(after)
    return block * np.linspace(before, after, block.shape[1], dtype=np.float32)


def limited(block: np.ndarray) -> np.ndarray:
    """Softly below the ceiling: what is not loud is untouched."""
    strength = np.abs(block)
    if strength.max(initial=0.0) <= KNEE:
        return block
    room = CEILING - KNEE
    bent = KNEE + room * np.tanh((strength - KNEE) / room)
    made: np.ndarray = np.where(strength > KNEE, np.copysign(bent, block), block).astype(np.float32)
    return made


class Mixed(NamedTuple):
    """2 channels by samples each."""

    floor: np.ndarray
    interpretation: np.ndarray


class Mixer:
    """The floor is everybody but the interpreters; the interpretation is theirs, with the floor quietly below."""

    def __init__(self) -> None:
        self._duck = 1.0
        self._spoke_at = float("-inf")

    def mix(self, time: float, count: int, voices: Iterable[tuple[Voice, float, bool, bool]]) -> Mixed:
        """`count` samples from `time` (UTC, of capture) on. Of each voice: by how many seconds it is heard later,
        whether it is an interpreter's, whether it is heard at all.
        """
        floor = np.zeros((2, count), np.float32)
        spoken: np.ndarray | None = None
        for voice, lag, interprets, heard in voices:
            block = voice.read(time - lag, count, heard=heard)
            if block is None:
                continue
            if interprets:
                spoken = block if spoken is None else spoken + block
                if voice.strength > HEARD:
                    self._spoke_at = time
            else:
                floor += block
        before = self._duck
        speaks = time - self._spoke_at <= DUCK_HOLD_S
        self._duck += (DUCKED - before) * _FALL if speaks else (1.0 - before) * _RISE
        if not speaks and 1.0 - self._duck < 1e-3:
            self._duck = 1.0
        if spoken is None and self._duck == before == 1.0:
            made = limited(floor)
            return Mixed(made, made)
        below = _ramped(floor, before, self._duck)
        return Mixed(limited(floor), limited(below if spoken is None else below + spoken))
