"""Which picture stands where, and when: scenes, computed from the story and from what can be seen. Pure functions.

A scene is a stretch in which nothing changes but the moving pictures themselves. Somebody who speaks for less than a
moment does not become large, and nobody is large for less than a moment: since the recording is over, the planner looks
ahead, so whoever speaks is large from the first word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from recordings.processing.arranging import INTERPRETER, SILENT_ROLES, Content, Look, Situation, Tile, arrange
from recordings.processing.layouts import Canvas
from recordings.processing.options import Options
from recordings.processing.story import Change, Span, Story
from recordings.processing.tracks import Reel

SHORT_TURN_S: Final = 1.5
"""Who speaks for less does not become large."""
HOLD_S: Final = 2.0
"""So long at least somebody stays large."""
SMALL_HOLE_S: Final = 1.0
"""Holes in a picture up to this are bridged by its last frame."""
SHORT_SCENE_S: Final = 0.4
PAUSE_CARD_S: Final = 3.0
"""A pause, however long, takes so long in the composition."""
CARD_GAPS: Final = ("node", "capture", "disk")


class Scene(NamedTuple):
    """Frames of the composition that look alike. `at` is where it begins in the recording, in seconds."""

    first: int
    frames: int
    at: float
    look: Look


class Stretch(NamedTuple):
    """From `media` seconds on the composition shows what was at `at` in the recording, for `lasting` seconds."""

    media: float
    at: float
    lasting: float
    paused: bool = False


@dataclass(frozen=True)
class Schedule:
    """Where each moment of the recording lies in the composition: pauses are cut out but for a card."""

    stretches: tuple[Stretch, ...]

    @property
    def duration(self) -> float:
        return self.stretches[-1].media + self.stretches[-1].lasting if self.stretches else 0.0

    def media(self, at: float) -> float:
        """The composition's time for a time of the recording."""
        found = 0.0
        for stretch in self.stretches:
            if at < stretch.at:
                break
            found = stretch.media + (0.0 if stretch.paused else min(at - stretch.at, stretch.lasting))
        return found


def schedule(story: Story, duration: float, rate: int) -> Schedule:
    """Cuts pauses out. Everything begins and ends on a frame."""
    stretches: list[Stretch] = []
    media = 0.0
    at = 0.0

    def keep(until: float) -> None:
        nonlocal media
        lasting = int((until - at) * rate + 1e-6) / rate
        if lasting > 0:
            stretches.append(Stretch(media, at, lasting))
            media += lasting

    for pause in sorted(story.pauses):
        if pause.since >= duration or pause.until <= at:
            continue
        keep(pause.since)
        card = int(min(PAUSE_CARD_S, min(pause.until, duration) - pause.since) * rate) / rate
        if card > 0:
            stretches.append(Stretch(media, pause.since, card, paused=True))
            media += card
        at = min(pause.until, duration)
    keep(duration)
    return Schedule(tuple(stretches))


def turns(story: Story) -> list[Change]:
    """Who is to be large for speaking, from when on."""
    changes = sorted(story.speakers, key=lambda one: one.at)
    chosen: list[Change] = []
    for index, change in enumerate(changes):
        if change.participant is None:
            continue
        until = changes[index + 1].at if index + 1 < len(changes) else float("inf")
        at = change.at
        if chosen:
            if chosen[-1].participant == change.participant:
                continue
            at = max(at, chosen[-1].at + HOLD_S)
        if until - at >= SHORT_TURN_S or not chosen:
            chosen.append(Change(at, change.participant))
    return chosen


class Planner:
    """Computes scenes."""

    def __init__(self, story: Story, reels: Sequence[Reel], duration: float, options: Options) -> None:
        self.story, self.reels, self.options = story, reels, options
        self.canvas = Canvas(options.width, options.height)
        self.duration = duration
        self.turns = turns(story)
        self.shown = {number: _bridged(reel.spans) for number, reel in enumerate(reels) if reel.media == "video"}
        self._heard = {reel.participant for reel in reels}

    def scenes(self) -> list[Scene]:
        """The whole composition, frame by frame."""
        rate = self.options.rate
        made: list[Scene] = []
        moments = self._moments()
        for stretch in schedule(self.story, self.duration, rate).stretches:
            start = round(stretch.media * rate)
            end = round((stretch.media + stretch.lasting) * rate)
            if stretch.paused:
                made.append(Scene(start, end - start, stretch.at, Look("pause")))
                continue
            cuts = sorted(
                {start}
                | {
                    frame
                    for moment in moments
                    if stretch.at < moment < stretch.at + stretch.lasting
                    for frame in [start + _frame(moment - stretch.at, rate)]
                    if frame < end
                }
            )
            looks = [(cut, self.look(stretch.at + (cut - start) / rate)) for cut in cuts]
            made += self._merged(looks, start, end, stretch.at)
        return made

    def _merged(self, looks: Sequence[tuple[int, Look]], start: int, end: int, at: float) -> list[Scene]:
        """Scenes of one stretch: equal looks in one, very short ones taken over by what was before, long ones split."""
        rate = self.options.rate
        runs: list[tuple[int, Look]] = []
        for number, (cut, look) in enumerate(looks):
            until = looks[number + 1][0] if number + 1 < len(looks) else end
            if runs and runs[-1][1] == look:
                continue
            if runs and until - cut < SHORT_SCENE_S * rate and look.kind == "pictures":
                continue
            runs.append((cut, look))
        if len(runs) > 1 and runs[1][0] - runs[0][0] < SHORT_SCENE_S * rate:
            runs[:2] = [(runs[0][0], runs[1][1])]
        longest = max(1, round(self.options.scene_s * rate))
        scenes = []
        for number, (cut, look) in enumerate(runs):
            until = runs[number + 1][0] if number + 1 < len(runs) else end
            parts = -(-(until - cut) // longest)
            edges = [cut + (until - cut) * part // parts for part in range(parts + 1)]
            scenes += [
                Scene(edge, following - edge, at + (edge - start) / rate, look) for edge, following in pairwise(edges)
            ]
        return scenes

    def _moments(self) -> list[float]:
        """When anything may change."""
        story = self.story
        moments = {turn.at for turn in self.turns}
        moments |= {change.at for change in story.spotlights}
        moments |= {seen.at for person in story.people.values() for seen in person.seen}
        moments |= {edge for spans in self.shown.values() for span in spans for edge in span}
        moments |= {size.at for reel in self.reels for size in reel.sizes}
        for gap in self._gaps():
            moments |= {gap.since, gap.until}
        return sorted(moments)

    def _gaps(self) -> list[Span]:
        return [
            Span(gap.since, gap.until)
            for gap in self.story.gaps
            if gap.cause in CARD_GAPS and gap.until - gap.since >= SMALL_HOLE_S
        ]

    def look(self, at: float) -> Look:
        """What stands in the picture at `at`."""
        if any(gap.since <= at < gap.until for gap in self._gaps()):
            return Look("gap")
        look = arrange(self._situation(at), self.canvas, self.options.layout, self.options.words)
        return look._replace(tiles=tuple(self._dated(at, tile) for tile in look.tiles))

    def _situation(self, at: float) -> Situation:
        people = self._people(at)
        cameras, contents = self._pictures(at)
        seen = [(person.id, person.at(at)) for person in self.story.people.values()]
        names = {who: now.name if now else self.story.name(who) for who, now in seen}
        interpreters = {who for who, now in seen if now is not None and now.role == INTERPRETER}
        recent: list[str] = []
        for turn in reversed(self.turns):
            if turn.at <= at and turn.participant and turn.participant not in recent:
                recent.append(turn.participant)
        upcoming = [turn.participant for turn in self.turns if turn.at > at and turn.participant]
        pinned = next((one for one in reversed(self.story.spotlights) if one.at <= at), None)
        return Situation(
            people=people,
            names=names,
            interpreters=interpreters,
            cameras=cameras,
            contents=[
                Content(number, self.reels[number].participant, self.reels[number].source) for number in contents
            ],
            recent=recent,
            upcoming=upcoming,
            pinned=pinned.participant if pinned else None,
            pinned_source=pinned.source if pinned else None,
        )

    def _people(self, at: float) -> list[str]:
        """Who has a place, in the order in which they came: those who send anything in this recording."""
        there = []
        for person in self.story.people.values():
            seen = person.at(at)
            if seen is not None and (seen.role not in SILENT_ROLES) and person.id in self._heard:
                there.append(person.id)
        return there

    def _pictures(self, at: float) -> tuple[dict[str, int], list[int]]:
        """Reels to be seen at `at`: cameras by participant, and screens and what else is shown, the latest first."""
        cameras: dict[str, int] = {}
        contents: list[tuple[float, int]] = []
        for number, spans in self.shown.items():
            span = next((span for span in spans if span.since <= at < span.until), None)
            if span is None:
                continue
            if self.reels[number].source == "camera":
                cameras[self.reels[number].participant] = number
            else:
                contents.append((span.since, number))
        return cameras, [number for _, number in sorted(contents, reverse=True)]

    def _dated(self, at: float, tile: Tile) -> Tile:
        """With the time since when the reel's picture has its size."""
        if tile.reel is None:
            return tile
        sizes = self.reels[tile.reel].sizes
        return tile._replace(since=max((size.at for size in sizes if size.at <= at + 1e-6), default=0.0))


def _bridged(spans: Iterable[Span]) -> list[Span]:
    """Spans, small holes between them filled, very short ones left out."""
    bridged: list[Span] = []
    for span in spans:
        if bridged and span.since - bridged[-1].until <= SMALL_HOLE_S:
            bridged[-1] = Span(bridged[-1].since, span.until)
        else:
            bridged.append(span)
    return bridged


def _frame(seconds: float, rate: int) -> int:
    """The first frame at or after `seconds`."""
    return -int(-(seconds * rate - 1e-6) // 1) if seconds > 0 else 0
