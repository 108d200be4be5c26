"""What every mailer promises, and how SMTP answers are sorted; the servers are real ones."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from lms.notify.mailer import Deferred, Mail, Mailer, Refused, Unavailable
from tests.support.mail_server import SECRET, USER, Conduct, mail_server, server_context
from web.mail.addresses import smtp_of
from web.mail.outbox import OutboxFolder
from web.mail.smtp import SmtpMailer
from web.main.certificates import with_self_signed
from web.main.settings import Settings

Opened = Callable[[], AbstractContextManager[tuple[Mailer, Callable[[], list[bytes]]]]]


def _mail(number: int = 1, to: str = "olena@example.org", *, utf8: bool = False) -> Mail:
    content = f"Subject: {number}\r\nTo: {to}\r\n\r\nДобрий день\r\n.\r\n..крапки\r\n".encode()
    return Mail(f"<{number}@example.org>", "vikno@example.org", to, str(number), content, utf8)


def _mailer(port: int, **more: object) -> SmtpMailer:
    return SmtpMailer(smtp_of(f"smtp://127.0.0.1:{port}"), timeout_s=20, **more)  # type: ignore[arg-type]


@pytest.fixture(params=["folder", "smtp"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens a mailer, and a way to see what has arrived."""

    @contextmanager
    def folder() -> Iterator[tuple[Mailer, Callable[[], list[bytes]]]]:
        mailer = OutboxFolder(tmp_path / "outbox")
        yield mailer, lambda: [file.read_bytes() for file in sorted((tmp_path / "outbox").glob("*.eml"))]

    @contextmanager
    def smtp() -> Iterator[tuple[Mailer, Callable[[], list[bytes]]]]:
        conduct = Conduct()
        with mail_server(conduct) as port:
            yield _mailer(port), lambda: conduct.mails

    return {"folder": folder, "smtp": smtp}[request.param]


def test_a_mail_arrives_as_it_was_given(opened: Opened) -> None:
    with opened() as (mailer, arrived):
        answer = mailer.send(_mail())
        mailer.close()
        assert answer
        assert arrived() == [_mail().content]


def test_several_mails_and_closing_in_between(opened: Opened) -> None:
    with opened() as (mailer, arrived):
        for number in range(5):
            mailer.send(_mail(number))
            if number == 2:
                mailer.close()
                mailer.close()
        mailer.close()
        assert sorted(arrived()) == sorted(_mail(number).content for number in range(5))


def test_the_folder_has_a_mail_once_however_often_it_is_sent(tmp_path: Path) -> None:
    folder = OutboxFolder(tmp_path / "outbox")
    folder.send(_mail())
    folder.send(_mail())
    assert len(list((tmp_path / "outbox").iterdir())) == 1
    assert folder.read("<1@example.org>") == _mail().content
    assert folder.read("<2@example.org>") is None


def test_a_folder_that_cannot_be_written_to_is_an_unavailable_server(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("no folder")
    with pytest.raises(Unavailable, match="cannot be written"):
        OutboxFolder(tmp_path / "outbox").send(_mail())


def test_one_connection_serves_a_batch() -> None:
    conduct = Conduct()
    with mail_server(conduct) as port:
        mailer = _mailer(port)
        for number in range(4):
            mailer.send(_mail(number))
        mailer.close()
    assert conduct.connections == 1


@pytest.mark.parametrize(
    ("said", "kind", "address"),
    [
        ("550 5.1.1 no such user", Refused, True),
        ("550 nobody of this name", Refused, True),
        ("554 5.7.1 relay access denied", Refused, False),
        ("451 4.7.1 greylisted", Deferred, False),
        ("450 mailbox busy", Deferred, False),
        ("421 4.3.2 going down", Unavailable, False),
    ],
)
def test_what_is_said_of_a_recipient(said: str, kind: type[Exception], address: bool) -> None:
    conduct = Conduct(recipient=lambda to: said if to == "bad@example.org" else "")
    with mail_server(conduct) as port:
        mailer = _mailer(port)
        with pytest.raises(kind, match=said[:3]) as caught:
            mailer.send(_mail(1, "bad@example.org"))
        assert getattr(caught.value, "address", False) is address
        mailer.send(_mail(2, "good@example.org"))
        mailer.close()
    assert conduct.recipients == ["good@example.org"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("554 5.6.0 we do not like it", Refused), ("452 4.3.1 no space", Deferred), ("421 closing", Unavailable)],
)
def test_what_is_said_of_the_content(said: str, kind: type[Exception]) -> None:
    with mail_server(Conduct(content=lambda content: said)) as port:
        mailer = _mailer(port)
        with pytest.raises(kind) as caught:
            mailer.send(_mail())
        assert not getattr(caught.value, "address", False)
        mailer.close()


def test_a_sender_who_is_not_accepted_holds_all_mail_back() -> None:
    with (
        mail_server(Conduct(sender=lambda address: "553 5.7.1 not yours")) as port,
        pytest.raises(Unavailable, match="not take mail from this sender"),
    ):
        _mailer(port).send(_mail())


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="refused"):
        _mailer(port).send(_mail())


def test_a_server_that_never_greets_is_given_up() -> None:
    with mail_server(Conduct(hang_at_start=True)) as port:
        mailer = SmtpMailer(smtp_of(f"smtp://127.0.0.1:{port}"), timeout_s=0.2)
        with pytest.raises(Unavailable, match="no answer in time"):
            mailer.send(_mail())


def test_a_server_that_hangs_in_the_middle_is_cut_off() -> None:
    conduct = Conduct(hang_in_data=True)
    with mail_server(conduct) as port:
        mailer = SmtpMailer(smtp_of(f"smtp://127.0.0.1:{port}"), timeout_s=60, deadline_s=0.5)
        with pytest.raises(Deferred, match="broke") as caught:
            mailer.send(_mail())
        assert caught.value.broken
        conduct.hang_in_data = False
        mailer.send(_mail())
        mailer.close()
    assert len(conduct.mails) == 1


def test_a_line_that_breaks_in_the_middle_is_put_off_and_made_anew() -> None:
    conduct = Conduct(drop_in_data=True)
    with mail_server(conduct) as port:
        mailer = _mailer(port)
        with pytest.raises(Deferred, match="broke") as caught:
            mailer.send(_mail())
        assert caught.value.broken
        conduct.drop_in_data = False
        mailer.send(_mail())
        mailer.close()
    assert len(conduct.mails) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS for the server, and for a client that trusts it."""
    settings = with_self_signed(Settings(data=tmp_path_factory.mktemp("tls")))
    assert settings.tls_cert
    assert settings.tls_key
    return server_context(settings.tls_cert, settings.tls_key), ssl.create_default_context(cafile=settings.tls_cert)


@pytest.mark.parametrize("how", ["starttls", "tls"])
def test_over_tls_with_user_and_password(certificate: tuple[ssl.SSLContext, ssl.SSLContext], how: str) -> None:
    server, client = certificate
    conduct = Conduct()
    scheme = "smtps" if how == "tls" else "smtp"
    with mail_server(conduct, auth=True, **{how: server}) as port:  # type: ignore[arg-type]
        url = f"{scheme}://{USER}:{quote(SECRET, safe='')}@127.0.0.1:{port}"
        mailer = SmtpMailer(smtp_of(url), timeout_s=20, context=client)
        mailer.send(_mail())
        mailer.close()
        wrong = SmtpMailer(smtp_of(url.replace("vikno:", "vikno:not")), timeout_s=20, context=client)
        with pytest.raises(Unavailable, match="does not accept the user") as caught:
            wrong.send(_mail())
        assert SECRET not in str(caught.value)
    assert len(conduct.mails) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_accepted(
    certificate: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with mail_server(Conduct(), tls=certificate[0]) as port:
        mailer = SmtpMailer(smtp_of(f"smtps://127.0.0.1:{port}"), timeout_s=20)
        with pytest.raises(Unavailable, match="certificate"):
            mailer.send(_mail())


def test_a_server_without_starttls_gets_no_password() -> None:
    conduct = Conduct()
    with mail_server(conduct, auth=True) as port:
        mailer = SmtpMailer(smtp_of(f"smtp://{USER}:x@127.0.0.1:{port}"), timeout_s=20)
        with pytest.raises(Unavailable, match="STARTTLS"):
            mailer.send(_mail())


def test_an_address_that_is_not_ascii_needs_smtputf8() -> None:
    conduct = Conduct()
    with mail_server(conduct) as port:
        mailer = _mailer(port)
        mailer.send(_mail(1, "олена@example.org", utf8=True))
        mailer.close()
    assert conduct.recipients == ["олена@example.org"]


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example.ua", 25, "none"),
        ("smtp://u:p@mail.example.ua", 587, "starttls"),
        ("smtps://u:p@mail.example.ua", 465, "tls"),
        ("smtp://mail.example.ua:2525?starttls=yes", 2525, "starttls"),
        ("smtp://u:p@127.0.0.1:2525/?starttls=no", 2525, "none"),
    ],
)
def test_how_a_server_is_named(url: str, port: int, security: str) -> None:
    server = smtp_of(url)
    assert (server.port, server.security) == (port, security)


@pytest.mark.parametrize("url", ["http://x", "smtp://", "smtp://h/path", "smtp://h?starttls=perhaps", "smtp://h?x=1"])
def test_a_server_that_is_named_wrongly(url: str) -> None:
    with pytest.raises(ValueError, match=r"server|stands"):
        smtp_of(url)


def test_a_password_stands_in_no_text() -> None:
    server = smtp_of("smtp://vikno:s3cr3t%40%2F@mail.example.ua")
    assert server.password == "s3cr3t@/"
    assert "s3cr3t" not in repr(server) + str(server)
