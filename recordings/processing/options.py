"""How a recording is to be made: what the caller chooses."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Layout = Literal["speaker", "grid", "slides"]


class _Choice(BaseModel):
    model_config = ConfigDict(frozen=True)


class AgendaItem(_Choice):
    """A point of the agenda; `at` is UTC in seconds since the epoch."""

    at: float
    title: str


class Caption(_Choice):
    """Words that were said; times are UTC in seconds since the epoch."""

    since: float
    until: float
    text: str
    language: str = "uk"


class Words(_Choice):
    """What is written into the picture and into chapters."""

    gap: str = "Тут запис перервано"
    gap_line: str = "Продовження — після перерви"
    paused: str = "Запис було призупинено"
    nobody: str = "Зустріч триває"
    opening: str = "Скоро почнемо"
    somebody: str = "Учасник"
    screen: str = "екран"
    document_camera: str = "друга камера"
    begins: str = "Початок"
    question: str = "Запитання"
    shows_screen: str = "показує екран"
    shows_thing: str = "показує другою камерою"
    others: str = "і ще"


UKRAINIAN = Words()
ENGLISH = Words(
    gap="The recording is interrupted here",
    gap_line="It goes on after the interruption",
    paused="The recording was paused",
    nobody="The meeting goes on",
    opening="We begin soon",
    somebody="Participant",
    screen="screen",
    document_camera="second camera",
    begins="Beginning",
    question="Question",
    shows_screen="shows a screen",
    shows_thing="shows by the second camera",
    others="and",
)


def words_in(language: str) -> Words:
    """The words of a meeting in this language (BCP 47); Ukrainian for any other than English."""
    return ENGLISH if language.partition("-")[0].lower() == "en" else UKRAINIAN


class Options(_Choice):
    """Everything that shapes the output. The same options and the same raw files make the same output."""

    layout: Layout = "speaker"
    width: int = Field(default=1280, ge=320, le=1920, multiple_of=2)
    height: int = Field(default=720, ge=180, le=1080, multiple_of=2)
    rate: int = Field(default=25, ge=5, le=60)
    """Pictures a second."""
    loudness: float = Field(default=-23.0, ge=-40, le=-10)
    """Of the whole, in LUFS (EBU R 128)."""
    true_peak: float = Field(default=-1.0, ge=-9, le=0)
    """At most, in dBTP (EBU R 128)."""
    quality: int = Field(default=24, ge=10, le=40)
    """x264's constant rate factor: less is better and larger."""
    preset: str = "veryfast"
    jobs: int = Field(default=2, ge=1, le=32)
    """How many processes may work at once."""
    scene_s: float = Field(default=60.0, gt=0)
    """The longest scene: what is lost at most when processing is killed is a scene for each job."""
    agenda: tuple[AgendaItem, ...] = ()
    captions: tuple[Caption, ...] = ()
    """Beside those that were written in the meeting."""
    words: Words = Words()

    @property
    def fingerprint(self) -> str:
        """Changes when the output would; how many processes work on it does not matter."""
        return _digest(self.model_dump_json(exclude={"jobs"}))

    @property
    def film_fingerprint(self) -> str:
        """The same for picture and sound alone: other chapters or captions do not need them anew."""
        return _digest(self.model_dump_json(exclude={"jobs", "agenda", "captions"}))

    @property
    def picture_fingerprint(self) -> str:
        """The same for scenes alone."""
        return _digest(self.model_dump_json(exclude={"jobs", "agenda", "captions", "loudness", "true_peak"}))


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:16]
