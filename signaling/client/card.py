"""The test picture: a calm card with a centre's name, a sweeping hand, a second counter and a light that moves.

Drawn and encoded once (`make_card`), then only sent. The loop is aligned to the wall clock by the player, so several
cards played by several processes take turns to speak.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from signaling.client import tones
from signaling.client.encode import VideoCodec, sound_frame, write_clip

SIZE = (960, 540)
RATE = 15
LOOP_S = 30
_VERSION = 2
"""Part of the file's name: raise it when the picture changes."""
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Card:
    """How a centre's test picture looks and sounds. `speaks_s` is when in the loop its turn begins."""

    name: str
    line: str
    top: Colour
    bottom: Colour
    light: Colour
    motif_hz: tuple[float, ...]
    speaks_s: float


_LINE = "Центр надання адміністративних послуг"
CARDS: dict[str, Card] = {
    "kyiv": Card("ЦНАП Києва", _LINE, (27, 64, 122), (13, 28, 62), (122, 178, 255), (261.63, 329.63, 392.0, 329.63), 0),
    "lviv": Card(
        "ЦНАП Львова", _LINE, (92, 45, 66), (40, 18, 40), (255, 176, 150), (220.0, 277.18, 329.63, 277.18), 10
    ),
    "sumy": Card("ЦНАП Сум", _LINE, (22, 92, 84), (10, 40, 46), (150, 240, 205), (293.66, 369.99, 440.0, 369.99), 20),
}
TURN_S = 9.0


@lru_cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("font_manrope") / "files" / f"Manrope-{weight}.ttf"), size)


def _background(card: Card) -> Image.Image:
    """Everything that does not move."""
    height = SIZE[1]
    fade = Image.linear_gradient("L").resize(SIZE, Image.Resampling.BICUBIC)
    picture = Image.composite(Image.new("RGB", SIZE, card.bottom), Image.new("RGB", SIZE, card.top), fade)
    draw = ImageDraw.Draw(picture)
    muted = _mix(card.light, (255, 255, 255), 0.45)
    draw.text((60, height // 2 - 44), card.line, font=_font("Medium", 25), fill=muted)
    draw.text((56, height // 2 - 8), card.name, font=_font("Bold", 74), fill="white")
    centre, radius = _dial()
    for tick in range(LOOP_S):
        angle = math.tau * tick / LOOP_S
        inner = radius - (14 if tick % 5 == 0 else 8)
        draw.line([_on_circle(centre, inner, angle), _on_circle(centre, radius, angle)], fill=muted, width=2)
    draw.text((60, 56), "Вікно", font=_font("SemiBold", 26), fill=muted)
    return picture


def _dial() -> tuple[tuple[float, float], float]:
    return (SIZE[0] - 160.0, 160.0), 92.0


def _on_circle(centre: tuple[float, float], radius: float, angle: float) -> tuple[float, float]:
    """`angle` in radians, clockwise from the top."""
    return centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _glow(card: Card) -> Image.Image:
    """A soft disc of light as a transparency mask."""
    mask = Image.new("L", (360, 360), 0)
    ImageDraw.Draw(mask).ellipse((90, 90, 270, 270), fill=70)
    return mask.filter(ImageFilter.GaussianBlur(45))


def draw_card(card: Card) -> Iterator[Image.Image]:
    """The `LOOP_S * RATE` pictures of one loop; the last leads into the first."""
    background, glow = _background(card), _glow(card)
    light = Image.new("RGB", glow.size, card.light)
    centre, radius = _dial()
    for number in range(LOOP_S * RATE):
        seconds = number / RATE
        picture = background.copy()
        turn = math.tau * seconds / LOOP_S
        picture.paste(light, (int(300 + 330 * math.sin(turn)), int(60 + 90 * math.sin(2 * turn))), glow)
        draw = ImageDraw.Draw(picture)
        speaking = 0 <= seconds - card.speaks_s < TURN_S
        box = (centre[0] - radius + 24, centre[1] - radius + 24, centre[0] + radius - 24, centre[1] + radius - 24)
        draw.arc(box, -90, -90 + 360 * seconds / LOOP_S, fill=card.light, width=6)
        draw.text(centre, f"{int(seconds):02}", font=_font("SemiBold", 52), fill="white", anchor="mm")
        if speaking:
            _draw_voice(draw, card, seconds)
        yield picture


def _draw_voice(draw: ImageDraw.ImageDraw, card: Card, seconds: float) -> None:
    """Five bars that move while the centre speaks."""
    for bar in range(5):
        height = 8 + 20 * abs(math.sin(seconds * 5.1 + bar * 1.3))
        left = SIZE[0] - 112 + bar * 14
        draw.rounded_rectangle((left, SIZE[1] - 84 - height, left + 7, SIZE[1] - 84 + height), 3, fill=card.light)


def make_card(name: str, folder: Path, codec: VideoCodec = "VP8") -> Path:
    """The clip of `CARDS[name]` in `folder`, made if it is not there yet (a few seconds of CPU).

    Raises `KeyError` for a name that is not in `CARDS`, `OSError` when the folder cannot be written.
    """
    card = CARDS[name]
    path = folder / f"{name}-{codec.lower()}-{_VERSION}.mkv"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    voice = tones.speech(card.motif_hz, begins_s=card.speaks_s, lasts_s=TURN_S, loop_s=LOOP_S)
    write_clip(
        path,
        (av.VideoFrame.from_image(picture) for picture in draw_card(card)),  # type: ignore[no-untyped-call]
        (sound_frame(samples, tones.RATE) for samples in voice if samples),
        size=SIZE,
        rate=RATE,
        codec=codec,
    )
    return path
