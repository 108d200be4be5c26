"""One picture, painted again and again: what stands still is drawn when it changes, of the rest what has moved."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

import av
import numpy as np
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from recordings.processing import cards
from recordings.processing.arranging import Look, Tile
from recordings.processing.layouts import Canvas, even
from recordings.processing.options import Words

KEPT_CARDS: Final = 6
Planes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Y, U, V: rows by columns, 8 bits."""


class Moving(NamedTuple):
    """A moving picture as it is now."""

    frame: av.VideoFrame
    version: tuple[int, int]
    """Changes when the picture does."""
    fine: bool = False
    """There may be letters in it: scaled with more care."""


def planes(frame: av.VideoFrame) -> Planes:
    """The frame's own memory (YUV 4:2:0), without the bytes at the ends of its lines."""
    made = [
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]
    return made[0], made[1], made[2]


class Painter:
    """The composed picture. `frame` is the same all the time."""

    def __init__(self, canvas: Canvas, words: Words) -> None:
        self.canvas, self._words = canvas, words
        self.frame = av.VideoFrame(canvas.width, canvas.height, "yuv420p")
        self._planes = planes(self.frame)
        self._cards: OrderedDict[tuple[Look, str], av.VideoFrame] = OrderedDict()
        self._shown: tuple[Look, str] | None = None
        self._drawn: dict[int, tuple[tuple[int, int], tuple[int, int]]] = {}
        """By place: version and size of what was painted there."""
        self._scalers: dict[int, VideoReformatter] = {}

    def paint(self, look: Look, title: str, moving: Mapping[int, Moving]) -> av.VideoFrame:
        """The picture as it is to be now."""
        if self._shown != (look, title):
            self._shown = (look, title)
            for own, ground in zip(self._planes, planes(self._card(look, title)), strict=True):
                own[:] = ground
            self._drawn.clear()
        for place, tile in enumerate(look.tiles):
            picture = moving.get(tile.reel) if tile.reel is not None else None
            if picture is not None:
                self._paint(place, tile, picture)
        return self.frame

    def _card(self, look: Look, title: str) -> av.VideoFrame:
        known = self._cards.get((look, title))
        if known is None:
            drawn = cards.picture(look, self.canvas, self._words, title)
            known = av.VideoFrame.from_ndarray(np.asarray(drawn), format="rgb24").reformat(format="yuv420p", threads=1)
            self._cards[look, title] = known
            if len(self._cards) > KEPT_CARDS:
                self._cards.popitem(last=False)
        self._cards.move_to_end((look, title))
        return known

    def _paint(self, place: int, tile: Tile, picture: Moving) -> None:
        box, frame = tile.box, picture.frame
        size = fitting(frame.width, frame.height, box.width, box.height)
        drawn = self._drawn.get(place)
        if drawn is not None and drawn[0] == picture.version:
            return
        x, y = box.x + (box.width - size[0]) // 4 * 2, box.y + (box.height - size[1]) // 4 * 2
        if drawn is not None and drawn[1] != size:
            self._clear(tile)
        scaler = self._scalers.setdefault(place, VideoReformatter())
        scaled = scaler.reformat(
            frame,
            *size,
            format="yuv420p",
            interpolation=Interpolation.BICUBIC if picture.fine else Interpolation.BILINEAR,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        for own, plane, part in zip(self._planes, planes(scaled), (1, 2, 2), strict=True):
            own[y // part : (y + size[1]) // part, x // part : (x + size[0]) // part] = plane
        self._drawn[place] = (picture.version, size)

    def _clear(self, tile: Tile) -> None:
        """The ground where the picture had another size."""
        box = tile.box
        assert self._shown is not None
        ground = planes(self._card(*self._shown))
        for own, plane, part in zip(self._planes, ground, (1, 2, 2), strict=True):
            rows = slice(box.y // part, (box.y + box.height) // part)
            columns = slice(box.x // part, (box.x + box.width) // part)
            own[rows, columns] = plane[rows, columns]


def fitting(width: int, height: int, across: int, high: int) -> tuple[int, int]:
    """The largest even size with this shape within the given one."""
    scale = min(across / max(1, width), high / max(1, height))
    return min(across, even(width * scale + 0.5)), min(high, even(height * scale + 0.5))
