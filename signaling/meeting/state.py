"""The state of one meeting, changed by facts only (and, for what does not outlive the media, by publications)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Literal

from signaling.meeting import channels, facts
from signaling.meeting.faces import Face
from signaling.meeting.plan import Groups, Plan
from signaling.meeting.streams import StreamState
from signaling.meeting.words import Words
from signaling.model import (
    ChatMessage,
    Interpreting,
    MeetingState,
    Participant,
    Permission,
    Presence,
    Publication,
    Role,
    Source,
    bearer,
)

CHAT_HISTORY = 200
PRIVATE_HISTORY = 1000
_SETTINGS = ("locked", "lobby", "self_unmute", "chat_enabled", "questions_enabled", "channels")


@dataclass(slots=True)
class Member:
    """A participant as the node knows them."""

    id: str
    identity: str
    token: str
    resume: str
    name: str
    organisation: str
    role: Role
    presence: Presence
    permissions: frozenset[Permission]
    joined_at: float
    number: int = 0
    alias: str = ""
    hidden: bool = False
    away: bool = False
    muted_by_host: set[Source] = field(default_factory=set)
    publications: dict[str, Publication] = field(default_factory=dict)
    """What they publish now. Media does not survive the node, so this is not in the journal."""

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def moderates(self) -> bool:
        return Permission.MODERATE in self.permissions

    def publishes(self, source: Source) -> bool:
        return any(publication.source is source for publication in self.publications.values())

    def restate(self, *, now: float) -> list[facts.Fact]:
        """The fewest facts that bring this member back."""
        told: list[facts.Fact] = [
            facts.Joined(
                at=self.joined_at,
                participant=self.id,
                identity=self.identity,
                token=self.token,
                resume=self.resume,
                name=self.name,
                organisation=self.organisation,
                role=self.role,
                presence=self.presence,
                permissions=sorted(self.permissions),
                number=self.number,
                alias=self.alias,
                hidden=self.hidden,
            )
        ]
        told += [
            facts.HostMuted(at=now, participant=self.id, source=source, muted=True)
            for source in sorted(self.muted_by_host)
        ]
        if self.away:
            told.append(facts.WentAway(at=now, participant=self.id))
        return told


class State:
    """Roster, chat, hands and settings of one opening of a meeting."""

    def __init__(self) -> None:
        self.id = ""
        self.opening = ""
        self.plan = Plan()
        self.members: dict[str, Member] = {}
        self.faces: dict[str, Face] = {}
        """Of everybody who was here, by participant; they outlive the member, as words do."""
        self.roles: dict[str, Role] = {}
        """Identity → role given in this meeting; wins over the token."""
        self.welcome: set[str] = set()
        """Identities that were let in before: lobby and lock do not stop them from coming back."""
        self.banned: set[str] = set()
        self.shown_out: dict[str, facts.ShownOut] = {}
        """Identity → by tokens from before when it may not come in any more."""
        self.hands: list[str] = []
        self.public_chat: list[ChatMessage] = []
        self.private_chat: list[ChatMessage] = []
        self.locked = False
        self.lobby = False
        self.self_unmute = True
        self.chat_enabled = True
        self.questions_enabled = True
        self.channels: list[str] = []
        """Languages into which the room is interpreted."""
        self.interpreting: dict[str, Interpreting] = {}
        """Identity → from and into what they interpret, here or not."""
        self.words = Words()
        self.spotlight: str | None = None
        self.spotlight_source: Source | None = None
        self.began_at: float | None = None
        self.ended_at: float | None = None
        self.closed: facts.CloseReason | None = None
        self.groups: Groups | None = None
        self.recording: str | None = None
        """The recording under way, paused or not."""
        self.recording_paused = False
        self.recording_trouble: str | None = None
        """What capture says now; it does not outlive the node."""
        self.recorded_tracks = 0
        self.can_record = False
        """Whether the node has capture at all; it does not outlive the node."""

        self.streams = StreamState()
        self.can_stream = False
        """Whether the node can stream at all; it does not outlive the node."""
        self.viewers = 0
        """People who watch the stream; they do not outlive the node."""

    @property
    def stream(self) -> str | None:
        """The stream under way."""
        return self.streams.id

    @property
    def kept(self) -> str | None:
        """The recording, or else the stream, of which people have to know; None: nothing goes beyond the room."""
        return self.recording or self.stream

    # ------------------------------------------------------------ views

    def as_meeting(self) -> MeetingState:
        """What everybody sees of the meeting as a whole."""
        return MeetingState(
            id=self.id,
            title=self.plan.title,
            language=self.plan.language,
            channels=self.channels,
            began_at=self.began_at,
            ended_at=self.ended_at,
            locked=self.locked,
            lobby=self.lobby,
            self_unmute=self.self_unmute,
            chat_enabled=self.chat_enabled,
            questions_enabled=self.questions_enabled,
            protection=self.plan.protection,
            spotlight=self.spotlight,
            spotlight_source=self.spotlight_source,
            recording=self.recording is not None,
            recording_paused=self.recording_paused,
            recording_trouble=self.recording_trouble if self.recording else None,
            streaming=self.stream is not None,
            stream_since=self.streams.since,
            viewers=self.viewers,
        )

    def as_participant(self, member: Member) -> Participant:
        """What everybody sees of one participant."""
        return Participant(
            id=member.id,
            name=member.name,
            organisation=member.organisation,
            role=member.role,
            presence=member.presence,
            permissions=sorted(member.permissions),
            publications=list(member.publications.values()),
            hand_raised=member.id in self.hands,
            away=member.away,
            joined_at=member.joined_at,
            interprets=self.interprets(member),
        )

    def interprets(self, member: Member) -> Interpreting | None:
        """What somebody interprets, if they are an interpreter."""
        return self.interpreting.get(member.identity) if member.may(Permission.INTERPRET) else None

    def roster(self) -> list[Participant]:
        return [self.as_participant(member) for member in self.members.values()]

    def chat_for(self, participant: str) -> list[ChatMessage]:
        """The last 200 messages that this participant may read, oldest first."""
        readable = self.public_chat + [
            message for message in self.private_chat if participant in (message.to, message.participant)
        ]
        return sorted(readable, key=lambda message: message.at)[-CHAT_HISTORY:]

    def find_chat(self, message_id: str) -> ChatMessage | None:
        return next((message for message in self.public_chat + self.private_chat if message.id == message_id), None)

    def of_token(self, jti: str) -> Member | None:
        """Who came in with this token."""
        return next((member for member in self.members.values() if member.token == jti), None)

    def away_with(self, identity: str, presence: Presence) -> Member | None:
        """Somebody of this identity whose connection is lost. Their encoder (WHIP) is somebody else."""
        return next(
            (
                member
                for member in self.members.values()
                if member.away and member.identity == identity and member.presence is presence
            ),
            None,
        )

    # ------------------------------------------------------------ facts

    @singledispatchmethod
    def apply(self, fact: facts.Fact) -> None:
        """Change the state as the fact says. A fact about somebody unknown changes nothing."""
        raise TypeError(f"Not a fact: {fact!r}")

    @apply.register
    def _(self, fact: facts.Opened) -> None:
        self.id, self.opening = fact.meeting, fact.opening
        self.plan = Plan()
        self._plan(fact.plan)

    @apply.register
    def _(self, fact: facts.Planned) -> None:
        self._plan(fact.plan)

    def _plan(self, plan: Plan) -> None:
        for setting in _SETTINGS:
            if getattr(plan, setting) != getattr(self.plan, setting):
                setattr(self, setting, getattr(plan, setting))
        self.roles |= plan.roles
        for identity, interprets in plan.interpreters.items():
            if self.plan.interpreters.get(identity) != interprets:
                self.interpreting[identity] = interprets.model_copy(update={"on_air": False})
        self.plan = plan
        self.streams.plan(plan)
        self._settle_channels()
        for member in self.members.values():
            self._go_on_air(member)

    def _settle_channels(self) -> None:
        channels.settle(self.interpreting, self.members.values(), {self.plan.language, *self.channels})

    def _go_on_air(self, member: Member) -> None:
        """Whoever comes and finds booth and language free is heard."""
        interprets = self.interprets(member)
        if interprets is not None and channels.is_free(self.interpreting, member.identity, interprets):
            self.interpreting[member.identity] = interprets.model_copy(update={"on_air": True})

    @apply.register
    def _(self, fact: facts.Joined) -> None:
        self.members[fact.participant] = Member(
            id=fact.participant,
            identity=fact.identity,
            token=fact.token,
            resume=fact.resume,
            name=fact.name,
            organisation=fact.organisation,
            role=fact.role,
            presence=fact.presence,
            permissions=frozenset(fact.permissions),
            joined_at=fact.at,
            number=fact.number,
            alias=fact.alias,
            hidden=fact.hidden,
        )
        self.faces[fact.participant] = Face(fact.identity, fact.role, fact.number, fact.alias, fact.hidden)
        self.welcome.add(fact.identity)
        self._go_on_air(self.members[fact.participant])

    @apply.register
    def _(self, fact: facts.FaceKept) -> None:
        self.faces[fact.participant] = Face(fact.identity, fact.role, fact.number, fact.alias, fact.hidden)

    @apply.register
    def _(self, fact: facts.TookOver) -> None:
        if member := self.members.get(fact.participant):
            member.token, member.resume, member.away = fact.token, fact.resume, False

    @apply.register
    def _(self, fact: facts.WentAway) -> None:
        if member := self.members.get(fact.participant):
            member.away = True

    @apply.register
    def _(self, fact: facts.CameBack) -> None:
        if member := self.members.get(fact.participant):
            member.away = False

    @apply.register
    def _(self, fact: facts.Left) -> None:
        member = self.members.pop(fact.participant, None)
        if member is None:
            return
        if fact.participant in self.hands:
            self.hands.remove(fact.participant)
        if self.spotlight == fact.participant:
            self.spotlight = self.spotlight_source = None
        if fact.reason == "removed":
            self.welcome.discard(member.identity)
        self._settle_channels()

    @apply.register
    def _(self, fact: facts.ShownOut) -> None:
        self.shown_out[fact.identity] = fact
        self.welcome = {each for each in self.welcome if bearer(each) != fact.identity}

    @apply.register
    def _(self, fact: facts.Barred) -> None:
        self.banned.add(fact.identity)
        self.welcome.discard(fact.identity)

    @apply.register
    def _(self, fact: facts.Admitted) -> None:
        self.welcome.add(fact.identity)

    @apply.register
    def _(self, fact: facts.Renamed) -> None:
        if member := self.members.get(fact.participant):
            member.name = fact.name

    @apply.register
    def _(self, fact: facts.RoleChanged) -> None:
        if member := self.members.get(fact.participant):
            member.role, member.permissions = fact.role, frozenset(fact.permissions)
            self.roles[member.identity] = fact.role
            self._settle_channels()
        if face := self.faces.get(fact.participant):
            face.role = fact.role

    @apply.register
    def _(self, fact: facts.RoleGiven) -> None:
        self.roles[fact.identity] = fact.role

    @apply.register
    def _(self, fact: facts.HandMoved) -> None:
        if fact.raised and fact.participant in self.members and fact.participant not in self.hands:
            self.hands.append(fact.participant)
        elif not fact.raised and fact.participant in self.hands:
            self.hands.remove(fact.participant)

    @apply.register
    def _(self, fact: facts.HostMuted) -> None:
        if member := self.members.get(fact.participant):
            (member.muted_by_host.add if fact.muted else member.muted_by_host.discard)(fact.source)
            for publication in list(member.publications.values()):
                if publication.source is fact.source:
                    self.publish(member, publication)

    @apply.register
    def _(self, fact: facts.Spotlighted) -> None:
        self.spotlight = fact.participant
        self.spotlight_source = fact.source

    @apply.register
    def _(self, fact: facts.MeetingSet) -> None:
        for setting in _SETTINGS:
            if (value := getattr(fact, setting)) is not None:
                setattr(self, setting, value)
        self._settle_channels()

    @apply.register
    def _(self, fact: facts.InterpretingSet) -> None:
        if fact.interprets is None:
            self.interpreting.pop(fact.identity, None)
        else:
            self.interpreting[fact.identity] = fact.interprets
        self._settle_channels()

    @apply.register
    def _(self, fact: facts.GroupsSet) -> None:
        self.groups = fact.groups

    @apply.register
    def _(self, fact: facts.Said) -> None:
        history, bound = (
            (self.public_chat, CHAT_HISTORY) if fact.message.to is None else (self.private_chat, PRIVATE_HISTORY)
        )
        history.append(fact.message)
        del history[:-bound]

    @apply.register
    def _(self, fact: facts.ChatErased) -> None:
        self.public_chat = [message for message in self.public_chat if message.id != fact.message]
        self.private_chat = [message for message in self.private_chat if message.id != fact.message]

    @apply.register
    def _(self, fact: facts.Began) -> None:
        self.began_at, self.ended_at = fact.at, None

    @apply.register
    def _(self, fact: facts.Ended) -> None:
        self.ended_at = fact.at

    @apply.register
    def _(self, fact: facts.Closed) -> None:
        self.closed = fact.reason

    @apply.register
    def _(self, fact: facts.RecordingSet) -> None:
        if fact.status == "off":
            self.recording, self.recording_paused = None, False
            return
        if fact.recording != self.recording:
            self.recorded_tracks = 0
        self.recording, self.recording_paused = fact.recording, fact.status == "paused"

    @apply.register
    def _(self, fact: facts.TrackRecorded) -> None:
        self.recorded_tracks = max(self.recorded_tracks, fact.track)

    @apply.register(facts.StreamSet)
    @apply.register(facts.StreamTargetSet)
    def _(self, fact: facts.StreamSet | facts.StreamTargetSet) -> None:
        self.streams.apply(fact)
        if self.stream is None:
            self.viewers = 0

    @apply.register(facts.Captioned)
    @apply.register(facts.QuestionPut)
    @apply.register(facts.QuestionVoted)
    @apply.register(facts.QuestionMoved)
    @apply.register(facts.Consented)
    def _(self, fact: facts.WordFact) -> None:
        self.words.apply(fact)

    @apply.register(facts.Spoke)
    @apply.register(facts.RosterTaken)
    @apply.register(facts.Pictured)
    def _(self, fact: facts.Spoke | facts.RosterTaken | facts.Pictured) -> None:
        """Told to others; changes nothing here."""

    # ------------------------------------------------------------ journal

    def restate(self, *, now: float) -> list[facts.Fact]:
        """The fewest facts that lead to this state: what a journal that grew too long is replaced by."""
        opened = facts.Opened(at=now, meeting=self.id, opening=self.opening, plan=self.plan)
        settings = facts.MeetingSet(at=now, **{setting: getattr(self, setting) for setting in _SETTINGS})
        told: list[facts.Fact] = [opened, settings]
        told += [facts.RoleGiven(at=now, identity=identity, role=role) for identity, role in self.roles.items()]
        told += [face.restate(participant, now=now) for participant, face in self.faces.items()]
        told += [fact for member in self.members.values() for fact in member.restate(now=now)]
        told += [
            facts.InterpretingSet(at=now, identity=identity, interprets=self.interpreting.get(identity))
            for identity in sorted({*self.plan.interpreters, *self.interpreting})
        ]
        told += [facts.Admitted(at=now, identity=identity) for identity in sorted(self.welcome)]
        told += [facts.Barred(at=now, identity=identity) for identity in sorted(self.banned)]
        told += [self.shown_out[identity] for identity in sorted(self.shown_out)]
        told += [facts.HandMoved(at=now, participant=participant, raised=True) for participant in self.hands]
        told += [facts.Said(at=message.at, message=message) for message in self.public_chat + self.private_chat]
        told += self.words.restate(now=now, recording=self.kept)
        if self.spotlight is not None:
            told.append(facts.Spotlighted(at=now, participant=self.spotlight, source=self.spotlight_source))
        if self.groups is not None:
            told.append(facts.GroupsSet(at=now, groups=self.groups))
        if self.began_at is not None:
            told.append(facts.Began(at=self.began_at))
        if self.ended_at is not None:
            told.append(facts.Ended(at=self.ended_at))
        if self.recording is not None:
            status: Literal["on", "paused"] = "paused" if self.recording_paused else "on"
            told.append(facts.RecordingSet(at=now, recording=self.recording, status=status))
            told.append(facts.TrackRecorded(at=now, track=self.recorded_tracks))
        return told + self.streams.restate()

    # ------------------------------------------------------------ media

    def publish(self, member: Member, publication: Publication) -> Publication:
        """Note what a member publishes, with the host's mute upon it."""
        noted = publication.model_copy(update={"muted_by_host": publication.source in member.muted_by_host})
        member.publications[noted.id] = noted
        return noted
