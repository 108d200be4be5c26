"""How somebody comes into a live meeting: join, wait in the lobby, take over, resume."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from signaling.meeting import facts, rules
from signaling.meeting.state import Member
from signaling.meeting.veil import View
from signaling.messages import Hello, Problem, Resume, ServerMessage, Waiting, WaitingParticipant, Welcome
from signaling.model import Permission, WhyOut, bearer
from signaling.problems import RefusedError, problem
from signaling.tokens import Token

if TYPE_CHECKING:
    from signaling.live import LiveMeeting


class Link(Protocol):
    """What reaches a participant: a WebSocket, or a WHIP or WHEP resource."""

    token: Token
    negotiates: bool
    """Whether it answers `offer`s of a subscribe connection."""

    def send(self, message: ServerMessage) -> None: ...
    def close(self, why: Problem) -> None:
        """Say why (`closing`) and close. The link must not report its end as a lost connection afterwards."""

    def entered(self, participant: str) -> None:
        """The link is now this participant's."""


@dataclass(slots=True)
class Guest:
    """Somebody in the lobby."""

    id: str
    link: Link
    since: float
    """UTC, seconds."""

    def as_message(self) -> WaitingParticipant:
        token = self.link.token
        return WaitingParticipant(id=self.id, name=token.name, organisation=token.organisation, since=self.since)


def fingerprint(resume_key: str) -> str:
    """What the journal keeps of a resume key."""
    return hashlib.sha256(resume_key.encode()).hexdigest()


def _receives(member: Member, link: Link) -> bool:
    return link.negotiates and member.may(Permission.SUBSCRIBE)


class Entrance:
    """The door of one live meeting."""

    def __init__(self, meeting: LiveMeeting, *, limit: int, waiting_limit: int) -> None:
        self._meeting = meeting
        self._limit = limit
        self._waiting_limit = waiting_limit
        self.guests: dict[str, Guest] = {}

    def hello(self, link: Link, hello: Hello) -> None:
        """Bring somebody in, or let them wait. Raises `RefusedError`."""
        state, token = self._meeting.state, link.token
        if hello.resume is not None and (member := self.resumable(hello.resume, token)):
            self._resume(link, member, hello.resume.key)
            return
        same = state.of_token(token.jti)
        if same is not None and not hello.takeover and not same.away:
            raise RefusedError("already_joined", "Close the other window, or take over from it.")
        if member := same or state.away_with(token.identity, token.presence):
            self._take_over(link, member)
        elif rules.entrance(state, token, limit=self._limit) == "join":
            self._join(link)
        else:
            self._wait(link)

    def resumable(self, resume: Resume, token: Token) -> Member | None:
        """Who comes back, if the key is theirs and their place is still kept."""
        member = self._meeting.state.members.get(resume.participant)
        if member is None or member.identity != token.identity:
            return None
        return member if hmac.compare_digest(member.resume, fingerprint(resume.key)) else None

    def _resume(self, link: Link, member: Member, key: str) -> None:
        media_lives = self._meeting.media_lives(member.id)
        if not media_lives:
            self._meeting.media.enter(member.id, receives=_receives(member, link))
        if member.away:
            self._meeting.commit_surely([facts.CameBack(at=self._meeting.now(), participant=member.id)])
        self._meeting.replace_link(member.id, link)
        self.welcome(link, member, key, resumed=media_lives)
        self._meeting.media.resumed(member.id)

    def _take_over(self, link: Link, member: Member) -> None:
        key = secrets.token_urlsafe(24)
        took = facts.TookOver(
            at=self._meeting.now(), participant=member.id, token=link.token.jti, resume=fingerprint(key)
        )
        self._meeting.commit([took])
        self._meeting.media.renew(member.id, receives=_receives(member, link))
        self._meeting.replace_link(member.id, link)
        self.welcome(link, member, key, resumed=False)

    def _join(self, link: Link) -> None:
        key = secrets.token_urlsafe(24)
        joined = rules.join(
            self._meeting.state,
            link.token,
            participant=f"p{secrets.token_hex(6)}",
            resume=fingerprint(key),
            number=self._meeting.number_for(link.token.identity),
            now=self._meeting.now(),
        )
        self._meeting.commit([joined])
        member = self._meeting.state.members[joined.participant]
        self._meeting.replace_link(member.id, link)
        self._meeting.media.enter(member.id, receives=_receives(member, link))
        self.welcome(link, member, key, resumed=False)

    def welcome(self, link: Link, member: Member, key: str, *, resumed: bool) -> None:
        """Tell somebody the whole state."""
        state = self._meeting.state
        view = View(
            state,
            Welcome(
                participant=member.id,
                resume_key=key,
                resumed=resumed,
                meeting=state.as_meeting(),
                participants=state.roster(),
                waiting=self.waiting() if member.moderates else [],
                hands=list(state.hands),
                chat=state.chat_for(member.id),
                captions=state.words.captions,
                questions=state.words.seen_by(member.moderates),
                voted=state.words.voted_by(member.identity),
                consented=state.words.has_answered(member.identity, state.kept),
                speaker=self._meeting.media.speaker,
                groups=self._meeting.groups_seen(member),
                stream=self._meeting.streamer.seen() if member.moderates else None,
                ice_servers=self._meeting.ice_servers,
                now=self._meeting.now(),
                token=self._meeting.renewed_token(member, link.token),
            ),
        )
        link.send(view.of(member))

    # ------------------------------------------------------------ lobby

    def _wait(self, link: Link) -> None:
        if len(self.guests) >= self._waiting_limit:
            raise RefusedError("full", "The waiting room is full.")
        for guest in list(self.guests.values()):
            if guest.link.token.jti == link.token.jti:
                del self.guests[guest.id]
                guest.link.close(problem("replaced"))
        guest = Guest(f"w{secrets.token_hex(6)}", link, self._meeting.now())
        self.guests[guest.id] = guest
        link.send(Waiting(meeting=self._meeting.state.as_meeting()))
        self._meeting.tell_lobby()

    def waiting(self) -> list[WaitingParticipant]:
        """The lobby as hosts and moderators see it."""
        return [guest.as_message() for guest in self.guests.values()]

    def admit(self, guest_id: str | None) -> None:
        """Let in one or everybody. Raises `RefusedError`."""
        if guest_id is not None and guest_id not in self.guests:
            raise RefusedError("unknown_participant", "They no longer wait.")
        try:
            for guest in [self.guests[guest_id]] if guest_id is not None else list(self.guests.values()):
                self._let_in(guest)
        finally:
            self._meeting.tell_lobby()

    def _let_in(self, guest: Guest) -> None:
        """One who waits comes in, or goes if they were banned meanwhile. Raises `RefusedError`: they wait on."""
        token = guest.link.token
        if token.identity in self._meeting.state.banned:
            del self.guests[guest.id]
            guest.link.close(problem("banned"))
            return
        rules.entrance(self._meeting.state, token, limit=self._limit)
        self._meeting.commit([facts.Admitted(at=self._meeting.now(), identity=token.identity)])
        self._join(guest.link)
        self.guests.pop(guest.id, None)

    def deny(self, guest_id: str) -> None:
        """Turn somebody away. Raises `RefusedError`."""
        guest = self.guests.pop(guest_id, None)
        if guest is None:
            raise RefusedError("unknown_participant", "They no longer wait.")
        guest.link.close(problem("denied"))
        self._meeting.tell_lobby()

    def show_out(self, identity: str, why: WhyOut) -> None:
        """Turn away whoever of this identity waits."""
        gone = [each for each in self.guests.values() if bearer(each.link.token.identity) == identity]
        for guest in gone:
            del self.guests[guest.id]
            guest.link.close(problem(why))
        if gone:
            self._meeting.tell_lobby()

    def gone(self, link: Link) -> bool:
        """A link has ended; whether it was one of somebody who waits."""
        for guest in list(self.guests.values()):
            if guest.link is link:
                del self.guests[guest.id]
                self._meeting.tell_lobby()
                return True
        return False

    def close(self, why: Problem) -> None:
        """The meeting closes: nobody need wait any longer."""
        guests, self.guests = list(self.guests.values()), {}
        for guest in guests:
            guest.link.close(why)
