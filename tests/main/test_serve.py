"""`vikno serve` as people run it: real processes, killed one after the other."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from signaling.messages import VERSION
from tests.support.installation import Installation, free_ports, running

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def vikno(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with running(tmp_path_factory.mktemp("serve"), first=True) as here:
        yield here


def _until(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, what
        time.sleep(0.02)


@asynccontextmanager
async def joined(vikno: Installation, token: str, **more: object) -> AsyncIterator[tuple[Any, dict[str, Any]]]:
    """A WebSocket by way of the web process, and the welcome; tried again while a process is being replaced."""
    url = f"ws://127.0.0.1:{vikno.http_port}/signal"
    hello = json.dumps({"type": "hello", "version": VERSION, "token": token, **more})
    ends = time.monotonic() + 90
    while True:
        try:
            line = await websockets.connect(url, proxy=None)
            await line.send(hello)
            welcome = json.loads(await asyncio.wait_for(line.recv(), 30))
            assert welcome["type"] == "welcome", welcome
            break
        except (OSError, websockets.WebSocketException, TimeoutError, AssertionError):
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(0.05)
    try:
        yield line, welcome
    finally:
        await line.close()


async def _say(line: Any, text: str) -> None:
    """Sends a chat line and returns when the node has acknowledged it."""
    await line.send(json.dumps({"type": "chat", "id": 7, "text": text}))
    async with asyncio.timeout(60):
        while (answer := json.loads(await line.recv())).get("id") != 7:
            continue
    assert answer["type"] == "ok", answer


def test_everything_is_ready_and_says_so(vikno: Installation) -> None:
    answer = vikno.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert set(answer.json()["parts"]) == {"database", "client", "disk", "media-0"}
    assert vikno.get("/readyz").status_code == 200
    assert vikno.get("/").status_code in (200, 302, 303, 307)
    assert f"Vikno is ready: {vikno.url}" in vikno.tail()


def test_a_part_that_does_not_answer_is_named(vikno: Installation) -> None:
    (node,) = vikno.pids("media")
    os.kill(node, signal.SIGSTOP)
    try:
        answer = vikno.get("/healthz")
    finally:
        os.kill(node, signal.SIGCONT)
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert "does not answer" in answer.json()["parts"]["media-0"]
    assert answer.json()["parts"]["database"] == "ready"
    vikno.wait_until_ready()


def test_the_doctor_finds_a_running_vikno_in_order(vikno: Installation) -> None:
    said = vikno.vikno("doctor")  # fails unless its exit code is 0
    assert f"TCP port {vikno.http_port} is held by Vikno" in said
    assert f"UDP port {vikno.media_port} is held by Vikno" in said
    assert " 0 broken" in f" {said.splitlines()[-1]}"


def test_the_first_administrators_link_is_printed_and_leads_somewhere(vikno: Installation) -> None:
    link = next(line.strip() for line in vikno.tail(200).splitlines() if "/welcome/" in line)
    assert link.startswith(vikno.url)
    assert vikno.get(link.removeprefix(vikno.url)).status_code == 200
    assert vikno.vikno("admin").startswith(f"{vikno.url}/welcome/")


def test_the_nodes_own_port_is_closed_to_the_network(vikno: Installation) -> None:
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:] + Path("/proc/net/tcp6").read_text().splitlines()[1:]
    listening = [row.split()[1] for row in rows if row.split()[3] == "0A"]
    assert [local for local in listening if int(local.rpartition(":")[2], 16) == vikno.node_http_port] == [
        f"0100007F:{vikno.node_http_port:04X}"
    ]


async def test_a_killed_web_process_comes_back_and_the_meeting_has_gone_on(vikno: Installation) -> None:
    token = vikno.token(meeting="web-killed", name="Олена")
    (node,) = vikno.pids("media")
    async with joined(vikno, token) as (line, welcome):
        await _say(line, "before")
        killed = vikno.kill("web")
        await asyncio.wait_for(line.wait_closed(), 20)
    resume = {"participant": welcome["participant"], "key": welcome["resume_key"]}
    async with joined(vikno, welcome["token"], resume=resume) as (_, again):
        assert again["resumed"] is True
        assert again["participant"] == welcome["participant"]
        assert [line["text"] for line in again["chat"]] == ["before"]
    assert vikno.pids("web") != [killed]
    assert vikno.pids("media") == [node]


async def test_a_killed_media_node_comes_back_with_everything_that_was_acknowledged(vikno: Installation) -> None:
    token = vikno.token(meeting="node-killed", name="Олена", role="host")
    async with joined(vikno, token) as (line, welcome):
        for number in range(8):
            await _say(line, f"line {number}")
        killed = vikno.kill("media")
    resume = {"participant": welcome["participant"], "key": welcome["resume_key"]}
    async with joined(vikno, welcome["token"], resume=resume) as (_, again):
        assert [line["text"] for line in again["chat"]] == [f"line {number}" for number in range(8)]
        assert again["participant"] == welcome["participant"]
    assert vikno.pids("media") != [killed]
    vikno.wait_until_ready()


async def test_what_happened_reaches_the_database(vikno: Installation) -> None:
    async with joined(vikno, vikno.token(meeting="told", name="Олена")):
        pass
    _until(lambda: _events(vikno, "told") > 0, "the node's events arrived in the database")


def _events(vikno: Installation, meeting: str) -> int:
    with sqlite3.connect(vikno.data / "vikno.sqlite3") as database:
        count: int = database.execute("SELECT count(*) FROM meeting_event WHERE meeting = ?", (meeting,)).fetchone()[0]
        return count


def test_a_killed_worker_comes_back(vikno: Installation) -> None:
    killed = vikno.kill("worker")
    _until(lambda: vikno.pids("worker") not in ([], [killed]), "the worker came back")


@pytest.mark.parametrize(("setting", "kind"), [("HTTP_PORT", "TCP"), ("NODE_HTTP_PORT", "TCP"), ("MEDIA_PORT", "UDP")])
def test_a_busy_port_is_told_in_one_sentence(tmp_path: Path, setting: str, kind: str) -> None:
    names = ("HTTP_PORT", "NODE_HTTP_PORT", "MEDIA_PORT")
    ports = dict(zip(names, free_ports(3), strict=True))
    environment = os.environ | {f"VIKNO_{name}": str(port) for name, port in ports.items()}
    environment |= {"VIKNO_DATA": str(tmp_path)}
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "TCP" else socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", ports[setting]))
        if kind == "TCP":
            other.listen()
        done = _serve(environment)
    assert done.returncode == 78
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert f"{kind} port {ports[setting]} is in use by process {os.getpid()}" in lines[0]
    assert f"VIKNO_{setting}" in lines[0]


def _serve(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "web.main", "serve"]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=180)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"VIKNO_HTTP_PORT": "eighty"}, 'VIKNO_HTTP_PORT is "eighty"'),
        ({"VIKNO_DATA": "/proc/vikno"}, "The data folder /proc/vikno cannot be used"),
        ({"VIKNO_DATABASE_URL": "postgresql+psycopg://vikno@127.0.0.1:9/vikno"}, "The database cannot be used"),
    ],
)
def test_what_cannot_work_ends_at_once_with_the_reason(tmp_path: Path, given: dict[str, str], said: str) -> None:
    ports = zip(("HTTP_PORT", "NODE_HTTP_PORT", "MEDIA_PORT"), free_ports(3), strict=True)
    environment = os.environ | {f"VIKNO_{name}": str(port) for name, port in ports} | {"VIKNO_DATA": str(tmp_path)}
    done = _serve(environment | given)
    assert done.returncode == 78, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let us mount a tiny disk")
    script = (
        f"mount -t tmpfs -o size=16k tiny {tmp_path} && head -c 16k /dev/zero > {tmp_path}/filler; "
        f"exec {sys.executable} -m web.main serve"
    )
    ports = zip(("HTTP_PORT", "NODE_HTTP_PORT", "MEDIA_PORT"), free_ports(3), strict=True)
    environment = os.environ | {f"VIKNO_{name}": str(port) for name, port in ports}
    words = ["unshare", "-rm", "sh", "-c", script]
    environment |= {"VIKNO_DATA": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 78, done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with two web processes, which the tests that ask for it end in their order."""
    folder = tmp_path_factory.mktemp("wide")
    with running(folder, settings={"WEB_PROCESSES": "2"}) as here:
        yield here


def test_several_web_processes_share_the_port_and_one_that_dies_is_replaced(wide: Installation) -> None:
    both = wide.pids("web")
    assert len(both) == 2
    os.kill(both[0], signal.SIGKILL)
    _until(lambda: both[0] not in wide.pids("web"), "it is gone, and with it the line that was kept to it")
    assert httpx.get(f"{wide.url}/readyz", trust_env=False).status_code == 200  # the other one answers
    _until(lambda: len(wide.pids("web")) == 2, "it is replaced")


def test_everything_ends_with_a_supervisor_that_is_killed_and_the_next_start_works(wide: Installation) -> None:
    children = [pid for name in ("web", "media", "worker") for pid in wide.pids(name)]
    assert len(children) == 4
    wide.process.kill()
    wide.process.wait()
    _until(lambda: not any(_lives(pid) for pid in children), "the children followed")
    same = {"HTTP_PORT": wide.http_port, "NODE_HTTP_PORT": wide.node_http_port, "MEDIA_PORT": wide.media_port}
    with running(wide.log.parent, settings={name: str(port) for name, port in same.items()}) as second:
        assert second.get("/healthz").status_code == 200
        _stops_in_order(second)


def _stops_in_order(vikno: Installation) -> None:
    """By Ctrl+C."""
    before = len(vikno.log.read_text())
    vikno.process.send_signal(signal.SIGINT)
    assert vikno.process.wait(40) == 0
    said = vikno.log.read_text()[before:]
    assert "killing" not in said
    assert "Traceback" not in said


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


async def test_a_trial_with_tls_of_its_own(tmp_path: Path) -> None:
    with running(tmp_path, "--self-signed", settings={"MEDIA_NODES": "2"}) as vikno:
        assert set(vikno.get("/healthz").json()["parts"]) >= {"media-0", "media-1"}
        trust = ssl.create_default_context(cafile=str(vikno.data / "self-signed.pem"))
        trusted = httpx.get(f"{vikno.url}/readyz", verify=trust)
        assert trusted.status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://localhost:{vikno.http_port}/readyz")
        token = vikno.token(meeting="over-tls", name="Олена")
        node = int(json.loads(_claims(token))["node"])
        async with websockets.connect(f"ws://127.0.0.1:{vikno.node_http_port + node}/signal", proxy=None) as line:
            await line.send(json.dumps({"type": "hello", "version": VERSION, "token": token}))
            assert json.loads(await line.recv())["type"] == "welcome"
        _until(lambda: _events(vikno, "over-tls") > 0, "events arrive over TLS")


def _claims(token: str) -> bytes:
    body = token.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
