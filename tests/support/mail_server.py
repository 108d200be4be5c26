"""A real SMTP server (aiosmtpd) that behaves well or badly, as a test wants."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, SECRET = "vikno", "пароль: дуже @таємний"


@dataclass
class Conduct:
    """How the server answers. Each function is given what was said, and answers; empty: as a good server does."""

    mails: list[bytes] = field(default_factory=list)
    """Contents that were acknowledged, or would have been."""
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    sender: Callable[[str], str] = lambda address: ""
    recipient: Callable[[str], str] = lambda address: ""
    content: Callable[[bytes], str] = lambda content: ""
    drop_in_data: bool = False
    hang_in_data: bool = False
    hang_at_start: bool = False


class _Handler:
    def __init__(self, conduct: Conduct) -> None:
        self.conduct = conduct

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.conduct.sender(address)
        if not said:
            envelope.mail_from = address
        return said or "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.conduct.recipient(address)
        if not said:
            envelope.rcpt_tos.append(address)
        return said or "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        assert isinstance(content, bytes)
        # In another thread: what a test does here may wait for a process that waits for this server.
        said = await asyncio.to_thread(self.conduct.content, content)
        if not said:
            self.conduct.mails.append(content)
            self.conduct.recipients.extend(envelope.rcpt_tos)
        return said or "250 2.0.0 taken"


class _Server(SMTP):
    conduct: Conduct

    def connection_made(self, transport: Any) -> None:
        self.conduct.connections += 1
        super().connection_made(transport)

    async def _handle_client(self) -> None:
        if self.conduct.hang_at_start:
            await asyncio.Event().wait()
        await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.conduct.drop_in_data:
            await self.push("354 go on")
            self.transport.abort()
            return
        if self.conduct.hang_in_data:
            await self.push("354 go on")
            await asyncio.Event().wait()
        await super().smtp_DATA(arg)


@contextmanager
def mail_server(
    conduct: Conduct, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, auth: bool = False
) -> Iterator[int]:
    """Runs on 127.0.0.1 in a thread of its own; gives the port."""

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), SECRET.encode())
        return AuthResult(success=good, handled=good)

    more: dict[str, Any] = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    kind = type("Server", (_Server,), {"conduct": conduct})
    loop = asyncio.new_event_loop()

    def session() -> SMTP:
        return kind(
            _Handler(conduct),
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            enable_SMTPUTF8=True,
            loop=loop,
            **(more if auth else {}),
        )

    server = loop.run_until_complete(loop.create_server(session, "127.0.0.1", 0, ssl=tls))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            loop.run_until_complete(asyncio.wait([task]))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS of the server's side."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
