"""Panels: parts of the occurrence's page and of the start page that another part of the product contributes.

A module of `web/pages` registers a function here; the page asks each for its context and includes the template
`occurrence_<name>.html` or `start_<name>.html`, in which the context is called `panel`. None: nothing to show here.

Most parts have nothing to show most of the time. One that says at its registration what must be there for it is called
only then; all of them are asked for in one statement. What an editor sees in its place, who may add the first of it,
needs fewer questions or none: it is a function of its own (`otherwise`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Literal, ParamSpec

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from lms.schedule.cards import OccurrencePage
from lms.statements import there
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
    given: Callable[[int], ColumnElement[bool]] | None
    otherwise: Callable[P, dict[str, Any] | None] | None


@dataclass(frozen=True)
class Panels(Generic[P]):
    """The panels of one page. `prefix` begins their templates' names."""

    prefix: str
    about: Callable[P, tuple[Session, int | None]]
    """Where to ask, and the number of what the page is about; None: nothing is there."""
    entries: list[_Entry[P]] = field(default_factory=list)

    def register(
        self,
        name: str,
        *,
        place: int,
        column: Column = "main",
        given: Callable[[int], ColumnElement[bool]] | None = None,
        otherwise: Callable[P, dict[str, Any] | None] | None = None,
    ) -> Callable[[Callable[P, dict[str, Any] | None]], Callable[P, dict[str, Any] | None]]:
        """Decorate the function that gives the panel's context. Lower places stand higher on the page.

        `given` is what must be there for the panel to be asked; `otherwise` gives its context where it is not there.
        """

        def add(look: Callable[P, dict[str, Any] | None]) -> Callable[P, dict[str, Any] | None]:
            self.entries.append(_Entry(name, column, place, look, given, otherwise))
            self.entries.sort(key=lambda entry: (entry.place, entry.name))
            return look

        return add

    def shown(self, *arguments: P.args, **named: P.kwargs) -> dict[Column, list[Shown]]:
        """The panels of each column that have something to show, in order."""
        found: dict[Column, list[Shown]] = {"main": [], "side": []}
        session, number = self.about(*arguments, **named)
        known = self._there(session, number) if number is not None else frozenset[str]()
        for entry in self.entries:
            asked = entry.otherwise if entry.given and entry.name not in known else entry.look
            context = asked(*arguments, **named) if asked else None
            if context is not None:
                template = f"{self.prefix}_{entry.name}.html"
                found[entry.column].append(Shown(entry.name, template, context, entry.place))
        return found

    @cached_property
    def _there(self) -> Callable[[Session, int], frozenset[str]]:
        """Made at the first page, when all have registered."""
        return there({entry.name: entry.given for entry in self.entries if entry.given})


OCCURRENCE: Panels[[Visit, OccurrencePage]] = Panels("occurrence", lambda visit, page: (visit.session, page.card.id))
"""Of `/schedule/{slug}`: called with the visit and the occurrence's page."""
START: Panels[[Visit]] = Panels("start", lambda visit: (visit.session, visit.visitor.person_id))
"""Of `/`: called with the visit; what must be there is asked about the person."""
