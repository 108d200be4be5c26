"""A meeting that runs on this node: its state, its journal, its media and the links of those who are in it.

Every change goes through `commit`: the fact is written, then applied, then told. So nobody is told what would not
survive the node.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from signaling import messages
from signaling.entrance import Entrance, Link
from signaling.journal import Journal
from signaling.media.meeting import MeetingMedia
from signaling.media.ports import PeerPort
from signaling.media.program import Program
from signaling.meeting import facts, orders, rules, words
from signaling.meeting.announcements import announce
from signaling.meeting.faces import fresh_number, number_of, public_name
from signaling.meeting.plan import Plan
from signaling.meeting.state import Member, State
from signaling.meeting.veil import View
from signaling.model import GroupsSeen, Interpreting, Permission, Presence, Publication
from signaling.problems import RefusedError, problem
from signaling.recording import MeetingRecorder
from signaling.rounds import Rounds
from signaling.saying import Captioning, Speaking
from signaling.stream_telling import StreamTelling
from signaling.streaming import MeetingStreamer
from signaling.surroundings import Surroundings
from signaling.tokens import Token

_log = structlog.get_logger(__name__)


class LiveMeeting:
    """One opening of a meeting. All methods run on the node's loop."""

    def __init__(self, surroundings: Surroundings, state: State, journal: Journal) -> None:
        self._around = surroundings
        self.state = state
        self.journal = journal
        limits = surroundings.limits
        self.entrance = Entrance(self, limit=limits.participants_per_meeting, waiting_limit=limits.waiting_per_meeting)
        self.media = MeetingMedia(
            surroundings.media_node,
            self,
            automatic_videos=limits.automatic_videos,
            publications=limits.publications_per_participant,
        )
        self.recorder = MeetingRecorder(surroundings.feed, state, self.media, now=self.now, number=self._number_track)
        state.can_record = surroundings.feed is not None
        self.program = Program()
        self.streamer = MeetingStreamer(surroundings.streaming, state, self.media)
        self._stream_telling = StreamTelling(state, self.streamer, self.program, self.tell, self.tell_moderators)
        self.links: dict[str, Link] = {}
        self._rounds = Rounds(self, resume_s=limits.resume_s)
        self.captioning = Captioning(self)
        self._speaking = Speaking()
        self._empty_since: float | None = self.monotonic()
        self._ending = False
        """Its end is written: whatever still falls silent is told nobody."""
        self.closed = False
        surroundings.delivery.watch(state.id, state.opening, journal)

    def now(self) -> float:
        """UTC, seconds since the epoch."""
        return self._around.clock.wall()

    def monotonic(self) -> float:
        """Seconds, for durations."""
        return self._around.clock.monotonic()

    @property
    def limit(self) -> int:
        """Most participants."""
        return self._around.limits.participants_per_meeting

    def open_peer(self, label: str) -> PeerPort:
        """A peer that is not one of a participant's two."""
        opened: PeerPort = self._around.media_node.open_peer(label=label, on_state=lambda _peer, _state: None)
        return opened

    @property
    def ice_servers(self) -> list[messages.IceServer]:
        return self._around.ice_servers

    # ------------------------------------------------------------ facts

    def commit(self, new: Sequence[facts.Fact]) -> None:
        """Write, apply and tell what was decided. Raises `RefusedError` (`storage_full`); then nothing happened."""
        if new:
            new = self._whole(new)
            self._make_room()
            self.journal.append(new)
            self._apply(new)

    def commit_surely(self, new: Sequence[facts.Fact]) -> None:
        """The same for what has happened anyway: a full disk delays the writing only."""
        if new:
            new = self._whole(new)
            self.journal.append_later(new)
            self._apply(new)

    def _make_room(self) -> None:
        """Shorten a journal that has grown long, once the web process knows all of it."""
        limit = self._around.limits.journal_bytes
        told = self.journal.all_written and self._around.delivery.all_told(self.state.opening)
        if self.journal.size < limit or not told:
            return
        self.journal.shorten(self.state.restate(now=self.now()))
        self._around.delivery.shortened(self.state.opening)

    def _whole(self, new: Sequence[facts.Fact]) -> Sequence[facts.Fact]:
        """Nothing is told after the end: whoever speaks while the meeting closes has spoken before."""
        return [*self._speaking.spoken(new[-1].at), *new] if isinstance(new[-1], facts.Closed) else new

    def _apply(self, new: Sequence[facts.Fact]) -> None:
        if isinstance(new[-1], facts.Closed):
            self._ending = True
            self._speaking.turn(None, new[-1].at)
            links, self.links = self.links, {}
            why = problem("group_over" if self._around.grouping.goes_on(self) else "ended")
            for link in links.values():
                link.close(why)
        for fact in new:
            self.state.apply(fact)
            self._follow(fact)
            self.recorder.note(fact)
            self.streamer.note(fact)
            for announcement in announce(self.state, fact):
                self._tell(announcement.message, announcement.to)
        self._around.delivery.written()

    def _follow(self, fact: facts.Fact) -> None:
        """What a fact means for media and links."""
        match fact:
            case facts.HostMuted():
                self.media.mute_by_host(fact.participant, fact.source, muted=fact.muted)
            case facts.RoleChanged():
                self._permit(self.state.members[fact.participant])
                self.media.interpreters_changed()
            case facts.InterpretingSet() | facts.MeetingSet() | facts.Planned():
                self.media.interpreters_changed()
            case facts.RecordingSet() | facts.StreamSet():
                self._tell_kept(list(self.state.members.values()))
                if self.state.stream is None:
                    self.program.end()
            case facts.Joined():
                self._around.grouping.moved(self)
                self._tell_kept([self.state.members[fact.participant]])
            case facts.WentAway() | facts.CameBack() | facts.TookOver():
                self._around.grouping.moved(self)
            case facts.Left():
                self._forget(fact)
                self._around.grouping.moved(self)
            case facts.GroupsSet():
                self._around.grouping.changed(self)
            case facts.Closed():
                self._close()
            case _:
                pass

    def _tell_kept(self, members: list[Member]) -> None:
        """These people are told by what follows that they are recorded or streamed: note it, once for each."""
        if self.state.kept is not None:
            people = [member for member in members if member.presence is not Presence.SERVICE]
            self.commit_surely(words.told(self.state.words, people, self.state.kept, now=self.now()))

    def _permit(self, member: Member) -> None:
        self.media.permit(
            member.id,
            receives=member.may(Permission.SUBSCRIBE) and self._negotiates(member.id),
            may_publish=lambda source: rules.may_publish(member, source),
        )
        if link := self.links.get(member.id):
            if member.moderates:
                link.send(messages.LobbyChanged(waiting=self.entrance.waiting()))
                link.send(messages.StreamChanged(stream=self.streamer.seen()))
                for question in self.state.words.seen_by(moderates=True):
                    self.send_to(member.id, messages.QuestionChanged(question=question))
            self._tell_faces([member])
            self._rounds.renew_token(member, link)

    def _tell_faces(self, members: list[Member]) -> None:
        """What these may know of the others has changed."""
        for participant in self.state.roster():
            for member in members:
                self.send_to(member.id, messages.ParticipantChanged(participant=participant))

    def number_for(self, identity: str) -> int:
        """By which number others know somebody where names are hidden: the same in the groups as in the main room."""
        main = self._around.grouping.main_of(self)
        known = number_of((main or self).state, identity) or number_of(self.state, identity)
        return known or fresh_number((main or self).state, self.state)

    def _negotiates(self, participant: str) -> bool:
        """Somebody away is a WebSocket client: other links do not come back."""
        link = self.links.get(participant)
        return link is None or link.negotiates

    def _forget(self, fact: facts.Left) -> None:
        participant = fact.participant
        self.media.leave(participant)
        for each in (self._rounds, self._speaking, self.captioning):
            each.forget(participant)
        link = self.links.pop(participant, None)
        if link is not None and fact.reason == "removed":
            banned = link.token.identity in self.state.banned
            link.close(problem(fact.why or ("banned" if banned else "removed")))
        if not self.state.members:
            self._empty_since = self.monotonic()

    def _close(self) -> None:
        self.closed = True
        self.entrance.close(problem("ended"))
        self.media.close()
        self._around.delivery.finish(self.state.opening)
        self._around.grouping.close_groups_of(self)

    # ------------------------------------------------------------ telling

    def groups_seen(self, member: Member) -> GroupsSeen | None:
        """The groups as this member sees them; none where there never were any."""
        return self._around.grouping.seen(self, member)

    def tell(self, message: messages.ServerMessage) -> None:
        """Tell everybody who is here."""
        self._tell(message)

    def _tell(self, message: messages.ServerMessage, to: frozenset[str] | None = None) -> None:
        view = View(self.state, message)
        for participant, link in list(self.links.items()):
            if to is None or participant in to:
                link.send(view.of(self.state.members.get(participant)))

    def send_to(self, participant: str, message: messages.ServerMessage) -> None:
        """Tell one participant; nothing happens while they are away."""
        if link := self.links.get(participant):
            link.send(View(self.state, message).of(self.state.members.get(participant)))

    def tell_lobby(self) -> None:
        """Tell hosts and moderators who waits."""
        self.tell_moderators(messages.LobbyChanged(waiting=self.entrance.waiting()))

    def tell_moderators(self, message: messages.ServerMessage) -> None:
        """Tell hosts and moderators."""
        self._tell(message, frozenset(member.id for member in self.state.members.values() if member.moderates))

    def tell_participant(self, member: Member) -> None:
        """Tell everybody what somebody looks like now."""
        self._tell(messages.ParticipantChanged(participant=self.state.as_participant(member)))

    # ------------------------------------------------------------ links

    def replace_link(self, participant: str, link: Link) -> None:
        """A link is the participant's from now on; an earlier one is told so and closed."""
        earlier = self.links.get(participant)
        self.links[participant] = link
        link.entered(participant)
        if earlier is not None and earlier is not link:
            earlier.close(problem("replaced"))
        self._rounds.came(participant)
        self._empty_since = None

    def media_lives(self, participant: str) -> bool:
        """Whether the participant's peers have survived (they do not survive the node)."""
        return participant in self.media

    def lost(self, participant: str, link: Link) -> None:
        """A link has broken without a goodbye: the place is kept for 60 s."""
        if self.links.get(participant) is not link:
            return
        del self.links[participant]
        self._rounds.went_away(participant)
        self.commit_surely([facts.WentAway(at=self.now(), participant=participant)])

    def _number_track(self, track: int) -> None:
        self.commit_surely([facts.TrackRecorded(at=self.now(), track=track)])

    def restored(self, silent_since: float) -> None:
        """After a restart of the node: everybody is away and has 60 s to come back.

        `silent_since`: when the earlier run was last alive, as far as the journal tells (UTC).
        """
        self.recorder.restored(silent_since)
        self.streamer.restored()
        gone = [
            facts.WentAway(at=self.now(), participant=member.id)
            for member in self.state.members.values()
            if not member.away
        ]
        self._rounds.all_away(self.state.members)
        self._empty_since = None if self.state.members else self.monotonic()
        self.commit_surely(gone)

    def leave(self, participant: str, reason: facts.LeaveReason = "left") -> None:
        """Somebody goes for good."""
        self.commit_surely(rules.leave(self.state, participant, reason, now=self.now()))

    def renewed_token(self, member: Member, token: Token) -> str:
        """The token anew, with what the member has become here."""
        fresh = token.model_copy(
            update={"name": member.name, "role": member.role, "permissions": frozenset(member.permissions)}
        )
        return fresh.sign(self._around.token_key, now=self.now())

    # ------------------------------------------------------------ orders

    def order(self, actor: Member | None, action: messages.OrderAction) -> None:
        """Do what a moderator, or the control API (None), orders. Raises `RefusedError`."""
        if isinstance(action, messages.Admit | messages.Deny):
            if actor is not None and not actor.moderates:
                raise RefusedError("not_allowed", "Only hosts and moderators may do this.")
            if isinstance(action, messages.Admit):
                self.entrance.admit(action.participant)
            else:
                self.entrance.deny(action.participant)
            return
        if isinstance(action, messages.TellGroups):
            self._around.grouping.tell(self, actor, action.text)
            return
        if isinstance(action, messages.Record) and action.status == "on" and not self.recorder.can_record:
            raise RefusedError("cannot_record", "The disk is full, or the capture process is away.")
        if isinstance(action, messages.CountViewers):
            if actor is not None:
                raise RefusedError("not_allowed", "The web process counts those who watch.")
            self.streamer.count(action.counted_by, action.viewers)
            return
        decided = orders.decide(self.state, actor, action, now=self.now())
        self.commit(self.streamer.prepare(decided, wanted=isinstance(action, messages.Stream)))
        if isinstance(action, messages.ShowOut):
            self.entrance.show_out(action.identity, action.why)
        if isinstance(action, messages.AllowUnmute):
            public = public_name(self.state, actor.id, actor.name) if actor is not None else ""
            by = public or self.state.plan.title or self.state.id
            self.send_to(action.participant, messages.Asked(what="unmute", source=action.source, by=by[:120]))

    def plan(self, plan: Plan) -> None:
        """Hold the meeting as planned from now on. Raises `RefusedError`.

        People have come in on what protected them, so a running meeting is never less protected than before.
        """
        protection = self.state.plan.protection.joined(plan.protection)
        plan = plan.model_copy(update={"protection": protection})
        if plan == self.state.plan:
            return
        now = self.now()
        changes: list[facts.Fact] = [facts.Planned(at=now, plan=plan)]
        for member in self.state.members.values():
            role = plan.roles.get(member.identity, member.role)
            if role is not member.role and self.state.plan.roles.get(member.identity) is not role:
                changes += orders.decide(
                    self.state, None, messages.ChangeRole(do="role", participant=member.id, role=role), now=now
                )
        if protection.recording == "never":
            changes += rules.keep_inside(self.state, now=now)
        stricter = protection != self.state.plan.protection
        self.commit(changes)
        if stricter:
            self._tell_faces(list(self.state.members.values()))
            self._around.grouping.changed(self)

    def shut(self, reason: facts.CloseReason) -> None:
        """Send everybody away and end this opening."""
        if not self.closed:
            self.commit_surely(rules.close(self.state, reason, now=self.now()))

    # ------------------------------------------------------------ what media tells (MediaHost)

    def published(self, participant: str, publication: Publication) -> None:
        if member := self.state.members.get(participant):
            self.state.publish(member, publication)
            self.tell_participant(member)
            self._look()

    def unpublished(self, participant: str, publication: str) -> None:
        member = self.state.members.get(participant)
        if member is not None and member.publications.pop(publication, None) is not None:
            self.tell_participant(member)
            self._look()

    def interpreting(self, participant: str) -> Interpreting | None:
        """What somebody interprets by voice: it is heard in a channel instead of the room."""
        member = self.state.members.get(participant)
        interprets = self.state.interprets(member) if member is not None else None
        return None if interprets is None or interprets.signed else interprets

    def leads_no_floor(self, participant: str) -> bool:
        """Whether somebody interprets, by voice or by hand: the room does not turn to them."""
        member = self.state.members.get(participant)
        return member is not None and self.state.interprets(member) is not None

    def speaking(self, participant: str | None) -> None:
        if self._ending:
            return
        now = self.now()
        self.commit_surely(self._speaking.spoken(now))
        self._speaking.turn(participant, now)
        self._tell(messages.SpeakerChanged(participant=participant))
        self._look()

    def _look(self) -> None:
        """Publications, or who speaks, may have changed."""
        self.recorder.look()
        self.streamer.look()

    def media_state(self, participant: str) -> None:
        """A peer's state has changed: say at once if that is bad news or good."""
        if participant in self.state.members:
            self._rounds.tell_quality([participant])

    # ------------------------------------------------------------ time

    def tick(self) -> None:
        """To be called about twice a second."""
        now = self.monotonic()
        self._rounds.tick(now)
        self._look()
        if self.recorder.trouble != self.state.recording_trouble:
            self.state.recording_trouble = self.recorder.trouble
            self._tell(messages.MeetingChanged(meeting=self.state.as_meeting()))
        self._stream_telling.tick()
        if self._empty_since is not None and now >= self._empty_since + self._around.limits.empty_meeting_s:
            if self._around.grouping.busy(self):
                self._empty_since = now
            else:
                self.shut("empty")
