"""Everything in the picture that does not move: ground, places, names, initials; cards where there is no picture."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from recordings.processing.arranging import Look, Tile
from recordings.processing.layouts import LABEL, MARGIN, Box, Canvas
from recordings.processing.options import Words

# The stage of the room (web/client/src/styles/tokens.css): always dark, so that faces and slides are the brightest.
GROUND: Final = "#0b1220"
TILE: Final = "#18233b"
LINE: Final = "#2c3a59"
TEXT: Final = "#f3f6fb"
TEXT_MUTED: Final = "#a9b6cd"
ACCENT: Final = "#f5b921"
_BADGES: Final = ("#1d4c9e", "#17663f", "#855300", "#6b3fa0", "#0f6674", "#9a3b5c")


@lru_cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("font_manrope") / "files" / f"Manrope-{weight}.ttf"), max(8, size))


def draw(look: Look, canvas: Canvas, words: Words, title: str, path: Path) -> None:
    """Draw what stands still in a scene into a PNG. Raises OSError."""
    picture(look, canvas, words, title).save(path, "PNG", compress_level=1)


def picture(look: Look, canvas: Canvas, words: Words, title: str) -> Image.Image:
    """What stands still, in RGB."""
    drawn = Image.new("RGB", (canvas.width, canvas.height), GROUND)
    pen = ImageDraw.Draw(drawn)
    if look.kind == "pictures":
        for tile in look.tiles:
            _tile(pen, tile, canvas)
        if look.others:
            _others(pen, f"{words.others} {look.others}", canvas)
    else:
        said = {"gap": (words.gap, words.gap_line), "pause": (words.paused, title)}
        alone = words.opening if look.kind == "opening" else words.nobody
        headline, line = said.get(look.kind, (title or alone, alone if title else ""))
        _card(pen, headline, line, canvas)
    return drawn


def _tile(pen: ImageDraw.ImageDraw, tile: Tile, canvas: Canvas) -> None:
    box = tile.box
    pen.rectangle((box.x, box.y, box.x + box.width - 1, box.y + box.height - 1), fill=TILE)
    if tile.reel is None:
        _initials(pen, tile.label, tile.participant, box)
    height = canvas.scaled(LABEL)
    size = int(height * (0.62 if box.width > canvas.width // 2 else 0.54))
    font = _font("SemiBold", size)
    text = fitting(tile.label, font, box.width - 4)
    pen.text((box.x + 2, box.y + box.height + height // 2), text, font=font, fill=TEXT, anchor="lm")


def _initials(pen: ImageDraw.ImageDraw, name: str, participant: str, box: Box) -> None:
    radius = int(min(box.width, box.height) * 0.27)
    x, y = box.x + box.width // 2, box.y + box.height // 2
    colour = _BADGES[hashlib.sha256(participant.encode()).digest()[0] % len(_BADGES)]
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    pen.text((x, y), initials(name), font=_font("Bold", int(radius * 0.8)), fill=TEXT, anchor="mm")


def initials(name: str) -> str:
    """At most two letters that stand for a name."""
    words = [word for word in name.split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "·"


def _others(pen: ImageDraw.ImageDraw, text: str, canvas: Canvas) -> None:
    margin = canvas.scaled(MARGIN)
    font = _font("Medium", int(canvas.scaled(LABEL) * 0.54))
    pen.text((canvas.width - margin, canvas.height - margin // 2), text, font=font, fill=TEXT_MUTED, anchor="rb")


def _card(pen: ImageDraw.ImageDraw, headline: str, line: str, canvas: Canvas) -> None:
    x, y = canvas.width // 2, canvas.height // 2
    unit = canvas.scaled(10)
    pen.rectangle((x - 4 * unit, y - 8 * unit, x + 4 * unit, y - 8 * unit + max(2, unit // 3)), fill=ACCENT)
    room = canvas.width * 4 // 5
    font = _font("Bold", canvas.scaled(44))
    pen.text((x, y - unit), fitting(headline, font, room), font=font, fill=TEXT, anchor="mm")
    font = _font("Medium", canvas.scaled(24))
    pen.text((x, y + 5 * unit), fitting(line, font, room), font=font, fill=TEXT_MUTED, anchor="mm")


def fitting(text: str, font: ImageFont.FreeTypeFont, room: int) -> str:
    """`text`, cut with an ellipsis where it is wider than `room`."""
    text = " ".join(text.split())
    if font.getlength(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle].rstrip() + "…") <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"
