"""Soft tones that stand for a voice: each centre has its own motif and speaks in its own part of the loop."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator

RATE = 24_000
_ATTACK_S = 0.04
_NOTE_S = 0.42
_OVERTONES = ((1, 1.0), (2, 0.35), (3, 0.12))


def _note(frequency_hz: float, seconds: float) -> array[int]:
    """A note like a soft mallet: quick attack, long fall, three partials. Peak about -12 dBov."""
    total = int(seconds * RATE)
    samples = array("h", bytes(2 * total))
    steps = [(2 * math.pi * frequency_hz * n / RATE, weight) for n, weight in _OVERTONES]
    for index in range(total):
        at = index / RATE
        envelope = min(at / _ATTACK_S, 1.0) * math.exp(-3.2 * at) * min((seconds - at) / _ATTACK_S, 1.0)
        wave = sum(weight * math.sin(step * index) for step, weight in steps)
        samples[index] = int(7_500 * envelope * wave)
    return samples


def speech(motif_hz: tuple[float, ...], *, begins_s: float, lasts_s: float, loop_s: float) -> Iterator[array[int]]:
    """One loop of sound at `RATE`: silence, the motif over and over from `begins_s` for `lasts_s`, silence again."""
    yield array("h", bytes(2 * int(begins_s * RATE)))
    notes = [_note(frequency, _NOTE_S) for frequency in motif_hz]
    count = int(lasts_s / _NOTE_S)
    for number in range(count):
        yield notes[number % len(notes)]
    sounded = int(begins_s * RATE) + count * len(notes[0])
    yield array("h", bytes(2 * max(int(loop_s * RATE) - sounded, 0)))
