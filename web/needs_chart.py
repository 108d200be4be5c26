"""The gaps of a survey as a picture: where each bar stands. The template draws it as SVG, a table stands beside it."""

from __future__ import annotations

from dataclasses import dataclass

from lms.needs.rules import Figure
from lms.needs.views import SurveyPage

WIDTH = 328
"""As wide as the narrowest telephone shows without scrolling."""
PLOT = 284
ROW = 46
OWN_ROW = 60
TOP = 26
FULL = 300
"""The largest gap, in hundredths of a step."""
_LONGEST_NAME = 42


@dataclass(frozen=True, slots=True)
class Bar:
    """A topic's row: its own bar, and that of the visitor's centre. Widths in the picture's own units."""

    y: float
    name: str
    full_name: str
    width: float
    gap: str
    own_width: float | None
    own_gap: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The whole picture."""

    width: int
    height: int
    plot: int
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    bars: tuple[Bar, ...]
    compared: bool
    """Whether a centre's own bars are there."""


def chart(page: SurveyPage, language: str) -> Chart | None:
    """The picture of what may be shown, the largest gap first; None without any."""
    shown = [each for each in page.topics if each.figure is not None]
    if not shown:
        return None
    compared = len(page.led) == 1 and any(each.own[0] is not None for each in shown)
    step = OWN_ROW if compared else ROW
    bars = []
    for number, topic in enumerate(shown):
        name = topic.name_en if language == "en" and topic.name_en else topic.name_uk
        own = topic.own[0] if compared else None
        assert topic.figure is not None
        bars.append(
            Bar(
                y=TOP + step * number,
                name=name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…",
                full_name=name,
                width=_width(topic.figure),
                gap=_written(topic.figure, language),
                own_width=_width(own) if own else None,
                own_gap=_written(own, language) if own else "",
            )
        )
    bottom = TOP + step * len(bars)
    ticks = tuple((round(PLOT * mark / 3, 1), str(mark)) for mark in range(4))
    return Chart(WIDTH, bottom + (30 if compared else 6), PLOT, bottom, ticks, tuple(bars), compared)


def _width(figure: Figure) -> float:
    return max(1.0, round(PLOT * figure.gap / FULL, 1))


def _written(figure: Figure, language: str) -> str:
    return f"{figure.gap // 100}{',' if language == 'uk' else '.'}{figure.gap % 100:02d}"
