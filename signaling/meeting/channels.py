"""Language channels: who interprets from what into what, and who is on the air. No input or output.

Two languages make a booth. Its interpreters take turns: one is on the air, and all of a booth interpret the same way
round. Into one language, one is on the air at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from signaling.meeting import facts
from signaling.model import Interpreting, Permission
from signaling.problems import RefusedError

if TYPE_CHECKING:
    from signaling.meeting.state import Member, State


def present(members: Iterable[Member], identity: str) -> bool:
    """Whether somebody of this identity is in, as an interpreter."""
    return any(member.identity == identity and Permission.INTERPRET in member.permissions for member in members)


def excludes(one: Interpreting, other: Interpreting) -> bool:
    """Whether the two cannot be on the air at the same time."""
    return one.into == other.into or one.booth == other.booth


def settle(assigned: dict[str, Interpreting], members: Collection[Member], languages: Collection[str]) -> None:
    """What no longer holds ends: languages that are no longer interpreted, and the air of those who have gone.

    Nobody of the booth is put on the air in their place: a microphone may be open for other reasons.
    """
    for identity, interprets in list(assigned.items()):
        if not interprets.booth <= set(languages):
            del assigned[identity]
        elif interprets.on_air and not present(members, identity):
            assigned[identity] = interprets.model_copy(update={"on_air": False})


def is_free(assigned: dict[str, Interpreting], identity: str, wanted: Interpreting) -> bool:
    """Whether nobody else is on the air in the booth or into the language."""
    return not any(other.on_air and excludes(other, wanted) for who, other in assigned.items() if who != identity)


def assign(state: State, member: Member, source: str | None, into: str | None, *, now: float) -> list[facts.Fact]:
    """Somebody interprets so from now on; the booth follows whoever of it is on the air. Raises `RefusedError`."""
    if source is None and into is None:
        known = member.identity in state.interpreting
        return [facts.InterpretingSet(at=now, identity=member.identity, interprets=None)] if known else []
    languages = {state.plan.language, *state.channels}
    if source is None or into is None or source == into or not {source, into} <= languages:
        raise RefusedError("unknown_channel", f"The meeting's languages are {', '.join(sorted(languages))}.")
    before = state.interpreting.get(member.identity)
    wanted = Interpreting(source=source, into=into)
    on_air = (before is not None and before.on_air) or is_free(state.interpreting, member.identity, wanted)
    if on_air:
        return _on_air(state, member.identity, wanted, now=now)
    return _changed(state, member.identity, _as_the_booth(state, wanted), now=now)


def air(state: State, member: Member, *, take: bool, now: float) -> list[facts.Fact]:
    """Take over, or hand over to somebody of the booth who is here. Raises `RefusedError`."""
    mine = state.interpreting.get(member.identity)
    if mine is None:
        raise RefusedError("bad_action", "Choose first from and into which language you interpret.")
    if take:
        return [] if mine.on_air else _on_air(state, member.identity, _as_the_booth(state, mine), now=now)
    if not mine.on_air:
        raise RefusedError("bad_action", "You are not on the air.")
    for other in state.members.values():
        theirs = state.interpreting.get(other.identity)
        partner = theirs is not None and theirs.booth == mine.booth and other.identity != member.identity
        if partner and not other.away and other.may(Permission.INTERPRET):
            return _on_air(state, other.identity, mine, now=now)
    raise RefusedError("bad_action", "Nobody else is in the booth; mute yourself instead.")


def _as_the_booth(state: State, wanted: Interpreting) -> Interpreting:
    """The same booth the way round in which it interprets now."""
    running = (one for one in state.interpreting.values() if one.on_air and one.booth == wanted.booth)
    return next(running, wanted).model_copy(update={"on_air": False})


def _on_air(state: State, identity: str, wanted: Interpreting, *, now: float) -> list[facts.Fact]:
    """Off go those who cannot be on the air beside; the whole booth turns the same way."""
    changed: list[facts.Fact] = []
    for other, theirs in state.interpreting.items():
        if other == identity:
            continue
        if theirs.booth == wanted.booth:
            changed += _changed(state, other, wanted.model_copy(update={"on_air": False}), now=now)
        elif theirs.on_air and excludes(theirs, wanted):
            changed += _changed(state, other, theirs.model_copy(update={"on_air": False}), now=now)
    return changed + _changed(state, identity, wanted.model_copy(update={"on_air": True}), now=now)


def _changed(state: State, identity: str, interprets: Interpreting, *, now: float) -> list[facts.Fact]:
    if state.interpreting.get(identity) == interprets:
        return []
    return [facts.InterpretingSet(at=now, identity=identity, interprets=interprets)]
