"""Sending the stream to one target: connecting, trying again, and giving up what cannot succeed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from recordings.live.formats import Encoded
from recordings.live.rtmp import Assignment
from recordings.live.supply import Supply
from recordings.live.talking import Failure, talk
from recordings.live.wire import TargetProblem, TargetState, TargetStatus

_FINAL: Final = frozenset({"address", "inner", "refused", "tls"})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Pace:
    """Times in seconds."""

    first_retry: float = 1.0
    """Between the first failure and the second try; each following pause is twice as long."""
    longest_retry: float = 30.0
    hung: float = 10.0
    """A server that does nothing for so long hangs."""
    proven: float = 10.0
    """A stream that was taken for so long was wanted: its key is good. Some services take any key and then hang up."""
    tries: int = 5
    """For what will not get better: a refused key, a certificate that nobody vouches for, a name that is none."""
    held: float = 8.0
    """Stream that waits for a slow line; more is dropped."""
    slow: float = 20.0
    """A line is called slow for so long after something was dropped."""


class Sender:
    """One target. `put` and `stop` may be called from any thread and wait for nothing."""

    def __init__(self, target: str, assignment: Assignment, pace: Pace, now: Callable[[], float] = time.time) -> None:
        self._target, self._assignment, self._pace, self._now = target, assignment, pace, now
        self._supply = Supply(pace.held)
        self._stopping = threading.Event()
        self._proven = False
        self._tries = 0
        self._status = TargetStatus(id=target, state="connecting", since=now())
        self._thread = threading.Thread(target=self._run, name=f"target-{target}", daemon=True)
        self._thread.start()

    @property
    def status(self) -> TargetStatus:
        """How it fares."""
        return self._status

    @property
    def ending(self) -> bool:
        """Whether it still has something to do."""
        return self._thread.is_alive()

    @property
    def dropped(self) -> int:
        """Packets that a slow line had no room for."""
        return self._supply.dropped

    def put(self, packet: Encoded) -> None:
        """Send a packet, unless nobody takes any now."""
        self._supply.put(packet)

    def stop(self) -> None:
        """End it in order."""
        self._stopping.set()
        self._supply.wake()

    def join(self, timeout: float) -> None:
        """Wait until it has ended."""
        self._thread.join(timeout)

    def _run(self) -> None:
        pause = self._pace.first_retry
        while not self._stopping.is_set():
            self._tries += 1
            self._say("connecting", self._status.problem, self._status.detail)
            failure = talk(self._assignment, self._supply, self._stopping, self._pace.hung, self._live)
            if self._stopping.is_set():
                break
            failure = self._judge(failure)
            if failure.problem in _FINAL and not self._proven and self._tries >= self._pace.tries:
                self._say("failed", failure.problem, failure.detail)
                break
            self._say("waiting", failure.problem, failure.detail)
            if failure.lasted > self._pace.longest_retry:
                self._tries, pause = 0, self._pace.first_retry
            self._stopping.wait(pause)
            pause = min(pause * 2, self._pace.longest_retry)
        if self._stopping.is_set():
            self._say("ended", self._status.problem, self._status.detail)
        self._supply.close()

    def _judge(self, failure: Failure) -> Failure:
        """A target that has worked is not given up: a server may hold on to a connection that broke, and refuse the
        next for a while."""
        if failure.lasted > self._pace.proven:
            self._proven = True
        elif failure.problem == "ended" and not self._proven:
            return failure._replace(problem="refused", detail=failure.detail or "The server hung up at once.")
        return failure

    def _live(self) -> None:
        slow = self._supply.slow(self._pace.slow)
        self._say("live", "slow" if slow else "", f"{self.dropped} packets were left out." if slow else "")

    def _say(self, state: TargetState, problem: TargetProblem, detail: str) -> None:
        known = self._status
        since = known.since if known.state == state else self._now()
        self._status = TargetStatus(
            id=self._target, state=state, problem=problem, detail=detail, since=since, tries=self._tries
        )
        if known.state != state or known.problem != problem:
            say = _log.warning if state in ("waiting", "failed") else _log.info
            say("target", target=self._target, state=state, problem=problem, detail=detail, tries=self._tries)
