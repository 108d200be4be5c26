"""Names that are hidden never go over the wire to those who may not know them; what is limited is not recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recordings.raw import timeline
from signaling.meeting import facts, rules
from signaling.meeting.faces import alias, fresh_number
from signaling.meeting.plan import GroupRoom, Plan
from signaling.messages import Begin, KeepPicture, OpenGroups, Record, Stream
from signaling.model import ChatMessage, Presence, Protection, Role, Source
from signaling.problems import RefusedError
from tests.signaling.support import Client, NodeServer, ticket
from tests.signaling.test_recording import NOW, Port, Scene
from tests.signaling.test_words import restored

HIDDEN = Plan(title="Пункт пропуску", protection=Protection(hide_names=True))
OLENA, PETRO, HANNA = "Олена Прихована", "Петро Таємний", "Ганна Ведуча"


def raw(client: Client) -> str:
    """Everything that came, as text."""
    return json.dumps(client.got, ensure_ascii=False)


async def meet(node: NodeServer, plan: Plan = HIDDEN) -> tuple[Client, Client, Client]:
    """A host and two participants of one meeting; the second participant comes last."""
    node.node.plan("demo", plan)
    host = await node.join(ticket(HANNA, Role.HOST))
    olena = await node.join(ticket(OLENA))
    petro = await node.join(ticket(PETRO))
    return host, olena, petro


async def speak(node: NodeServer, client: Client) -> None:
    """Chat, a question, a hand; the answer to each has come."""
    await client.request("chat", text="Маю питання")
    await client.request("ask", text="Чи приймаєте ви ID-картку?")
    await client.request("hand", raised=True)


async def synced(*clients: Client) -> None:
    """What was told before has come."""
    for client in clients:
        await client.request("ping")


async def test_participants_never_get_each_others_names_and_hosts_get_both(node: NodeServer) -> None:
    host, olena, petro = await meet(node)
    await speak(node, olena)
    await synced(host, olena, petro)
    late = await node.join(ticket("Марія Пізня"))
    await synced(late)
    assert OLENA not in raw(petro)
    assert OLENA not in raw(late)
    assert PETRO not in raw(olena)
    assert HANNA in raw(petro)
    seen = {each["id"]: each["name"] for each in late.welcome["participants"]}
    assert seen[olena.id].startswith("Учасник ")
    assert [each["name"] for each in late.welcome["chat"]] == [seen[olena.id]]
    assert [each["name"] for each in late.welcome["questions"]] == [seen[olena.id]]
    said = await host.next("chat")
    assert (said["message"]["name"], said["message"]["alias"]) == (OLENA, seen[olena.id])
    own = next(each for each in olena.welcome["participants"] if each["id"] == olena.id)
    assert (own["name"], own["alias"]) == (OLENA, seen[olena.id])


async def test_private_lines_captions_and_renaming_tell_no_name_either(node: NodeServer) -> None:
    host, olena, petro = await meet(node)
    await olena.request("chat", text="лише тобі", to=petro.id)
    guest = await node.join(ticket("Гість Справжній", presence=Presence.GUEST))
    await guest.request("rename", name="Гість Перейменований")
    captioner = await node.join(ticket("Зоряна Субтитр", Role.CAPTIONER))
    for final in (False, True):
        await captioner.request("caption", language="uk", text="Добрий день", final=final)
    await synced(host, olena, petro)
    assert (await petro.next("chat"))["message"]["text"] == "лише тобі"
    for name in (OLENA, "Гість", "Зоряна"):
        assert name not in raw(petro)
    assert "Гість Перейменований" in raw(host)
    assert "Зоряна Субтитр" in raw(host)


async def test_the_number_stays_after_coming_back_and_in_the_groups_and_after_a_restart(node: NodeServer) -> None:
    _host, olena, petro = await meet(node)
    number = alias(node.meeting().state, olena.id)
    await olena.request("leave")
    again = await node.join(ticket(OLENA))
    assert alias(node.meeting().state, again.id) == number
    room = GroupRoom(number=1, meeting="demo.g1", members=["person:" + OLENA.encode().hex()[:40]])
    node.meeting().order(None, OpenGroups(do="open_groups", rooms=[room]))
    inside = await node.join(ticket(OLENA, meeting="demo.g1").model_copy(update={"main": "demo"}))
    group = node.meeting("demo.g1").state
    assert group.plan.protection.hide_names
    assert alias(group, inside.id) == number
    state = node.meeting().state
    assert alias(restored(state), olena.id) == number, "of somebody who has left, too"
    assert alias(restored(state), petro.id) == alias(state, petro.id)


async def test_whoever_is_made_a_moderator_learns_the_names(node: NodeServer) -> None:
    host, olena, petro = await meet(node)
    await host.order("role", participant=petro.id, role="moderator")
    told = await petro.next("participant", start=0)
    await petro.first(lambda each: each["type"] == "participant" and each["participant"]["name"] == OLENA)
    assert told
    assert PETRO in raw(olena), "who leads is known by name"


async def test_a_running_meeting_can_be_protected_but_not_laid_open(node: NodeServer) -> None:
    _host, olena, petro = await meet(node, Plan(title="Відкрита"))
    await speak(node, olena)
    assert OLENA in raw(petro)
    node.node.plan("demo", HIDDEN)
    veiled = alias(node.meeting().state, olena.id)
    await petro.first(lambda each: each["type"] == "participant" and each["participant"]["name"] == veiled)
    node.node.plan("demo", Plan(title="Відкрита"))
    late = await node.join(ticket("Марія Пізня"))
    assert OLENA not in raw(late), "what was said before it was protected is veiled, too"


async def test_somebody_hidden_is_hidden_everywhere_even_as_host(node: NodeServer) -> None:
    token = ticket("Офіс Закритий", Role.HOST).model_copy(update={"hidden": True, "alias": "Центр на Півдні"})
    host = await node.join(token)
    olena = await node.join(ticket(OLENA))
    await host.request("chat", text="Вітаю")
    await host.order("allow_unmute", participant=olena.id)
    await synced(olena)
    assert "Закритий" not in raw(olena)
    assert (await olena.next("chat"))["message"]["name"] == "Центр на Півдні"


async def test_recording_and_streaming_are_refused_to_people_and_programs(node: NodeServer) -> None:
    plan = Plan(recording=True, streaming=True, may_stream=True, protection=Protection(recording="never"))
    host, _olena, _petro = await meet(node, plan)
    assert (await host.order("record", status="on"))["problem"]["code"] in ("recording_forbidden", "cannot_record")
    assert (await host.order("begin"))["type"] == "ok"
    meeting = node.meeting()
    meeting.state.can_record = meeting.state.can_stream = True
    assert (meeting.state.began_at is not None, meeting.state.kept) == (True, None)
    with pytest.raises(RefusedError, match="safety"):
        meeting.order(None, Stream(do="stream", status="on"))
    assert host.welcome["meeting"]["protection"] == {"hide_names": False, "recording": "never", "held": False}


# What is recorded.


def plan_of(recording: Any, **more: Any) -> Plan:
    return Plan(title="Захищена", recording=True, protection=Protection(recording=recording, **more))


def test_a_plan_that_records_begins_without_recording_where_it_is_never_recorded(tmp_path: Path) -> None:
    scene = Scene(tmp_path, plan_of("never"))
    host = scene.enter("host", Role.HOST)
    scene.order(Begin(do="begin"), host)
    assert scene.state.began_at is not None
    assert scene.state.recording is None
    for actor in (host, None):
        with pytest.raises(RefusedError, match="safety"):
            scene.order(Record(do="record", status="on"), actor)


def test_of_voices_neither_cameras_nor_names_are_recorded(tmp_path: Path) -> None:
    scene = Scene(tmp_path, plan_of("voices"))
    host = scene.enter("host", Role.HOST)
    olena = scene.enter(OLENA)
    scene.order(Begin(do="begin"), host)
    sources = (Source.CAMERA, Source.MICROPHONE, Source.SCREEN, Source.DOCUMENT_CAMERA)
    for member in (host, olena):
        for source in sources:
            scene.publish(member, Port(f"{member.id}-{source.value}"), source)
    said = ChatMessage(id="c1", at=NOW, participant=olena.id, name=OLENA, text="Так")
    scene.apply(facts.Said(at=NOW, message=said))
    taken = {(line.participant, line.source) for line in scene.lines() if isinstance(line, timeline.Track)}
    assert taken == {
        (host.id, "microphone"),
        (host.id, "screen"),
        (host.id, "document_camera"),
        (olena.id, "microphone"),
        (olena.id, "screen"),
    }
    text = (scene.recorded() / timeline.NAME).read_text()
    assert OLENA not in text
    assert "Прихована" not in text
    assert '"host"' in text, "who leads is named"


def test_a_recording_holds_no_name_that_the_room_was_not_shown(tmp_path: Path) -> None:
    scene = Scene(tmp_path, plan_of("allowed", hide_names=True))
    host = scene.enter("host", Role.HOST)
    olena = scene.enter(OLENA)
    scene.order(Begin(do="begin"), host)
    scene.publish(olena, Port("camera"))
    assert any(isinstance(line, timeline.Track) for line in scene.lines()), "pictures are allowed here"
    assert OLENA not in (scene.recorded() / timeline.NAME).read_text()
    assert alias(scene.state, olena.id) in (scene.recorded() / timeline.NAME).read_text()


def test_stills_are_taken_only_of_what_may_be_kept(tmp_path: Path) -> None:
    scene = Scene(tmp_path, plan_of("voices"))
    host, olena = scene.enter("host", Role.HOST), scene.enter(OLENA)
    for source, fine in ((Source.CAMERA, False), (Source.SCREEN, True)):
        order = KeepPicture(do="keep_picture", by=host.id, identity=host.identity, participant=olena.id, source=source)
        if fine:
            scene.order(order)
        else:
            with pytest.raises(RefusedError) as refused:
                scene.order(order)
            assert refused.value.problem.code == "pictures_forbidden"


def test_numbers_are_drawn_and_nobody_shares_one(tmp_path: Path) -> None:
    scene = Scene(tmp_path, HIDDEN)
    drawn = []
    for number in range(120):
        token = ticket(f"n{number}")
        fresh = fresh_number(scene.state)
        joined = rules.join(scene.state, token, participant=f"p{number}", resume="00", number=fresh, now=NOW)
        scene.apply(joined)
        drawn.append(joined.number)
    assert len(set(drawn)) == 120
    assert drawn != sorted(drawn)
