"""Who is in the meeting, what they send, and who is large: what lines of the timeline say, as a live picture needs it.

Pure: lines and times go in, a `Situation` for `recordings.processing.arranging` comes out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from recordings.processing.arranging import INTERPRETER, SILENT_ROLES, Content, Situation
from recordings.processing.plan import HOLD_S
from recordings.raw import timeline
from recordings.raw.timeline import AnyLine

TURN_S: Final = 1.0
"""Who speaks for less does not become large. Offline more is asked for, but nobody waits there."""
RECENT: Final = 16


class Shown(NamedTuple):
    """A moving picture that may be seen."""

    number: int
    participant: str
    source: str
    since: float
    """The latest content is large."""


@dataclass
class Turns:
    """Who is large for speaking, so that nothing flickers: one has to speak for a moment, and then stays."""

    recent: list[str] = field(default_factory=list)
    """The latest first."""
    _since: float = float("-inf")
    _speaking: str | None = None
    _speaking_since: float = 0.0

    def speaks(self, participant: str | None, at: float) -> None:
        """The meeting has another active speaker."""
        self._speaking, self._speaking_since = participant, at

    def tick(self, at: float, there: Collection[str]) -> None:
        """It is `at`; these are there."""
        who = self._speaking
        if who is None or (self.recent and self.recent[0] == who):
            return
        current = self.recent[0] if self.recent else None
        held = at - self._speaking_since < TURN_S or at - self._since < HOLD_S
        if who not in there or (held and current is not None and current in there):
            return
        self.recent = [who, *(one for one in self.recent if one != who)][:RECENT]
        self._since = at


class Stage:
    """What the lines have said so far."""

    def __init__(self) -> None:
        self.title = ""
        self.paused = False
        self.stopped = False
        self.muted: set[int] = set()
        self.people: dict[str, timeline.Present] = {}
        """Who is there, in the order in which they came."""
        self.left: set[str] = set()
        """Who is gone: what they sent is not shown any more."""
        self._interpreting: dict[str, timeline.Interprets] = {}
        """Who interprets by voice, and into what."""
        self._language: str | None = None
        """Into which language it is interpreted in the stream."""
        self._turns = Turns()
        self._spotlight: timeline.Spotlight | None = None
        self._senders: set[str] = set()
        """Who has sent anything: others only watch, and have no place."""

    def take(self, line: AnyLine, at: float) -> None:
        """What `line` says holds from now on; it is `at`."""
        match line:
            case timeline.Begun():
                self._begin(line)
            case timeline.Stopped():
                self.stopped = True
            case timeline.Paused():
                self.paused = True
            case timeline.Resumed():
                self.paused = False
            case timeline.Present():
                self.people[line.participant] = line
                self.left.discard(line.participant)
            case timeline.Gone():
                self.people.pop(line.participant, None)
                self.left.add(line.participant)
            case timeline.Track():
                self.muted.discard(line.track)
                self._senders.add(line.participant)
            case timeline.TrackEnded():
                self.muted.discard(line.track)
            case timeline.Muted():
                (self.muted.add if line.muted else self.muted.discard)(line.track)
            case timeline.Speaker():
                self._turns.speaks(line.participant, at)
            case timeline.Interprets() if line.into is None:
                self._interpreting.pop(line.participant, None)
            case timeline.Interprets():
                self._interpreting[line.participant] = line
            case timeline.Spotlight():
                self._spotlight = line
            case _:
                pass

    def _begin(self, line: timeline.Begun) -> None:
        """Everything is told anew after this line: to a new reader, or by a node that was started again."""
        self.title = line.title
        self.paused = False
        self.people.clear()
        self.muted.clear()
        self.left.clear()
        self._interpreting.clear()
        self._spotlight = None

    def interprets(self, participant: str) -> bool:
        """Whether somebody interprets by voice: the room does not hear them while they do."""
        return participant in self._interpreting

    def interpreter(self) -> str | None:
        """Who is heard in the interpretation now.

        Of two languages at once the one that was there first, for as long as anybody interprets into it: nobody could
        follow both in one sound. Whoever is not on the air speaks to nobody but the booth.
        """
        on_air = {line.into: who for who, line in self._interpreting.items() if line.on_air}
        if self._language not in on_air:
            self._language = next(iter(on_air), None)
        return on_air.get(self._language)

    def situation(self, at: float, pictures: Iterable[Shown], anybody: str) -> Situation:
        """What there is to be seen. `anybody` is what people without a name are called."""
        cameras: dict[str, int] = {}
        contents: list[Shown] = []
        for one in pictures:
            if one.participant in self.left:
                continue
            if one.source == "camera":
                cameras[one.participant] = one.number
            else:
                contents.append(one)
        people = [
            who for who, person in self.people.items() if person.role not in SILENT_ROLES and who in self._senders
        ]
        names = {who: self.people[who].name if who in self.people else anybody for who in (*self.people, *cameras)}
        names |= {one.participant: anybody for one in contents if one.participant not in names}
        contents.sort(key=lambda one: -one.since)
        self._turns.tick(at, {*people, *cameras})
        pinned = self._spotlight
        return Situation(
            people=people,
            names=names,
            interpreters={who for who, person in self.people.items() if person.role == INTERPRETER},
            cameras=cameras,
            contents=[Content(one.number, one.participant, one.source) for one in contents],
            recent=self._turns.recent,
            pinned=pinned.participant if pinned else None,
            pinned_source=pinned.source if pinned else None,
        )
