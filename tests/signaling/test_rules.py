"""What participants and moderators may do: the whole permission matrix, and the rules one by one. Pure, no I/O."""

from __future__ import annotations

from typing import Any

import pytest

from signaling import messages
from signaling.meeting import facts, orders, rules
from signaling.meeting.plan import Plan
from signaling.meeting.state import Member, State
from signaling.model import Presence, Role, Source
from signaling.problems import RefusedError
from signaling.tokens import ROLE_PERMISSIONS, Token
from tests.signaling.support import ticket

NOW = 1_800_000_000.0


def a_state(plan: Plan | None = None) -> State:
    state = State()
    state.apply(facts.Opened(at=NOW, meeting="demo", opening="o1", plan=plan or Plan(title="Консультація")))
    return state


def enter(state: State, token: Token) -> Member:
    participant = f"p{len(state.members)}{token.role.value}"
    state.apply(rules.join(state, token, participant=participant, resume="00", now=NOW))
    return state.members[participant]


def do(state: State, actor: Member | None, action: messages.OrderAction) -> list[facts.Fact]:
    decided = orders.decide(state, actor, action, now=NOW)
    for fact in decided:
        state.apply(fact)
    return decided


def refused(state: State, actor: Member | None, action: messages.OrderAction) -> str:
    with pytest.raises(RefusedError) as caught:
        orders.decide(state, actor, action, now=NOW)
    return caught.value.problem.code


def actions(state: State, target: Member) -> dict[str, Any]:
    said = rules.say(state, target, text="так", to=None, message_id="c1", now=NOW)
    state.apply(said)
    return {
        "mute": messages.MuteOther(do="mute", participant=target.id),
        "mute_all": messages.MuteOther(do="mute"),
        "allow_unmute": messages.AllowUnmute(do="allow_unmute", participant=target.id),
        "remove": messages.Remove(do="remove", participant=target.id),
        "ban": messages.Remove(do="remove", participant=target.id, ban=True),
        "interpreter": messages.AssignInterpreter(do="interpreter", participant=target.id),
        "set": messages.SetMeeting(do="set", locked=True),
        "spotlight": messages.Spotlight(do="spotlight", participant=target.id),
        "make_viewer": messages.ChangeRole(do="role", participant=target.id, role=Role.VIEWER),
        "make_moderator": messages.ChangeRole(do="role", participant=target.id, role=Role.MODERATOR),
        "make_host": messages.ChangeRole(do="role", participant=target.id, role=Role.HOST),
        "lower_hand": messages.LowerHand(do="lower_hand", participant=target.id),
        "delete_chat": messages.DeleteChat(do="delete_chat", message="c1"),
        "begin": messages.Begin(do="begin"),
        "end": messages.End(do="end", close=True),
    }


ORDERS = list(actions(a_state(), enter(a_state(), ticket())))
HOST_ONLY = {"make_moderator", "make_host"}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("order", ORDERS)
def test_permission_matrix_of_orders(role: Role, order: str) -> None:
    state = a_state()
    enter(state, ticket("Ведуча", Role.HOST))
    actor = enter(state, ticket("Хтось", role))
    target = enter(state, ticket("Інший"))
    action = actions(state, target)[order]
    allowed = role is Role.HOST or (role is Role.MODERATOR and order not in HOST_ONLY)
    if allowed:
        do(state, actor, action)
    else:
        assert refused(state, actor, action) == "not_allowed"


@pytest.mark.parametrize("order", ["mute", "remove", "ban", "make_viewer"])
def test_a_moderator_has_no_power_over_a_host(order: str) -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST))
    moderator = enter(state, ticket("Модератор", Role.MODERATOR))
    assert refused(state, moderator, actions(state, host)[order]) == "not_allowed"


def test_the_control_api_may_do_everything() -> None:
    for order in ORDERS:
        state = a_state()
        host = enter(state, ticket("Ведуча", Role.HOST))
        enter(state, ticket("Друга", Role.HOST))
        do(state, None, actions(state, host)[order])


def test_the_last_host_stays_host() -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST))
    give_up = messages.ChangeRole(do="role", participant=host.id, role=Role.PARTICIPANT)
    assert refused(state, host, give_up) == "bad_action"
    enter(state, ticket("Друга", Role.HOST))
    do(state, host, give_up)
    assert host.role is Role.PARTICIPANT
    assert not host.moderates


@pytest.mark.parametrize("role", list(Role))
def test_permission_matrix_of_own_acts(role: Role) -> None:
    state = a_state()
    member = enter(state, ticket("Хтось", role))
    speaks = role not in (Role.VIEWER, Role.CAPTIONER)
    assert [source for source in Source if rules.may_publish(member, source)] == (list(Source) if speaks else [])
    for may, act in (
        (role is not Role.VIEWER, lambda: rules.say(state, member, text="так", to=None, message_id="c", now=NOW)),
        (role is not Role.VIEWER, lambda: rules.move_hand(state, member, raised=True, now=NOW)),
    ):
        if may:
            assert act()
        else:
            with pytest.raises(RefusedError, match="not_allowed"):
                act()


def test_a_token_that_says_so_waits_even_where_nobody_else_does() -> None:
    state = a_state()
    forwarded = ticket(role=Role.PRESENTER, identity="guest:7.ab").model_copy(update={"waits": True})
    assert rules.entrance(state, ticket(role=Role.PRESENTER, identity="guest:7"), limit=9) == "join"
    assert rules.entrance(state, forwarded, limit=9) == "wait"
    state.apply(facts.Admitted(at=NOW, identity="guest:7.ab"))
    assert rules.entrance(state, forwarded, limit=9) == "join"


def test_lobby_lets_staff_and_known_people_pass() -> None:
    state = a_state(Plan(lobby=True))
    assert rules.entrance(state, ticket("Гість", presence=Presence.GUEST), limit=9) == "wait"
    assert rules.entrance(state, ticket("Експерт", Role.PRESENTER), limit=9) == "join"
    assert rules.entrance(state, ticket("Суми", presence=Presence.ENDPOINT), limit=9) == "join"
    known = ticket("Олена")
    state.apply(facts.Admitted(at=NOW, identity=known.identity))
    assert rules.entrance(state, known, limit=9) == "join", "nobody has to be let in twice"


def test_lock_and_capacity() -> None:
    state = a_state(Plan(locked=True, capacity=1))
    with pytest.raises(RefusedError, match="locked"):
        rules.entrance(state, ticket("Олена"), limit=9)
    enter(state, ticket("Ведуча", Role.HOST))
    with pytest.raises(RefusedError, match="full"):
        rules.entrance(state, ticket("Олена"), limit=9)
    assert rules.entrance(state, ticket("Модератор", Role.MODERATOR), limit=9) == "join"
    with pytest.raises(RefusedError, match="full"):
        rules.entrance(state, ticket("Модератор", Role.MODERATOR), limit=1)


def test_removed_people_may_ask_again_and_banned_may_not() -> None:
    state = a_state(Plan(lobby=True))
    host = enter(state, ticket("Ведуча", Role.HOST))
    token = ticket("Олена")
    removed = enter(state, token)
    do(state, host, messages.Remove(do="remove", participant=removed.id))
    assert rules.entrance(state, token, limit=9) == "wait"
    again = enter(state, token)
    do(state, host, messages.Remove(do="remove", participant=again.id, ban=True))
    with pytest.raises(RefusedError, match="banned"):
        rules.entrance(state, token, limit=9)


def test_a_ban_reaches_no_host_through_their_other_device() -> None:
    """A ban takes everybody of the identity: the host's own encoder is one, and so may be the moderator's."""
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST))
    moderator = enter(state, ticket("Модератор", Role.MODERATOR))
    encoder = enter(state, ticket("Ведуча", Role.PRESENTER, presence=Presence.SERVICE))
    own = enter(state, ticket("Модератор", Role.PRESENTER, presence=Presence.SERVICE))
    ban = messages.Remove(do="remove", participant=encoder.id, ban=True)
    assert refused(state, moderator, ban) == "not_allowed"
    assert refused(state, host, ban) == "bad_action"
    assert refused(state, moderator, messages.Remove(do="remove", participant=own.id, ban=True)) == "bad_action"
    do(state, moderator, messages.Remove(do="remove", participant=own.id))
    assert set(state.members) == {host.id, moderator.id, encoder.id}


def test_mute_all_spares_hosts_and_whoever_orders() -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST))
    moderator = enter(state, ticket("Модератор", Role.MODERATOR))
    olena = enter(state, ticket("Олена"))
    do(state, moderator, messages.MuteOther(do="mute"))
    assert (host.muted_by_host, moderator.muted_by_host) == (set(), set())
    assert olena.muted_by_host == {Source.MICROPHONE}


def test_self_unmute_policy() -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST))
    olena = enter(state, ticket("Олена"))
    do(state, host, messages.MuteOther(do="mute", participant=olena.id))
    assert rules.unmute(state, olena, Source.MICROPHONE, now=NOW) != []
    do(state, host, messages.SetMeeting(do="set", self_unmute=False))
    with pytest.raises(RefusedError, match="muted_by_host"):
        rules.unmute(state, olena, Source.MICROPHONE, now=NOW)
    assert rules.starts_muted(state, olena, Source.MICROPHONE)
    assert not rules.starts_muted(state, host, Source.MICROPHONE)
    do(state, host, messages.AllowUnmute(do="allow_unmute", participant=olena.id))
    assert olena.muted_by_host == set()


def test_hands_keep_their_order() -> None:
    state = a_state()
    members = [enter(state, ticket(name, Role.PARTICIPANT)) for name in ("А", "Б", "В")]
    for member in (members[2], members[0], members[1], members[2]):
        for fact in rules.move_hand(state, member, raised=True, now=NOW):
            state.apply(fact)
    assert state.hands == [members[2].id, members[0].id, members[1].id]
    do(state, None, messages.LowerHand(do="lower_hand", participant=members[0].id))
    assert state.hands == [members[2].id, members[1].id]
    do(state, None, messages.LowerHand(do="lower_hand"))
    assert state.hands == []


def test_chat_off_private_chat_and_deletion() -> None:
    state = a_state()
    host = enter(state, ticket("Ведуча", Role.HOST))
    olena, taras = enter(state, ticket("Олена")), enter(state, ticket("Тарас"))
    state.apply(rules.say(state, olena, text="потай", to=taras.id, message_id="c1", now=NOW))
    assert [len(state.chat_for(member.id)) for member in (host, olena, taras)] == [0, 1, 1]
    delete = messages.DeleteChat(do="delete_chat", message="c1")
    assert refused(state, host, delete) == "unknown_chat_message", "a host does not learn of private chat"
    do(state, host, messages.SetMeeting(do="set", chat_enabled=False))
    with pytest.raises(RefusedError, match="chat_off"):
        rules.say(state, olena, text="ні", to=None, message_id="c2", now=NOW)
    assert rules.say(state, host, text="так", to=None, message_id="c3", now=NOW)


def test_chat_history_is_bounded() -> None:
    state = a_state()
    olena = enter(state, ticket("Олена"))
    for number in range(250):
        state.apply(rules.say(state, olena, text=str(number), to=None, message_id=f"c{number}", now=NOW + number))
    assert [message.text for message in state.chat_for(olena.id)] == [str(number) for number in range(50, 250)]


def test_a_role_given_here_wins_over_the_token_and_brings_its_permissions() -> None:
    state = a_state(Plan(roles={"person:1": Role.HOST}))
    token = ticket("Олена", identity="person:1")
    member = enter(state, token)
    assert member.role is Role.HOST
    assert member.permissions == ROLE_PERMISSIONS[Role.HOST]
    do(state, None, messages.ChangeRole(do="role", participant=member.id, role=Role.VIEWER))
    for fact in rules.leave(state, member.id, "left", now=NOW):
        state.apply(fact)
    assert enter(state, token).role is Role.VIEWER, "a new join does not undo what the meeting has decided"


def test_a_later_plan_changes_only_what_it_changes() -> None:
    state = a_state(Plan(title="а"))
    do(state, None, messages.SetMeeting(do="set", locked=True))
    state.apply(facts.Planned(at=NOW, plan=Plan(title="б")))
    assert state.locked
    assert state.as_meeting().title == "б"
    state.apply(facts.Planned(at=NOW, plan=Plan(title="б", chat_enabled=False)))
    assert not state.chat_enabled


def test_rename_is_for_guests_and_endpoints() -> None:
    state = a_state()
    person = enter(state, ticket("Олена"))
    guest = enter(state, ticket("Гість", presence=Presence.GUEST))
    with pytest.raises(RefusedError, match="not_allowed"):
        rules.rename(person, name="Інша", now=NOW)
    (fact,) = rules.rename(guest, name="  Пані   Ірина ", now=NOW)
    state.apply(fact)
    assert guest.name == "Пані Ірина"
    with pytest.raises(RefusedError, match="bad_message"):
        rules.rename(guest, name="   ", now=NOW)
