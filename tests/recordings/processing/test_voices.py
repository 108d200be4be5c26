"""Voices of one recording are about equally loud, and the whole is as loud as EBU R 128 says."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from recordings.processing import children
from recordings.processing.options import Options
from recordings.processing.plan import Schedule, Stretch
from recordings.processing.story import Span
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


def tone(path: Path, hertz: float, since: float, until: float) -> Path:
    times = np.arange(LASTS * RATE) / RATE
    sounds = 0.1 * np.sin(2 * np.pi * hertz * times) * ((times >= since) & (times < until))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((sounds * 32_767).astype("<i2").tobytes())
    return path


def strengths(path: Path, hertz: float, *spans: tuple[float, float]) -> list[float]:
    """In dB, of a tone in each span."""
    heard = watch(path).sound
    found = []
    for since, until in spans:
        part = heard[int(since * RATE) : int(until * RATE)]
        found.append(
            20 * np.log10(abs(np.mean(part * np.exp(-2j * np.pi * hertz * np.arange(len(part)) / RATE))) + 1e-9)
        )
    return found


def mixed(mixing: Mixing) -> Path:
    for jobs in (mixing.measure(), [mixing.mix()], [mixing.level()]):
        children.run(jobs, 2, lambda: False, lambda _: None)
    return mixing.target


def test_interpreters_are_not_heard_in_the_room_and_over_it_in_their_language(tmp_path: Path) -> None:
    """The interpreter speaks for the room until 3 s, then interprets: not on the air from 8 s on."""
    speaker, interpreter = tone(tmp_path / "speaker.wav", 400, 0, 12), tone(tmp_path / "interpreter.wav", 1_000, 1, 11)
    spans = (1.5, 2.5), (4.0, 7.5), (8.5, 10.5)
    given = [speaker, interpreter], False, Schedule((Stretch(0.0, 0.0, LASTS),)), Options(), tmp_path
    silenced = {interpreter: [Span(3.0, float("inf"))]}
    room = mixed(Mixing(*given, silenced))  # type: ignore[arg-type]
    before, during, after = strengths(room, 1_000, *spans)
    assert before > -40
    assert max(during, after) < before - 50
    assert np.ptp(strengths(room, 400, *spans)) < 1.5, "the room stays as it is"

    english = mixed(Mixing(*given, silenced, {interpreter: [Span(3.0, 8.0)]}))  # type: ignore[arg-type]
    assert english != room
    before, during, after = strengths(english, 1_000, *spans)
    assert abs(before - during) < 1.5, "heard as well as before"
    assert after < during - 50, "not on the air"
    loud, lowered, again = strengths(english, 400, *spans)
    assert 8 < loud - lowered < 18, "the room is heard beneath"
    assert abs(loud - again) < 1.5


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
