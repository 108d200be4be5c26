"""Voices of one recording are about equally loud, and the whole is as loud as EBU R 128 says."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from recordings.processing import Options, children
from recordings.processing.plan import Schedule, Stretch
from recordings.processing.voices import Mixing, levelling
from tests.recordings.measuring import loudness, watch

RATE = 48_000
LASTS = 12


def voice(path: Path, since: float, until: float, strength: float, noise: float = 0.0) -> Path:
    """Syllables of noise, four a second, between two times; a room's noise all the time."""
    chance = np.random.default_rng(20_261)
    times = np.arange(LASTS * RATE) / RATE
    speaks = (times >= since) & (times < until) & (times % 0.25 < 0.17)
    dull = np.convolve(chance.normal(0, 1, len(times)), np.ones(16) / 4, "same")  # speech has little above 3 kHz
    wave_ = dull * np.where(speaks, strength, noise)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(wave_, -1, 1) * 32_767).astype("<i2").tobytes())
    return path


def test_a_loud_and_a_quiet_voice_become_alike_and_a_noisy_room_does_not_become_loud(tmp_path: Path) -> None:
    voices = [
        voice(tmp_path / "loud.wav", 0, 4, 0.2, noise=0.0002),
        voice(tmp_path / "quiet.wav", 4, 8, 0.02, noise=0.0002),
        voice(tmp_path / "silent.wav", 0, 0, 0.0, noise=0.001),
    ]
    mixing = Mixing(voices, False, Schedule((Stretch(0.0, 0.0, LASTS),)), Options(), tmp_path)
    for jobs in (mixing.measure(), [mixing.mix()], [mixing.level()]):
        children.run(jobs, 2, lambda: False, lambda _: None)
    assert loudness(mixing.target) == pytest.approx(-23.0, abs=1.0)
    heard = watch(mixing.target).sound
    loud, quiet, room = (
        20 * np.log10(np.sqrt(np.mean(np.square(heard[int(since * RATE) : int(until * RATE)]))))
        for since, until in ((0.2, 3.8), (4.2, 7.8), (8.5, 11.5))
    )
    assert abs(loud - quiet) < 1.5, "they were 20 dB apart"
    assert room < loud - 30, "what nobody says is not raised"


def test_a_single_voice_is_moved_within_bounds_only() -> None:
    assert [levelling(each, -23.0) for each in (-23.0, -30.0, -17.0, -45.0, -3.0, -55.0, -70.0)] == [
        0.0,
        7.0,
        -6.0,
        12.0,
        -12.0,
        0.0,
        0.0,
    ]
