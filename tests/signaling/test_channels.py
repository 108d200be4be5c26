"""Language channels: who may interpret into what, who is on the air, and whose voice goes to whom."""

from __future__ import annotations

import pytest

from signaling import messages
from signaling.meeting import channels, facts, rules
from signaling.meeting.announcements import announce
from signaling.meeting.plan import Plan
from signaling.meeting.state import Member, State
from signaling.model import Interpreting, Permission, Role
from signaling.problems import RefusedError
from signaling.tokens import ROLE_PERMISSIONS
from tests.signaling.support import Client, NodeServer, ticket, until
from tests.signaling.test_rules import NOW, a_state, do, enter, refused
from tests.support.fake_media import offer

TWO = Plan(title="Вебінар", language="uk", channels=["en", "pl", "ukl"])


def interpret(state: State, member: Member, source: str | None, into: str | None) -> list[facts.Fact]:
    decided = channels.assign(state, member, source, into, now=NOW)
    for fact in decided:
        state.apply(fact)
    return decided


def air(state: State, member: Member, *, take: bool) -> None:
    for fact in channels.air(state, member, take=take, now=NOW):
        state.apply(fact)


def code(state: State, member: Member, source: str, into: str) -> str:
    with pytest.raises(RefusedError) as caught:
        channels.assign(state, member, source, into, now=NOW)
    return caught.value.problem.code


def on_air(state: State) -> dict[str, tuple[str, str]]:
    seen = [(member.name, state.interprets(member)) for member in state.members.values()]
    return {name: (one.source, one.into) for name, one in seen if one is not None and one.on_air}


def test_only_interpreters_interpret_and_only_between_languages_of_the_meeting() -> None:
    assert [role for role, may in ROLE_PERMISSIONS.items() if Permission.INTERPRET in may] == [Role.INTERPRETER]
    state = a_state(TWO)
    olena = enter(state, ticket("Олена", Role.INTERPRETER))
    for source, into in (("uk", "de"), ("de", "uk"), ("uk", "uk")):
        assert code(state, olena, source, into) == "unknown_channel"
    assert interpret(state, olena, "uk", "en")
    assert on_air(state) == {"Олена": ("uk", "en")}
    assert interpret(state, olena, "uk", "en") == [], "said twice, it changes nothing"
    assert interpret(state, olena, None, None)
    assert on_air(state) == {}


def test_of_a_booth_one_is_on_the_air_and_all_turn_the_same_way() -> None:
    state = a_state(TWO)
    olena, petro = (enter(state, ticket(name, Role.INTERPRETER)) for name in ("Олена", "Петро"))
    interpret(state, olena, "uk", "en")
    interpret(state, petro, "en", "uk")
    assert on_air(state) == {"Олена": ("uk", "en")}
    assert state.interprets(petro) == Interpreting(source="uk", into="en"), "who comes later follows the booth"
    air(state, petro, take=True)
    assert on_air(state) == {"Петро": ("uk", "en")}
    interpret(state, petro, "en", "uk")
    assert on_air(state) == {"Петро": ("en", "uk")}
    air(state, petro, take=False)
    assert on_air(state) == {"Олена": ("en", "uk")}
    with pytest.raises(RefusedError, match="bad_action"):
        channels.air(state, petro, take=False, now=NOW)
    state.apply(facts.WentAway(at=NOW, participant=petro.id))
    with pytest.raises(RefusedError, match="bad_action"):
        channels.air(state, olena, take=False, now=NOW)


def test_into_one_language_one_is_on_the_air() -> None:
    state = a_state(TWO)
    olena, maria = (enter(state, ticket(name, Role.INTERPRETER)) for name in ("Олена", "Марія"))
    interpret(state, olena, "uk", "en")
    interpret(state, maria, "uk", "pl")
    assert on_air(state) == {"Олена": ("uk", "en"), "Марія": ("uk", "pl")}
    interpret(state, maria, "pl", "en")
    assert on_air(state) == {"Марія": ("pl", "en")}


def test_who_leaves_is_off_the_air_and_on_it_again_on_coming_back() -> None:
    plan = TWO.model_copy(update={"interpreters": {"person:7": Interpreting(source="uk", into="en")}})
    state = a_state(plan)
    olena = enter(state, ticket("Олена", Role.INTERPRETER, identity="person:7"))
    assert on_air(state) == {"Олена": ("uk", "en")}, "the plan says so"
    state.apply(rules.leave(state, olena.id, "left", now=NOW)[-1])
    assert not state.interpreting["person:7"].on_air
    petro = enter(state, ticket("Петро", Role.INTERPRETER))
    interpret(state, petro, "uk", "en")
    enter(state, ticket("Олена", Role.INTERPRETER, identity="person:7"))
    assert on_air(state) == {"Петро": ("uk", "en")}, "nobody is pushed off the air"


def test_a_host_makes_interpreters_and_sets_the_languages() -> None:
    state = a_state()
    host, olena = enter(state, ticket("Ведуча", Role.HOST)), enter(state, ticket("Олена"))
    assign = messages.AssignInterpreter(do="interpreter", participant=olena.id, source="uk", into="en")
    assert refused(state, host, assign) == "unknown_channel"
    do(state, host, messages.SetMeeting(do="set", channels=["en", "uk", "en"]))
    assert state.as_meeting().channels == ["en"]
    decided = do(state, host, assign)
    assert olena.role is Role.INTERPRETER
    told = [each.message for fact in decided for each in announce(state, fact)]
    assert {each.participant.interprets.on_air for each in told} == {True}  # type: ignore[union-attr]
    (changed,) = do(state, host, messages.SetMeeting(do="set", channels=[]))
    assert on_air(state) == {}, "the language has gone"
    assert [type(each.message).__name__ for each in announce(state, changed)] == [
        "MeetingChanged",
        "ParticipantChanged",
    ]


def test_who_is_no_interpreter_any_more_is_off_the_air() -> None:
    state = a_state(TWO)
    olena = enter(state, ticket("Олена", Role.INTERPRETER))
    interpret(state, olena, "uk", "en")
    do(state, None, messages.ChangeRole(do="role", participant=olena.id, role=Role.PARTICIPANT))
    assert on_air(state) == {}
    assert state.as_participant(olena).interprets is None
    petro = enter(state, ticket("Петро", Role.INTERPRETER))
    interpret(state, petro, "uk", "en")
    assert on_air(state) == {"Петро": ("uk", "en")}


async def _speaks(client: Client) -> str:
    answer = await client.request("publish", sdp=offer(("0", "audio")), sources={"0": "microphone"})
    return str(answer["publications"]["0"])


async def test_an_interpreter_is_sent_to_those_who_chose_the_language_and_to_nobody_else(node: NodeServer) -> None:
    host = await node.join(ticket("Ведуча", Role.HOST))
    assert (await host.order("set", channels=["en"]))["type"] == "ok"
    olena, petro = [await node.join(ticket(name, Role.INTERPRETER)) for name in ("Олена", "Петро")]
    assert (await host.request("interpret", source="uk", into="en"))["problem"]["code"] == "not_allowed"
    for each in (olena, petro):
        assert (await each.request("interpret", source="uk", into="en"))["type"] == "ok"
    guest, trainee = [await node.join(ticket(name)) for name in ("Guest", "Тарас")]
    for each in (guest, trainee):
        await each.answer_offers()
    assert (await guest.request("receive", videos=[], channel="en"))["type"] == "ok"
    for each in (host, olena, petro):
        await _speaks(each)

    def heard(client: Client) -> dict[str, bool]:
        kept = node.media.peer(f"{client.id}/subscribe").subscriptions
        return {each.stream_id: not each.paused for each in kept}

    await until(lambda: heard(guest) == {host.id: True, olena.id: True, petro.id: False})
    assert heard(trainee) == {host.id: True}
    assert (await petro.request("air", take=True))["type"] == "ok"
    await until(lambda: heard(guest) == {host.id: True, olena.id: False, petro.id: True})
    group = node.media.groups[0]
    assert node.media.peer(f"{petro.id}/publish").publications["0"] not in group.publications, (
        "the room turns to the floor"
    )
    assert node.media.peer(f"{host.id}/publish").publications["0"] in group.publications
    assert (await petro.request("interpret", source="en", into="uk"))["type"] == "ok"
    await until(lambda: heard(guest) == {host.id: True, olena.id: False, petro.id: False})
    assert (await host.order("set", channels=[]))["type"] == "ok"
    await until(lambda: heard(trainee) == {host.id: True, olena.id: True, petro.id: True})
