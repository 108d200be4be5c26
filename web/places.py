"""The places where the network is managed: pages that only some people see, listed at `/manage`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lms.directory.people_queries import may_open_people
from lms.directory.rules import Visitor
from web.i18n import mark as _


@dataclass(frozen=True, slots=True)
class Place:
    """A page, what it is for, and who may open it."""

    href: str
    name: str
    purpose: str
    open_to: Callable[[Visitor], bool]


def administrators(visitor: Visitor) -> bool:
    """Administrators of the network."""
    return visitor.is_administrator


def organisers(visitor: Visitor) -> bool:
    """Whoever plans something."""
    return visitor.is_organiser


PLACES: tuple[Place, ...] = (
    Place("/people", _("People"), _("Who is who, where they work, accounts and roles."), may_open_people),
    Place("/endpoints", _("Endpoints"), _("Connect meeting-room devices, disconnect them."), administrators),
)
"""In the order shown."""


def open_to(visitor: Visitor) -> list[Place]:
    """The places that this visitor may open."""
    return [place for place in PLACES if place.open_to(visitor)]
