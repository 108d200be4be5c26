"""Sending what is due: each once, none forgotten, on both databases, in virtual time."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.database import Database
from lms.errors import Conflict
from lms.notify import management, queries, rules, sending
from lms.notify.actions import enqueue
from lms.notify.dispatch import Dispatcher
from lms.notify.journal import Journal, Taken
from lms.notify.mailer import Deferred, Hopeless, Mail, Refused, Unavailable
from lms.notify.models import BouncedAddress, MailAttempt, MailServer, Outcome, Reason
from lms.notify.queries import Box
from tests.lms.facts import NOW, counted
from tests.lms.notify.sending import Clock, Hands, compose, dispatcher, queue, row


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_a_message_is_sent_once_and_what_was_sealed_is_wiped(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database, sealed=b"a secret")
    worker = dispatcher(database, hands, tmp_path, clock)
    assert worker.run() == 1
    assert worker.run() == 0
    sent = row(database)
    assert (sent.sent_at, sent.address, sent.subject, sent.sealed) == (NOW, "a1@example.org", "m1", b"")
    assert hands.taken[0].message_id == sent.message_id
    assert list(tmp_path.glob("*.taken")) == [], "the journal holds only what is not committed yet"


def test_what_is_not_due_waits(database: Database, hands: Hands, clock: Clock, tmp_path: Path) -> None:
    queue(database, due_at=NOW + timedelta(hours=1))
    worker = dispatcher(database, hands, tmp_path, clock)
    assert worker.run() == 0
    clock.forward(hours=1)
    assert worker.run() == 1


def test_several_workers_send_each_message_once(database: Database, clock: Clock, tmp_path: Path) -> None:
    queue(database, 40)
    everybody = [Hands() for _ in range(4)]
    start = threading.Barrier(len(everybody))
    done: list[int] = []

    def work(hands: Hands) -> None:
        worker = dispatcher(database, hands, tmp_path, clock)
        start.wait()
        done.append(worker.run(1000))

    threads = [threading.Thread(target=work, args=(hands,)) for hands in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = Counter(mail.to for hands in everybody for mail in hands.taken)
    assert sum(done) == 40
    assert set(taken.values()) == {1}
    assert len(taken) == 40


def test_a_server_that_is_down_for_a_day_loses_nothing(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database, 25)
    worker = dispatcher(database, hands, tmp_path, clock)

    def down(mail: Mail) -> None:
        if clock() < NOW + timedelta(days=1):
            raise Unavailable("mail.example.org:25: no answer in time")

    hands.trouble = down
    for _step in range(24 * 3):
        worker.run()
        clock.forward(minutes=20)
    assert hands.taken == []
    assert hands.asked < 200, "the server is tried now and then, not once a message"
    with database.reading() as session:
        figures = queries.figures(session, clock())
        assert (figures.waiting, figures.trouble) == (25, 0)
        assert figures.server.down_since == NOW
        assert "no answer in time" in figures.server.last_error
    for _step in range(3):
        worker.run()
        clock.forward(minutes=5)
    assert sorted(Counter(mail.to for mail in hands.taken).items()) == sorted(
        (f"a{number}@example.org", 1) for number in range(1, 26)
    )
    with database.reading() as session:
        assert queries.figures(session, clock()).server.down_since is None


def test_a_server_that_is_down_for_weeks_costs_no_message(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database)
    worker = dispatcher(database, hands, tmp_path, clock)

    def down(mail: Mail) -> None:
        raise Unavailable("no route to host")

    hands.trouble = down
    for _step in range(20):
        worker.run()
        clock.forward(days=1)
    assert row(database).failed_at is None
    hands.trouble = lambda mail: None
    assert worker.run() == 1


def test_a_message_that_is_put_off_is_tried_with_growing_pauses_then_given_up(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(days=5) == rules.PATIENCE
    monkeypatch.setattr(rules, "PATIENCE", timedelta(hours=12))
    queue(database)
    worker = dispatcher(database, hands, tmp_path, clock)
    tries = []

    def greylisted(mail: Mail) -> None:
        tries.append(clock())
        raise Deferred("451 4.7.1 try again later")

    hands.trouble = greylisted
    while row(database).failed_at is None:
        worker.run()
        clock.now = row(database).next_attempt_at or clock()
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= timedelta(minutes=1)
    assert pauses[-1] == timedelta(hours=1)
    assert tries[-1] - tries[0] >= rules.PATIENCE
    given_up = row(database)
    assert (given_up.reason, given_up.last_error) == (Reason.PATIENCE, "451 4.7.1 try again later")


def test_others_do_not_wait_for_one_that_is_put_off(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database, 3)

    def only_the_first(mail: Mail) -> None:
        if mail.to == "a1@example.org":
            raise Deferred("450 4.2.0 greylisted")

    hands.trouble = only_the_first
    dispatcher(database, hands, tmp_path, clock).run()
    assert [mail.to for mail in hands.taken] == ["a2@example.org", "a3@example.org"]


def test_a_dead_address_gets_nothing_more_until_the_block_is_lifted(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database)
    worker = dispatcher(database, hands, tmp_path, clock)

    def nobody(mail: Mail) -> None:
        raise Refused("550 5.1.1 no such user", address=True)

    hands.trouble = nobody
    worker.run()
    assert (row(database).reason, row(database).failed_at) == (Reason.REFUSED, NOW)
    with database.writing() as session:
        assert set(queries.bounced(session, ["A1@example.org", "a2@example.org"])) == {"a1@example.org"}
        enqueue(session, "later", "test", "mailto:a1@example.org", {}, now=NOW)
    hands.trouble = lambda mail: None
    worker.run()
    assert hands.taken == []
    assert row(database, "later").reason == Reason.BOUNCED
    with database.writing() as session:
        with pytest.raises(Conflict, match="takes no mail"):
            management.retry(session, "person:1", row(database, "later").id, clock())
        number = session.scalars(select(BouncedAddress.id)).one()
        assert management.lift_bounce(session, "person:1", number, clock()) == "a1@example.org"
    worker.run()
    assert [mail.subject for mail in hands.taken] == ["later"]


def test_a_refusal_that_does_not_concern_the_address_blocks_nobody(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database)

    def not_permitted(mail: Mail) -> None:
        raise Refused("554 5.7.1 relay access denied")

    hands.trouble = not_permitted
    worker = dispatcher(database, hands, tmp_path, clock)
    worker.run()
    with database.writing() as session:
        assert queries.bounced(session, ["a1@example.org"]) == {}
        management.retry(session, "person:1", row(database).id, clock())
    hands.trouble = lambda mail: None
    worker.run()
    assert row(database).sent_at == NOW


def test_a_worker_that_dies_before_the_server_has_taken_it_loses_nothing(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database)

    class Death(BaseException):
        pass

    def die(mail: Mail) -> None:
        raise Death

    hands.trouble = die
    worker = dispatcher(database, hands, tmp_path, clock)
    with pytest.raises(Death):
        worker.run()
    hands.trouble = lambda mail: None
    assert worker.run() == 0, "the lease of the dead one still holds"
    clock.forward(minutes=10)
    assert worker.run() == 1
    assert len(hands.taken) == 1
    with database.reading() as session:
        outcomes = [each.outcome for each in queries.attempts(session, row(database).id)]
    assert outcomes == [Outcome.SENT, None]


def test_a_worker_that_dies_after_the_server_has_taken_it_doubles_nothing(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(database)

    class Death(BaseException):
        pass

    def die(*given: object) -> None:
        raise Death

    worker = dispatcher(database, hands, tmp_path, clock)
    with monkeypatch.context() as patched:
        patched.setattr(sending, "sent", die)
        with pytest.raises(Death):
            worker.run()
    assert row(database).sent_at is None
    clock.forward(hours=1)
    dispatcher(database, hands, tmp_path, clock).run()
    assert len(hands.taken) == 1
    assert row(database).sent_at == NOW
    assert list(tmp_path.glob("*.taken")) == []


def test_a_line_that_broke_lets_the_server_rest_and_the_message_come_back(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database, 2)

    def hang(mail: Mail) -> None:
        raise Deferred("the connection broke: no answer in time", broken=True)

    hands.trouble = hang
    worker = dispatcher(database, hands, tmp_path, clock)
    assert worker.run() == 1, "the second message is not burnt on a server that hangs"
    hands.trouble = lambda mail: None
    clock.forward(minutes=2)
    assert worker.run() == 2


def test_the_bound_per_minute_holds_for_all_workers_together(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database, 7)
    one, other = (dispatcher(database, hands, tmp_path, clock, per_minute=3) for _ in range(2))
    assert one.run() + other.run() == 3
    clock.forward(seconds=59)
    assert one.run() == 0
    clock.forward(seconds=1)
    assert one.run() == 3
    clock.forward(minutes=1)
    assert other.run() == 1


def test_a_letter_that_cannot_be_written_stops_no_other(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database, 4)

    def writer(session: object, message: object, now: object) -> Mail | Hopeless:
        key = message.key  # type: ignore[attr-defined]
        if key == "m1":
            raise ZeroDivisionError("a bug")
        if key == "m2":
            return Hopeless(Reason.UNWANTED, "it is over")
        if key == "m3":
            return Hopeless(Reason.NO_ADDRESS, "no address of person:7 is known")
        return compose(session, message, now)  # type: ignore[arg-type]

    worker = Dispatcher(database, hands, writer, Journal(tmp_path), "example.org", clock)
    assert worker.run() == 4
    assert [mail.subject for mail in hands.taken] == ["m4"]
    assert row(database, "m1").failed_at is None
    assert "a bug" in row(database, "m1").last_error
    assert (row(database, "m2").dropped_at, row(database, "m2").reason) == (NOW, Reason.UNWANTED)
    assert (row(database, "m3").failed_at, row(database, "m3").reason) == (NOW, Reason.NO_ADDRESS)
    with database.reading() as session:
        assert [each.key for each in queries.messages(session, Box.TROUBLE)] == ["m3"]
        assert [each.key for each in queries.messages(session, Box.DROPPED)] == ["m2"]
        assert [each.key for each in queries.messages(session, Box.SENT, search="A4@")] == ["m4"]
        assert [each.key for each in queries.messages(session, Box.WAITING)] == ["m1"]


def test_a_late_outcome_of_a_lost_lease_changes_nothing(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database)
    with database.writing() as session:
        first = sending.claim(session, clock(), host="example.org", per_minute=9)
    clock.forward(minutes=11)
    with database.writing() as session:
        second = sending.claim(session, clock(), host="example.org", per_minute=9)
    assert first is not None
    assert second is not None
    assert first.message_id == second.message_id, "every attempt bears the same Message-ID"
    with database.writing() as session:
        sending.failed(session, first, Reason.REFUSED, "too late", clock())
    assert row(database).failed_at is None
    with database.writing() as session:
        taken = Taken(second.message_id, clock(), "250 ok", "a1@example.org", "m1")
        sending.sent(session, second, taken, clock())
        sending.sent(session, first, taken, clock())
    assert row(database).sent_at == clock()


def test_a_bounce_sends_it_anew_under_another_message_id(
    database: Database, hands: Hands, clock: Clock, tmp_path: Path
) -> None:
    queue(database)
    worker = dispatcher(database, hands, tmp_path, clock)
    worker.run()
    with database.writing() as session:
        with pytest.raises(Conflict, match="was sent"):
            management.retry(session, "person:1", row(database).id, clock())
        queries.message(session, row(database).id).bounced_at = clock()
        management.retry(session, "person:1", row(database).id, clock())
    worker.run()
    first, second = (mail.message_id for mail in hands.taken)
    assert first != second


def test_the_overview_asks_as_often_for_many_messages_as_for_few(database: Database) -> None:
    queue(database, 120)
    with database.reading() as session, counted(database) as said:
        figures = queries.figures(session, NOW)
        queries.messages(session, Box.WAITING)
    assert (figures.waiting, figures.oldest_due_at) == (120, NOW)
    assert len(said) <= 5


def test_every_attempt_is_told(database: Database, hands: Hands, clock: Clock, tmp_path: Path) -> None:
    queue(database)
    worker = dispatcher(database, hands, tmp_path, clock)

    def down(mail: Mail) -> None:
        raise Unavailable("421 closing")

    hands.trouble = down
    worker.run()
    with database.writing() as session:
        assert session.get_one(MailServer, 1).failures == 1
        management.knock(session, "person:1", clock())
    hands.trouble = lambda mail: None
    worker.run()
    with database.reading() as session:
        told = [(each.number, each.outcome) for each in session.scalars(select(MailAttempt).order_by(MailAttempt.id))]
    assert told == [(1, Outcome.UNAVAILABLE), (2, Outcome.SENT)]
