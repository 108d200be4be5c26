"""What hosts and moderators may do to others. Pure: a state, who orders and the action in, facts out.

The control API gives the same orders with no member behind them (`actor` is None): it may do everything.
"""

from __future__ import annotations

import secrets
from functools import singledispatch

from signaling import messages
from signaling.meeting import channels, facts, rules, words
from signaling.meeting.faces import may_be_kept
from signaling.meeting.plan import Groups
from signaling.meeting.state import Member, State
from signaling.model import Permission, QuestionStatus, Role, bearer
from signaling.problems import RefusedError
from signaling.tokens import ROLE_PERMISSIONS

_LEADS = frozenset({Role.HOST, Role.MODERATOR})


def decide(state: State, actor: Member | None, action: messages.OrderAction, *, now: float) -> list[facts.Fact]:
    """The facts that follow from an order. Admission and denial concern the lobby, which is not part of the state."""
    if actor is not None and not actor.may(Permission.MODERATE):
        raise RefusedError("not_allowed", "Only hosts and moderators may do this.")
    if state.plan.main is not None and isinstance(action, messages.Begin | messages.End | messages.Stream):
        raise RefusedError("bad_action", "The meeting as a whole begins, is streamed and ends in its main room.")
    return _order(action, state, actor, now)


@singledispatch
def _order(action: messages.OrderAction, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    raise RefusedError("bad_message", "This order is not known here.")


def _target(state: State, actor: Member | None, participant: str) -> Member:
    """The member an order is about. A moderator has no power over a host."""
    member = state.members.get(participant)
    if member is None:
        raise RefusedError("unknown_participant", "They have left.")
    if actor is not None and actor.role is not Role.HOST and member.role is Role.HOST and member is not actor:
        raise RefusedError("not_allowed", "Only a host may do this to a host.")
    return member


@_order.register
def _(action: messages.MuteOther, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if action.participant is not None:
        targets = [_target(state, actor, action.participant)]
    else:
        targets = [member for member in state.members.values() if member.role is not Role.HOST and member is not actor]
    return [
        facts.HostMuted(at=now, participant=member.id, source=action.source, muted=True)
        for member in targets
        if action.source not in member.muted_by_host
    ]


@_order.register
def _(action: messages.AllowUnmute, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    member = _target(state, actor, action.participant)
    if action.source not in member.muted_by_host:
        return []
    return [facts.HostMuted(at=now, participant=member.id, source=action.source, muted=False)]


@_order.register
def _(action: messages.Remove, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    member = _target(state, actor, action.participant)
    if member is actor:
        raise RefusedError("bad_action", "To go yourself, leave the meeting.")
    if not action.ban:
        return rules.leave(state, member.id, "removed", now=now)
    if actor is not None and actor.identity == member.identity:
        raise RefusedError("bad_action", "This is you yourself, on another device.")
    barred: list[facts.Fact] = [facts.Barred(at=now, identity=member.identity)]
    for other in [each for each in state.members.values() if each.identity == member.identity]:
        barred += rules.leave(state, _target(state, actor, other.id).id, "removed", now=now)
    return barred


@_order.register
def _(action: messages.ShowOut, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if actor is not None:
        raise RefusedError("not_allowed", "The web process shows out whoever may not come in any more.")
    # Renewals of tokens are signed by this node's clock, the others by the web process's: count both.
    until = max(action.until, now)
    out: list[facts.Fact] = [facts.ShownOut(at=now, identity=action.identity, why=action.why, until=until)]
    for member in [each for each in state.members.values() if bearer(each.identity) == action.identity]:
        out += rules.leave(state, member.id, "removed", why=action.why, now=now)
    return out


@_order.register
def _(action: messages.SetMeeting, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    wanted = action.model_dump(exclude={"do"}, exclude_none=True)
    if action.channels is not None:
        wanted["channels"] = [tag for tag in dict.fromkeys(action.channels) if tag != state.plan.language]
    changed = {setting: value for setting, value in wanted.items() if getattr(state, setting) != value}
    return [facts.MeetingSet(at=now, **changed)] if changed else []


@_order.register
def _(action: messages.AssignInterpreter, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    member = _target(state, actor, action.participant)
    assigned = channels.assign(state, member, action.source, action.into, now=now)
    if member.may(Permission.INTERPRET):
        return assigned
    role = messages.ChangeRole(do="role", participant=member.id, role=Role.INTERPRETER)
    return [*_order(role, state, actor, now), *assigned]


@_order.register
def _(action: messages.Spotlight, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if action.participant is None:
        return [] if state.spotlight is None else [facts.Spotlighted(at=now, participant=None)]
    member = state.members.get(action.participant)
    if member is None:
        raise RefusedError("unknown_participant", "They have left.")
    if action.source is not None and action.source.kind != "video":
        raise RefusedError("bad_action", "Only a video can be pinned.")
    if action.source is not None and not member.publishes(action.source):
        raise RefusedError("unknown_publication", "They do not show it any more.")
    if (action.participant, action.source) == (state.spotlight, state.spotlight_source):
        return []
    return [facts.Spotlighted(at=now, participant=action.participant, source=action.source)]


@_order.register
def _(action: messages.ChangeRole, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    member = _target(state, actor, action.participant)
    by_host = actor is None or actor.role is Role.HOST
    if not by_host and (action.role in _LEADS or member.role in _LEADS):
        raise RefusedError("not_allowed", "Only a host may make or unmake hosts and moderators.")
    hosts = [other for other in state.members.values() if other.role is Role.HOST]
    if actor is not None and member.role is Role.HOST and action.role is not Role.HOST and len(hosts) == 1:
        raise RefusedError("bad_action", "Make somebody else host first: a meeting keeps at least one.")
    permissions = sorted(ROLE_PERMISSIONS[action.role])
    if member.role is action.role:
        return []
    changed: list[facts.Fact] = [
        facts.RoleChanged(at=now, participant=member.id, role=action.role, permissions=permissions)
    ]
    if member.id in state.hands and Permission.RAISE_HAND not in permissions:
        changed.append(facts.HandMoved(at=now, participant=member.id, raised=False))
    return changed


@_order.register
def _(action: messages.LowerHand, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if action.participant is not None and action.participant not in state.members:
        raise RefusedError("unknown_participant", "They have left.")
    return [
        facts.HandMoved(at=now, participant=participant, raised=False)
        for participant in state.hands
        if action.participant in (None, participant)
    ]


@_order.register
def _(action: messages.DeleteChat, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    message = state.find_chat(action.message)
    if message is None or (actor is not None and message.to and actor.id not in (message.to, message.participant)):
        raise RefusedError("unknown_chat_message")
    return [facts.ChatErased(at=now, message=action.message)]


@_order.register
def _(action: messages.KeepPicture, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if actor is not None:
        raise RefusedError("not_allowed", "Pictures are kept by the web process, which says so itself.")
    taker = state.members.get(action.by)
    if taker is None or taker.identity != action.identity or not taker.may(Permission.TAKE_PICTURES):
        raise RefusedError("not_allowed", "Hosts, moderators and presenters who are in the room take pictures.")
    if action.participant not in state.members:
        raise RefusedError("unknown_participant", "They have left, so they cannot be told of the picture.")
    if action.source.kind != "video":
        raise RefusedError("bad_action", "Only of a video can a picture be taken.")
    if not may_be_kept(state, action.participant, action.source):
        raise RefusedError("pictures_forbidden", "What may leave the room is limited, for the safety of those in it.")
    return [facts.Pictured(at=now, by=taker.id, participant=action.participant, source=action.source)]


@_order.register
def _(action: messages.MoveQuestion, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    by = actor.name if actor is not None else ""
    return words.move(state.words, action.question, QuestionStatus(action.status), by=by, now=now)


@_order.register
def _(action: messages.TakeQuestion, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if actor is not None:
        raise RefusedError("not_allowed", "Questions from the public page come through the web process.")
    enabled = state.plan.public_questions and state.ended_at is None
    return words.take(
        state.words, question=action.question, name=action.name, text=action.text, enabled=enabled, now=now
    )


@_order.register
def _(action: messages.Begin, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    running = state.began_at is not None and state.ended_at is None
    if running:
        return []
    began: list[facts.Fact] = [facts.Began(at=now)]
    if not rules.may_leave_the_room(state):
        return began
    if state.plan.recording and state.can_record:
        began += rules.record(state, "on", fresh=_new_id(), now=now)
    if state.plan.streaming and state.can_stream and state.stream is None:
        began.append(rules.stream(state, state.plan.targets, fresh=_new_id(), now=now))
    return began


@_order.register
def _(action: messages.Record, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    by = actor.name if actor is not None else ""
    return rules.record(state, action.status, fresh=_new_id(), by=by, now=now)


def _new_id() -> str:
    """Of a recording or a stream."""
    return secrets.token_hex(8)


@_order.register
def _(action: messages.Stream, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    by = actor.name if actor is not None else ""
    if action.status == "off":
        return rules.end_stream(state, by=by, now=now)
    if actor is not None and rules.may_leave_the_room(state) and not may_stream(state):
        raise RefusedError("may_not_stream", "Whoever plans it can allow that.")
    if actor is not None and action.others:
        raise RefusedError("not_allowed", "Other targets than the planned ones come from the web process.")
    planned = {target.id: target for target in state.plan.targets}
    wanted = list(planned) if action.targets is None else action.targets
    if unknown := [each for each in wanted if each not in planned]:
        raise RefusedError("unknown_target", unknown[0])
    chosen = {each: planned[each] for each in wanted} | {target.id: target for target in action.others}
    return [rules.stream(state, list(chosen.values()), fresh=_new_id(), by=by, now=now)]


def may_stream(state: State) -> bool:
    """Whether hosts and moderators may begin to stream this meeting."""
    planned = state.plan.may_stream or state.plan.streaming
    return state.can_stream and state.plan.main is None and planned and rules.may_leave_the_room(state)


@_order.register
def _(action: messages.SetStreamTarget, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if state.stream is None:
        raise RefusedError("not_streaming")
    streamed = state.streams.targets.get(action.id)
    planned = next((target for target in state.plan.targets if target.id == action.id), None)
    target = streamed.target if streamed is not None else planned
    if target is None:
        raise RefusedError("unknown_target", action.id)
    if action.status != "again" and (streamed is not None and streamed.on) == (action.status == "on"):
        return []
    again = (streamed.again if streamed is not None else 0) + (action.status == "again")
    return [facts.StreamTargetSet(at=now, target=target, on=action.status != "off", again=again)]


@_order.register
def _(action: messages.End, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    over = state.ended_at is not None or state.began_at is None
    ended: list[facts.Fact] = [] if over else [facts.Ended(at=now)]
    if action.close:
        return [*ended, *rules.close(state, "ended", now=now)]
    # What people say when the meeting is over is not for the public.
    return [*ended, *rules.end_stream(state, now=now, reason="ended"), *close_groups(state, now=now)]


@_order.register
def _(action: messages.OpenGroups, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if actor is not None or state.plan.main is not None:
        raise RefusedError("not_allowed", "Groups are opened by the web process, in the main room.")
    if state.ended_at is not None:
        raise RefusedError("bad_action", "The meeting has ended.")
    wanted = Groups(rooms=action.rooms, choose=action.choose)
    return [] if wanted == state.groups else [facts.GroupsSet(at=now, groups=wanted)]


@_order.register
def _(action: messages.CloseGroups, state: State, actor: Member | None, now: float) -> list[facts.Fact]:
    if actor is not None:
        raise RefusedError("not_allowed", "Groups are closed by the web process.")
    if state.groups is None or not state.groups.open:
        return []
    if not action.after_s:
        return close_groups(state, now=now)
    closing = state.groups.model_copy(update={"closes_at": now + action.after_s})
    return [facts.GroupsSet(at=now, groups=closing)]


def close_groups(state: State, *, now: float) -> list[facts.Fact]:
    """The groups are over; nothing follows where there are none."""
    if state.groups is None or not state.groups.open:
        return []
    over = state.groups.model_copy(update={"open": False, "closes_at": None})
    return [facts.GroupsSet(at=now, groups=over)]
