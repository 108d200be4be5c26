"""Under which name others know somebody, and what of them may leave the room. Pure, but for the number that is drawn.

Where names are hidden, or somebody is to be hidden everywhere, others read a pseudonym: one that was chosen, or a word
and a number. The number is drawn, so it tells neither who somebody is nor when they came; it stays with the identity
as long as the meeting is open, in its groups too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signaling.meeting import facts
from signaling.model import Role, Source

if TYPE_CHECKING:
    from signaling.meeting.state import State

OPEN_ROLES = frozenset({Role.HOST, Role.MODERATOR, Role.PRESENTER})
"""Whoever leads or presents is known by name where names are hidden."""
_WORDS = {"uk": "Учасник", "en": "Participant"}
_NAMELESS = "—"
_LEAST_RANGE = 99


@dataclass(slots=True)
class Face:
    """What somebody is to others; kept after they have left."""

    identity: str
    role: Role
    number: int = 0
    alias: str = ""
    """Chosen; empty: a word and the number."""
    hidden: bool = False
    """Whatever the meeting says."""

    def restate(self, participant: str, *, now: float) -> facts.FaceKept:
        """The fact that brings this face back."""
        return facts.FaceKept(
            at=now,
            participant=participant,
            identity=self.identity,
            role=self.role,
            number=self.number,
            alias=self.alias,
            hidden=self.hidden,
        )


def alias(state: State, participant: str | None) -> str:
    """What others read instead of the participant's name; empty where the name is not hidden."""
    face = state.faces.get(participant or "")
    if face is None:
        return ""
    shown = face.role in OPEN_ROLES or not state.plan.protection.hide_names
    return "" if shown and not face.hidden else _pseudonym(state, face)


def _pseudonym(state: State, face: Face) -> str:
    return face.alias or f"{_WORDS.get(state.plan.language, _WORDS['uk'])} {face.number}"


def public_name(state: State, participant: str, name: str) -> str:
    """What may be told to everybody in the room."""
    return alias(state, participant) or name


def kept_name(state: State, participant: str | None, name: str, noted: str = "") -> str:
    """What goes into a recording or a stream. `noted`: the pseudonym under which something was said.

    A recording never holds a name that somebody in the room was not shown; nor, where only voices are kept, any name
    but of those who lead or present.
    """
    pseudonym = alias(state, participant) or noted
    if pseudonym or state.plan.protection.recording == "allowed":
        return pseudonym or name
    face = state.faces.get(participant or "")
    if face is None:
        return _NAMELESS
    return name if face.role in OPEN_ROLES else _pseudonym(state, face)


def may_be_kept(state: State, participant: str, source: Source) -> bool:
    """Whether a picture or a sound may go into a recording, a stream or a still picture."""
    rule = state.plan.protection.recording
    if rule == "allowed":
        return True
    if rule == "never" or source is Source.CAMERA:
        return False
    face = state.faces.get(participant)
    return source is not Source.DOCUMENT_CAMERA or (face is not None and face.role in OPEN_ROLES and not face.hidden)


def number_of(state: State, identity: str) -> int:
    """The number that somebody has here; 0 for none."""
    return next((face.number for face in state.faces.values() if face.identity == identity), 0)


def fresh_number(*states: State) -> int:
    """A number that nobody has in these rooms: drawn among at least twice as many as are needed."""
    taken = {face.number for state in states for face in state.faces.values()}
    free = [number for number in range(1, max(_LEAST_RANGE, 2 * len(taken)) + 1) if number not in taken]
    return secrets.choice(free)
