"""Visitors in statements that are put together once (`lms.statements`): their outline, with parameters for values.

Which marks somebody has decides the form of what they are asked about; which numbers these are does not.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam

from lms.directory.rules import Visitor
from lms.statements import Several, StandIn, stand_in

_FLAGS = ("organises_everything", "is_organiser", "plans", "is_administrator", "audits", "in_network")
_SINGLE = ("identity", "person_id", "endpoint_id", "guest_link_id", "organisation_id")
_SEVERAL = (
    "organisation_ids",
    "organised_organisations",
    "organised_programmes",
    "organised_series",
    "organised_occurrences",
    "led_organisations",
)


class Outline:
    """Looks like a `Visitor` to what builds a condition from one."""

    def __init__(self, visitor: Visitor, name: str) -> None:
        for flag in _FLAGS:
            setattr(self, flag, getattr(visitor, flag))
        for single in _SINGLE:
            known = getattr(visitor, single) is not None
            setattr(self, single, bindparam(f"{name}_{single}", required=True) if known else None)
        for several in _SEVERAL:
            setattr(self, several, Several(f"{name}_{several}") if getattr(visitor, several) else frozenset())


_OUTLINES: dict[Hashable, Outline] = {}


@stand_in.register
@lru_cache(maxsize=1024)
def _outline(value: Visitor, name: str) -> StandIn:
    flags = tuple(getattr(value, flag) for flag in _FLAGS)
    values: dict[str, Any] = {single: getattr(value, single) for single in _SINGLE}
    values |= {several: sorted(getattr(value, several)) for several in _SEVERAL}
    known = {f"{name}_{key}": each for key, each in values.items() if each is not None and each != []}
    form = (name, flags, tuple(known))
    if form not in _OUTLINES:
        _OUTLINES[form] = Outline(value, name)
    return StandIn(form, _OUTLINES[form], known)
