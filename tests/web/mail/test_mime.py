"""Letters as MIME: what arrives is what was written, and nothing else can be put in."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lms.facts import NOW
from web.mail.addresses import AddressError, Sender, mailbox, parse_sender
from web.mail.letters import Letter
from web.mail.mime import build

SENDER = Sender("vikno@example.org", "Вікно: навчання")
CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Захід\r\nEND:VCALENDAR\r\n".encode()


def _build(**more: object) -> tuple[bytes, EmailMessage]:
    letter = Letter(**({"to": "olena@example.org", "subject": "Тема", "text": "Добрий день\n"} | more))  # type: ignore[arg-type]
    raw, _utf8 = build(letter, SENDER, "<1.a@example.org>", NOW)
    read = message_from_bytes(raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return raw, read


def test_a_letter_arrives_as_it_was_written() -> None:
    subject = "Реєстрація місця проживання: консультація для центрів надання адміністративних послуг, 25 листопада"
    raw, read = _build(subject=subject, html="<p>Добрий день, п’ятниця</p>\n", to_name="Олена О’Коваль")
    assert read["Subject"] == subject
    assert (read["To"], read["From"]) == ("Олена О’Коваль <olena@example.org>", '"Вікно: навчання" <vikno@example.org>')
    assert read["Message-ID"] == "<1.a@example.org>"
    assert (read["Auto-Submitted"], read["Content-Language"]) == ("auto-generated", "uk")
    assert read["Date"].datetime == NOW
    assert read.get_body(("plain",)).get_content() == "Добрий день\r\n"  # type: ignore[union-attr]
    assert read.get_body(("html",)).get_content() == "<p>Добрий день, п’ятниця</p>\r\n"  # type: ignore[union-attr]
    assert raw.isascii()
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    for word in re.findall(rb"=\?[^?]+\?[bq]\?[^?]*\?=", raw):
        assert len(word) <= 75, "RFC 2047 section 2"


def test_a_calendar_is_an_alternative_with_its_method_and_an_attachment() -> None:
    _raw, read = _build(html="<p>x</p>", calendar=CALENDAR, method="REQUEST")
    kinds = [part.get_content_type() for part in read.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    calendar = next(part for part in read.walk() if part.get_content_type() == "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    assert calendar.get_content_charset() == "utf-8"
    assert calendar.get_payload(decode=True) == CALENDAR
    (attached,) = read.iter_attachments()
    assert (attached.get_filename(), attached.get_payload(decode=True)) == ("invite.ics", CALENDAR)


def test_a_calendar_without_html_and_a_wrong_method() -> None:
    _raw, read = _build(calendar=CALENDAR, method="cancel")
    assert [part.get_content_type() for part in read.walk()][1] == "multipart/alternative"
    with pytest.raises(ValueError, match="no iTIP method"):
        _build(calendar=CALENDAR, method="X\r\nBcc: all@example.org")


def test_an_announcement_says_how_to_stop_it() -> None:
    _raw, read = _build(unsubscribe="https://vikno.example/stop/abc")
    assert read["List-Unsubscribe"] == "<https://vikno.example/stop/abc>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert _build()[1]["List-Unsubscribe"] is None


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_out_of_its_header(subject: str, name: str, link: str) -> None:
    subject, name = (text + "\r\nBcc: all@example.org\r\n\r\n<p>" for text in (subject, name))
    try:
        raw, read = _build(subject=subject, to_name=name, unsubscribe=link)
    except UnicodeEncodeError:  # half a surrogate pair: no text at all
        return
    assert read["Bcc"] is None
    assert read.keys().count("Subject") == 1
    assert read["To"].addresses[0].addr_spec == "olena@example.org"
    assert read.get_content() == "Добрий день\r\n"
    assert raw.index(b"\r\n\r\n") > raw.index(b"Content-Type")


@pytest.mark.parametrize(
    "address",
    [
        "", "nobody", "a@b\r\nBcc: c@d", "a b@example.org", "a@", "@b", "a@b@c", "a\x00@b.c",
        "<a@b.c>", "a@b.c, d@e.f", "a@example..org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        mailbox(address)


def test_a_domain_in_ukrainian_is_sent_in_ascii() -> None:
    assert mailbox("info@вікно.укр").addr_spec == "info@xn--b1aqje1j.xn--j1amh"


def test_the_sender_of_the_settings() -> None:
    assert parse_sender("Вікно <vikno@example.ua>") == Sender("vikno@example.ua", "Вікно")
    assert parse_sender("vikno@example.ua").host == "example.ua"
    with pytest.raises(AddressError):
        parse_sender("Вікно")
