"""The talk with a child that sends to one server: packets to it, reports from it, and how long it may do nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from recordings.live.rtmp import Assignment, Report, encode
from recordings.live.supply import Supply
from recordings.live.wire import TargetProblem

_POLL_MS: Final = 250
_END_S: Final = 1.2
"""For an orderly end: what waits is sent, the server is told."""
_START_S: Final = 30.0
"""For the child to start, on a machine that has much to do: that is not the server's fault."""
_DETAIL: Final = 200


class Failure(NamedTuple):
    """How a connection ended."""

    problem: TargetProblem
    detail: str
    lasted: float
    """For how many seconds the server took the stream."""


def talk(
    assignment: Assignment, supply: Supply, stopping: threading.Event, hung: float, live: Callable[[], None]
) -> Failure:
    """Connect and send, until it fails or `stopping` is set. `hung`: seconds that the server may do nothing. `live` is
    called again and again while all is well."""
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "recordings.live.rtmp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError as error:
        return Failure("unreachable", error.strerror or "", 0.0)
    try:
        return _Talk(child, assignment, supply, stopping, hung, live).run()
    finally:
        supply.shut()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


class _Talk:
    def __init__(
        self,
        child: subprocess.Popen[bytes],
        assignment: Assignment,
        supply: Supply,
        stopping: threading.Event,
        hung: float,
        live: Callable[[], None],
    ) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self._stdin, self._stdout = child.stdin, child.stdout
        self._address = assignment.address
        self._supply, self._stopping, self._hung, self._live = supply, stopping, hung, live
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)
        self._outgoing = memoryview(assignment.encode())
        self._said = b""
        self._acked = -1
        self._opened_at: float | None = None
        self._started = False
        self._moved_at = time.monotonic()
        """When the server last did something, or had nothing to do."""
        self._ending_at: float | None = None
        self._failure: Failure | None = None

    def run(self) -> Failure:
        while self._failure is None:
            now = time.monotonic()
            if self._stopping.is_set() and self._ending_at is None:
                self._ending_at = now
            if self._ending_at is not None and now - self._ending_at > _END_S:
                return self._failed("", "")
            if now - self._moved_at > (self._hung if self._started else _START_S):
                return self._failed("hung", "")
            self._fill()
            self._wait()
        return self._failure

    def _fill(self) -> None:
        if self._outgoing or self._stdin.closed:
            return
        packet = self._supply.next()
        if packet is not None:
            self._outgoing = memoryview(encode(packet))
        elif self._ending_at is not None:
            self._stdin.close()  # the child ends the stream in order

    def _wait(self) -> None:
        """For whatever comes first."""
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        poll.register(self._supply.ear, select.POLLIN)
        if self._outgoing:
            poll.register(self._stdin, select.POLLOUT)
        ready = {descriptor for descriptor, _ in poll.poll(_POLL_MS)}
        if self._supply.ear in ready:
            self._supply.heard()
        if self._stdout.fileno() in ready:
            self._hear()
        if self._outgoing and self._stdin.fileno() in ready:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):  # a child that has ended says why
                written = os.write(self._stdin.fileno(), self._outgoing)
                self._outgoing = self._outgoing[written:]

    def _hear(self) -> None:
        said = os.read(self._stdout.fileno(), 65_536)
        if not said:
            self._failed("ended", "")
            return
        *lines, self._said = (self._said + said).split(b"\n")
        for line in lines:
            self._note(Report(**json.loads(line)))

    def _note(self, report: Report) -> None:
        if not self._started:
            self._started, self._moved_at = True, time.monotonic()
        if report.open:
            self._opened_at = self._moved_at = time.monotonic()
            self._supply.open()
        if report.problem:
            self._failed(report.problem, report.detail)
        elif self._opened_at is not None:
            if report.acked != self._acked or not report.left:
                self._moved_at = time.monotonic()
            self._acked = report.acked
            self._live()

    def _failed(self, problem: TargetProblem, detail: str) -> Failure:
        lasted = time.monotonic() - self._opened_at if self._opened_at is not None else 0.0
        self._failure = self._failure or Failure(problem, scrub(detail, self._address), lasted)
        return self._failure


def scrub(text: str, address: str) -> str:
    """`text` without any part of `address` that would help to send to it, at most 200 characters."""
    rest = address.partition("://")[2]
    host, _, path = rest.partition("/")
    secrets = [address, rest, path, path.rpartition("/")[2], *re.split(r"[/?&=]", path)[1:], host]
    secrets.append(re.sub(r":\d+$", "", host))
    for secret in sorted({one for one in secrets if len(one) > 2}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return " ".join(text.split())[:_DETAIL]
