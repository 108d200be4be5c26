"""Panels: parts of the occurrence's page and of the start page that another part of the product contributes.

A module of `web/pages` registers a function here; the page asks each for its context and includes the template
`occurrence_<name>.html` or `start_<name>.html`, in which the context is called `panel`. None: nothing to show here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, ParamSpec

from lms.schedule.cards import OccurrencePage
from web.visits import Visit

P = ParamSpec("P")
Column = Literal["main", "side"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel that has something to show."""

    name: str
    template: str
    context: dict[str, Any]
    place: int


@dataclass(frozen=True, slots=True)
class _Entry(Generic[P]):
    name: str
    column: Column
    place: int
    look: Callable[P, dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panels(Generic[P]):
    """The panels of one page. `prefix` begins their templates' names."""

    prefix: str
    entries: list[_Entry[P]] = field(default_factory=list)

    def register(
        self, name: str, *, place: int, column: Column = "main"
    ) -> Callable[[Callable[P, dict[str, Any] | None]], Callable[P, dict[str, Any] | None]]:
        """Decorate the function that gives the panel's context. Lower places stand higher on the page."""

        def add(look: Callable[P, dict[str, Any] | None]) -> Callable[P, dict[str, Any] | None]:
            self.entries.append(_Entry(name, column, place, look))
            self.entries.sort(key=lambda entry: (entry.place, entry.name))
            return look

        return add

    def shown(self, column: Column, *arguments: P.args, **named: P.kwargs) -> list[Shown]:
        """The panels of one column that have something to show, in order."""
        found = []
        for entry in self.entries:
            if entry.column != column:
                continue
            context = entry.look(*arguments, **named)
            if context is not None:
                found.append(Shown(entry.name, f"{self.prefix}_{entry.name}.html", context, entry.place))
        return found


OCCURRENCE: Panels[[Visit, OccurrencePage]] = Panels("occurrence")
"""Of `/schedule/{slug}`: called with the visit and the occurrence's page."""
START: Panels[[Visit]] = Panels("start")
"""Of `/`: called with the visit."""
