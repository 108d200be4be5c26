"""A learning record in xAPI: what must hold of statements, and that nothing is told that may not be seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from lms.assessment.attempts import finishing, taking
from lms.assessment.attempts.states import AttemptState
from lms.courses import again, learning, statements, testing
from lms.database import Database
from lms.directory.rules import Visitor
from tests.lms.courses.test_testing import bank, course, learner, shape
from tests.lms.facts import NOW, counted, person

SITE = "https://vikno.example.ua"
LATER = NOW + timedelta(days=400)


def record(database: Database, visitor: Visitor, now: datetime = LATER) -> list[dict[str, Any]]:
    with database.reading() as session:
        told = statements.own(session, visitor, SITE, now)
    assert told["more"] == ""
    found: list[dict[str, Any]] = told["statements"]
    return found


def verbs(told: list[dict[str, Any]], place: str) -> list[str]:
    return [
        each["verb"]["id"].rpartition("/")[2]
        for each in told
        if each["object"]["id"] == f"{SITE}/courses/safety{place}"
    ]


def pass_the_test(database: Database, learns: Visitor, at: datetime) -> str:
    """Begun, answered (the first question), ended in time, told to the course."""
    with database.writing() as session:
        attempt = testing.begin(session, learns, "safety", "check", at)
        asked = attempt.items[0]
        kind = finishing.bodies_of(session, attempt)[asked.item_version_id]
        answer = kind["answer"] if kind["kind"] == "true_false" else next(
            each["id"] for each in kind["options"] if each["share"] == "1"
        )  # fmt: skip
        taking.save(session, learns, attempt.code, 1, 1, answer, at + timedelta(minutes=1), writer="w")
        taking.submit(session, learns, attempt.code, at + timedelta(minutes=2))
        testing.tell_courses(session, at + timedelta(minutes=2))
        assert attempt.state is AttemptState.GRADED
        return str(attempt.code)


def test_a_record_says_what_happened_in_the_words_of_cmi5(database: Database) -> None:
    with database.writing() as session:
        course(session, bank(session), shape(count=1))
        learns = learner(session)
        other = person(session, "other@example.org")
    code = pass_the_test(database, learns, NOW + timedelta(hours=1))
    told = record(database, learns)
    assert verbs(told, "/lessons/read") == ["launched", "initialized", "completed", "terminated"]
    assert verbs(told, "/lessons/check") == ["launched", "initialized", "completed", "passed", "terminated"]
    assert verbs(told, "") == ["satisfied"]
    moved = [each for each in told if each["verb"]["id"].endswith("/launched")]
    assert [each["context"]["extensions"][f"{statements.CMI5}/context/extensions/moveon"] for each in moved] == [
        *("Completed", "Passed")
    ]
    (answer,) = [each for each in told if each["verb"]["id"] == "http://adlnet.gov/expapi/verbs/answered"]
    assert answer["result"]["score"] == {"scaled": 1.0}
    assert answer["context"]["contextActivities"]["parent"][0]["id"] == f"{SITE}/attempts/{code}"
    assert len({each["context"]["registration"] for each in told}) == 1
    assert all(a["timestamp"] <= b["timestamp"] for a, b in pairwise(told))
    assert len({UUID(each["id"]) for each in told}) == len(told)
    assert record(database, learns) == told, "the same record has the same ids"
    assert record(database, other) == []


def test_what_may_not_be_seen_yet_is_not_told(database: Database) -> None:
    hidden = {"right_after": [], "while_open": [], "after_closing": ["score", "marks", "right"]}
    closes = NOW + timedelta(days=1)
    with database.writing() as session:
        test = shape(count=1).model_copy(
            update={"closes_at": closes, "review": type(shape().review).model_validate(hidden)}
        )
        course(session, bank(session), test)
        learns = learner(session)
    pass_the_test(database, learns, NOW + timedelta(hours=1))

    def results(now: datetime) -> list[dict[str, Any]]:
        return [each for each in record(database, learns, now) if "/attempts/" in str(each)]

    before = results(closes - timedelta(minutes=1))
    assert [sorted(each.get("result", {})) for each in before] == [["response"], ["completion"]]
    assert "correctResponsesPattern" not in str(before)
    after = results(closes)
    assert [sorted(each["result"]) for each in after] == [
        ["response", "score", "success"],
        ["completion", "score"],
        ["completion", "score", "success"],
    ]
    assert "correctResponsesPattern" in str(after)


def test_a_course_done_again_is_another_registration_and_takes_no_more_queries(database: Database) -> None:
    with database.writing() as session:
        course(session, bank(session), shape(count=1))
        learns = learner(session)
    pass_the_test(database, learns, NOW + timedelta(hours=1))
    with database.reading() as session, counted(database) as first:
        statements.own(session, learns, SITE, LATER)
    with database.writing() as session:
        again.begin_again(session, learns, "safety", NOW + timedelta(days=2))
        learning.complete(session, learns, "safety", "read", NOW + timedelta(days=2))
    pass_the_test(database, learns, NOW + timedelta(days=3))
    with database.reading() as session, counted(database) as second:
        told = statements.own(session, learns, SITE, LATER)["statements"]
    assert len(second) == len(first)
    assert verbs(told, "/lessons/check").count("passed") == 2
    assert len({each["context"]["registration"] for each in told}) == 2
    answers = [each["context"]["registration"] for each in told if each["verb"]["id"].endswith("answered")]
    assert len(set(answers)) == 2
