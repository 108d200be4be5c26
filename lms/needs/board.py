"""The figures of a survey by topic and group: centre, oblast, kind, everybody; with what must stay hidden. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lms.directory.models import OrganisationKind
from lms.needs.figures import Cell, Participation
from lms.needs.rules import LEAST, Figure, Sum, hidden


class By(StrEnum):
    """Groups of people who were asked."""

    ALL = "all"
    KIND = "kind"
    OBLAST = "oblast"
    CENTRE = "centre"


Group = tuple[By, str]
"""A kind of group, and which: a kind's word, an oblast's name, an organisation's number."""
EVERYBODY: Group = (By.ALL, "")


@dataclass(frozen=True, slots=True)
class Home:
    """An organisation whose people were asked."""

    id: int
    name_uk: str
    name_en: str
    kind: OrganisationKind
    oblast: str

    @property
    def centre(self) -> Group:
        """As a group of its own."""
        return By.CENTRE, str(self.id)

    @property
    def groups(self) -> tuple[Group, ...]:
        """All groups to which its people belong; of no oblast where none is known."""
        larger = (EVERYBODY, (By.KIND, self.kind.value), *(((By.OBLAST, self.oblast),) if self.oblast else ()))
        return (*larger, self.centre)


@dataclass(frozen=True, slots=True)
class Board:
    """What may be shown. A figure that is missing in `figures` is of nobody; one in `withheld` is of too few."""

    figures: Mapping[tuple[int, Group], Figure]
    withheld: frozenset[tuple[int, Group]]
    participation: Mapping[Group, Participation]

    def figure(self, question_id: int, group: Group) -> Figure | None:
        """Of a topic and a group; None where there is none or it must not be shown."""
        return None if (question_id, group) in self.withheld else self.figures.get((question_id, group))


def board(homes: Mapping[int, Home], cells: Mapping[Cell, Figure], there: Mapping[int, Participation]) -> Board:
    """Adds up what was counted by organisation. `homes` names every organisation of the others."""
    groups = {number: home.groups for number, home in homes.items()}
    figures: dict[tuple[int, Group], Figure] = {}
    for (question, home), figure in cells.items():
        for group in groups[home]:
            before = figures.get((question, group))
            figures[question, group] = before + figure if before else figure
    participation: dict[Group, Participation] = {}
    for home, counts in there.items():
        for group in groups[home]:
            participation[group] = participation.get(group, Participation()) + counts
    return Board(figures, _withheld(homes, figures), participation)


def _withheld(homes: Mapping[int, Home], figures: Mapping[tuple[int, Group], Figure]) -> frozenset[tuple[int, Group]]:
    counts: dict[int, dict[Group, int]] = {}
    for (question, group), figure in figures.items():
        counts.setdefault(question, {})[group] = figure.rated
    sums = _sums(homes)
    found: set[tuple[int, Group]] = set()
    for question, by_group in counts.items():
        few = set(by_group) if by_group[EVERYBODY] < LEAST else hidden(by_group, sums)
        found |= {(question, group) for group in few}
    return frozenset(found)


def _sums(homes: Mapping[int, Home]) -> list[Sum[Group]]:
    """Everybody is the sum of the kinds and of the centres; each kind and oblast is the sum of its centres.

    Oblasts add up to everybody only where each organisation has one; else the rest counts as one more part.
    """
    parts: dict[Group, list[Group]] = {}
    placeless = []
    for home in homes.values():
        for group in home.groups[1:-1]:
            parts.setdefault(group, []).append(home.centre)
        if not home.oblast:
            placeless.append(home.centre)
    kinds = tuple(group for group in parts if group[0] is By.KIND)
    oblasts = tuple(group for group in parts if group[0] is By.OBLAST)
    whole = [
        Sum(None, kinds),
        Sum(None, (*oblasts, *placeless)),
        Sum(None, tuple(home.centre for home in homes.values())),
    ]
    return [*whole, *(Sum(total, tuple(centres)) for total, centres in parts.items())]
