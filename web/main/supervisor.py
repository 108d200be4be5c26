"""Runs child processes: starts them in order, restarts one that died, stops all in the reverse order.

Each child leads a process group of its own, so that Ctrl+C in a terminal reaches the supervisor alone and the
children are stopped in order. A child that carries `SUPERVISOR_VARIABLE` stops when the supervisor dies (`child`).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from web.main.child import EXIT_UNUSABLE
from web.main.settings_load import READY_VARIABLE, SUPERVISOR_VARIABLE

_log = structlog.get_logger("vikno.supervisor")


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A process to keep alive."""

    name: str
    command: Sequence[str]
    """Program and arguments; `vikno_command` makes one for a `vikno` command."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables on top of the supervisor's own."""
    sockets: Sequence[int] = ()
    """Descriptors of listening sockets that the child inherits under the same numbers."""
    after: Sequence[str] = ()
    """Children that must be ready before this one starts for the first time."""
    once: bool = False
    """Runs to its end and is then ready; any exit code but 0 ends the whole run."""
    essential: bool = True
    """Whether everything stops when this child says that it cannot work at all (`EXIT_UNUSABLE`)."""
    grace_s: float = 10.0
    """Time to stop after SIGTERM, before SIGKILL."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delay before a restart in seconds: at once after a long life, then doubled up to `most_s`."""

    first_s: float = 0.1
    most_s: float = 15.0
    steady_s: float = 30.0
    """A child that lived this long counts as healthy: its next restart is immediate again."""

    def next(self, previous_s: float, lived_s: float) -> float:
        """The delay after a child that lived `lived_s` and was started after a delay of `previous_s`."""
        if lived_s >= self.steady_s or previous_s == 0:
            return self.first_s
        return min(previous_s * 2, self.most_s)


def vikno_command(*arguments: str) -> list[str]:
    """The command line of a `vikno` command, run by the same Python."""
    return [sys.executable, "-m", "web.main", *arguments]


@dataclass(slots=True)
class Child:
    """A child's present: `process` is None between two lives."""

    spec: ChildSpec
    process: Process | None = None
    starts: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the child itself, through the descriptor named by `READY_VARIABLE`; cleared when it dies."""


class Supervisor:
    """Keeps children alive until `stop`. Use as `await supervisor.run()` in the main task."""

    def __init__(self, specs: Sequence[ChildSpec], *, backoff: Backoff | None = None) -> None:
        self.children = {spec.name: Child(spec) for spec in specs}
        self._backoff = backoff or Backoff()
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()
        self.failed: str | None = None
        """Name of the essential child that cannot work, when that ended the run."""

    def stop(self) -> None:
        """Ends `run`; a second call kills what has not stopped yet."""
        if self._stopping.is_set():
            self._at_once.set()
        self._stopping.set()

    async def run(self) -> None:
        """Starts all and returns when all have stopped, after `stop` or the failure of an essential child."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        keepers = {name: asyncio.create_task(self._keep(child)) for name, child in self.children.items()}
        await self._stopping.wait()
        for name in reversed(keepers):
            await self._end(self.children[name], keepers[name])

    async def _keep(self, child: Child) -> None:
        spec = child.spec
        await self._first_of_stop_or(*(self.children[name].ready.wait() for name in spec.after))
        delay = 0.0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._live(child)
            if spec.once and code == 0:
                child.ready.set()
                return
            if self._stopping.is_set():
                return
            if spec.once or (spec.essential and code == EXIT_UNUSABLE):
                self.failed = spec.name
                self.stop()
                return
            delay = self._backoff.next(delay, time.monotonic() - began)
            _log.warning("process ended, restarting", name=spec.name, outcome=outcome(code), delay_s=delay)
            await self._first_of_stop_or(asyncio.sleep(delay))

    async def _live(self, child: Child) -> int:
        """One life of a child; its exit code."""
        process = child.process = await self._start(child)
        if self._stopping.is_set():  # it was said while the process came up
            process.terminate()
        code = await process.wait()
        child.ready.clear()
        child.process = None
        return code

    async def _first_of_stop_or(self, *others: Coroutine[Any, Any, object]) -> None:
        """Returns when all of `others` are done, or the supervisor is stopping."""
        stopping: asyncio.Future[Any] = asyncio.ensure_future(self._stopping.wait())
        rest: asyncio.Future[Any] = asyncio.gather(*others)
        await asyncio.wait({stopping, rest}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        rest.cancel()
        await asyncio.gather(stopping, rest, return_exceptions=True)  # so that nobody complains of their ends

    async def _start(self, child: Child) -> Process:
        spec = child.spec
        readable, writable = os.pipe()
        try:
            environment = os.environ | spec.environment
            environment |= {SUPERVISOR_VARIABLE: str(os.getpid()), READY_VARIABLE: str(writable)}
            process = await asyncio.create_subprocess_exec(
                *spec.command,
                env=environment,
                pass_fds=(writable, *spec.sockets),
                stdin=asyncio.subprocess.DEVNULL,
                process_group=0,
            )
        except BaseException:
            os.close(readable)
            raise
        finally:
            os.close(writable)
        child.starts += 1
        asyncio.get_running_loop().add_reader(readable, _hear, readable, child)
        return process

    async def _end(self, child: Child, keeper: asyncio.Task[None]) -> None:
        if child.process is not None and child.process.returncode is None:
            child.process.terminate()
        at_once = asyncio.create_task(self._at_once.wait())
        await asyncio.wait({keeper, at_once}, timeout=child.spec.grace_s, return_when=asyncio.FIRST_COMPLETED)
        at_once.cancel()
        if not keeper.done() and child.process is not None:
            _log.warning("process did not stop, killing it", name=child.spec.name, grace_s=child.spec.grace_s)
            child.process.kill()
        await keeper


def _hear(readable: int, child: Child) -> None:
    """A byte says that the child is ready; the pipe's end that it is gone."""
    if os.read(readable, 1):
        child.ready.set()
    asyncio.get_running_loop().remove_reader(readable)
    os.close(readable)


def outcome(code: int) -> str:
    """`exit code 3`, `killed by SIGKILL`."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
