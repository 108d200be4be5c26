"""Who and what stands where at one moment: the same for a recording and for a live stream. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from recordings.processing import layouts
from recordings.processing.layouts import Box, Canvas
from recordings.processing.options import Layout, Words

SILENT_ROLES: Final = ("viewer", "captioner")
"""They have no place in the picture."""
INTERPRETER: Final = "interpreter"


class Tile(NamedTuple):
    """A place in the picture: a reel's moving picture, or, without one, the person's initials."""

    box: Box
    participant: str
    label: str
    reel: int | None
    """Number of the reel among those given."""
    since: float = 0.0
    """Since when the reel's picture has this size."""


class Look(NamedTuple):
    """All that stands in the picture."""

    kind: Literal["pictures", "gap", "pause", "opening", "empty"]
    tiles: tuple[Tile, ...] = ()
    others: int = 0
    """How many more people are there than have a place."""


class Content(NamedTuple):
    """A picture that is no camera: a screen, a document camera."""

    number: int
    participant: str
    source: str


@dataclass(frozen=True)
class Situation:
    """What there is to be seen at one moment."""

    people: Sequence[str]
    """Who has a place, in the order in which they came."""
    names: Mapping[str, str]
    interpreters: Collection[str] = ()
    cameras: Mapping[str, int] | None = None
    """The number of the moving picture, by participant."""
    contents: Sequence[Content] = ()
    """The latest first."""
    recent: Sequence[str] = ()
    """Who was large for speaking, the latest first."""
    upcoming: Sequence[str] = ()
    """Who will be, where that is known: the first of them is large until somebody speaks."""
    pinned: str | None = None
    """Who is in the spotlight, and of them this source."""
    pinned_source: str | None = None


_Placed = tuple[str, int | None]
"""A participant, and the number of the picture that stands for them."""


def arrange(situation: Situation, canvas: Canvas, layout: Layout, words: Words) -> Look:
    """What stands in the picture."""
    return _Arranger(situation, canvas, words).look(layout)


class _Arranger:
    def __init__(self, situation: Situation, canvas: Canvas, words: Words) -> None:
        self.now, self.canvas, self.words = situation, canvas, words
        self.cameras: Mapping[str, int] = situation.cameras or {}
        self.sources = {content.number: content.source for content in situation.contents}

    def look(self, layout: Layout) -> Look:
        if layout == "grid":
            return self._grid()
        return self._slides() if layout == "slides" else self._speaker()

    def _speaking(self) -> str | None:
        """Who is large for speaking: the last who spoke and is there, else whoever came first."""
        now, cameras = self.now, self.cameras
        for who in now.recent:
            if who in now.people or who in cameras:
                return who
        upcoming = [who for who in now.upcoming if who in now.people]
        everybody = [*upcoming, *(one for one in now.people if one in cameras), *now.people, *cameras]
        return next((one for one in everybody if one not in now.interpreters), everybody[0] if everybody else None)

    def _pinned_content(self) -> Content | None:
        now = self.now
        if now.pinned is None:
            return None
        return next(
            (one for one in now.contents if one.participant == now.pinned and one.source == now.pinned_source), None
        )

    def _speaker(self) -> Look:
        now, cameras = self.now, self.cameras
        content, speaking = self._pinned_content(), self._speaking()
        small: list[_Placed] = []
        if now.pinned is None and content is None and now.contents:
            content = now.contents[0]
        if content is not None:
            large: _Placed = (content.participant, content.number)
            small += [(other.participant, other.number) for other in now.contents if other != content]
            first = speaking or large[0]
            small.insert(0, (first, cameras.get(first)))
        else:
            who = now.pinned if now.pinned and (now.pinned in now.people or now.pinned in cameras) else speaking
            if who is None:
                return Look("empty")
            large = (who, cameras.get(who))
            small += [(other.participant, other.number) for other in now.contents]
            if speaking and speaking != who:
                small.insert(0, (speaking, cameras.get(speaking)))
        taken = {who for who, reel in (large, *small) if reel is None or reel == cameras.get(who)}
        return self._placed(large, small + self._rest(taken))

    def _rest(self, taken: Collection[str]) -> list[_Placed]:
        """Everybody else for the column: interpreters, then those with a camera, then the others."""
        now, cameras = self.now, self.cameras
        others = [one for one in now.people if one not in taken]
        others += [one for one in cameras if one not in taken and one not in now.people]
        others.sort(key=lambda one: (one not in now.interpreters, one not in cameras))
        return [(one, cameras.get(one)) for one in others]

    def _placed(self, large: _Placed, small: list[_Placed]) -> Look:
        room = layouts.room_beside(self.canvas)
        interpreters = [one for one in small if one[0] in self.now.interpreters]
        shown = small[:room]
        if any(one not in shown for one in interpreters):  # they are always visible
            others = [other for other in small if other not in interpreters]
            shown = [*others[: max(0, room - len(interpreters))], *interpreters[:room]]
        boxes = layouts.large_with_column(self.canvas, len(shown))
        tiles = tuple(self._tile(box, who, reel) for box, (who, reel) in zip(boxes, (large, *shown), strict=True))
        return Look("pictures", tiles, len(small) - len(shown))

    def _grid(self) -> Look:
        now = self.now
        chosen: list[_Placed] = [(one.participant, one.number) for one in now.contents]
        everybody = self._rest(())
        room = layouts.MOST_IN_GRID - len(chosen)
        if len(everybody) > room:
            order = {who: number for number, who in enumerate(now.recent)}
            kept = sorted(
                everybody,
                key=lambda one: (one[0] not in now.interpreters, order.get(one[0], len(order)), one[1] is None),
            )[:room]
            chosen += [one for one in everybody if one in kept]
        else:
            chosen += everybody
        if not chosen:
            return Look("empty")
        boxes = layouts.grid(self.canvas, len(chosen))
        tiles = tuple(self._tile(box, who, reel) for box, (who, reel) in zip(boxes, chosen, strict=True))
        return Look("pictures", tiles, len(everybody) + len(now.contents) - len(chosen))

    def _slides(self) -> Look:
        now = self.now
        interpreters = [(one, self.cameras.get(one)) for one in now.people if one in now.interpreters]
        if not now.contents:
            if not interpreters:
                return Look("empty")
            return self._placed(interpreters[0], interpreters[1:])._replace(others=0)
        content = self._pinned_content() or now.contents[0]
        return self._placed((content.participant, content.number), interpreters)._replace(others=0)

    def _tile(self, box: Box, who: str, reel: int | None) -> Tile:
        label = self.now.names.get(who, who)
        source = self.sources.get(reel, "camera") if reel is not None else "camera"
        if source != "camera":
            label = f"{label} · {self.words.screen if source == 'screen' else self.words.document_camera}"
        return Tile(box, who, label, reel)
