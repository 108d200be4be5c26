"""Which items somebody gets, and in which order their parts stand: decided by a stored seed. Pure.

Ranks are hashes of the seed, not numbers of a generator, so that the same seed gives the same test on every version of
Python. Lines may want the same items: no item is drawn twice, and a draw that exists is found (augmenting paths).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from lms.assessment.attempts.spec import Line
from lms.assessment.content import Body, ChoiceBlank, Cloze, ItemKind, Matching, MultipleChoice, Ordering, SingleChoice
from lms.errors import Invalid


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may be drawn, in its usable version."""

    version_id: int
    family: str
    kind: ItemKind
    competences: frozenset[str] = frozenset()
    """Numbers of the test's frame."""
    levels: frozenset[int] = frozenset()
    audiences: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Drawn:
    """One item of an attempt: of which line, and for which area it counts."""

    version_id: int
    line: int
    area: str


def fits(line: Line, candidate: Candidate, kinds: Collection[ItemKind]) -> bool:
    """Whether a line may draw an item."""
    if kinds and candidate.kind not in kinds:
        return False
    if line.audience and line.audience not in candidate.audiences:
        return False
    low, high = line.levels
    if (low, high) != (1, 8) and not any(low <= level <= high for level in candidate.levels):
        return False
    return any(line.asks(number) for number in candidate.competences) or not (line.area or line.competences)


def draw(
    lines: Sequence[Line],
    candidates: Sequence[Candidate],
    seed: str,
    *,
    kinds: Collection[ItemKind] = (),
    seen: Collection[str] = (),
) -> list[Drawn]:
    """The items, in the order in which they are asked. `seen` are families that the person has had: they come last.

    Raises `Invalid` (test_short) with the first line for which there are not enough items.
    """
    fitting = [
        sorted(
            (index for index, each in enumerate(candidates) if fits(line, each, kinds)),
            key=lambda index: (
                candidates[index].family in seen,
                rank(seed, "draw", str(number), candidates[index].family),
            ),
        )
        for number, line in enumerate(lines)
    ]
    taken: dict[str, tuple[int, int]] = {}  # family → (seat's line, candidate)
    for number, line in enumerate(lines):
        for _ in range(line.count):
            if not _seat(number, fitting, candidates, taken, set()):
                there = len({candidates[index].family for index in fitting[number]})
                raise Invalid(
                    "test_short",
                    f"Line {number + 1} asks for {line.count} items, and there are {there} that fit and are free. "
                    "Release more items, or ask for fewer.",
                )
    drawn = [
        Drawn(candidates[index].version_id, number, area_of(lines[number], candidates[index]))
        for number, index in taken.values()
    ]
    return sorted(drawn, key=lambda each: (each.line, rank(seed, "place", str(each.version_id))))


def _seat(
    number: int,
    fitting: Sequence[Sequence[int]],
    candidates: Sequence[Candidate],
    taken: dict[str, tuple[int, int]],
    tried: set[str],
) -> bool:
    """Give a line one more item; another line moves to another of its items if need be."""
    for index in fitting[number]:
        family = candidates[index].family
        if family in tried:
            continue
        tried.add(family)
        holder = taken.get(family)
        if holder is None:
            taken[family] = (number, index)
            return True
        if holder[0] != number and _seat(holder[0], fitting, candidates, taken, tried):
            taken[family] = (number, index)
            return True
    return False


def area_of(line: Line, candidate: Candidate) -> str:
    """The area for which an item counts: that of the line, or of its first competence that the line asks for."""
    if line.area:
        return line.area.split(".")[0]
    asked = sorted(number for number in candidate.competences if line.asks(number))
    return asked[0].split(".")[0] if asked else ""


def rank(seed: str, *words: str) -> str:
    """A place in a shuffled row."""
    return hashlib.sha256("\x1f".join((seed, *words)).encode()).hexdigest()


def shuffled(ids: Iterable[str], seed: str, *words: str) -> list[str]:
    """Ids in an order that the seed decides."""
    return sorted(ids, key=lambda each: rank(seed, *words, each))


def order_of(body: Body, seed: str, version_id: int) -> dict[str, list[str]]:
    """In which order the parts of an item are shown: kept with the attempt, so that it stays. `""` is the item itself.

    What is to be put in order never stands in the right order.
    """
    where = f"item {version_id}"
    match body:
        case SingleChoice() | MultipleChoice():
            ids = [option.id for option in body.options]
            return {"": shuffled(ids, seed, where) if body.shuffle else ids}
        case Matching():
            # Choices are always mixed: in their own order they stand beside their stems.
            stems = [stem.id for stem in body.stems]
            return {
                "stems": shuffled(stems, seed, where, "stems") if body.shuffle else stems,
                "": shuffled((choice.id for choice in body.choices), seed, where),
            }
        case Ordering():
            right = [element.id for element in body.elements]
            mixed = shuffled(right, seed, where)
            return {"": mixed if mixed != right else mixed[1:] + mixed[:1]}
        case Cloze():
            return {
                blank.id: shuffled((option.id for option in blank.options), seed, where, blank.id)
                for blank in body.blanks
                if isinstance(blank, ChoiceBlank)
            }
        case _:
            return {}
