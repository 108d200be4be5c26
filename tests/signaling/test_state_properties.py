"""Whatever people do, in whatever order: the state stays sound, and its facts, replayed, give it again."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from signaling import messages
from signaling.journal import decode, encode
from signaling.meeting import channels, facts, orders, rules
from signaling.meeting.plan import Plan, StreamTarget
from signaling.meeting.state import CHAT_HISTORY, State
from signaling.model import Interpreting, Permission, Role, Source
from signaling.problems import RefusedError
from tests.signaling.support import ticket

PEOPLE = [f"p{number}" for number in range(5)]
PLAN = Plan(
    may_stream=True,
    targets=[StreamTarget(id=name, sealed="x") for name in "ab"],
    channels=["en", "pl"],
    interpreters={"person:p0": Interpreting(source="uk", into="en")},
)
language = st.sampled_from(["uk", "en", "pl"])
someone = st.sampled_from(PEOPLE)
maybe = st.none() | someone
wishes = st.one_of(
    st.tuples(st.just("join"), someone, st.sampled_from(list(Role))),
    st.tuples(st.just("leave"), someone),
    st.tuples(st.just("away"), someone),
    st.tuples(st.just("hand"), someone, st.booleans()),
    st.tuples(st.just("say"), someone, maybe),
    st.tuples(st.just("unmute"), someone),
    st.tuples(st.just("interpret"), someone, language, language),
    st.tuples(st.just("air"), someone, st.booleans()),
    st.tuples(
        st.just("order"),
        maybe,
        st.one_of(
            st.builds(messages.MuteOther, do=st.just("mute"), participant=maybe, source=st.sampled_from(list(Source))),
            st.builds(messages.AllowUnmute, do=st.just("allow_unmute"), participant=someone),
            st.builds(messages.Remove, do=st.just("remove"), participant=someone, ban=st.booleans()),
            st.builds(
                messages.SetMeeting,
                do=st.just("set"),
                locked=st.none() | st.booleans(),
                lobby=st.none() | st.booleans(),
                self_unmute=st.none() | st.booleans(),
                chat_enabled=st.none() | st.booleans(),
                channels=st.none() | st.lists(language, max_size=3),
            ),
            st.builds(
                messages.AssignInterpreter,
                do=st.just("interpreter"),
                participant=someone,
                source=language,
                into=language,
            ),
            st.builds(messages.Spotlight, do=st.just("spotlight"), participant=maybe),
            st.builds(
                messages.KeepPicture,
                do=st.just("keep_picture"),
                by=someone,
                identity=st.just("person:a"),
                participant=someone,
            ),
            st.builds(messages.ChangeRole, do=st.just("role"), participant=someone, role=st.sampled_from(list(Role))),
            st.builds(messages.LowerHand, do=st.just("lower_hand"), participant=maybe),
            st.builds(messages.DeleteChat, do=st.just("delete_chat"), message=st.just("c3")),
            st.builds(messages.Begin, do=st.just("begin")),
            st.builds(
                messages.Stream,
                do=st.just("stream"),
                status=st.sampled_from(["on", "off"]),
                targets=st.none() | st.lists(st.sampled_from(["a", "b"]), unique=True),
            ),
            st.builds(
                messages.SetStreamTarget,
                do=st.just("stream_target"),
                id=st.sampled_from(["a", "b", "c"]),
                status=st.sampled_from(["on", "off", "again"]),
            ),
            st.builds(messages.End, do=st.just("end"), close=st.just(False)),
            st.builds(
                messages.ShowOut,
                do=st.just("show_out"),
                identity=st.just("person:d"),
                why=st.just("seat_cancelled"),
                until=st.just(0.0),
            ),
        ),
    ),
)


def decide(state: State, wish: Any, now: float, number: int) -> list[facts.Fact]:
    kind, who = wish[0], wish[1]
    member = state.members.get(who)
    if kind == "join" and member is None:
        token = ticket(who, wish[2], identity=f"person:{who}")
        if rules.entrance(state, token, limit=4) == "join":
            return [rules.join(state, token, participant=who, resume="ab", now=now)]
    elif kind == "order" and (who is None or member is not None):
        return orders.decide(state, member, wish[2], now=now)
    elif member is not None:
        match kind:
            case "leave":
                return rules.leave(state, who, "left", now=now)
            case "away":
                return [facts.WentAway(at=now, participant=who)]
            case "hand":
                return rules.move_hand(state, member, raised=wish[2], now=now)
            case "say":
                return [rules.say(state, member, text="т", to=wish[2], message_id=f"c{number}", now=now)]
            case "interpret" if member.may(Permission.INTERPRET):
                return channels.assign(state, member, wish[2], wish[3], now=now)
            case "air" if member.may(Permission.INTERPRET):
                return channels.air(state, member, take=wish[2], now=now)
            case "unmute":
                return rules.unmute(state, member, Source.MICROPHONE, now=now)
    return []


def picture(state: State) -> dict[str, Any]:
    names = [name for name in vars(state) if name != "members"]
    members = {key: {name: getattr(m, name) for name in m.__slots__} for key, m in state.members.items()}
    return {name: getattr(state, name) for name in names} | {"members": members}


def sound(state: State) -> None:
    assert len(set(state.hands)) == len(state.hands)
    assert set(state.hands) <= set(state.members)
    assert state.spotlight is None or state.spotlight in state.members
    assert state.spotlight is not None or state.spotlight_source is None
    assert len(state.members) <= 4
    assert len(state.public_chat) <= CHAT_HISTORY
    assert not {member.identity for member in state.members.values()} & state.banned
    speaking = [one for one in state.interpreting.values() if one.on_air]
    assert len({one.into for one in speaking}) == len({one.booth for one in speaking}) == len(speaking)
    assert all(one.booth <= {"uk", *state.channels} for one in state.interpreting.values())
    here = {member.identity for member in state.members.values() if member.may(Permission.INTERPRET)}
    assert {identity for identity, one in state.interpreting.items() if one.on_air} <= here
    for participant in state.roster():
        assert participant.hand_raised == (participant.id in state.hands)


@given(st.lists(wishes, max_size=40))
def test_state_is_sound_and_replays_and_restates(told: list[Any]) -> None:
    state, journal = State(), []
    state.can_stream = True

    def commit(new: list[facts.Fact]) -> None:
        for fact in new:
            journal.append(encode(len(journal) + 1, fact))
            state.apply(fact)

    commit([facts.Opened(at=1.0, meeting="demo", opening="o1", plan=PLAN)])
    for number, wish in enumerate(told):
        try:
            commit(decide(state, wish, 2.0 + number, number))
        except RefusedError:
            continue
        sound(state)

    replayed, restated = State(), State()
    replayed.can_stream = restated.can_stream = True
    for line in journal:
        replayed.apply(decode(line)[1])  # type: ignore[index]
    assert picture(replayed) == picture(state)
    for fact in state.restate(now=999.0):
        restated.apply(fact)
    assert picture(restated) == picture(state)
