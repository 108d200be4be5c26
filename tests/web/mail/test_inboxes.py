"""Reading inboxes: a Maildir, and a folder on a real IMAP server (Dovecot)."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lms.notify.inbox import Inbox, InboxError
from web.mail.addresses import ImapAccount, check_inbox, imap_of, maildir_of
from web.mail.inboxes import ImapInbox, MaildirInbox
from web.main.certificates import with_self_signed
from web.main.settings import Settings

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PASSWORD = 'таємний "пароль" \\ 1'.encode().hex()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that Dovecot's users may enter, with a name short enough for a socket's path."""
    with tempfile.TemporaryDirectory(prefix="vikno-imap-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def maildir(place: Path) -> Path:
    folder = place / "Maildir"
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    if os.getuid() == 0 and DOVECOT is not None:  # which then reads mail as nobody but its own user
        for each in (folder, *folder.iterdir()):
            shutil.chown(each, "dovecot", "dovecot")
    return folder


def _deliver(maildir: Path, number: int, content: bytes) -> None:
    """As a mail server does: written in `tmp`, then moved."""
    draft = maildir / "tmp" / f"17000000{number:02}.M1P1.host"
    draft.write_bytes(content)
    draft.rename(maildir / "new" / draft.name)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return with_self_signed(Settings(data=tmp_path_factory.mktemp("tls")))


@pytest.fixture
def dovecot(maildir: Path, place: Path, certificate: Settings) -> Iterator[ImapAccount]:
    """Dovecot on a port of 127.0.0.1, run by whoever runs the tests, on the Maildir."""
    if DOVECOT is None:
        pytest.fail("Dovecot is missing: .ci/install-test-programs installs it.")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    run = place / "run"
    run.mkdir(mode=0o755)
    # As root, Dovecot insists on its own users for what faces the network; else everything runs as we do.
    name = getpass.getuser()
    user, login, group = ("dovecot", "dovenull", "dovecot") if os.getuid() == 0 else (name, name, _group())
    (run / "users").write_text(f"vikno:{{PLAIN}}{PASSWORD}:::::\n")
    (run / "users").chmod(0o644)
    config = place / "dovecot.conf"
    config.write_text(
        f"""
protocols = imap
base_dir = {run}
state_dir = {run}
log_path = {place / "dovecot.log"}
default_internal_user = {user}
default_login_user = {login}
default_internal_group = {group}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{maildir}
ssl = required
ssl_cert = <{certificate.tls_cert}
ssl_key = <{certificate.tls_key}
listen = 127.0.0.1
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  args = {run / "users"}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={place}
}}
"""
    )
    process = subprocess.Popen([DOVECOT, "-F", "-c", str(config)], stderr=subprocess.PIPE)
    try:
        _wait_for(port, process, place / "dovecot.log")
        yield ImapAccount("127.0.0.1", port, True, "vikno", PASSWORD)
    finally:
        process.terminate()
        process.communicate()


def _group() -> str:
    return grp.getgrgid(os.getgid()).gr_name


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            continue
        return
    assert process.stderr
    said = log.read_text() if log.exists() else ""
    raise AssertionError(f"Dovecot did not start: {process.stderr.read().decode()} {said}")


@pytest.fixture
def imap(dovecot: ImapAccount, certificate: Settings) -> ImapInbox:
    return ImapInbox(dovecot, context=ssl.create_default_context(cafile=certificate.tls_cert))


@pytest.fixture(params=["maildir", "imap"])
def inbox(request: pytest.FixtureRequest, maildir: Path) -> Inbox:
    """Either kind, on the same Maildir."""
    return MaildirInbox(maildir) if request.param == "maildir" else request.getfixturevalue("imap")


def test_each_mail_is_given_until_it_is_done(inbox: Inbox, maildir: Path) -> None:
    contents = [f"Subject: {number}\r\n\r\nДобрий день\r\n".encode() for number in range(3)]
    for number, content in enumerate(contents):
        _deliver(maildir, number, content)
    first = list(inbox.new(10))
    assert [raw for _handle, raw in first] == contents
    inbox.close()
    assert [raw for _handle, raw in inbox.new(2)] == contents[:2], "nothing is taken away by looking"
    inbox.done(first[0][0])
    inbox.close()
    assert [raw for _handle, raw in inbox.new(10)] == contents[1:]
    for handle, _raw in first[1:]:
        inbox.done(handle)
    inbox.close()
    assert list(inbox.new(10)) == []
    inbox.close()
    assert len(list((maildir / "cur").iterdir())) == 3, "and nothing is deleted"


def test_a_wrong_password_is_told_without_it(dovecot: ImapAccount, certificate: Settings) -> None:
    wrong = ImapAccount(dovecot.host, dovecot.port, True, "vikno", "not-this-one")
    inbox = ImapInbox(wrong, context=ssl.create_default_context(cafile=certificate.tls_cert))
    with pytest.raises(InboxError, match=r"127\.0\.0\.1") as caught:
        list(inbox.new(1))
    inbox.close()
    assert "not-this-one" not in str(caught.value)


def test_a_certificate_that_nobody_vouches_for(dovecot: ImapAccount) -> None:
    with pytest.raises(InboxError, match="certificate"):
        list(ImapInbox(dovecot).new(1))


def test_a_folder_that_is_not_there(dovecot: ImapAccount, certificate: Settings) -> None:
    elsewhere = ImapAccount(dovecot.host, dovecot.port, True, "vikno", PASSWORD, "Nowhere")
    inbox = ImapInbox(elsewhere, context=ssl.create_default_context(cafile=certificate.tls_cert))
    with pytest.raises(InboxError):
        list(inbox.new(1))
    inbox.close()


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(InboxError, match="refused"):
        list(ImapInbox(ImapAccount("127.0.0.1", port, True, "u", "p")).new(1))
    with pytest.raises(InboxError, match="cannot be read"):
        list(MaildirInbox(tmp_path / "nothing").new(1))


def test_how_an_inbox_is_named() -> None:
    assert maildir_of("maildir:///var/mail/vikno") == Path("/var/mail/vikno")
    assert imap_of("imaps://vikno:p%40ss@mail.example.ua/Vikno") == ImapAccount(
        "mail.example.ua", 993, True, "vikno", "p@ss", "Vikno"
    )
    assert "p@ss" not in repr(imap_of("imaps://vikno:p%40ss@mail.example.ua"))
    for wrong in (
        "maildir://host/path", "maildir:", "imaps://mail.example.ua", "imap://u:p@mail.example.ua",
        "pop3://u:p@h", "imaps://u:p@h/a%22b",
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"Maildir|IMAP|password|folder"):
            check_inbox(wrong)
