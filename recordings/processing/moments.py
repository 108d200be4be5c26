"""What a viewer jumps to and reads along: chapters, questions and captions, in seconds of the composition."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from pydantic import BaseModel

from recordings.processing.options import Caption, Options
from recordings.processing.plan import Schedule, turns
from recordings.processing.story import CaptionLine, Story
from recordings.processing.tracks import Reel
from recordings.processing.webvtt import TranscriptLine

SAME_MOMENT_S: Final = 10.0
"""Chapters that begin so close together are one."""
INTERJECTION_S: Final = 10.0
"""Who speaks less than this says something in between."""
FLOOR_S: Final = 60.0
"""Who speaks so long has the floor: a chapter."""
LONGEST_TITLE: Final = 100
SHORTEST_CUE_S: Final = 1.0
_RANK: Final = {"agenda": 0, "question": 1, "screen": 2, "document_camera": 2, "speaker": 3}
"""Which chapter stays where two begin at the same moment: the lower one."""


class Chapter(BaseModel):
    """A part of the recording; `at` in seconds of the composition."""

    at: float
    title: str
    kind: str
    """`start`, `agenda`, `question`, `speaker`, or what somebody begins to show: `screen`, `document_camera`."""


class QuestionEntry(BaseModel):
    """A question; `at` is when its answer begins, or else when it was asked."""

    at: float
    name: str
    text: str
    public: bool
    votes: int
    asked: float
    answered: float | None = None


def chapters(story: Story, reels: Iterable[Reel], schedule: Schedule, options: Options) -> list[Chapter]:
    """The agenda's points; between them questions that were answered live, what was shown, and who had the floor."""
    last = schedule.stretches[-1].at + schedule.stretches[-1].lasting
    found = [
        *(
            _chapter(schedule, max(0.0, item.at - story.zero), item.title, "agenda")
            for item in options.agenda
            if item.at - story.zero < last
        ),
        *_answers(story, schedule, options),
        *_shown(story, reels, schedule, options),
        *(_chapter(schedule, at, story.name(who), "speaker") for at, who in floors(story, last)),
    ]
    kept = [one for one in _apart(found) if one.at < schedule.duration]
    if not kept or kept[0].at > 1.0:
        kept.insert(0, Chapter(at=0.0, title=options.words.begins, kind="start"))
    return kept


def _chapter(schedule: Schedule, at: float, title: str, kind: str) -> Chapter:
    return Chapter(at=ms(schedule.media(at)), title=title, kind=kind)


def _apart(found: Iterable[Chapter]) -> list[Chapter]:
    """Of chapters that begin at the same moment the one that says most; the agenda's points all stay."""
    kept: list[Chapter] = []
    for chapter in sorted(found, key=lambda one: (one.at, _RANK[one.kind])):
        close = [one for one in kept if abs(one.at - chapter.at) < SAME_MOMENT_S]
        if chapter.kind != "agenda" and any(_RANK[one.kind] <= _RANK[chapter.kind] for one in close):
            continue
        kept = [one for one in kept if one not in close or _RANK[one.kind] <= _RANK[chapter.kind]]
        kept.append(chapter)
    return kept


def _answers(story: Story, schedule: Schedule, options: Options) -> Iterable[Chapter]:
    for asked in story.questions:
        if asked.answering is not None:
            title = f"{options.words.question}: {shortened(asked.text)}"
            yield _chapter(schedule, asked.answering, title, "question")


def _shown(story: Story, reels: Iterable[Reel], schedule: Schedule, options: Options) -> Iterable[Chapter]:
    words = options.words
    for reel in reels:
        if reel.media == "video" and reel.source != "camera":
            shows = words.shows_screen if reel.source == "screen" else words.shows_thing
            for begins in _beginnings(reel):
                yield _chapter(schedule, begins, f"{story.name(reel.participant)} {shows}", reel.source)


def _beginnings(reel: Reel) -> list[float]:
    """When a screen began to be shared; a hole of a moment is not a new beginning."""
    found: list[float] = []
    until = -math.inf
    for span in reel.spans:
        if span.since - until > SAME_MOMENT_S:
            found.append(span.since)
        until = span.until
    return found


def floors(story: Story, last: float) -> list[tuple[float, str]]:
    """Who had the floor, and from when on: interjections of others do not take it."""
    chosen = [(turn.at, turn.participant) for turn in turns(story) if turn.participant is not None]
    ends = [*(at for at, _ in chosen), last][1:]
    long = [(at, end, who) for (at, who), end in zip(chosen, ends, strict=True) if end - at >= INTERJECTION_S]
    blocks: list[tuple[float, float, str]] = []
    for at, end, who in long:
        if blocks and blocks[-1][2] == who:
            blocks[-1] = (blocks[-1][0], end, who)
        else:
            blocks.append((at, end, who))
    held = [(at, who) for at, end, who in blocks if end - at >= FLOOR_S]
    return held[:1] + [after for before, after in pairwise(held) if after[1] != before[1]]


def shortened(text: str) -> str:
    """A text in one line that fits into a list."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"


def questions(story: Story, schedule: Schedule) -> list[QuestionEntry]:
    """Every question that everybody could see, in the order of the times to which they belong."""
    entries = [
        QuestionEntry(
            at=ms(schedule.media(asked.at if asked.answering is None else asked.answering)),
            name=asked.name,
            text=asked.text,
            public=asked.public,
            votes=asked.votes,
            asked=ms(schedule.media(asked.at)),
            answered=None if asked.answered is None else ms(schedule.media(asked.answered)),
        )
        for asked in story.questions
    ]
    return sorted(entries, key=lambda one: one.at)


def transcript(story: Story, lines: Iterable[Caption], schedule: Schedule) -> list[TranscriptLine]:
    """Captions as they are seen: each until the next one in its language, those written in a pause not at all."""
    written = [
        *story.captions,
        *(CaptionLine(one.since - story.zero, one.until - story.zero, one.language, "", one.text) for one in lines),
    ]
    by_language: dict[str, list[CaptionLine]] = {}
    for line in sorted(written, key=lambda one: one.since):
        by_language.setdefault(line.language, []).append(line)
    seen = [
        TranscriptLine(at=ms(since), until=ms(until), language=line.language, name=line.name, text=line.text)
        for lines_of_one in by_language.values()
        for line, end in zip(lines_of_one, _ends(lines_of_one), strict=True)
        for since, until in [(schedule.media(line.since), schedule.media(end))]
        if until > since
    ]
    return sorted(seen, key=lambda one: (one.at, one.language))


def _ends(lines: Sequence[CaptionLine]) -> list[float]:
    after = [line.since for line in lines[1:]] + [math.inf]
    return [
        min(line.until, max(begins, line.since + SHORTEST_CUE_S)) for line, begins in zip(lines, after, strict=True)
    ]


def ms(seconds: float) -> float:
    """As it is written down."""
    return round(seconds, 3)
