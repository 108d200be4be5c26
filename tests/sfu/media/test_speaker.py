"""The active speaker (RFC 6464) with hysteresis."""

from __future__ import annotations

from sfu.media.publication import Publication
from sfu.media.speaker import SpeakerGroup
from tests.sfu.media.harness import Publisher, World


class Room:
    """Three voices and what the group says of them."""

    def __init__(self) -> None:
        self.world = World()
        self.voices: list[Publisher] = [self.world.voice(str(index)) for index in range(3)]
        self.told: list[Publication | None] = []
        self.group = SpeakerGroup(self.told.append)
        for voice in self.voices:
            self.group.add(voice.publication)

    def talk(self, seconds: float, *levels: int) -> None:
        """Everybody sends with the given levels for a while."""
        for _ in range(round(seconds / 0.020)):
            for voice, level in zip(self.voices, levels, strict=True):
                voice.send_voice(level, step=0)
                voice.timestamp += 960
            self.world.advance(0.020)
            self.group.tick(self.world.clock.now)

    def names(self) -> list[int | None]:
        publications = [voice.publication for voice in self.voices]
        return [None if one is None else publications.index(one) for one in self.told]


def test_who_speaks_is_named_once() -> None:
    room = Room()
    room.talk(2.0, 127, 30, 127)
    assert room.names() == [1]


def test_silence_and_noise_name_nobody() -> None:
    room = Room()
    room.talk(3.0, 127, 75, 90)
    assert room.names() == []


def test_a_cough_does_not_take_over() -> None:
    room = Room()
    room.talk(1.0, 30, 127, 127)
    room.talk(0.2, 30, 10, 127)
    room.talk(1.0, 30, 127, 127)
    assert room.names() == [0]


def test_who_is_a_little_louder_does_not_take_over_but_who_goes_on_does() -> None:
    room = Room()
    room.talk(1.0, 30, 127, 127)
    room.talk(2.0, 30, 27, 127)
    assert room.names() == [0]
    room.talk(1.5, 127, 27, 127)
    assert room.names() == [0, 1]


def test_the_last_speaker_stays_through_silence_and_leaves_with_his_publication() -> None:
    room = Room()
    room.talk(1.0, 30, 127, 127)
    room.talk(5.0, 127, 127, 127)
    assert room.names() == [0]
    room.group.remove(room.voices[0].publication)
    assert room.names() == [0, None]
    room.group.remove(room.voices[0].publication)
    assert room.names() == [0, None]


def test_a_voice_that_stops_sending_is_silent() -> None:
    room = Room()
    room.talk(1.0, 20, 127, 127)
    room.voices.pop(0)
    room.talk(2.0, 50, 127)
    assert room.told[-1] is room.voices[0].publication


def test_a_muted_voice_is_not_named() -> None:
    room = Room()
    room.voices[2].publication.muted = True
    room.talk(2.0, 127, 127, 10)
    assert room.names() == []
