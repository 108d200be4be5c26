"""What a mail that came in is taken for."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.notify.models import InboundKind
from lms.notify.reading import MOST_BYTES, read, text_of
from tests.lms.notify import mails

ANSWERS = {
    "gmail": (mails.GMAIL, "accepted", "Буду вчасно"),
    "outlook": (mails.OUTLOOK, "declined", "У відпустці, на жаль"),
    "apple": (mails.APPLE, "tentative", ""),
    "bare": (mails.BARE, "accepted", ""),
    "octets": (mails.OCTETS, "accepted", ""),
    "delegated": (mails.DELEGATED, "delegated", ""),
    "counter": (mails.COUNTER, "tentative", "COUNTER 2026-12-02 08:00 UTC"),
    "broken lines": (mails.BROKEN_LINES, "accepted", ""),
}
ALL = [raw for raw, _status, _comment in ANSWERS.values()] + [
    mails.REQUEST, mails.dsn("<1@x>"), mails.EXIM, mails.VACATION, mails.OUTLOOK_VACATION, mails.LETTER,
]  # fmt: skip


@pytest.mark.parametrize("program", ANSWERS)
def test_an_answer_of_a_calendar(program: str) -> None:
    raw, status, comment = ANSWERS[program]
    found = read(raw)
    assert found.kind is InboundKind.CALENDAR_REPLY, found
    assert found.sender == "olena@example.org"
    (reply,) = found.replies
    assert (reply.uid, reply.attendee, reply.status) == (mails.UID, "olena@example.org", status)
    assert (reply.sequence, reply.at) == (2, datetime(2026, 11, 25, 8, 15, tzinfo=UTC))
    assert reply.comment == comment
    assert reply.recurrence_id == ""


def test_who_answers_among_several_is_the_sender() -> None:
    more = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:other@example.org\r\nRECURRENCE-ID:20261202T080000Z\r\n"
    raw = mails.BARE.replace(b"SUMMARY", more.encode() + b"SUMMARY").replace(b"PARTSTAT=ACCEPTED;CN", b"CN")
    (reply,) = read(raw.replace(b"Olena <Olena@", b"Other <other@")).replies
    assert (reply.attendee, reply.recurrence_id) == ("other@example.org", "20261202T080000Z")


def test_an_answer_bears_who_sent_it_and_for_whom() -> None:
    sent = mails.BARE.replace(b"Olena <Olena@", b'"olena@example.org" <b@')
    (reply,) = read(sent).replies
    assert (reply.attendee, reply.sender, reply.sent_by) == ("olena@example.org", "b@example.org", "")
    (reply,) = read(sent.replace(b"ATTENDEE;", b'ATTENDEE;SENT-BY="MAILTO:B@example.org";')).replies
    assert (reply.attendee, reply.sent_by) == ("olena@example.org", "b@example.org")
    unsigned = re.sub(rb"From: .*?\r\n", b"Return-Path: <b@example.org>\r\n", mails.BARE, count=1)
    assert read(unsigned).replies[0].sender == "b@example.org"


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_names_the_mail_that_did_not_arrive(returned: str) -> None:
    found = read(mails.dsn("<vikno.1.abc@vikno.test>", returned=returned))
    assert found.kind is InboundKind.BOUNCE
    (report,) = found.reports
    assert (report.recipient, report.status, report.failed) == ("olena@example.org", "5.1.1", True)
    assert report.original_id == "<vikno.1.abc@vikno.test>"
    assert report.said == "550 5.1.1 <olena@example.org>: Recipient address rejected: User unknown"
    assert report.address_is_dead


@pytest.mark.parametrize(
    ("status", "action", "failed", "dead"),
    [
        ("5.1.1", "failed", True, True),
        ("5.0.0", "failed", True, True),
        ("5.2.2", "failed", True, False),
        ("5.7.1", "failed", True, False),
        ("4.4.7", "failed", True, False),
        ("4.4.1", "delayed", False, False),
    ],
)
def test_which_reports_block_an_address(status: str, action: str, failed: bool, dead: bool) -> None:
    (report,) = read(mails.dsn("<1@x>", status=status, action=action)).reports
    assert (report.failed, report.address_is_dead) == (failed, dead)


def test_a_report_of_success_is_no_bounce() -> None:
    assert read(mails.dsn("<1@x>", status="2.0.0", action="delivered")).kind is InboundKind.AUTOMATIC


def test_older_forms_and_everything_else() -> None:
    exim = read(mails.EXIM)
    assert (exim.kind, exim.reports[0].recipient) == (InboundKind.BOUNCE, "olena@example.org")
    assert read(mails.VACATION).kind is InboundKind.AUTOMATIC
    assert read(mails.OUTLOOK_VACATION).kind is InboundKind.AUTOMATIC
    assert read(mails.REQUEST).kind is InboundKind.LETTER
    letter = read(mails.LETTER)
    assert (letter.kind, letter.subject, letter.mark) == (InboundKind.LETTER, "Питання", "<letter@example.org>")
    assert "є питання" in text_of(mails.LETTER)
    assert read(mails.OUTLOOK).subject == "Declined: Консультація", "UTF-8 as it is"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 500,
        b"no header at all",
        b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 5000,
        b"From: a@b.c\r\n" + b"".join(
            b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(2000)
        ),
        b"From: a@b.c\r\nSubject: =?x-unknown?b?" + b"/" * 99 + b"?=\r\n\r\n",
        b"From: a@b.c\r\nContent-Type: text/calendar; charset=utf-16\r\n\r\nMETHOD:REPLY",
        b"From: a@b.c\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n"
        + b"BEGIN:VEVENT\r\n" * 9000,
    ],
)  # fmt: skip
def test_junk_is_no_exception(raw: bytes) -> None:
    found = read(raw)
    assert found.replies == ()
    assert found.mark
    text_of(raw)


def test_what_is_too_large_is_cut() -> None:
    assert read(mails.LETTER + b"x" * (MOST_BYTES * 2)).kind is InboundKind.LETTER


@given(st.binary(max_size=2000))
def test_random_bytes_are_no_exception(raw: bytes) -> None:
    assert read(raw).mark
    text_of(raw)


def test_damaged_mails_are_no_exception(rng: random.Random) -> None:
    for _round in range(400):
        raw = bytearray(rng.choice(ALL))
        for _damage in range(rng.randrange(1, 12)):
            place = rng.randrange(len(raw))
            match rng.randrange(4):
                case 0:
                    raw[place] = rng.randrange(256)
                case 1:
                    del raw[place : place + rng.randrange(1, 40)]
                case 2:
                    raw[place:place] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 20)))
                case _:
                    raw[place:place] = raw[: rng.randrange(1, 300)]
        found = read(bytes(raw))
        assert found.mark
        assert all("@" in reply.attendee and reply.uid for reply in found.replies)
        text_of(bytes(raw))
