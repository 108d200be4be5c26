"""Pictures of reports, for templates to draw as SVG: columns of a trend, and the oblasts as tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 328
"""As wide as the narrowest telephone shows without scrolling."""
TALL = 110
TOP = 20
TILE = 46
GAP = 2

TILES: dict[str, tuple[int, int, str, str]] = {
    "Волинська область": (0, 0, "Вол", "Vol"),
    "Рівненська область": (1, 0, "Рів", "Riv"),
    "Житомирська область": (2, 0, "Жит", "Zhy"),
    "місто Київ": (3, 0, "м. Київ", "Kyiv c."),
    "Чернігівська область": (4, 0, "Чрг", "Chh"),
    "Сумська область": (5, 0, "Сум", "Sum"),
    "Львівська область": (0, 1, "Льв", "Lvi"),
    "Тернопільська область": (1, 1, "Тер", "Ter"),
    "Хмельницька область": (2, 1, "Хмл", "Khm"),
    "Київська область": (3, 1, "Київ о.", "Kyiv o."),
    "Полтавська область": (4, 1, "Пол", "Pol"),
    "Харківська область": (5, 1, "Хар", "Kha"),
    "Луганська область": (6, 1, "Луг", "Luh"),
    "Закарпатська область": (0, 2, "Зак", "Zak"),
    "Івано-Франківська область": (1, 2, "ІвФ", "IvF"),
    "Вінницька область": (2, 2, "Він", "Vin"),
    "Черкаська область": (3, 2, "Чрк", "Chk"),
    "Кіровоградська область": (4, 2, "Кір", "Kir"),
    "Дніпропетровська область": (5, 2, "Дні", "Dni"),
    "Донецька область": (6, 2, "Дон", "Don"),
    "Чернівецька область": (1, 3, "Чрн", "Chn"),
    "Одеська область": (3, 3, "Оде", "Ode"),
    "Миколаївська область": (4, 3, "Мик", "Myk"),
    "Херсонська область": (5, 3, "Хрс", "Khs"),
    "Запорізька область": (6, 3, "Зап", "Zap"),
    "місто Севастополь": (4, 4, "Сев", "Sev"),
    "Автономна Республіка Крим": (5, 4, "Крим", "Cri"),
}
"""Oblast → column and row of its tile, and short names: neighbours lie beside each other, as far as squares can."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A step: where it stands, how tall it is and how tall it was; None where a figure is not known."""

    x: float
    y: float
    height: float
    value: int | None
    before_y: float | None
    before_height: float
    before: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The whole picture, in its own units."""

    width: int
    height: int
    base: int
    wide: float
    bars: tuple[Bar, ...]
    compared: bool
    sparse: bool
    """Whether there is no room for a number above each column."""


@dataclass(frozen=True, slots=True)
class Tile:
    """An oblast: where it lies, what stands in it, how far it is filled (0 to `TILE`)."""

    x: int
    y: int
    name: str
    short: str
    value: int | None
    known: bool
    """Whether it has figures at all."""
    filled: float


def trend(steps: Sequence[tuple[str, int | None, int | None]], *, compared: bool) -> Trend:
    """Columns of (label, now, before), the tallest as tall as there is room."""
    most = max([1, *(value or 0 for _label, *both in steps for value in both)])
    slot = WIDTH / max(1, len(steps))
    wide = min(26.0, slot - 3)
    bars = []
    for place, (label, value, before) in enumerate(steps):
        height, earlier = round(TALL * (value or 0) / most, 1), round(TALL * (before or 0) / most, 1)
        x = round(place * slot + (slot - wide) / 2, 1)
        before_y = round(TOP + TALL - earlier, 1) if before is not None else None
        bars.append(Bar(x, round(TOP + TALL - height, 1), height, value, before_y, earlier, before, label))
    sparse = len(str(most)) * 6.2 > slot
    return Trend(WIDTH, TOP + TALL + (42 if compared else 20), TOP + TALL, wide, tuple(bars), compared, sparse)


def tiles(values: Mapping[str, int | None], *, english: bool) -> tuple[Tile, ...]:
    """All oblasts; how far a tile is filled says how large its figure is beside the largest one."""
    most = max([1, *(value or 0 for value in values.values())])
    return tuple(
        Tile(
            x=column * (TILE + GAP - 1),
            y=row * (TILE + GAP - 1),
            name=name,
            short=en if english else uk,
            value=values.get(name),
            known=name in values,
            filled=round((TILE - GAP) * (values.get(name) or 0) / most, 1),
        )
        for name, (column, row, uk, en) in TILES.items()
    )
