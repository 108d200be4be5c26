"""From events to `meeting` and `connection`: each event changes the rows, in the order of their sequence.

Somebody who is away (connection lost) is not connected: `away` ends the period, `back` begins the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from lms.meetings.models import Connection, Meeting
from lms.meetings.rules import Event

SILENT = "silent"
"""Reason of a period that was closed because the node was not heard of. When it speaks again, the period goes on."""


class Projection:
    """One opening of a meeting, with the last period of everybody who was in it."""

    def __init__(self, meeting: Meeting, connections: list[Connection]) -> None:
        self.meeting = meeting
        self._last = {each.participant: each for each in connections}
        self._changes: dict[str, Callable[[Event], None]] = {
            "joined": self._joined,
            "away": self._away,
            "back": self._back,
            "left": self._left,
            "renamed": self._renamed,
            "role_changed": self._role_changed,
            "roster": self._roster,
            "began": self._began,
            "ended": self._ended,
            "closed": self._closed,
        }

    def apply(self, event: Event) -> None:
        """Change the rows as the event says. Kinds that change no row are passed over."""
        self.meeting.last_sequence = max(self.meeting.last_sequence, event.sequence)
        change = self._changes.get(event.kind)
        if change is not None:
            self.meeting.closed_at = None
            change(event)

    def _joined(self, event: Event) -> None:
        participant = str(event.data["participant"])
        known = self._known(participant)
        if known is not None and (known.left_at is None or known.joined_at == event.at):
            known.left_at, known.reason, known.last_seen_at = None, "", event.at
            return
        period = Connection(
            participant=participant,
            identity=_text(event.data["identity"], 64),
            name=_text(event.data["name"], 120),
            organisation=_text(event.data.get("organisation", ""), 300),
            role=_text(event.data["role"], 32),
            presence=_text(event.data["presence"], 32),
            joined_at=event.at,
            last_seen_at=event.at,
            reason="",
        )
        self._add(period)

    def _back(self, event: Event) -> None:
        before = self._known(str(event.data["participant"]))
        if before is None or before.left_at is None:
            return
        if before.joined_at == event.at:
            before.left_at, before.reason = None, ""
            return
        self._add(
            Connection(
                participant=before.participant,
                identity=before.identity,
                name=before.name,
                organisation=before.organisation,
                role=before.role,
                presence=before.presence,
                joined_at=event.at,
                last_seen_at=event.at,
                reason="",
            )
        )

    def _away(self, event: Event) -> None:
        known = self._known(str(event.data["participant"]))
        if known is not None and known.left_at is None:
            _close(known, event.at, "away")

    def _left(self, event: Event) -> None:
        known = self._known(str(event.data["participant"]))
        if known is None:
            return
        if known.left_at is None:
            _close(known, event.at, str(event.data["reason"]))
        else:
            known.reason = str(event.data["reason"])[:64]

    def _renamed(self, event: Event) -> None:
        known = self._known(str(event.data["participant"]))
        if known is not None:
            known.name = _text(event.data["name"], 120)

    def _role_changed(self, event: Event) -> None:
        known = self._known(str(event.data["participant"]))
        if known is not None:
            known.role = _text(event.data["role"], 32)

    def _roster(self, event: Event) -> None:
        present = {str(each) for each in event.data["participants"]}
        for participant in list(self._last):
            known = self._last[participant]
            if participant in present:
                self._known(participant)
                if known.left_at is None:
                    known.last_seen_at = max(known.last_seen_at, event.at)
            elif known.left_at is None:
                _close(known, max(known.last_seen_at, known.joined_at), "absent")

    def _began(self, event: Event) -> None:
        if self.meeting.began_at is None:
            self.meeting.began_at = event.at

    def _ended(self, event: Event) -> None:
        self.meeting.ended_at = event.at

    def _closed(self, event: Event) -> None:
        self.meeting.closed_at = event.at
        for participant in self._last:
            known = self._known(participant)
            if known is not None and known.left_at is None:
                _close(known, event.at, "closed")

    def _known(self, participant: str) -> Connection | None:
        """The participant's last period; one that was closed for the node's silence goes on."""
        known = self._last.get(participant)
        if known is not None and known.left_at is not None and known.reason == SILENT:
            known.left_at, known.reason = None, ""
        return known

    def _add(self, period: Connection) -> None:
        self._last[period.participant] = period
        self.meeting.connections.append(period)


def _text(value: object, longest: int) -> str:
    """What a text column takes. PostgreSQL has no NUL character: one in a name must not hold up all later events."""
    return str(value).replace("\0", "")[:longest]


def _close(period: Connection, at: datetime, reason: str) -> None:
    period.left_at = max(at, period.joined_at)
    period.last_seen_at = max(period.last_seen_at, period.left_at)
    period.reason = reason[:64]
