"""Serving: sockets that outlive the process, and a start that fails."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from web.main.server import Listening, StartupError, serve

APP = """
import os, sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from web.main.server import Listening, adopt, serve

async def who(request):
    return PlainTextResponse(str(os.getpid()))

serve(Starlette(routes=[Route("/", who)]), Listening(adopt([int(sys.argv[1])])))
"""


def _start(listening: socket.socket) -> subprocess.Popen[bytes]:
    number = listening.fileno()
    return subprocess.Popen([sys.executable, "-c", APP, str(number)], pass_fds=[number])


def test_requests_wait_while_the_process_behind_a_socket_is_replaced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        first = _start(listening)
        second = None
        try:
            assert httpx.get(url, timeout=30).text == str(first.pid)
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
            second = _start(listening)
            assert httpx.get(url, timeout=30).text == str(second.pid)  # sent before the second one could listen
        finally:
            for process in (first, second):
                if process is not None:
                    process.terminate()
                    process.wait(20)


@pytest.mark.parametrize("polite", [True, False])
def test_a_failed_start_gives_its_own_error(polite: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        if polite:
            await send({"type": "lifespan.startup.failed", "message": "Traceback ..."})
        raise RuntimeError("UDP port 8801 is in use")

    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(StartupError, match="UDP port 8801"):
        serve(app, Listening([listening]))
    assert "Traceback" not in caplog.text


def test_the_server_does_not_say_what_it_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = _start(listening)
        try:
            headers = httpx.get(f"http://127.0.0.1:{listening.getsockname()[1]}/", timeout=30).headers
            assert "server" not in headers
        finally:
            process.terminate()
            process.wait(20)
