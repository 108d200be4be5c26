"""Taking a mail in: once, whatever it is; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.notify import inbox, queries, receiving
from lms.notify.inbox import InboxError, read_inbox
from lms.notify.models import UNCLEAR, InboundKind, InboundMessage, InboundState, MailServer, OutboxMessage
from lms.notify.replies import CalendarReply
from tests.lms.facts import NOW
from tests.lms.notify import mails
from tests.lms.notify.sending import Clock, Hands, dispatcher, queue, row


class _Schedule:
    """Takes answers as the schedule does."""

    def __init__(self, state: InboundState = InboundState.APPLIED) -> None:
        self.state = state
        self.replies: list[CalendarReply] = []

    def __call__(self, session: Session, reply: CalendarReply, now: datetime) -> InboundState:
        self.replies.append(reply)
        return self.state


def _take(database: Database, raw: bytes, schedule: _Schedule | None = None) -> InboundMessage | None:
    with database.writing() as session:
        return receiving.take_in(session, raw, NOW, schedule)


def test_an_answer_is_handed_on_once(database: Database) -> None:
    schedule = _Schedule()
    taken = _take(database, mails.GMAIL, schedule)
    assert taken is not None
    assert (taken.kind, taken.state, taken.raw) == (InboundKind.CALENDAR_REPLY, InboundState.APPLIED, None)
    assert _take(database, b"Received: another way\r\n" + mails.GMAIL, schedule) is None
    assert len(schedule.replies) == 1


@pytest.mark.parametrize("state", [*UNCLEAR, InboundState.OUTDATED])
def test_an_answer_that_fits_nothing_is_kept_and_shown(database: Database, state: InboundState) -> None:
    taken = _take(database, mails.OUTLOOK, _Schedule(state))
    _take(database, mails.VACATION)
    assert taken is not None
    assert (taken.state, taken.raw) == (state, mails.OUTLOOK if state in UNCLEAR else None)
    assert (taken.subject, "declined" in taken.detail) == ("", True), "what was planned is not told over again"
    with database.reading() as session:
        assert queries.figures(session, NOW).unmatched == (state in UNCLEAR)
        if state in UNCLEAR:
            assert queries.inbound(session)[0].id == taken.id, "what fits nothing stands first"


def test_a_fault_in_the_schedule_loses_no_answer(database: Database) -> None:
    def broken(session: Session, reply: CalendarReply, now: datetime) -> InboundState:
        session.add(MailServer(id=1))
        session.flush()
        raise AssertionError("not reached: the row is there already")

    with database.writing() as session:
        taken = receiving.take_in(session, mails.BARE, NOW, broken)
        assert taken is not None
    assert taken.state is InboundState.UNMATCHED


def test_a_bounce_marks_the_message_and_blocks_the_address(database: Database, tmp_path: Path) -> None:
    queue(database)
    dispatcher(database, Hands(), tmp_path, Clock()).run()
    message_id = row(database).message_id
    assert message_id
    report = mails.dsn(message_id, recipient="somebody.else@example.org")
    taken = _take(database, report)
    assert taken is not None
    assert (taken.kind, taken.state) == (InboundKind.BOUNCE, InboundState.APPLIED)
    assert row(database).bounced_at == NOW
    with database.reading() as session:
        blocked = queries.bounced(session, ["a1@example.org", "somebody.else@example.org"])
    assert set(blocked) == {"a1@example.org"}, "the address that we wrote to, not where it was forwarded"
    assert "User unknown" in blocked["a1@example.org"].reason


def test_a_bounce_without_the_original_is_matched_by_its_recipient(database: Database, tmp_path: Path) -> None:
    queue(database)
    dispatcher(database, Hands(), tmp_path, Clock()).run()
    assert (taken := _take(database, mails.EXIM)) is not None
    assert taken.state is InboundState.UNMATCHED, (
        "we wrote nothing to this address: nobody can block one by a forged bounce"
    )
    with database.reading() as session:
        assert queries.bounced(session, ["olena@example.org"]) == {}
    exim = mails.EXIM.replace(b"olena@example.org", b"A1@example.org").replace(b"E1exim", b"E2exim")
    assert (taken := _take(database, exim)) is not None
    assert taken.state is InboundState.APPLIED
    with database.reading() as session:
        assert set(queries.bounced(session, ["a1@example.org"])) == {"a1@example.org"}


def test_a_delay_is_noted_and_blocks_nobody(database: Database, tmp_path: Path) -> None:
    queue(database)
    dispatcher(database, Hands(), tmp_path, Clock()).run()
    _take(database, mails.dsn(row(database).message_id or "", status="4.4.1", action="delayed"))
    noted = row(database)
    assert noted.bounced_at is None
    assert noted.last_error.startswith("4.4.1")
    with database.reading() as session:
        assert queries.bounced(session, ["a1@example.org"]) == {}


def test_letters_wait_for_somebody_and_automatic_answers_do_not(database: Database) -> None:
    letter, vacation, junk = (_take(database, raw) for raw in (mails.LETTER, mails.VACATION, b"\x00\x01junk"))
    assert letter is not None
    assert vacation is not None
    assert junk is not None
    assert (letter.state, vacation.state, junk.state) == (
        InboundState.UNMATCHED,
        InboundState.IGNORED,
        InboundState.UNMATCHED,
    )
    assert vacation.raw is None


def test_what_is_kept_is_bounded(database: Database) -> None:
    taken = _take(database, mails.LETTER + b"x" * 1_000_000)
    assert taken is not None
    assert taken.raw is not None
    assert len(taken.raw) == receiving.MOST_KEPT_BYTES


class _Inbox:
    """Three mails; the line breaks after the second when `breaks`."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.mails = {"1": mails.GMAIL, "2": mails.LETTER, "3": mails.VACATION}
        self.breaks = breaks

    def new(self, limit: int) -> Iterator[tuple[str, bytes]]:
        for number, (handle, raw) in enumerate(list(self.mails.items())):
            if self.breaks and number == 2:
                raise InboxError("imap.example.org:993: connection reset")
            yield handle, raw

    def done(self, handle: str) -> None:
        del self.mails[handle]

    def close(self) -> None:
        pass


def test_an_inbox_that_breaks_is_told_and_read_on_later(database: Database) -> None:
    inbox = _Inbox(breaks=True)
    assert read_inbox(database, inbox, _Schedule(), NOW) == 2
    assert set(inbox.mails) == {"3"}
    with database.reading() as session:
        server = session.get_one(MailServer, 1)
        assert (server.inbox_down_since, server.inbox_error) == (NOW, "imap.example.org:993: connection reset")
    inbox.breaks = False
    assert read_inbox(database, inbox, _Schedule(), NOW + timedelta(minutes=1)) == 1
    with database.reading() as session:
        server = session.get_one(MailServer, 1)
        assert (server.inbox_down_since, server.inbox_error) == (None, "")
        assert session.scalar(select(func.count()).select_from(InboundMessage)) == 3
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0, "nothing is ever answered"


class _Box:
    """An inbox of some mails."""

    def __init__(self, *raws: bytes) -> None:
        self.waiting = {str(number): raw for number, raw in enumerate(raws)}

    def new(self, limit: int) -> Iterator[tuple[str, bytes]]:
        yield from list(self.waiting.items())[:limit]

    def done(self, handle: str) -> None:
        del self.waiting[handle]

    def close(self) -> None:
        pass


def test_a_mail_at_which_we_fail_is_kept_and_does_not_stand_before_the_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(session: Session, raw: bytes, now: datetime, take_reply: object) -> InboundMessage | None:
        if raw == mails.OUTLOOK:
            raise ValueError("a bug")
        return receiving.take_in(session, raw, now, None)

    monkeypatch.setattr(inbox, "take_in", take)
    box = _Box(mails.OUTLOOK, mails.VACATION)
    assert read_inbox(database, box, None, NOW) == 2
    assert box.waiting == {}
    with database.reading() as session:
        kept = session.scalars(select(InboundMessage).order_by(InboundMessage.id)).all()
    assert [(each.kind, each.state) for each in kept] == [
        (InboundKind.UNREADABLE, InboundState.UNMATCHED),
        (InboundKind.AUTOMATIC, InboundState.IGNORED),
    ]
    assert (kept[0].raw, kept[0].detail) == (mails.OUTLOOK, "ValueError: a bug")
