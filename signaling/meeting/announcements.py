"""Who is told what when a fact has been applied. Pure: the state after the fact and the fact in, messages out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch

from signaling import messages
from signaling.meeting import facts
from signaling.meeting.faces import public_name
from signaling.meeting.state import State
from signaling.model import Permission, QuestionStatus


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message and whom it is for: everybody in the meeting, or those named in `to`."""

    message: messages.ServerMessage
    to: frozenset[str] | None = None


def announce(state: State, fact: facts.Fact) -> Iterator[Announcement]:
    """What to send after `fact` was applied to `state`. Those who go away are not told here: they get `closing`."""
    return _announce(fact, state)


@singledispatch
def _announce(fact: facts.Fact, state: State) -> Iterator[Announcement]:
    """Opened, admitted, spoke, roster, closed: of no concern to clients, or told otherwise."""
    return iter(())


def _participant(state: State, participant: str) -> Iterator[Announcement]:
    if member := state.members.get(participant):
        yield Announcement(messages.ParticipantChanged(participant=state.as_participant(member)))


@_announce.register(facts.Joined)
@_announce.register(facts.TookOver)
@_announce.register(facts.WentAway)
@_announce.register(facts.CameBack)
@_announce.register(facts.Renamed)
@_announce.register(facts.RoleChanged)
@_announce.register(facts.HostMuted)
def _(
    fact: facts.Joined
    | facts.TookOver
    | facts.WentAway
    | facts.CameBack
    | facts.Renamed
    | facts.RoleChanged
    | facts.HostMuted,
    state: State,
) -> Iterator[Announcement]:
    return _participant(state, fact.participant)


@_announce.register
def _(fact: facts.HandMoved, state: State) -> Iterator[Announcement]:
    yield from _participant(state, fact.participant)
    yield Announcement(messages.HandsChanged(hands=list(state.hands)))


@_announce.register
def _(fact: facts.Left, state: State) -> Iterator[Announcement]:
    yield Announcement(messages.ParticipantLeft(participant=fact.participant, reason=fact.reason))


@_announce.register(facts.Planned)
@_announce.register(facts.MeetingSet)
def _(fact: facts.Planned | facts.MeetingSet, state: State) -> Iterator[Announcement]:
    yield Announcement(messages.MeetingChanged(meeting=state.as_meeting()))
    for member in state.members.values():
        if member.may(Permission.INTERPRET):  # languages may have gone
            yield from _participant(state, member.id)


@_announce.register
def _(fact: facts.InterpretingSet, state: State) -> Iterator[Announcement]:
    for member in state.members.values():
        if member.identity == fact.identity:
            yield from _participant(state, member.id)


@_announce.register(facts.Spotlighted)
@_announce.register(facts.Began)
@_announce.register(facts.Ended)
@_announce.register(facts.RecordingSet)
@_announce.register(facts.StreamSet)
def _(
    fact: facts.Spotlighted | facts.Began | facts.Ended | facts.RecordingSet | facts.StreamSet,
    state: State,
) -> Iterator[Announcement]:
    yield Announcement(messages.MeetingChanged(meeting=state.as_meeting()))


@_announce.register
def _(fact: facts.Said, state: State) -> Iterator[Announcement]:
    said = fact.message
    to = None if said.to is None else frozenset({said.to, said.participant})
    yield Announcement(messages.ChatSaid(message=said), to)


@_announce.register
def _(fact: facts.Captioned, state: State) -> Iterator[Announcement]:
    yield Announcement(messages.CaptionShown(caption=fact.caption))


@_announce.register(facts.QuestionPut)
@_announce.register(facts.QuestionVoted)
@_announce.register(facts.QuestionMoved)
def _(fact: facts.QuestionPut | facts.QuestionVoted | facts.QuestionMoved, state: State) -> Iterator[Announcement]:
    number = fact.question.id if isinstance(fact, facts.QuestionPut) else fact.question
    question = state.words.questions.get(number)
    if question is None:
        yield Announcement(messages.QuestionGone(question=number))
        return
    waiting = question.status is QuestionStatus.WAITING
    leading = frozenset(member.id for member in state.members.values() if member.moderates)
    yield Announcement(messages.QuestionChanged(question=question), leading if waiting else None)


@_announce.register
def _(fact: facts.Pictured, state: State) -> Iterator[Announcement]:
    told = fact.model_dump(include={"at", "by", "participant", "source"})
    by_name = public_name(state, fact.by, state.members[fact.by].name)
    yield Announcement(messages.PictureTaken(by_name=by_name, **told))


@_announce.register
def _(fact: facts.ChatErased, state: State) -> Iterator[Announcement]:
    yield Announcement(messages.ChatDeleted(message=fact.message))
