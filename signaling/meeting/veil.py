"""The same message for different eyes: who may not know a name gets the pseudonym in its place, here and nowhere else.

Every message of a live meeting passes here on its way to a participant. Hosts and moderators get both names; everybody
knows their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from signaling import messages
from signaling.meeting.faces import alias
from signaling.model import Caption, ChatMessage, Participant, Question

if TYPE_CHECKING:
    from signaling.meeting.state import Member, State

_Named = TypeVar("_Named", Participant, ChatMessage, Caption, Question)


class View:
    """One message, made once for each kind of eyes that it meets."""

    def __init__(self, state: State, message: messages.ServerMessage) -> None:
        self._state = state
        self._message = message
        self._made: dict[tuple[bool, str], messages.ServerMessage] = {}

    def of(self, member: Member | None) -> messages.ServerMessage:
        """The message as this member may see it; None: somebody who is no longer a member."""
        leads = member is not None and member.moderates
        own = member.id if member is not None and self._about(member.id) else ""
        if (leads, own) not in self._made:
            self._made[leads, own] = _shown(self._state, self._message, leads=leads, own=own)
        return self._made[leads, own]

    def _about(self, participant: str) -> bool:
        match self._message:
            case messages.Welcome():
                return True
            case messages.ParticipantChanged():
                return self._message.participant.id == participant
            case messages.ChatSaid():
                return self._message.message.participant == participant
            case messages.CaptionShown():
                return self._message.caption.participant == participant
            case messages.QuestionChanged():
                return self._message.question.participant == participant
            case _:
                return False


def _shown(state: State, message: messages.ServerMessage, *, leads: bool, own: str) -> messages.ServerMessage:
    def veil(named: _Named) -> _Named:
        return _veiled(state, named, leads=leads, own=own)

    match message:
        case messages.ParticipantChanged():
            return message.model_copy(update={"participant": veil(message.participant)})
        case messages.ChatSaid():
            return message.model_copy(update={"message": veil(message.message)})
        case messages.CaptionShown():
            return message.model_copy(update={"caption": veil(message.caption)})
        case messages.QuestionChanged():
            return message.model_copy(update={"question": veil(message.question)})
        case messages.Welcome():
            return message.model_copy(
                update={
                    "participants": [veil(each) for each in message.participants],
                    "chat": [veil(each) for each in message.chat],
                    "captions": [veil(each) for each in message.captions],
                    "questions": [veil(each) for each in message.questions],
                }
            )
        case _:
            return message


def _veiled(state: State, named: _Named, *, leads: bool, own: str) -> _Named:
    participant = named.id if isinstance(named, Participant) else named.participant
    noted = "" if isinstance(named, Participant) else named.alias
    pseudonym = alias(state, participant) or noted
    if not pseudonym:
        return named
    if leads or (own and participant == own):
        return named.model_copy(update={"alias": pseudonym})
    hidden: dict[str, str] = {"name": pseudonym, "alias": ""}
    if isinstance(named, Participant):
        hidden["organisation"] = ""
    return named.model_copy(update=hidden)
