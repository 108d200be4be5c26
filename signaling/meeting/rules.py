"""Who may come in, and what participants may do with what is their own. Pure: a state and a wish in, facts out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from signaling.meeting import facts
from signaling.meeting.faces import alias
from signaling.meeting.plan import StreamTarget
from signaling.meeting.state import Member, State
from signaling.model import ChatMessage, Permission, Presence, Role, Source, WhyOut, bearer
from signaling.problems import RefusedError
from signaling.tokens import ROLE_PERMISSIONS, Token

_NEVER_WAIT = frozenset({Role.HOST, Role.MODERATOR, Role.PRESENTER, Role.INTERPRETER, Role.CAPTIONER})
_RENAME = frozenset({Presence.GUEST, Presence.ENDPOINT, Presence.SERVICE})
_PUBLISH = {
    Source.MICROPHONE: Permission.PUBLISH_AUDIO,
    Source.CAMERA: Permission.PUBLISH_VIDEO,
    Source.SCREEN: Permission.PUBLISH_SCREEN,
    Source.SCREEN_AUDIO: Permission.PUBLISH_SCREEN,
    Source.DOCUMENT_CAMERA: Permission.PUBLISH_SCREEN,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The role and permissions that somebody has here: the token's, unless the meeting has given another role."""

    role: Role
    permissions: frozenset[Permission]

    @property
    def moderates(self) -> bool:
        return Permission.MODERATE in self.permissions


def standing(state: State, token: Token) -> Standing:
    """What the bearer of the token is and may do in this meeting."""
    role = state.roles.get(token.identity, token.role)
    permissions = token.permissions if role is token.role else ROLE_PERMISSIONS[role]
    return Standing(role, permissions)


def entrance(state: State, token: Token, *, limit: int) -> Literal["join", "wait"]:
    """Whether the bearer may come in at once or has to wait in the lobby. `limit`: most participants on this node."""
    if token.identity in state.banned:
        raise RefusedError("banned")
    gone = state.shown_out.get(bearer(token.identity))
    if gone is not None and token.iat <= gone.until:
        raise RefusedError(gone.why)
    who = standing(state, token)
    if len(state.members) >= limit or (
        state.plan.capacity is not None and len(state.members) >= state.plan.capacity and not who.moderates
    ):
        raise RefusedError("full")
    known = token.identity in state.welcome
    if state.locked and not who.moderates and not known:
        raise RefusedError("locked", "Ask a host to unlock it.")
    if token.waits and not known:
        return "wait"
    never_waits = who.role in _NEVER_WAIT or token.presence in (Presence.ENDPOINT, Presence.SERVICE)
    return "wait" if state.lobby and not never_waits and not known else "join"


def join(state: State, token: Token, *, participant: str, resume: str, number: int = 0, now: float) -> facts.Joined:
    """The fact that the bearer came in. `resume`: SHA-256 of their resume key; `number`: for where names are hidden."""
    who = standing(state, token)
    return facts.Joined(
        at=now,
        participant=participant,
        identity=token.identity,
        token=token.jti,
        resume=resume,
        name=token.name,
        organisation=token.organisation,
        role=who.role,
        presence=token.presence,
        permissions=sorted(who.permissions),
        number=number,
        alias=token.alias,
        hidden=token.hidden,
    )


def leave(
    state: State, participant: str, reason: facts.LeaveReason, *, why: WhyOut | None = None, now: float
) -> list[facts.Fact]:
    """Somebody is gone: their hand goes down and they are no longer pinned."""
    if participant not in state.members:
        return []
    gone: list[facts.Fact] = []
    if participant in state.hands:
        gone.append(facts.HandMoved(at=now, participant=participant, raised=False))
    if state.spotlight == participant:
        gone.append(facts.Spotlighted(at=now, participant=None))
    return [*gone, facts.Left(at=now, participant=participant, reason=reason, why=why)]


def close(state: State, reason: facts.CloseReason, *, now: float) -> list[facts.Fact]:
    """Everybody leaves, recording and stream end and the meeting closes."""
    why: Literal["ended", "closed"] = "ended" if reason == "ended" else "closed"
    ended: list[facts.Fact] = end_stream(state, now=now, reason=why)
    if state.recording is not None:
        ended.append(facts.RecordingSet(at=now, recording=state.recording, status="off", reason=why))
    departures = [fact for participant in list(state.members) for fact in leave(state, participant, "ended", now=now)]
    return [*ended, *departures, facts.Closed(at=now, reason=reason)]


def may_leave_the_room(state: State) -> bool:
    """Whether anything of the meeting may be recorded or streamed."""
    return state.plan.protection.recording != "never"


def keep_inside(state: State, *, now: float) -> list[facts.Fact]:
    """Recording and stream end, because they are no longer allowed."""
    ended = end_stream(state, now=now)
    if state.recording is not None:
        ended.append(facts.RecordingSet(at=now, recording=state.recording, status="off"))
    return ended


def record(
    state: State, status: Literal["on", "paused", "off"], *, fresh: str, by: str = "", now: float
) -> list[facts.Fact]:
    """Begin, pause, go on with or end the recording. `fresh` names a new one."""
    current = "off" if state.recording is None else "paused" if state.recording_paused else "on"
    if status == current:
        return []
    if status == "on" and not may_leave_the_room(state):
        raise RefusedError(
            "recording_forbidden", "Its organiser has decided so, for the safety of those who take part."
        )
    if status == "on" and not state.can_record:
        raise RefusedError("cannot_record", "The media node runs without capture.")
    if state.recording is None and status == "paused":
        raise RefusedError("bad_action", "Nothing is being recorded.")
    return [facts.RecordingSet(at=now, recording=state.recording or fresh, status=status, by=by)]


def stream(state: State, targets: Sequence[StreamTarget], *, fresh: str, by: str = "", now: float) -> facts.StreamSet:
    """Begin to stream. `fresh` names the stream."""
    if not may_leave_the_room(state):
        raise RefusedError(
            "streaming_forbidden", "Its organiser has decided so, for the safety of those who take part."
        )
    if state.stream is not None:
        raise RefusedError("already_streaming")
    if not state.can_stream:
        raise RefusedError("cannot_stream", "The media node runs without a streamer.")
    return facts.StreamSet(at=now, stream=fresh, status="on", targets=list(targets), by=by)


def end_stream(
    state: State, *, now: float, by: str = "", reason: Literal["ordered", "ended", "closed"] = "ordered"
) -> list[facts.Fact]:
    """The stream is over; nothing follows where there is none."""
    if state.stream is None:
        return []
    return [facts.StreamSet(at=now, stream=state.stream, status="off", by=by, reason=reason)]


def say(state: State, member: Member, *, text: str, to: str | None, message_id: str, now: float) -> facts.Said:
    """A line of chat to everybody or to one participant."""
    if not member.may(Permission.CHAT):
        raise RefusedError("not_allowed", "You may read the chat but not write in it.")
    if not state.chat_enabled and not member.moderates:
        raise RefusedError("chat_off")
    if to is not None and to not in state.members:
        raise RefusedError("unknown_participant", "They have left.")
    cleaned = text.strip()
    if not cleaned:
        raise RefusedError("bad_message", "The text is empty.")
    return facts.Said(
        at=now,
        message=ChatMessage(
            id=message_id,
            at=now,
            participant=member.id,
            name=member.name,
            text=cleaned,
            to=to,
            alias=alias(state, member.id),
        ),
    )


def move_hand(state: State, member: Member, *, raised: bool, now: float) -> list[facts.Fact]:
    """Raise or lower one's own hand."""
    if raised and not member.may(Permission.RAISE_HAND):
        raise RefusedError("not_allowed", "Viewers cannot raise a hand.")
    if raised == (member.id in state.hands):
        return []
    return [facts.HandMoved(at=now, participant=member.id, raised=raised)]


def rename(member: Member, *, name: str, now: float) -> list[facts.Fact]:
    """Change one's own name; people who signed in keep the name of their account."""
    if member.presence not in _RENAME:
        raise RefusedError("not_allowed", "Your name comes from your account; change it there.")
    cleaned = " ".join(name.split())
    if not cleaned:
        raise RefusedError("bad_message", "The name is empty.")
    return [] if cleaned == member.name else [facts.Renamed(at=now, participant=member.id, name=cleaned)]


def may_publish(member: Member, source: Source) -> bool:
    """Whether the member may send media from this source."""
    return member.may(_PUBLISH[source])


def starts_muted(state: State, member: Member, source: Source) -> bool:
    """Whether a new microphone starts muted by the host: where nobody may unmute without being asked."""
    free = member.moderates or member.role in (Role.PRESENTER, Role.INTERPRETER)
    return source is Source.MICROPHONE and not state.self_unmute and not free


def present_again(state: State, member: Member, source: Source, *, now: float) -> list[facts.Fact]:
    """Whoever shows a thing anew means to be seen: that lifts a host's mute as an own unmute would."""
    if not source.presents or not (state.self_unmute or member.moderates):
        return []
    return unmute(state, member, source, now=now)


def unmute(state: State, member: Member, source: Source, *, now: float) -> list[facts.Fact]:
    """Own unmute lifts a host's mute where the meeting lets participants unmute themselves."""
    if source not in member.muted_by_host:
        return []
    if not state.self_unmute and not member.moderates:
        raise RefusedError("muted_by_host")
    return [facts.HostMuted(at=now, participant=member.id, source=source, muted=False)]
