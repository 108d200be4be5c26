"""Where pictures stand: pure geometry. All numbers are even, as 4:2:0 pictures need."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

MARGIN: Final = 16
GAP: Final = 12
LABEL: Final = 28
"""Height of the line with a name below a picture, at a height of 720; it scales with the picture."""
SIDE: Final = 224
"""Width of the column beside the large picture, at a width of 1280."""
MOST_IN_GRID: Final = 16


class Box(NamedTuple):
    """A rectangle in pixels."""

    x: int
    y: int
    width: int
    height: int


class Canvas(NamedTuple):
    width: int
    height: int

    def scaled(self, length: float) -> int:
        """A length at 1280×720, on this canvas."""
        return even(length * min(self.width / 1280, self.height / 720))


def even(value: float) -> int:
    return max(2, int(value) // 2 * 2)


def wide(width: float, height: float) -> tuple[int, int]:
    """The largest 16:9 within these, in even numbers: cameras fill it without an edge."""
    unit = max(1, int(min(width / 32, height / 18)))
    return 32 * unit, 18 * unit


def room_beside(canvas: Canvas) -> int:
    """How many pictures stand in the column beside the large one."""
    tile = _side_tile(canvas)
    gap = canvas.scaled(GAP)
    return max(1, (canvas.height - 2 * canvas.scaled(MARGIN) + gap) // (tile + gap))


def _side_tile(canvas: Canvas) -> int:
    """Height of a picture in the column, its label included."""
    return wide(canvas.scaled(SIDE), canvas.height)[1] + canvas.scaled(LABEL)


def large_with_column(canvas: Canvas, beside: int) -> list[Box]:
    """One large picture, and `beside` small ones in a column on the right. Without labels, the large one first."""
    margin, gap, label = canvas.scaled(MARGIN), canvas.scaled(GAP), canvas.scaled(LABEL)
    side = wide(canvas.scaled(SIDE), canvas.height)[0] if beside else 0
    width = canvas.width - 2 * margin - (side + gap if beside else 0)
    height = canvas.height - 2 * margin - label
    boxes = [_within(margin, margin, width, height)]
    tile = _side_tile(canvas)
    total = beside * tile + (beside - 1) * gap
    top = max(margin, (canvas.height - total) // 2)
    boxes += [
        Box(canvas.width - margin - side, even(top + number * (tile + gap)), side, tile - label)
        for number in range(beside)
    ]
    return boxes


def grid(canvas: Canvas, count: int) -> list[Box]:
    """`count` pictures of one size, as large as they can be; a last row that is not full stands in the middle."""
    margin, gap, label = canvas.scaled(MARGIN), canvas.scaled(GAP), canvas.scaled(LABEL)
    best, columns = 0.0, 1
    for tried in range(1, count + 1):
        rows = math.ceil(count / tried)
        width = (canvas.width - 2 * margin - (tried - 1) * gap) / tried
        height = (canvas.height - 2 * margin - (rows - 1) * gap) / rows - label
        scale = min(width / 16, height / 9)
        if scale > best:
            best, columns = scale, tried
    rows = math.ceil(count / columns)
    width, height = wide(best * 16 + 1e-6, best * 9 + 1e-6)
    top = (canvas.height - rows * (height + label) - (rows - 1) * gap) // 2
    boxes = []
    for number in range(count):
        row, column = divmod(number, columns)
        in_row = min(columns, count - row * columns)
        left = (canvas.width - in_row * width - (in_row - 1) * gap) // 2
        boxes.append(Box(even(left + column * (width + gap)), even(top + row * (height + label + gap)), width, height))
    return boxes


def _within(x: int, y: int, width: int, height: int) -> Box:
    """The largest 16:9 rectangle in the middle of this one."""
    across, high = wide(width, height)
    return Box(even(x + (width - across) / 2), even(y + (height - high) / 2), across, high)
