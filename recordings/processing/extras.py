"""What the playback page needs beside the picture: poster, previews, chapters, captions, chat, questions, hands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import ffmpeg
from PIL import Image
from pydantic import BaseModel

from recordings.processing import children, moments
from recordings.processing.children import Child, Job
from recordings.processing.moments import Chapter, QuestionEntry, ms
from recordings.processing.options import Options
from recordings.processing.plan import Scene, Schedule, turns
from recordings.processing.state import replace
from recordings.processing.story import Story
from recordings.processing.tracks import Reel
from recordings.processing.webvtt import TranscriptLine, webvtt

SPRITE: Final = (160, 90)
COLUMNS: Final = 10
ON_A_SHEET: Final = 100
MOST_SPRITES: Final = 600
SPRITE_S: Final = 5.0
"""Between previews; longer where the recording is so long that there would be too many."""


class Spoken(BaseModel):
    since: float
    until: float
    participant: str
    name: str


class ChatEntry(BaseModel):
    at: float
    participant: str
    name: str
    text: str


class HandEntry(BaseModel):
    at: float
    participant: str
    name: str
    raised: bool


class Member(BaseModel):
    """Who was there; times in seconds of the composition."""

    participant: str
    name: str
    organisation: str
    role: str
    present: list[tuple[float, float]]


class CaptionTrack(BaseModel):
    language: str
    file: str


class Playback(BaseModel):
    """All that the page shows; every time in seconds of the composition."""

    recording: str
    meeting: str
    title: str
    zero: float
    """When the recording began: UTC, seconds since the epoch."""
    duration: float
    video: str = ""
    poster: str = ""
    thumbnails: str = ""
    chapters_file: str = ""
    captions: list[CaptionTrack] = []
    chapters: list[Chapter] = []
    speakers: list[Spoken] = []
    chat: list[ChatEntry] = []
    questions: list[QuestionEntry] = []
    transcript: list[TranscriptLine] = []
    hands: list[HandEntry] = []
    people: list[Member] = []
    gaps: list[tuple[float, float]] = []
    official: list[tuple[float, str]] = []


def playback(story: Story, reels: Sequence[Reel], schedule: Schedule, options: Options) -> Playback:
    """The page's facts, without names of files."""
    at, end = schedule.media, schedule.duration
    return Playback(
        recording=story.recording,
        meeting=story.meeting,
        title=story.title,
        zero=story.zero,
        duration=round(end, 3),
        chapters=moments.chapters(story, reels, schedule, options),
        speakers=_speakers(story, schedule),
        chat=[
            ChatEntry(at=ms(at(line.at)), participant=line.participant, name=line.name, text=line.text)
            for line in story.chat
        ],
        questions=moments.questions(story, schedule),
        transcript=moments.transcript(story, options.captions, schedule),
        hands=[
            HandEntry(
                at=ms(at(hand.at)), participant=hand.participant, name=story.name(hand.participant), raised=hand.raised
            )
            for hand in story.hands
        ],
        people=_members(story, schedule),
        gaps=[(ms(at(gap.since)), ms(at(gap.until))) for gap in story.gaps],
        official=[(ms(at(one.at)), one.what) for one in story.official],
    )


def _speakers(story: Story, schedule: Schedule) -> list[Spoken]:
    chosen = turns(story)
    spoken = []
    for number, turn in enumerate(chosen):
        assert turn.participant is not None
        since = schedule.media(turn.at)
        until = schedule.media(chosen[number + 1].at) if number + 1 < len(chosen) else schedule.duration
        if until > since:
            name = story.name(turn.participant)
            spoken.append(Spoken(since=ms(since), until=ms(until), participant=turn.participant, name=name))
    return spoken


def _members(story: Story, schedule: Schedule) -> list[Member]:
    members = []
    for person in story.people.values():
        present: list[tuple[float, float]] = []
        since: float | None = None
        for seen in person.seen:
            if seen.role is not None and since is None:
                since = seen.at
            elif seen.role is None and since is not None:
                present.append((ms(schedule.media(since)), ms(schedule.media(seen.at))))
                since = None
        if since is not None:
            present.append((ms(schedule.media(since)), ms(schedule.duration)))
        role = next((seen.role for seen in reversed(person.seen) if seen.role), "participant")
        organisation = person.seen[-1].organisation if person.seen else ""
        members.append(
            Member(participant=person.id, name=person.name, organisation=organisation, role=role, present=present)
        )
    return members


def chapters_webvtt(found: Sequence[Chapter], duration: float) -> str:
    """Chapters as a text track."""
    ends = [one.at for one in found[1:]] + [duration]
    return webvtt((one.at, end, one.title) for one, end in zip(found, ends, strict=True))


def sprite_interval(duration: float) -> float:
    """Seconds between previews."""
    return max(SPRITE_S if duration > 60 else 1.0, math.ceil(duration / MOST_SPRITES))


def sprites(video: Path, folder: Path, duration: float) -> Job:
    """Previews of the whole, many on a sheet: `sprites-001.jpg` ... Only key frames are decoded."""
    interval = sprite_interval(duration)

    def begin() -> Child:
        source = ffmpeg.input(str(video), skip_frame="nokey" if interval > 2 else "default")
        picture = (
            source.filter("fps", fps=f"1/{interval}", start_time=0, round="up")
            .filter("scale", *SPRITE)
            .filter("tile", f"{COLUMNS}x{ON_A_SHEET // COLUMNS}")
        )
        built = ffmpeg.output(picture, str(folder / "sprites-%03d.jpg"), **{"q:v": 5, "an": None})
        quiet = built.global_args("-hide_banner", "-loglevel", "error", "-y")
        return children.start([str(part) for part in quiet.compile(cmd=children.ffmpeg())], "ffmpeg", folder)

    return Job("sprites", begin, lambda: _trimmed(folder, _count(duration)))


def _count(duration: float) -> int:
    return max(1, math.ceil(duration / sprite_interval(duration)))


def _trimmed(folder: Path, count: int) -> None:
    """The last sheet is only as high as it is filled."""
    rows = math.ceil((count % ON_A_SHEET or ON_A_SHEET) / COLUMNS)
    sheets = sorted(folder.glob("sprites-*.jpg"))
    if sheets and rows < ON_A_SHEET // COLUMNS:
        with Image.open(sheets[-1]) as sheet:
            cut = sheet.crop((0, 0, sheet.width, rows * SPRITE[1]))
            cut.save(sheets[-1], quality=80)


def thumbnails_webvtt(duration: float) -> str:
    """Where on which sheet the preview of each time is, as players read it."""
    interval = sprite_interval(duration)
    cues = []
    for number in range(_count(duration)):
        sheet, place = divmod(number, ON_A_SHEET)
        row, column = divmod(place, COLUMNS)
        box = f"{column * SPRITE[0]},{row * SPRITE[1]},{SPRITE[0]},{SPRITE[1]}"
        name = f"sprites-{sheet + 1:03d}.jpg#xywh={box}"
        cues.append((number * interval, min(duration, (number + 1) * interval), name))
    return webvtt(cues)


def poster(video: Path, folder: Path, scenes: Sequence[Scene], rate: int) -> Job:
    """A picture that stands for the recording: from the first long scene with somebody or something to see."""
    seen = [scene for scene in scenes if any(tile.reel is not None for tile in scene.look.tiles)]
    longest = max(seen or scenes, key=lambda scene: min(scene.frames, 10 * rate))
    at = (longest.first + min(longest.frames // 2, 5 * rate)) / rate

    def begin() -> Child:
        built = ffmpeg.output(
            ffmpeg.input(str(video), ss=round(at, 3)).video, str(folder / "poster.jpg"), **{"frames:v": 1, "q:v": 3}
        ).global_args("-hide_banner", "-loglevel", "error", "-y")
        return children.start([str(part) for part in built.compile(cmd=children.ffmpeg())], "ffmpeg", folder)

    return Job("poster", begin, lambda: None)


def write(facts: Playback, texts: dict[str, str], folder: Path) -> None:
    """`playback.json` and the text tracks. Raises OSError."""
    for name, text in texts.items():
        replace(folder / name, text)
    replace(folder / "playback.json", facts.model_dump_json(indent=1) + "\n")
