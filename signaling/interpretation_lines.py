"""Who interprets by voice, as lines of a timeline."""

from __future__ import annotations

from recordings.raw import timeline
from signaling.meeting.state import State


class InterpretersTold:
    """What was last told of those who interpret.

    It hangs on roles, assignments and who else is there, so it is looked at after every fact.
    """

    def __init__(self) -> None:
        self._told: dict[str, timeline.Interprets] = {}

    def changes(self, state: State, at: float) -> list[timeline.AnyLine]:
        """Whatever has changed since, at `at` (UTC, seconds)."""
        before, self._told = self._told, {}
        lines: list[timeline.AnyLine] = []
        for member in state.members.values():
            interprets = state.interprets(member)
            if interprets is None or interprets.signed:
                continue
            line = timeline.Interprets(
                at=at, participant=member.id, into=interprets.into, on_air=interprets.on_air and not member.away
            )
            known = before.get(member.id)
            if known is None or (known.into, known.on_air) != (line.into, line.on_air):
                lines.append(line)
            self._told[member.id] = line
        gone = before.keys() - self._told.keys()
        return lines + [timeline.Interprets(at=at, participant=participant) for participant in gone]
