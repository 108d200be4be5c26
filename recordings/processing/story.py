"""What happened in a recorded meeting, from the lines of its timeline: who was there when, which tracks there were,
who spoke, what was kept. Times are seconds since the recording's zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from recordings.processing.errors import RawMissingError
from recordings.raw import timeline
from recordings.raw.timeline import AnyLine, GapCause, Track

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
"""A tag of BCP 47: it becomes part of a file's name."""
_TRACK_FILE: Final = re.compile(r"track-(\d{4,})\.rtpdump")


class Span(NamedTuple):
    """A stretch of time, in seconds."""

    since: float
    until: float


class Seen(NamedTuple):
    """How a participant is seen from `at` on; `role` is None once they are gone."""

    at: float
    name: str
    organisation: str
    role: str | None


@dataclass
class Person:
    """A participant."""

    id: str
    seen: list[Seen] = field(default_factory=list)

    def at(self, time: float) -> Seen | None:
        """How they are seen at `time`; None if they are not there."""
        now = None
        for one in self.seen:
            if one.at > time:
                break
            now = one
        return now if now is not None and now.role is not None else None

    @property
    def name(self) -> str:
        """The last they had."""
        return self.seen[-1].name if self.seen else self.id


class Change(NamedTuple):
    """From `at` on it is this participant, and of them this source; None for nobody."""

    at: float
    participant: str | None
    source: str | None = None


class Interpretation(NamedTuple):
    """From `at` on somebody interprets by voice into this language; None: no longer."""

    at: float
    into: str | None
    on_air: bool


class Gap(NamedTuple):
    since: float
    until: float
    cause: GapCause


class ChatLine(NamedTuple):
    at: float
    message: str
    participant: str
    name: str
    text: str


class CaptionLine(NamedTuple):
    """A line of captions, and when it should be seen."""

    since: float
    until: float
    language: str
    name: str
    text: str


@dataclass
class Asked:
    """A question, and when what became of it; None: never."""

    id: str
    at: float
    name: str
    text: str
    public: bool
    """From somebody who watched the public page."""
    votes: int = 0
    answering: float | None = None
    answered: float | None = None


class HandChange(NamedTuple):
    at: float
    participant: str
    raised: bool


class Official(NamedTuple):
    at: float
    what: str


@dataclass
class Story:
    """A recorded meeting."""

    zero: float
    """UTC, seconds since the epoch."""
    recording: str = ""
    meeting: str = ""
    title: str = ""
    whole: bool = False
    """Whether it was stopped in order; else a crash ended it."""
    until: float = 0.0
    """When the last line was written."""
    people: dict[str, Person] = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)
    ended: dict[int, float] = field(default_factory=dict)
    """When tracks ended in order."""
    muted: dict[int, list[Span]] = field(default_factory=dict)
    pauses: list[Span] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    speakers: list[Change] = field(default_factory=list)
    interpreting: dict[str, list[Interpretation]] = field(default_factory=dict)
    """By participant."""
    spotlights: list[Change] = field(default_factory=list)
    chat: list[ChatLine] = field(default_factory=list)
    captions: list[CaptionLine] = field(default_factory=list)
    questions: list[Asked] = field(default_factory=list)
    """In the order in which they were asked."""
    hands: list[HandChange] = field(default_factory=list)
    official: list[Official] = field(default_factory=list)
    damaged_lines: int = 0

    @property
    def channels(self) -> list[str]:
        """The languages into which somebody was on the air."""
        turns = [turn for turns in self.interpreting.values() for turn in turns]
        return sorted({turn.into for turn in turns if turn.into is not None and turn.on_air})

    def interprets(self, participant: str, into: str | None = None) -> list[Span]:
        """When somebody interpreted and was not heard in the room, or was on the air `into` a language."""
        turns = self.interpreting.get(participant, [])
        ends = [*(turn.at for turn in turns[1:]), float("inf")]
        return [
            Span(turn.at, end)
            for turn, end in zip(turns, ends, strict=False)
            if turn.into is not None and (into is None or (turn.on_air and turn.into == into)) and end > turn.at
        ]

    def name(self, participant: str) -> str:
        """What people call a participant."""
        person = self.people.get(participant)
        return person.name if person else participant


def tell(raw: Path) -> Story:
    """The story in the folder `raw`. Raises RawMissingError if it cannot be read at all."""
    damage = timeline.Damage()
    try:
        lines = list(timeline.read(raw / timeline.NAME, damage))
    except FileNotFoundError:
        lines = []
    except OSError as error:
        raise RawMissingError(
            f"The recording in {raw} cannot be read: {error.strerror or error}.",
            "Check that the folder is there and may be read; then rebuild.",
        ) from error
    if not raw.is_dir():
        raise RawMissingError(
            f"There is no recording in {raw}.",
            "If it was moved, put it back; if its time was over, it is gone for good.",
        )
    story = understand(lines)
    story.damaged_lines = damage.lines
    return story


def understand(lines: Iterable[AnyLine]) -> Story:
    """The story that `lines` tell."""
    lines = list(lines)
    begun = next((line for line in lines if isinstance(line, timeline.Begun)), None)
    zero = begun.at if begun else min((line.at for line in lines), default=0.0)
    story = Story(zero)
    if begun:
        story.recording, story.meeting, story.title = begun.recording, begun.meeting, begun.title
    teller = _Teller(story)
    for line in lines:
        teller.take(line)
    teller.close()
    return story


class _Teller:
    def __init__(self, story: Story) -> None:
        self.story = story
        self._muted: dict[int, float] = {}
        self._paused: float | None = None
        self._erased: set[str] = set()
        self._asked: dict[str, Asked] = {}

    def take(self, line: AnyLine) -> None:
        story, at = self.story, line.at - self.story.zero
        story.until = max(story.until, at)
        match line:
            case timeline.Present():
                person = story.people.setdefault(line.participant, Person(line.participant))
                person.seen.append(Seen(at, line.name, line.organisation, line.role))
            case timeline.Gone():
                person = story.people.setdefault(line.participant, Person(line.participant))
                last = person.seen[-1] if person.seen else Seen(at, line.participant, "", None)
                person.seen.append(last._replace(at=at, role=None))
            case timeline.Track() if all(one.track != line.track for one in story.tracks):
                story.tracks.append(line)
            case timeline.TrackEnded():
                story.ended[line.track] = at
            case timeline.Muted(muted=True):
                self._muted.setdefault(line.track, at)
            case timeline.Muted() if line.track in self._muted:
                story.muted.setdefault(line.track, []).append(Span(self._muted.pop(line.track), at))
            case timeline.Paused() if self._paused is None:
                self._paused = at
            case timeline.Resumed() if self._paused is not None:
                story.pauses.append(Span(self._paused, at))
                self._paused = None
            case timeline.Stopped():
                story.whole = True
            case timeline.Gap():
                story.gaps.append(Gap(max(0.0, line.since - story.zero), at, line.cause))
            case _:
                self._said(line, at)

    def _said(self, line: AnyLine, at: float) -> None:
        story = self.story
        match line:
            case timeline.Speaker():
                story.speakers.append(Change(at, line.participant))
            case timeline.Interprets():
                into = line.into if line.into and _LANGUAGE.fullmatch(line.into) else None
                turns = story.interpreting.setdefault(line.participant, [])
                turns.append(Interpretation(at, into, line.on_air))
            case timeline.Spotlight():
                story.spotlights.append(Change(at, line.participant, line.source))
            case timeline.Said():
                story.chat.append(ChatLine(at, line.message, line.participant, line.name, line.text))
            case timeline.ChatErased():
                self._erased.add(line.message)
            case timeline.Caption():
                since, until = line.since - story.zero, line.until - story.zero
                story.captions.append(CaptionLine(max(0.0, since), until, line.language, line.name, line.text))
            case timeline.Question(status="dismissed"):
                self._asked.pop(line.question, None)
            case timeline.Question():
                self._ask(line, at)
            case timeline.Hand():
                story.hands.append(HandChange(at, line.participant, line.raised))
            case timeline.Official():
                story.official.append(Official(at, line.what))
            case _:
                pass

    def _ask(self, line: timeline.Question, at: float) -> None:
        known = self._asked.get(line.question)
        if known is None:
            known = Asked(line.question, at, line.name, line.text, public=not line.participant)
            self._asked[line.question] = known
        known.votes = line.votes
        if line.status == "answering":
            known.answering, known.answered = at, None
        elif line.status == "answered" and known.answered is None:
            known.answered = at

    def close(self) -> None:
        story = self.story
        story.questions = list(self._asked.values())
        for track, since in self._muted.items():
            story.muted.setdefault(track, []).append(Span(since, float("inf")))
        if self._paused is not None:
            story.pauses.append(Span(self._paused, float("inf")))
        story.chat = [line for line in story.chat if line.message not in self._erased]


def track_files(raw: Path) -> dict[int, Path]:
    """The files with packets that are there, by the number of the track."""
    found = {}
    for path in raw.iterdir():
        match = _TRACK_FILE.fullmatch(path.name)
        if match and path.is_file():
            found[int(match[1])] = path
    return found
