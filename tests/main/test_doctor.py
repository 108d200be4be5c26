"""The doctor finds what is wrong, and says what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sfu import stun
from sfu.net.address import pack_address
from web.main.certificates import with_self_signed
from web.main.cli import app
from web.main.doctor import examine, installation, machine, network
from web.main.doctor.finding import Finding, Level
from web.main.secrets import master_key
from web.main.settings import Settings


def _free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data=tmp_path / "data",
        http_port=_free_port(socket.SOCK_STREAM),
        node_http_port=_free_port(socket.SOCK_STREAM),
        media_port=_free_port(),
        media_addresses=["127.0.0.1"],
    )


def _about(findings: list[Finding], words: str) -> Finding:
    found = [finding for finding in findings if words in finding.what]
    assert len(found) == 1, [finding.what for finding in findings]
    return found[0]


def test_every_finding_that_is_not_good_has_a_remedy(settings: Settings) -> None:
    findings = examine(settings)
    assert len(findings) > 10
    assert all(finding.remedy for finding in findings if finding.level is not Level.GOOD)


@pytest.mark.parametrize("taken", [False, True])
def test_the_exit_code_says_whether_anything_is_broken(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    monkeypatch.setattr(installation, "_client", lambda folder: Finding(Level.GOOD, "The browser client is built."))
    for name in ("data", "http_port", "node_http_port", "media_port"):
        monkeypatch.setenv(f"VIKNO_{name.upper()}", str(getattr(settings, name)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        if taken:
            other.bind(("127.0.0.1", settings.media_port))
        result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == int(taken), result.output
    assert (f"UDP port {settings.media_port} is in use by process {os.getpid()}" in result.output) == taken


def test_a_port_of_a_running_vikno_is_no_fault(settings: Settings) -> None:
    words = [
        sys.executable,
        "-c",
        "import socket,sys,time; s=socket.create_server(('127.0.0.1',int(sys.argv[1]))); time.sleep(60)",
    ]
    process = subprocess.Popen([*words, str(settings.node_http_port), "web.main"])
    try:
        finding = None
        for _ in range(1000):
            finding = _about(network.findings(settings), f"TCP port {settings.node_http_port} is")
            if "held by Vikno" in finding.what:
                break
            time.sleep(0.01)
        assert finding is not None
        assert finding.level is Level.GOOD
        assert "held by Vikno" in finding.what
    finally:
        process.kill()
        process.wait()


def test_udp_that_arrives_and_udp_that_does_not(settings: Settings) -> None:
    assert _about(network.findings(settings), "arrives").level is Level.GOOD
    elsewhere = settings.model_copy(update={"media_addresses": ["192.0.2.1"]})  # RFC 5737: nobody's
    finding = _about(network.findings(elsewhere), "does not arrive")
    assert finding.level is Level.DOUBTFUL
    assert "firewall" in finding.remedy


def test_private_addresses_under_a_public_name_hint_at_nat(settings: Settings) -> None:
    outside = settings.model_copy(update={"media_addresses": ["10.1.2.3"], "public_url": "https://vikno.example.ua"})
    finding = network._addresses(outside, ["10.1.2.3"])
    assert "VIKNO_MEDIA_ADDRESSES" in finding.remedy
    assert str(settings.media_port) in finding.remedy


@contextmanager
def _stun_server(port_shift: int) -> Iterator[int]:
    """A STUN server that sees everybody `port_shift` ports away."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer() -> None:
            request, source = server.recvfrom(2048)
            transaction = stun.parse(request).transaction
            seen = stun.xor_mapped_address(pack_address(source[0], source[1] + port_shift), transaction)
            server.sendto(stun.build(stun.BINDING_SUCCESS, transaction, [seen], None), source)

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("announced", "shift", "level", "said"),
    [
        ("127.0.0.1", 0, Level.GOOD, "as announced"),
        ("127.0.0.1", 7, Level.BROKEN, "Forward UDP port"),
        ("203.0.113.7", 0, Level.BROKEN, "VIKNO_MEDIA_ADDRESSES=127.0.0.1"),
    ],
)
def test_what_a_stun_server_sees_is_compared(
    settings: Settings, announced: str, shift: int, level: Level, said: str
) -> None:
    with _stun_server(shift) as port:
        finding = network._from_outside(f"127.0.0.1:{port}", settings.media_port, [announced])
    assert finding.level is level
    assert said in finding.what + finding.remedy


def test_a_silent_stun_server_is_told(settings: Settings) -> None:
    finding = network._from_outside(f"127.0.0.1:{_free_port()}", settings.media_port, ["127.0.0.1"])
    assert finding.level is Level.DOUBTFUL


def test_tls_that_fits_and_tls_that_does_not(settings: Settings, tmp_path: Path) -> None:
    trial = with_self_signed(settings)
    found = installation._tls(trial)
    assert "self-signed" in found[0].what
    assert found[1].level is Level.GOOD
    wrong_name = trial.model_copy(update={"public_url": "https://vikno.example.ua"})
    assert _about(installation._tls(wrong_name), "does not name vikno.example.ua").level is Level.BROKEN
    other = with_self_signed(settings.model_copy(update={"data": tmp_path / "other"}))
    mixed = trial.model_copy(update={"tls_key": other.tls_key})
    assert _about(installation._tls(mixed), "cannot be used").level is Level.BROKEN


def test_a_public_site_without_tls_is_broken(settings: Settings) -> None:
    bare = settings.model_copy(update={"public_url": "http://vikno.example.ua"})
    assert _about(installation._tls(bare), "without TLS").level is Level.BROKEN
    behind = settings.model_copy(update={"public_url": "https://vikno.example.ua"})
    assert _about(installation._tls(behind), "reverse proxy").level is Level.GOOD


def test_a_full_disk_and_a_readable_key(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    master_key(settings.data)
    assert all(finding.level is Level.GOOD for finding in installation._data(settings.data)[:1])
    monkeypatch.setattr(installation, "free_bytes", lambda folder: 10 * 2**20)
    assert _about(installation._data(settings.data), "too little").level is Level.BROKEN
    (settings.data / "secret.key").chmod(0o644)
    assert "chmod 600" in _about(installation._data(settings.data), "key file").remedy


def test_a_database_that_does_not_answer(settings: Settings) -> None:
    port = _free_port(socket.SOCK_STREAM)
    url = f"postgresql+psycopg://vikno:geheim@127.0.0.1:{port}/vikno"
    finding = installation._database(settings.model_copy(update={"database_url": url}))
    assert finding.level is Level.BROKEN
    assert "geheim" not in finding.what


def test_a_clock_behind_its_own_key_file(settings: Settings) -> None:
    master_key(settings.data)
    future = time.time() + 86_400
    os.utime(settings.data / "secret.key", (future, future))
    assert _about(machine.findings(settings), "clock is behind").level is Level.BROKEN


def test_too_few_files_and_too_many_nodes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.resource, "getrlimit", lambda which: (256, 1024))
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda process: {0, 1})
    findings = machine.findings(settings.model_copy(update={"media_nodes": 4}))
    assert "LimitNOFILE" in _about(findings, "only 256 files").remedy
    assert "VIKNO_MEDIA_NODES to 1" in _about(findings, "4 media nodes").remedy
