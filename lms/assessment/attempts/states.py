"""How an attempt stands, and what may follow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from lms.errors import Conflict


class AttemptState(StrEnum):
    """How an attempt stands."""

    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    """Handed in by the person; an essay may still wait for its reader."""
    AUTO_SUBMITTED = "auto_submitted"
    """Handed in by the clock."""
    OVERDUE = "overdue"
    """The deadline has passed, and grace has not."""
    ABANDONED = "abandoned"
    """The time ran out and nothing had been answered."""
    GRADED = "graded"
    REGRADED = "regraded"
    VOIDED = "voided"
    """Does not count, for a reason that is kept."""


_S = AttemptState
FOLLOWS: Mapping[AttemptState, frozenset[AttemptState]] = {
    _S.IN_PROGRESS: frozenset({_S.SUBMITTED, _S.AUTO_SUBMITTED, _S.OVERDUE, _S.ABANDONED, _S.VOIDED}),
    # A deadline that is moved in mid-attempt opens it again.
    _S.OVERDUE: frozenset({_S.SUBMITTED, _S.AUTO_SUBMITTED, _S.ABANDONED, _S.IN_PROGRESS, _S.VOIDED}),
    _S.SUBMITTED: frozenset({_S.GRADED, _S.VOIDED}),
    _S.AUTO_SUBMITTED: frozenset({_S.GRADED, _S.VOIDED}),
    _S.GRADED: frozenset({_S.REGRADED, _S.VOIDED}),
    _S.REGRADED: frozenset({_S.REGRADED, _S.VOIDED}),
    _S.ABANDONED: frozenset({_S.VOIDED, _S.REGRADED}),
    _S.VOIDED: frozenset(),
}
OPEN = frozenset({_S.IN_PROGRESS, _S.OVERDUE})
"""Answers are taken."""
UNREAD = frozenset({_S.SUBMITTED, _S.AUTO_SUBMITTED})
"""Over, and an essay still waits for its reader."""
JUDGED = frozenset({_S.GRADED, _S.REGRADED})
COUNTED = frozenset(AttemptState) - {_S.VOIDED}
"""Attempts that use up one of those a person has."""


def follow(state: AttemptState, then: AttemptState) -> AttemptState:
    """The next state. Raises `Conflict` (attempt_state)."""
    if then not in FOLLOWS[state]:
        raise Conflict("attempt_state", f"An attempt that is {state.value} cannot become {then.value}.")
    return then
