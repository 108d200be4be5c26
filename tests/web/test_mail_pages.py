"""The pages of `/mail`, and the letter with the link to choose a password, on both databases."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from lms.appointments.models import Appointment
from lms.database import lock
from lms.demo_accounts import STAFF
from lms.directory import accounts
from lms.directory.models import RoleName
from lms.notify import receiving, sending
from lms.notify.actions import enqueue
from lms.notify.dispatch import Dispatcher
from lms.notify.journal import Journal
from lms.notify.models import MailServer, OutboxMessage, Reason
from lms.notify.reading import payload_text
from lms.schedule import reminders
from lms.schedule.models import Occurrence
from tests.web.conftest import Clock
from tests.web.test_permissions import routes_of
from tests.web.visitor import ADMINISTRATOR, HOST, PASSWORD, Visitor
from web import vocabulary
from web.app import create_app
from web.assets import Assets
from web.config import WebConfig
from web.links import MASK, PERSONAL, masked
from web.mail.addresses import Sender
from web.mail.composing import LetterWriter
from web.mail.letters import Desk, load_all
from web.mail.outbox import OutboxFolder
from web.templating import Templates

Browser = Callable[..., Visitor]


@pytest.fixture
def folder(tmp_path: Path) -> OutboxFolder:
    return OutboxFolder(tmp_path / "outbox")


@pytest.fixture
def app(config: WebConfig, folder: OutboxFolder) -> FastAPI:
    return create_app(replace(config, outbox=folder, reads_inbox=True))


@pytest.fixture
def worker(config: WebConfig, folder: OutboxFolder, clock: Clock, tmp_path: Path) -> Dispatcher:
    load_all()
    templates = Templates(Assets(config.static_dir), public_url=HOST, demo=False, vocabulary=vocabulary)
    sender = Sender("vikno@vikno.test", "Вікно")
    writer = LetterWriter(sender, lambda now: Desk(now, HOST, sender.address, templates, config.links, config.sealer))
    with config.database.writing() as session:  # what the demo data may have queued is not ours
        for message in session.scalars(select(OutboxMessage)):
            message.dropped_at = clock()
    return Dispatcher(config.database, folder, writer, Journal(tmp_path / "journal"), "vikno.test", clock)


async def test_an_invited_organiser_gets_the_link_by_mail_and_signs_in(
    browser: Browser, config: WebConfig, worker: Dispatcher, folder: OutboxFolder
) -> None:
    admin = browser()
    await admin.sign_in(ADMINISTRATOR)
    given = {"family_name": "Коваль", "given_name": "Олена", "email": "Olena@Example.org", "send": "1"}
    page = await admin.post("/people", **given)
    assert page.status_code == 201
    assert "olena@example.org" in page.text
    assert "/welcome/" not in page.text
    with config.database.reading() as session:
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "account.password_link")).one()
        assert message.sealed
        assert b"welcome" not in message.sealed
    assert worker.run() == 1
    (file,) = folder.folder.glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert mail["To"] == "Олена Коваль <olena@example.org>"
    assert mail["Content-Language"] == "uk"
    plain, rich = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    link = re.search(rf"{HOST}(/welcome/\S+)", plain)
    assert link
    assert link.group(1) in html.unescape(rich)
    assert "<img" not in rich
    assert "<script" not in rich
    newcomer = browser()
    taken = await newcomer.post(link.group(1), password=PASSWORD, password_again=PASSWORD)
    assert taken.status_code == 303, taken.text
    shown = await admin.get("/mail", box="sent")
    assert "olena@example.org" in shown.text
    text = await admin.get(f"/mail/{message.id}")
    assert f"/welcome/{MASK}" in html.unescape(text.text)


async def test_a_link_that_was_used_or_replaced_is_not_sent(
    browser: Browser, config: WebConfig, worker: Dispatcher, clock: Clock
) -> None:
    admin = browser()
    await admin.sign_in(ADMINISTRATOR)
    await admin.post("/people", family_name="К", given_name="О", email="o@example.org", send="1")
    clock.forward(days=8)
    worker.run()
    with config.database.reading() as session:
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "account.password_link")).one()
        assert (message.dropped_at, message.reason, message.sealed) == (clock(), Reason.UNWANTED, b"")


async def test_nobody_without_an_address_is_forgotten(
    browser: Browser, config: WebConfig, worker: Dispatcher, clock: Clock
) -> None:
    with config.database.writing() as session:
        somebody = accounts.create_person(session, "system", family_name="Без", given_name="Адреси", now=clock())
        enqueue(session, "k", "account.password_link", f"person:{somebody.id}", {}, now=clock(), sealed=b"x")
    worker.run()
    admin = browser()
    await admin.sign_in(ADMINISTRATOR)
    page = await admin.get("/mail", box="trouble")
    assert "No address is known" in page.text
    assert f"person:{somebody.id}" in page.text


async def test_trouble_is_shown_and_can_be_mended(
    browser: Browser, config: WebConfig, worker: Dispatcher, clock: Clock
) -> None:
    with config.database.writing() as session:
        enqueue(session, "k", "unheard-of", "mailto:dead@example.org", {}, now=clock())
    worker.run()
    with config.database.writing() as session:
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.key == "k")).one()
        lock(session, OutboxMessage, message.id).address = "dead@example.org"
        sending.bounce(session, "dead@example.org", "550 5.1.1 <b>nobody</b>", message.id, clock())
        server = lock(session, MailServer, 1)
        server.down_since, server.last_error = clock(), "mail.example.org:25: no answer in time"
    admin = browser()
    await admin.sign_in(ADMINISTRATOR)
    overview = await admin.get("/mail", box="trouble")
    assert "takes nothing since" in overview.text
    assert "no answer in time" in overview.text
    page = await admin.get(f"/mail/{message.id}")
    assert "Lift the block" in page.text
    refused = await admin.post(f"/mail/{message.id}/retry")
    assert refused.status_code == 409
    assert "takes no mail" in refused.text
    blocked = await admin.get("/mail/addresses")
    assert "550 5.1.1 &lt;b&gt;nobody" in blocked.text
    number = re.search(r"/mail/addresses/(\d+)/lift", blocked.text)
    assert number
    assert (await admin.post(f"/mail/addresses/{number.group(1)}/lift")).status_code == 303
    assert (await admin.post(f"/mail/{message.id}/retry")).status_code == 303
    assert (await admin.post("/mail/knock")).headers["location"] == "/mail?done=mail_knock"
    assert "dead@example.org" in (await admin.get("/mail")).text
    assert (await admin.post("/mail/987654/retry")).status_code == 404


async def test_what_came_in_is_shown_and_put_aside(browser: Browser, config: WebConfig, clock: Clock) -> None:
    raw = "From: Олена <o@example.org>\r\nSubject: <i>Питання</i>\r\n\r\nДобрий день <script>alert(1)</script>\r\n"
    with config.database.writing() as session:
        row = receiving.take_in(session, raw.encode(), clock(), None)
        assert row is not None
    admin = browser()
    await admin.sign_in(ADMINISTRATOR)
    assert "Fits nothing" in (await admin.get("/mail/inbox")).text
    page = await admin.get(f"/mail/inbox/{row.id}")
    assert "<script>alert" not in page.text
    assert "Добрий день" in page.text
    assert (await admin.post(f"/mail/inbox/{row.id}/done")).status_code == 303
    assert "Fits nothing" not in (await admin.get("/mail/inbox")).text


@pytest.mark.parametrize("language", ["uk", "en"])
async def test_only_those_who_look_after_the_mail_see_it(
    browser: Browser, config: WebConfig, clock: Clock, language: str
) -> None:
    stranger, organiser = browser(language), browser(language)
    await organiser.sign_in()
    for path in ("/mail", "/mail/inbox", "/mail/addresses", "/mail/1", "/mail/inbox/1"):
        assert (await stranger.get(path)).status_code == 303
        assert (await organiser.get(path)).status_code == 403
    for path in ("/mail/1/retry", "/mail/knock", "/mail/addresses/1/lift", "/mail/inbox/1/done"):
        assert (await organiser.post(path)).status_code == 403


async def test_nobody_reads_the_personal_links_of_others(
    browser: Browser, config: WebConfig, worker: Dispatcher, clock: Clock, folder: OutboxFolder
) -> None:
    """Neither in what was sent nor in what somebody quotes in an answer; the mail itself is whole."""
    admin, operator = browser(), browser()
    await admin.sign_in(ADMINISTRATOR)
    await admin.post("/people", family_name="К", given_name="О", email="o@example.org", send="1")
    worker.run()
    with config.database.writing() as session:
        made = accounts.create_person(
            session, "system", family_name="О", given_name="П", email="op@vikno.test", now=clock()
        )
        account = accounts._account_of(session, made.id)
        accounts.set_password(session, "system", account, PASSWORD, clock())
        accounts.give_role(session, "system", person_id=made.id, role=RoleName.OPERATOR, now=clock())
        sent = session.scalars(select(OutboxMessage).where(OutboxMessage.sent_at.is_not(None))).one()
        assert sent.message_id is not None
        mail = message_from_bytes(folder.read(sent.message_id) or b"")
        whole = next(payload_text(part) for part in mail.walk() if part.get_content_type() == "text/plain")
        link = re.search(r"/welcome/([\w-]{20,})", whole)
        assert link
        quoted = f"From: o@example.org\r\nSubject: Re\r\n\r\n> {link.group(0)}\r\nНе відкривається.".encode()
        answer = receiving.take_in(session, quoted, clock(), None)
        assert answer is not None
    await operator.sign_in("op@vikno.test")
    for address in (f"/mail/{sent.id}", f"/mail/inbox/{answer.id}"):
        for reader in (admin, operator):
            page = await reader.get(address)
            assert f"/welcome/{MASK}" in page.text
            assert link.group(1) not in page.text
            assert "Personal links in it are covered" in page.text


def test_every_address_that_opens_by_a_secret_is_covered(config: WebConfig) -> None:
    paths = {route.path for route in routes_of(create_app(config))}
    secret = [path for path in sorted(paths) if re.search(r"\{(token|signed)\}", path)]
    assert len(secret) >= len(PERSONAL)
    for path in secret:
        url = "https://vikno.test" + re.sub(r"\{(token|signed)\}", "MTI.s3cr-et_", path)
        assert "s3cr" not in masked(f"Відповідь: <{url}>, дякуємо"), path
    assert (
        masked("https://vikno.test/schedule/guest-lecture/register")
        == "https://vikno.test/schedule/guest-lecture/register"
    )


async def test_a_letter_between_two_people_is_read_by_no_administrator(
    browser: Browser, config: WebConfig, worker: Dispatcher, clock: Clock
) -> None:
    with config.database.writing() as session:
        made = session.scalars(select(Appointment).order_by(Appointment.starts_at.desc())).first()
        assert made is not None
        contents = {"occurrence": made.occurrence_id, "starts_at": made.starts_at.isoformat()}
        enqueue(session, "private", reminders.KIND, f"person:{made.person_id}", contents, now=clock())
        title = "Спільне заняття"
        public = session.scalars(select(Occurrence).where(Occurrence.starts_at > clock(), ~Occurrence.private)).first()
        assert public is not None
        public.title = title
        enqueue(
            session,
            "public",
            "occurrence.announced",
            f"person:{made.person_id}",
            {"occurrence": public.id},
            now=clock(),
        )
    assert worker.run() == 2
    with config.database.reading() as session:
        numbers = dict(session.execute(select(OutboxMessage.key, OutboxMessage.id)).all())
    admin = browser()
    await admin.sign_in(ADMINISTRATOR)
    page = await admin.get(f"/mail/{numbers['private']}")
    assert made.subject not in page.text
    assert "a talk of two people" in page.text
    assert STAFF in page.text, "to whom it went"
    assert title in (await admin.get(f"/mail/{numbers['public']}")).text
