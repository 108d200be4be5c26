"""Captions, questions and consent: who may, what everybody sees, and what of it is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from recordings.raw import timeline
from signaling.meeting import facts, orders, rules, words
from signaling.meeting.announcements import announce
from signaling.meeting.plan import Plan
from signaling.meeting.state import Member, State
from signaling.messages import MoveQuestion, QuestionChanged, QuestionGone, Record, TakeQuestion
from signaling.model import Caption, Permission, QuestionStatus, Role
from signaling.problems import RefusedError
from signaling.tokens import ROLE_PERMISSIONS
from tests.signaling.support import NodeServer, config, ticket
from tests.signaling.test_recording import NOW, Scene

PUBLIC = Plan(title="Вебінар", public_questions=True)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path, PUBLIC)


def write(scene: Scene, member: Member, text: str, *, final: bool = True, since: float = NOW) -> Caption:
    line = words.caption(member, text, language="uk", final=final, since=since, now=scene.now)
    if final:
        scene.apply(facts.Captioned(at=scene.now, caption=line))
    return line


def ask(scene: Scene, member: Member, text: str) -> str:
    put = words.ask(scene.state.words, member, text, enabled=scene.state.questions_enabled, now=scene.now)
    scene.apply(*put)
    return next(fact.question.id for fact in put if isinstance(fact, facts.QuestionPut))


def vote(scene: Scene, member: Member, question: str, *, wanted: bool = True) -> None:
    scene.apply(*words.vote(scene.state.words, member, question, wanted=wanted, now=scene.now))


def move(scene: Scene, question: str, status: str, actor: Member | None = None) -> None:
    scene.order(MoveQuestion.model_validate({"do": "question", "question": question, "status": status}), actor)


def take(scene: Scene, question: str = "q1") -> None:
    scene.order(TakeQuestion(do="take_question", question=question, name=" Глядач ", text="Чи буде запис?"))


def statuses(scene: Scene) -> dict[str, str]:
    return {number: question.status.value for number, question in scene.state.words.questions.items()}


def restored(state: State) -> State:
    again = State()
    for fact in state.restate(now=NOW):
        again.apply(fact)
    return again


def test_who_may_write_captions_and_ask() -> None:
    captions = {role for role, allowed in ROLE_PERMISSIONS.items() if Permission.CAPTION in allowed}
    assert captions == {Role.HOST, Role.MODERATOR, Role.INTERPRETER, Role.CAPTIONER}
    assert all(Permission.ASK in allowed for allowed in ROLE_PERMISSIONS.values())


def test_only_writers_write_captions(scene: Scene) -> None:
    with pytest.raises(RefusedError, match="not_allowed"):
        write(scene, scene.enter("Учасник"), "Слова")
    writer = scene.enter("Субтитри", Role.CAPTIONER)
    with pytest.raises(RefusedError, match="bad_message"):
        write(scene, writer, "   ")
    assert write(scene, writer, "", final=False).text == "", "a draft may be taken back"


def test_the_last_fifty_lines_are_kept_and_survive_the_node(scene: Scene) -> None:
    writer = scene.enter("Субтитри", Role.CAPTIONER)
    for number in range(60):
        write(scene, writer, f"Рядок {number}")
    kept = scene.state.words.captions
    assert [each.text for each in kept] == [f"Рядок {number}" for number in range(10, 60)]
    assert restored(scene.state).words.captions == kept


def test_lines_and_questions_in_a_recording(scene: Scene) -> None:
    host, writer = scene.enter("Ведуча", Role.HOST), scene.enter("Субтитри", Role.CAPTIONER)
    early = ask(scene, writer, "До запису")
    scene.order(Record(do="record", status="on"), host)
    scene.now += 4
    write(scene, writer, "Добрий день,  колеги", since=scene.now - 3)
    write(scene, writer, "Чернетка", final=False)
    take(scene)
    move(scene, early, "answering", host)
    move(scene, early, "answered", host)
    move(scene, "q1", "open", host)
    move(scene, "q1", "dismissed", host)
    lines = scene.lines()
    (caption,) = [line for line in lines if isinstance(line, timeline.Caption)]
    assert (caption.text, caption.language, caption.name) == ("Добрий день, колеги", "uk", "Субтитри")
    assert caption.at - caption.since == pytest.approx(3)
    asked = [(line.question, line.status) for line in lines if isinstance(line, timeline.Question)]
    assert asked == [(early, "open"), (early, "answering"), (early, "answered"), ("q1", "open"), ("q1", "dismissed")], (
        "nothing of a question that waits"
    )


def test_a_line_is_seen_long_enough_to_be_read() -> None:
    line = timeline.Caption(at=10.0, since=9.5, participant="p1", language="uk", text="Дуже довгий рядок " * 10)
    assert line.until == pytest.approx(16.5)
    assert line.model_copy(update={"text": "Так"}).until == pytest.approx(11.0)
    assert line.model_copy(update={"at": 30.0}).until == 30.0


def test_each_votes_once_and_not_for_themselves(scene: Scene) -> None:
    asker, other = scene.enter("Учасник"), scene.enter("Учасниця")
    question = ask(scene, asker, "Коли?")
    vote(scene, other, question)
    vote(scene, other, question)
    assert scene.state.words.questions[question].votes == 1
    assert restored(scene.state).words.voted_by(other.identity) == [question]
    with pytest.raises(RefusedError, match="bad_action"):
        vote(scene, asker, question)
    vote(scene, other, question, wanted=False)
    assert scene.state.words.questions[question].votes == 0
    with pytest.raises(RefusedError, match="unknown_question"):
        vote(scene, other, "q404")


def test_only_those_who_lead_move_questions_and_one_is_being_answered(scene: Scene) -> None:
    host, asker = scene.enter("Ведуча", Role.HOST), scene.enter("Учасник")
    first, second = ask(scene, asker, "Перше?"), ask(scene, asker, "Друге?")
    with pytest.raises(RefusedError, match="not_allowed"):
        move(scene, first, "answered", asker)
    move(scene, first, "answering", host)
    move(scene, second, "answering", host)
    assert statuses(scene) == {first: "answered", second: "answering"}
    move(scene, second, "dismissed", host)
    assert statuses(scene) == {first: "answered"}


def test_a_public_question_is_seen_by_those_who_lead_until_it_is_let_in(scene: Scene) -> None:
    host, other = scene.enter("Ведуча", Role.HOST), scene.enter("Учасник")
    take(scene)
    take(scene)
    assert statuses(scene) == {"q1": "waiting"}
    assert scene.state.words.questions["q1"].name == "Глядач"
    assert scene.state.words.seen_by(moderates=False) == []
    put = facts.QuestionPut(at=NOW, question=scene.state.words.questions["q1"])
    (told,) = announce(scene.state, put)
    assert told.to == {host.id}
    with pytest.raises(RefusedError, match="unknown_question"):
        vote(scene, other, "q1")
    move(scene, "q1", "open", host)
    let_in = facts.QuestionMoved(at=NOW, question="q1", status=QuestionStatus.OPEN)
    (told,) = announce(scene.state, let_in)
    assert isinstance(told.message, QuestionChanged)
    assert told.to is None
    move(scene, "q1", "dismissed", host)
    (told,) = announce(scene.state, let_in)
    assert told.message == QuestionGone(question="q1")


def test_questions_may_be_switched_off(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Plan(title="Лекція", questions_enabled=False))
    with pytest.raises(RefusedError, match="questions_off"):
        ask(scene, scene.enter("Учасник"), "Можна?")
    ask(scene, scene.enter("Ведуча", Role.HOST), "Запитання із зали")
    with pytest.raises(RefusedError, match="questions_off"):
        take(scene)
    with pytest.raises(RefusedError, match="not_allowed"):
        orders.decide(
            scene.state,
            scene.enter("Ведучий", Role.HOST),
            TakeQuestion(do="take_question", question="q2", text="Чому?"),
            now=NOW,
        )


def test_questions_are_bounded(scene: Scene) -> None:
    for number in range(words.MOST_WAITING):
        take(scene, f"q{number}")
    with pytest.raises(RefusedError, match="too_many_questions"):
        take(scene, "q999")


def test_who_was_told_that_they_are_recorded_and_what_they_said(scene: Scene) -> None:
    host, guest = scene.enter("Ведуча", Role.HOST), scene.enter("Учасник")
    assert words.consent(scene.state.words, guest, None, "understood", "v1", now=NOW) == []
    scene.order(Record(do="record", status="on"), host)
    recording = scene.state.recording
    assert recording is not None
    scene.apply(*words.told(scene.state.words, [host, guest], recording, now=NOW))
    assert words.told(scene.state.words, [host, guest], recording, now=NOW) == []
    scene.apply(*words.consent(scene.state.words, guest, recording, "quiet", "v1", now=NOW))
    assert scene.state.words.consents == {host.identity: "told", guest.identity: "quiet"}
    assert words.consent(scene.state.words, guest, recording, "quiet", "v1", now=NOW) == []
    assert restored(scene.state).words.consents[guest.identity] == "quiet"
    (again,) = words.told(scene.state.words, [host], "another", now=NOW)
    assert isinstance(again, facts.Consented), "another recording is told of anew"


def test_a_group_is_recorded_by_those_who_lead(tmp_path: Path) -> None:
    scene = Scene(tmp_path, Plan(title="2. Практика", main="demo", group=2))
    scene.order(Record(do="record", status="on"), scene.enter("Ведуча", Role.HOST))
    assert scene.state.recording
    assert [line.title for line in scene.lines() if isinstance(line, timeline.Begun)] == ["2. Практика"]
    assert isinstance(rules.close(scene.state, "ordered", now=NOW)[0], facts.RecordingSet)


async def test_drafts_become_a_line_for_everybody_and_for_those_who_come_later(tmp_path: Path) -> None:
    server = NodeServer(config(tmp_path))
    await server.start()
    try:
        writer = await server.join(ticket("Субтитри", Role.CAPTIONER))
        reader = await server.join(ticket("Читач"))
        await writer.request("caption", text="Доб", language="uk", final=False)
        await writer.request("caption", text="Добрий день", language="uk", final=True)
        line = await reader.first(lambda told: told["type"] == "caption" and told["caption"]["final"])
        draft = await reader.next("caption")
        assert [draft["caption"]["text"], line["caption"]["text"]] == ["Доб", "Добрий день"]
        assert not draft["caption"]["final"]
        assert line["caption"]["since"] == draft["caption"]["since"]
        late = await server.join(ticket("Пізній"))
        assert [each["text"] for each in late.welcome["captions"]] == ["Добрий день"]
        refused = await reader.request("caption", text="Я теж", final=True)
        assert refused["problem"]["code"] == "not_allowed"
        asked = await reader.request("ask", text="Чи буде запис?")
        assert asked["type"] == "ok"
        question = (await writer.next("question"))["question"]
        assert (question["text"], question["status"], question["name"]) == ("Чи буде запис?", "open", "Читач")
        await late.request("vote", question=question["id"], wanted=True)
        await reader.first(lambda told: told["type"] == "question" and told["question"]["votes"] == 1)
    finally:
        await server.stop()
