"""RTMP and RTMPS targets, against a real server: what it received is decoded and measured; whatever it does wrong
concerns one target."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from recordings.live.formats import CLOCK, Encoded
from recordings.live.reaching import Place, Unreachable, application, reach
from recordings.live.rtmp import NAMES, Assignment, Report, classify, destination, encode
from recordings.live.sending import Pace
from recordings.live.supply import Supply
from recordings.live.talking import scrub
from recordings.live.targets import MOST, Targets, check
from recordings.live.wire import Order, Target, TargetStatus
from tests.recordings.live_outputs.synthetic import LARGE, STREAM, WALL, encoded, feed, formats, when
from tests.recordings.measuring import every_second, offsets, watch
from tests.support.rtmp_server import KEY, RtmpServer, certificate_authority, rtmp_server
from tests.support.waiting import wait_for

QUICK = Pace(first_retry=0.05, longest_retry=0.2, hung=4.0, proven=0.0, tries=2, held=1_000.0)
"""Tests feed faster than it lasts, so `held` must not be passed unless a test is about it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtmpServer]:
    with rtmp_server(tmp_path_factory.mktemp("rtmp")) as running:
        yield running


def _order(*addresses: str) -> Order:
    targets = [Target(id=f"t{number}", sealed=address) for number, address in enumerate(addresses)]
    return Order(stream=STREAM, meeting="m1", targets=targets)


def _opened(sealed: str) -> str:
    """Stands for the cipher, which is not ours."""
    if sealed == "broken":
        raise ValueError("This was sealed with another key.")
    return sealed


@contextmanager
def _targets(order: Order, pace: Pace = QUICK, extra_ca: Path | None = None) -> Iterator[Targets]:
    targets = Targets(order, _opened, extra_ca=extra_ca, pace=pace)
    targets.begin(formats(), WALL)
    try:
        yield targets
    finally:
        targets.close()


def _reaches(targets: Targets, what: Callable[[TargetStatus], bool], number: int = 0) -> TargetStatus:
    wait_for(lambda: what(targets.statuses()[number]))
    return targets.statuses()[number]


def _live(status: TargetStatus) -> bool:
    return status.state == "live"


def _check_film(path: Path, since: int, until: int) -> None:
    film = watch(path)
    seen, heard = film.flashes((0, 0, *LARGE)), film.beeps()
    assert every_second(seen, since, until) == []
    assert every_second(heard, since, until) == []
    assert max(map(abs, offsets(heard, seen))) < 0.08


@pytest.mark.parametrize("tls", [False, True], ids=["rtmp", "rtmps"])
def test_the_server_gets_every_second_with_its_beep(server: RtmpServer, tls: bool) -> None:
    key = f"whole-{tls}"
    server.keys.add(key)
    with _targets(_order(server.address(key, tls=tls)), extra_ca=server.ca) as targets:
        _reaches(targets, _live)
        feed(targets)
        assert targets.statuses()[0].problem == ""
        targets.close()
        assert targets.statuses()[0].state == "ended"
    wait_for(lambda: server.recorded(key))
    _check_film(server.recorded(key)[0], 0, 14)


def test_a_key_is_in_no_list_of_processes_and_in_no_status(
    server: RtmpServer, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "only-we-know-this"
    with _targets(_order(server.address(secret), server.address(secret, tls=True)), extra_ca=server.ca) as targets:
        children = []

        def look() -> bool:
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = path.read_bytes()
                    around = path.with_name("environ").read_bytes()
                except OSError:
                    continue
                if b"recordings.live.rtmp" in words:
                    children.append(path)
                    assert secret.encode() not in words + around
            return len(children) > 4

        wait_for(look)
        for number in (0, 1):
            status = _reaches(targets, lambda one: one.state == "failed", number)
            assert status.problem == "refused"
            assert secret not in status.model_dump_json()
    said = capfd.readouterr()
    assert secret not in said.out + said.err


def test_a_refused_key_is_tried_a_few_times_and_then_no_more(server: RtmpServer) -> None:
    with _targets(_order(server.address("stolen"))) as targets:
        status = _reaches(targets, lambda one: one.state == "failed")
    assert (status.problem, status.tries) == ("refused", QUICK.tries)
    assert server.asked.count("stolen") == QUICK.tries


def test_a_key_of_any_letters_arrives_whole(server: RtmpServer) -> None:
    key = "it's|o\\d-[k]:e,y"
    with _targets(_order(server.address(key) + "?token=a'b|c")) as targets:
        _reaches(targets, lambda one: one.state == "failed")
    assert key in server.asked


def test_an_authority_that_nobody_trusts(server: RtmpServer) -> None:
    with _targets(_order(server.address(tls=True))) as targets:
        status = _reaches(targets, lambda one: one.state == "failed")
    assert status.problem == "tls"
    assert "certificate" in status.detail
    assert KEY not in server.asked


def test_a_certificate_of_another_name(server: RtmpServer, tmp_path: Path) -> None:
    """The authority is trusted; the name is not the one that was asked for."""
    certificate_authority(tmp_path, "other.example")
    with _tls(tmp_path) as (port, heard):
        order = _order(f"rtmps://localhost:{port}/live/{KEY}")
        with _targets(order, extra_ca=tmp_path / "ca.pem") as targets:
            status = _reaches(targets, lambda one: one.state == "failed")
    assert status.problem == "tls"
    assert "does not match hostname" in status.detail
    assert "localhost" not in status.detail
    assert heard == []


@contextmanager
def _tls(folder: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Shakes hands and listens: the port, and what was said."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    listening = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.settimeout(20)
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                if said := secure.recv(4_096):
                    heard.append(said)
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1], heard
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def test_one_that_refuses_and_one_that_hangs_disturb_nobody(server: RtmpServer) -> None:
    key = "undisturbed"
    server.keys.add(key)
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes connections, and never says a word
        hangs = f"rtmp://127.0.0.1:{deaf.getsockname()[1]}/live/key"
        order = _order(server.address("nobody's"), hangs, server.address(key))
        with _targets(order) as targets:
            _reaches(targets, _live, 2)
            assert targets.statuses()[1].state != "live"
            feed(targets)
            hung = _reaches(targets, lambda one: one.problem == "hung", 1)
            assert hung.state == "waiting"
            refused = _reaches(targets, lambda one: one.state == "failed")
            assert refused.problem == "refused"
            assert targets.statuses()[2].state == "live"
            _reaches(targets, lambda one: one.state == "connecting" and one.tries > 1, 1)
    wait_for(lambda: server.recorded(key))
    _check_film(server.recorded(key)[0], 0, 14)


def test_a_server_that_freezes_in_mid_stream_is_left_and_tried_again(tmp_path: Path) -> None:
    with rtmp_server(tmp_path) as server, _targets(_order(server.address()), replace(QUICK, hung=1.5)) as targets:
        _reaches(targets, _live)
        feeding = _Feeding(targets)
        try:
            wait_for(lambda: any(path.stat().st_size > 10_000 for path in server.recorded()))
            before = set(server.recorded())
            server.freeze()
            status = _reaches(targets, lambda one: one.problem == "hung")
            assert status.state == "waiting"
            server.thaw()
            _reaches(targets, _live)
            wait_for(lambda: any(path.stat().st_size > 10_000 for path in set(server.recorded()) - before))
        finally:
            feeding.end()


class _Feeding:
    """Feeds again and again, faster than it lasts, until told to end: at a pace at which queues stay short."""

    def __init__(self, targets: Targets, packets: int = 40) -> None:
        self._ending = threading.Event()
        self._targets, self._packets = targets, packets
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        turn = 0
        while True:
            for number, packet in enumerate(encoded()):
                if number % self._packets == 0 and self._ending.wait(0.02):
                    return
                self._targets.take(packet._replace(at=packet.at + turn * 14 * CLOCK[packet.name]))
            turn += 1

    def end(self) -> None:
        self._ending.set()
        self._thread.join()


def test_a_server_that_is_down_is_found_when_it_comes_back(tmp_path: Path) -> None:
    with rtmp_server(tmp_path) as server:
        server.stop()
        with _targets(_order(server.address())) as targets:
            status = _reaches(targets, lambda one: one.tries > 3)
            assert status.problem == "unreachable"
            server.start()
            _reaches(targets, _live)
            feeding = _Feeding(targets)
            try:
                wait_for(lambda: any(path.stat().st_size > 15_000 for path in server.recorded()))
                server.stop()
                status = _reaches(targets, lambda one: one.state == "waiting")
                assert status.problem == "ended"
            finally:
                feeding.end()
            before = set(server.recorded())
            server.start()
            _reaches(targets, _live)
            feed(targets, since=7)  # no segment begins here: it waits for the key frame at 8
        wait_for(lambda: any(path.stat().st_size > 15_000 for path in set(server.recorded()) - before))
        server.stop()
        film = watch(server.recorded()[-1])
    assert every_second(film.flashes((0, 0, *LARGE)), 0, 6) == []
    assert len(film.times) == 150


def test_a_slow_line_loses_whole_groups_of_pictures() -> None:
    supply = Supply(held=1.5)
    supply.open()
    for packet in encoded():
        if when(packet) < 7:
            supply.put(packet)
    left: list[Encoded] = []
    while (packet := supply.next()) is not None:
        left.append(packet)
    assert supply.dropped > 0
    assert supply.slow(60)
    assert (left[0].name, left[0].key, when(left[0])) == ("720p", True, 6.0)
    assert when(left[-1]) > 6.9
    supply.close()


def test_a_line_that_is_too_slow_is_called_so_and_the_stream_goes_on(server: RtmpServer) -> None:
    """A server behind a line that carries a few bytes at a time."""
    server.keys.add("thin")
    with _thin(server.port) as port:
        address = f"rtmp://127.0.0.1:{port}/live/thin"
        with _targets(_order(address), replace(QUICK, held=1.0, hung=20.0)) as targets:
            _reaches(targets, _live)
            feeding = _Feeding(targets, 400)
            try:
                status = _reaches(targets, lambda one: one.problem == "slow")
                assert status.state == "live"
                assert "left out" in status.detail
            finally:
                feeding.end()


@contextmanager
def _thin(port: int) -> Iterator[int]:
    """A relay that passes on what it gets slowly: it takes no more than its small buffers hold."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    done = threading.Event()

    def back(upstream: socket.socket, client: socket.socket) -> None:
        try:
            while content := upstream.recv(65_536):
                client.sendall(content)
        except OSError:
            pass

    def serve() -> None:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        with client, socket.create_connection(("127.0.0.1", port)) as upstream:
            answering = threading.Thread(target=back, args=(upstream, client))
            answering.start()
            passed = 0
            try:
                while content := client.recv(2_048):
                    upstream.sendall(content)
                    passed += len(content)
                    if passed > 8_000 and done.wait(0.05):  # handshake and begin go through at once
                        break
            except OSError:
                pass
            upstream.shutdown(socket.SHUT_RDWR)
            answering.join()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        done.set()
        listening.close()
        thread.join()


def test_another_order_touches_only_what_changed(server: RtmpServer) -> None:
    server.keys |= {"stays", "goes", "comes", "changes", "changed"}
    first = _order(server.address("stays"), server.address("goes"), server.address("changes"))
    with _targets(first) as targets:
        for number in range(3):
            _reaches(targets, _live, number)
        stays = targets.statuses()[0]
        second = first.model_copy(
            update={
                "targets": [
                    first.targets[0],
                    Target(id="t2", sealed=server.address("changed")),
                    Target(id="t3", sealed=server.address("comes")),
                    Target(id="t4", sealed="broken"),
                ]
            }
        )
        targets.order(second)
        assert [one.id for one in targets.statuses()] == ["t0", "t2", "t3", "t4"]
        _reaches(targets, _live, 1)
        _reaches(targets, _live, 2)
        broken = targets.statuses()[3]
        assert (broken.state, broken.problem) == ("failed", "address")
        assert targets.statuses()[0] == stays
        feed(targets, 3)
    for key in ("stays", "changed", "comes"):
        wait_for(lambda key=key: server.recorded(key))  # type: ignore[misc]
    assert server.asked.count("stays") == 1


def test_the_children_end_with_whoever_started_them(server: RtmpServer) -> None:
    server.keys.add("orphan")
    script = f"""
import os, time
from pathlib import Path
from recordings.live.targets import Targets
from tests.recordings.live_outputs import test_targets as tests
from tests.recordings.live_outputs.synthetic import WALL, formats
targets = Targets(tests._order({server.address("orphan")!r}), lambda sealed: sealed, pace=tests.QUICK)
targets.begin(formats(), WALL)
tests._reaches(targets, tests._live)
for path in Path("/proc/self/task").glob("*/children"):
    print("child", *path.read_text().split(), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = next(int(line.split()[1]) for line in parent.stdout if re.fullmatch(r"child \d+\n", line))
    words = Path(f"/proc/{child}/cmdline")
    assert b"recordings.live.rtmp" in words.read_bytes()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not words.exists() or not words.read_bytes())


@pytest.mark.parametrize(
    "address",
    ["https://host/app/key", "rtmp:///app/key", "rtmp://host", "rtmp://host:none/app", "rtmp://host/a b", "nothing"],
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(ValueError, match=r"^The address [a-z /:.]+\.$"):
        check(address)
    check("rtmps://live.example:443/app/key?auth=1")


def test_no_more_targets_than_there_may_be() -> None:
    order = _order(*["broken"] * (MOST + 5))
    with _targets(order) as targets:
        assert len(targets.statuses()) == MOST


def test_what_a_failure_means() -> None:
    tls = "[tls @ 0x55d] Peer certificate failed verification\n[rtmps @ 0x55e] Cannot open connection tls://h:443\n"
    assert classify(False, tls, "Input/output error") == ("tls", "Peer certificate failed verification")
    said = "[rtmp @ 0x1] Server error: Stream already publishing\n"
    assert classify(False, said, "") == ("refused", "Stream already publishing")
    torn = "[tls @ 0x55d] The TLS connection was non-properly terminated.\n"
    assert classify(False, torn, "Input/output error")[0] == "refused"
    assert classify(True, said, "Broken pipe") == ("ended", "Stream already publishing")
    lost = "[tcp @ 0x1] Failed to resolve hostname nowhere.invalid: Name or service not known\n"
    assert classify(False, lost, "") == ("address", "Name or service not known")
    away = lost.replace("Name or service not known", "Temporary failure in name resolution")
    assert classify(False, away, "")[0] == "unreachable"
    assert classify(False, "", "Connection refused")[0] == "unreachable"
    assert classify(False, "", "Input/output error")[0] == "refused"


def test_details_hold_nothing_secret() -> None:
    address = "rtmps://a.rtmp.example:443/live2/abcd-efgh?token=s3cr3t"
    text = f"open {address} failed: abcd-efgh at a.rtmp.example:443 token s3cr3t " + "x" * 300
    cleaned = scrub(text, address)
    assert not any(secret in cleaned for secret in ("abcd", "s3cr3t", "a.rtmp.example"))
    assert len(cleaned) <= 200


def test_an_address_with_every_letter_reaches_the_library_whole() -> None:
    assert destination(Place("rtmp://h/app/a|b'c\\d"), "").endswith("]rtmp://h/app/a\\|b\\'c\\\\d")
    assert "tls_verify=1:ca_file=/x" in destination(Place("rtmps://h/app/k"), "/x")
    assert "tls_verify" not in destination(Place("rtmp://h/app/k"), "/x")


def _leads(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """The names of this process lead there."""

    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


LYING = """
import socket
socket.getaddrinfo = lambda host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ({leads!r}, port))]
from recordings.live.rtmp import main
main()
"""


def _sent(address: str, leads: str, *, inner: bool, ca: str = "") -> list[Report]:
    """What the child says that sends two seconds there, while every name leads to `leads`."""
    assignment = Assignment(address, [form for form in formats().values() if form.name in NAMES], ca, inner)
    packets = [packet for packet in encoded() if packet.name in NAMES and when(packet) < 2]
    content = assignment.encode() + b"".join(encode(packet) for packet in packets)
    command = [sys.executable, "-c", LYING.format(leads=leads)]
    said = subprocess.run(command, input=content, capture_output=True, timeout=60, check=True).stdout
    return [Report(**json.loads(line)) for line in said.splitlines()]


@pytest.mark.parametrize("leads", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fe80::1", "fd00::7", "0.0.0.0"])
def test_a_public_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, leads: str) -> None:
    _leads(monkeypatch, leads)
    with pytest.raises(Unreachable) as refused:
        reach("rtmps://live.example.org/app/secret", inner=False)
    assert refused.value.problem == "inner"
    assert refused.value.detail.startswith(f"The name leads to {leads}, inside a private network.")
    assert reach("rtmp://live.example.org/app/key", inner=True).options == {"rtmp_tcurl": "rtmp://live.example.org/app"}


def test_of_several_addresses_those_inside_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _leads(monkeypatch, "10.1.2.3", "93.184.215.14")
    place = reach("rtmps://live.example.org:444/app/key", inner=False)
    assert place.address == "rtmps://93.184.215.14:444/app/key", "what was looked at is what is connected to"
    assert place.options == {"rtmp_tcurl": "rtmps://live.example.org:444/app", "verifyhost": "live.example.org"}
    assert reach("rtmp://10.0.0.2/app/key", inner=False).address == "rtmp://10.0.0.2/app/key", "as it was entered"
    _leads(monkeypatch)
    with pytest.raises(Unreachable) as unknown:
        reach("rtmp://nowhere.example.org/app/key", inner=False)
    assert unknown.value.problem == "address"


@pytest.mark.parametrize("tls", [False, True])
def test_by_a_name_the_server_gets_it_and_proves_that_it_is_its_own(server: RtmpServer, tls: bool) -> None:
    address = server.address(tls=tls, host="live.example.org")
    authority = server.ca.read_text()
    before = len(server.asked)
    (_, refused) = _sent(address, "127.0.0.1", inner=False, ca=authority)
    assert refused.problem == "inner"
    assert len(server.asked) == before, "nothing was sent"
    assert _sent(address, "127.0.0.1", inner=True, ca=authority)[1] == Report(open=True)
    assert len(server.asked) == before + 1
    if tls:
        other = address.replace("live.example.org", "other.example.org")
        said = _sent(other, "127.0.0.1", inner=True, ca=authority)
        assert said[-1].problem == "tls", "its certificate is another's"


def test_applications_are_divided_from_keys_as_the_library_does() -> None:
    assert [application(path) for path in ("/app/key", "/app/inst/key?a=b", "/app/x:y/z", "/rtmp/FB-1-0", "/app")] == [
        "app",
        "app/inst",
        "app",
        "rtmp",
        "app",
    ]
