"""What is being said in a live meeting and is no fact yet: who speaks, and lines of captions that are being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from signaling import messages
from signaling.meeting import facts, words
from signaling.meeting.faces import alias
from signaling.meeting.state import Member
from signaling.model import Language

if TYPE_CHECKING:
    from signaling.live import LiveMeeting

SPOKE_AT_LEAST_S = 1.0


class Speaking:
    """Who speaks, and since when (UTC, seconds)."""

    def __init__(self) -> None:
        self._since: tuple[str, float] | None = None

    def turn(self, participant: str | None, now: float) -> None:
        """Somebody else speaks now, or nobody."""
        self._since = None if participant is None else (participant, now)

    def forget(self, participant: str) -> None:
        """They are gone."""
        if self._since is not None and self._since[0] == participant:
            self._since = None

    def spoken(self, now: float) -> list[facts.Fact]:
        """What whoever speaks has said until now, if it was more than a word."""
        if self._since is None or now - self._since[1] < SPOKE_AT_LEAST_S:
            return []
        speaker, since = self._since
        return [facts.Spoke(at=now, participant=speaker, since=since)]


class Captioning:
    """Lines of captions that are being written: by whom and in which language, since when."""

    def __init__(self, meeting: LiveMeeting) -> None:
        self._meeting = meeting
        self._drafts: dict[tuple[str, str], float] = {}

    def caption(self, member: Member, sent: messages.SendCaption) -> None:
        """Show a draft of a line of captions, or keep the line. Raises `RefusedError`."""
        key = (member.id, sent.language)
        now = self._meeting.now()
        since = self._drafts.get(key, now)
        shown = alias(self._meeting.state, member.id)
        line = words.caption(
            member, sent.text, language=sent.language, final=sent.final, since=since, now=now, alias=shown
        )
        if sent.final:
            self._meeting.commit([facts.Captioned(at=now, caption=line)])
        else:
            self._meeting.tell(messages.CaptionShown(caption=line))
        if sent.final or not line.text:
            self._drafts.pop(key, None)
        else:
            self._drafts[key] = since

    def forget(self, participant: str) -> None:
        """They are gone."""
        for language in get_args(Language):
            self._drafts.pop((participant, language), None)
