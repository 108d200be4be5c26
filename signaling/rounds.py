"""What comes round in a live meeting: places that are kept for a while, tokens, how the lines do, the roster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from signaling import messages
from signaling.entrance import Link
from signaling.meeting import facts
from signaling.meeting.state import Member
from signaling.problems import RefusedError
from signaling.tokens import LIFETIME_S

if TYPE_CHECKING:
    from signaling.live import LiveMeeting

ROSTER_S = 15.0
QUALITY_S = 2.0
TOKEN_RENEWAL_S = LIFETIME_S / 2


class Rounds:
    """The clocks of one live meeting. `resume_s`: how long the place of somebody whose line broke is kept."""

    def __init__(self, meeting: LiveMeeting, *, resume_s: float) -> None:
        self._meeting = meeting
        self._resume_s = resume_s
        self._away_until: dict[str, float] = {}
        self._renew_at: dict[str, float] = {}
        self._quality: dict[str, int] = {}
        now = meeting.monotonic()
        self._roster_at = now + ROSTER_S
        self._quality_at = now + QUALITY_S

    def came(self, participant: str) -> None:
        """They have a link, with a token that is good for a while."""
        self._away_until.pop(participant, None)
        self._renew_at[participant] = self._meeting.monotonic() + TOKEN_RENEWAL_S

    def went_away(self, participant: str) -> None:
        """Their link has broken; their place is kept."""
        self._renew_at.pop(participant, None)
        self._away_until[participant] = self._meeting.monotonic() + self._resume_s

    def all_away(self, participants: Iterable[str]) -> None:
        """After a restart nobody has a link."""
        self._away_until = dict.fromkeys(participants, self._meeting.monotonic() + self._resume_s)

    def forget(self, participant: str) -> None:
        """They are gone for good."""
        for table in (self._away_until, self._renew_at, self._quality):
            table.pop(participant, None)

    def tick(self, now: float) -> None:
        """Do what is due at `now` (monotonic seconds)."""
        for participant in [each for each, until in self._away_until.items() if until <= now]:
            self._meeting.leave(participant, "lost")
        for participant in [each for each, due in self._renew_at.items() if due <= now]:
            self.renew_token(self._meeting.state.members[participant], self._meeting.links[participant])
        if now >= self._quality_at:
            self._quality_at = now + QUALITY_S
            self.tell_quality(list(self._meeting.state.members))
        if now >= self._roster_at:
            self._roster_at = now + ROSTER_S
            self._take_roster()

    def renew_token(self, member: Member, link: Link) -> None:
        """Send a token that is good for longer, or for more."""
        self._renew_at[member.id] = self._meeting.monotonic() + TOKEN_RENEWAL_S
        link.send(messages.TokenRenewed(token=self._meeting.renewed_token(member, link.token)))

    def tell_quality(self, participants: list[str]) -> None:
        """Tell everybody how these people's lines do, as far as that has changed."""
        changed: dict[str, int] = {}
        for participant in participants:
            member = self._meeting.state.members[participant]
            quality = 0 if member.away else self._meeting.media.quality(participant)
            if quality is not None and self._quality.get(participant) != quality:
                changed[participant] = self._quality[participant] = quality
        if changed:
            self._meeting.tell(messages.QualityChanged(participants=changed))

    def _take_roster(self) -> None:
        present = [member.id for member in self._meeting.state.members.values() if not member.away]
        if present:
            with contextlib.suppress(RefusedError):
                self._meeting.commit([facts.RosterTaken(at=self._meeting.now(), participants=present)])
