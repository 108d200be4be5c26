"""The picture of a badge, drawn by us: a window under a seal, with the name of what was achieved. SVG and PNG."""

from __future__ import annotations

import textwrap
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from lms.credentials.documents import AchievementFacts

SIDE = 480
_NAVY, _BLUE, _SKY, _GOLD, _PAPER = "#12264d", "#3a68b8", "#5f8fe6", "#f5b921", "#f4f7fd"
_PANES = ((168, 92, _SKY), (246, 92, _GOLD), (168, 170, _BLUE), (246, 170, _SKY))
"""Left, top, colour; each 66 wide and high."""
_PANE = 66
_LINES = 3
_LETTERS = 26
_FONT = Path(str(files("font_manrope"))) / "files"
_DEMO = "ЗРАЗОК · DEMO"


def svg(achievement: AchievementFacts, *, demo: bool = False) -> str:
    """The picture as SVG, with its text as text."""
    panes = "".join(
        f'<rect x="{x}" y="{y}" width="{_PANE}" height="{_PANE}" rx="12" fill="{colour}"/>' for x, y, colour in _PANES
    )
    lines = "".join(
        f'<text x="240" y="{_first_line(achievement) + 34 * place}" font-size="26">{escape(line)}</text>'
        for place, line in enumerate(_name(achievement))
    )
    mark = f'<text x="240" y="434" font-size="22" fill="{_GOLD}">{_DEMO}</text>' if demo else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" '
        f'role="img" aria-labelledby="t"><title id="t">{escape(achievement.name)}</title>'
        f'<rect x="6" y="6" width="468" height="468" rx="64" fill="{_NAVY}"/>'
        f'<rect x="20" y="20" width="440" height="440" rx="52" fill="none" stroke="{_GOLD}" stroke-width="4"/>'
        f'<rect x="150" y="74" width="180" height="180" rx="30" fill="none" stroke="{_PAPER}" stroke-width="8"/>{panes}'
        f'<g fill="{_PAPER}" text-anchor="middle" font-family="Manrope, Commissioner, sans-serif" font-weight="700">'
        f"{lines}{mark}</g></svg>"
    )


def png(achievement: AchievementFacts, *, demo: bool = False) -> bytes:
    """The same as PNG."""
    scale = 2  # drawn larger and brought down: smooth edges
    picture = Image.new("RGBA", (SIDE * scale, SIDE * scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)

    def box(x: int, y: int, wide: int, high: int, radius: int, **how: object) -> None:
        corners = tuple(scale * value for value in (x, y, x + wide, y + high))
        pen.rounded_rectangle(corners, radius * scale, **how)  # type: ignore[arg-type]

    box(6, 6, 468, 468, 64, fill=_NAVY)
    box(20, 20, 440, 440, 52, outline=_GOLD, width=4 * scale)
    box(146, 70, 188, 188, 34, outline=_PAPER, width=8 * scale)
    for x, y, colour in _PANES:
        box(x, y, _PANE, _PANE, 12, fill=colour)
    for place, line in enumerate(_name(achievement)):
        at = (240 * scale, (_first_line(achievement) + 34 * place) * scale)
        pen.text(at, line, _PAPER, _font(26 * scale), anchor="ms")
    if demo:
        pen.text((240 * scale, 434 * scale), _DEMO, _GOLD, _font(22 * scale), anchor="ms")
    out = BytesIO()
    picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _name(achievement: AchievementFacts) -> list[str]:
    return textwrap.wrap(achievement.name, _LETTERS, max_lines=_LINES, placeholder=" …") or [""]


def _first_line(achievement: AchievementFacts) -> int:
    return 346 - 17 * (len(_name(achievement)) - 1)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    found = sorted(_FONT.glob("*.[ot]tf"))
    bold = next((each for each in found if "bold" in each.name.lower() and "extra" not in each.name.lower()), found[0])
    return ImageFont.truetype(str(bold), size)
