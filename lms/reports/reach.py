"""Who may see which figures."""

from __future__ import annotations

from dataclasses import dataclass

from lms.directory.rules import Visitor
from lms.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything; or programmes that the visitor runs, whole; or organisations of theirs beside the network's sum."""

    everything: bool
    programmes: frozenset[int] = frozenset()
    organisations: frozenset[int] = frozenset()

    @property
    def anything(self) -> bool:
        """Whether there is something to see."""
        return self.everything or bool(self.programmes or self.organisations)


def reach_of(visitor: Visitor) -> Reach:
    """Organisers of the network and auditors see all; leads and organisers of centres those; others nothing."""
    if visitor.organises_everything or visitor.audits:
        return Reach(True)
    own = visitor.organised_organisations | visitor.led_organisations
    return Reach(False, visitor.organised_programmes, own)


def required(visitor: Visitor) -> Reach:
    """Raises `NotAllowed` (reports_not_yours) if there is nothing to see."""
    found = reach_of(visitor)
    if not found.anything:
        raise NotAllowed("reports_not_yours", "Reports are for organisers, leads of centres and auditors.")
    return found
