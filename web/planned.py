"""What this process has told the media nodes of meetings, so that it says nothing twice for each who comes in."""

from __future__ import annotations

from datetime import datetime, timedelta

from web.config import MeetingPlan

AGAIN = timedelta(hours=12)
"""A node forgets after a day what is of no use to it (`signaling.plans`), so it is told again before."""


class Planned:
    """Plans by meeting, and when they were told."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[datetime, MeetingPlan]] = {}

    def knows(self, plan: MeetingPlan, now: datetime) -> bool:
        """Whether the node has lately been told exactly this."""
        at, told = self._told.get(plan.meeting, (now, None))
        return told == plan and now - at < AGAIN

    def told(self, plan: MeetingPlan, now: datetime) -> None:
        """The node has taken it. What is too old to count goes."""
        self._told = {meeting: each for meeting, each in self._told.items() if now - each[0] < AGAIN}
        self._told[plan.meeting] = now, plan
