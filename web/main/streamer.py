"""The processes behind live streams: one composer for each stream, and a streamer that sees that there is one.

The streamer looks for rings that the media node has opened. While a stream runs, it keeps one composer more, which has
loaded everything and waits to be told its stream: so a composer that dies is replaced within a moment.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from lms.sealing import UnsealError
from recordings.capture.ring import Ring, RingError
from recordings.live import wire
from recordings.live.formats import Output
from web.main import logs
from web.main.child import EXIT_UNUSABLE, loaded, tell_ready
from web.main.secrets import SecretError, master_key, target_sealer
from web.main.settings import Settings
from web.main.settings_load import SUPERVISOR_VARIABLE
from web.main.supervisor import Backoff, outcome, vikno_command

_LOOK_S = 0.2
_GRACE_S = 6.0
_MOST_ENDS = 3
"""Tries to end a stream properly whose composer died before its end."""
_NICE = 5
"""A stream that stutters is better than a meeting that does."""
_log = structlog.get_logger("vikno.streamer")


# ---------------------------------------------------------------- the streamer


@dataclass(slots=True)
class _Composer:
    """The composer of a stream, between two lives without a process."""

    stream: str
    ends: int = 0
    """How often it was started just for the end."""
    process: subprocess.Popen[bytes] | None = None
    inherited: Path | None = None
    """The ring that a composer of an earlier streamer reads: it goes on."""
    began: float = 0.0
    delay_s: float = 0.0
    due: float = 0.0


def run_streamer(settings: Settings, node: int) -> None:
    """Keep a composer for each stream of media node `node`, until SIGTERM or SIGINT."""
    logs.configure(settings.log_format, settings.log_level, process=f"streamer-{node}")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    streamer = Streamer(settings.data, node, vikno_command("live", "--node", str(node)))
    loaded()
    tell_ready()
    while not stopping.is_set():
        streamer.look(time.monotonic())
        stopping.wait(_LOOK_S)
    streamer.stop()


@dataclass
class Streamer:
    """Which streams there are, and their composers."""

    data: Path
    node: int
    command: Sequence[str]
    """Starts a composer that reads the stream's name from its standard input."""
    backoff: Backoff = field(default_factory=lambda: Backoff(most_s=10.0))
    composers: dict[str, _Composer] = field(default_factory=dict)
    spare: subprocess.Popen[bytes] | None = None

    def look(self, now: float) -> None:
        """To be called a few times a second."""
        rings = wire.rings(self.data, self.node)
        for stream, composer in list(self.composers.items()):
            self._follow(composer, now)
            if composer.process is None and composer.inherited is None and stream not in rings:
                del self.composers[stream]
        for stream, path in rings.items():
            composer = self.composers.setdefault(stream, _Composer(stream))
            if composer.process is None and composer.inherited is None and now >= composer.due:
                self._see_to(composer, path, now)
        self._keep_spare(wanted=bool(self.composers))

    def _follow(self, composer: _Composer, now: float) -> None:
        if composer.inherited is not None and not _is_read(composer.inherited):
            composer.inherited = None
        code = composer.process.poll() if composer.process is not None else None
        if code is None:
            return
        composer.process = None
        if code == 0:
            return
        composer.delay_s = self.backoff.next(composer.delay_s, now - composer.began)
        composer.due = now + composer.delay_s
        _log.warning("composer ended", stream=composer.stream, outcome=outcome(code), again_in_s=composer.delay_s)

    def _see_to(self, composer: _Composer, path: Path, now: float) -> None:
        """A stream without a composer gets one; what is left of one that is over goes."""
        if _is_read(path):
            _log.info("composer goes on", stream=composer.stream)
            composer.inherited = path
            return
        try:
            ring = Ring(path, wire.CAPACITY)
        except RingError as error:
            _log.error("a stream's ring cannot be read", stream=composer.stream, reason=str(error))
            composer.due = now + self.backoff.most_s
            return
        over, waiting = not ring.writer_open, ring.waiting
        ring.close()
        composer.ends += over
        if over and (not waiting or composer.ends > _MOST_ENDS):
            path.unlink(missing_ok=True)
            return
        self._start(composer, now)

    def _start(self, composer: _Composer, now: float) -> None:
        process, self.spare = self.spare or self._new(), None
        composer.process, composer.began = process, now
        _log.info("composer started", stream=composer.stream, pid=process.pid)
        with contextlib.suppress(OSError):  # it has died: that is noticed at the next look
            assert process.stdin is not None
            process.stdin.write(f"{composer.stream}\n".encode())
            process.stdin.close()

    def _new(self) -> subprocess.Popen[bytes]:
        # It does not die with this one: the next streamer finds it at work. It ends when the stream or the node does.
        environment = {name: value for name, value in os.environ.items() if name != SUPERVISOR_VARIABLE}
        return subprocess.Popen(  # noqa: S603 - ourselves
            self.command, stdin=subprocess.PIPE, env=environment, process_group=0
        )

    def _keep_spare(self, *, wanted: bool) -> None:
        if self.spare is not None and (self.spare.poll() is not None or not wanted):
            self.spare.terminate()
            self.spare.wait()
            self.spare = None
        if wanted and self.spare is None:
            self.spare = self._new()

    def stop(self) -> None:
        """End all composers; streams go on when the streamer is back."""
        for composer in self.composers.values():
            if composer.inherited is not None:
                _terminate_reader(composer.inherited)
        processes = [each.process for each in self.composers.values() if each.process is not None]
        processes += [self.spare] if self.spare is not None else []
        for process in processes:
            process.terminate()
        ends = time.monotonic() + _GRACE_S
        for process in processes:
            try:
                process.wait(max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_read(ring: Path) -> bool:
    """Whether some composer reads it."""
    try:
        descriptor = os.open(ring, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _terminate_reader(path: Path) -> None:
    ring = Ring(path, wire.CAPACITY)
    pid = ring.reader_pid
    ring.close()
    if pid and _is_read(path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


# ---------------------------------------------------------------- one composer


def run_live(settings: Settings, node: int, stream: str) -> None:
    """Compose one stream of media node `node` until it is over; without a name, wait for one on standard input.

    A signal ends it at once: then the stream is not over, and nobody who watches it must be told so.
    """
    # All of it at once: the one that waits for its stream has it loaded then.
    from recordings.live.outputs import outputs
    from recordings.live.process import run
    from signaling.client.program import Program

    logs.configure(settings.log_format, settings.log_level, process=f"live-{node}")
    os.nice(_NICE)

    def unseal(sealed: str) -> str:
        try:
            return sealer.open(sealed.encode())
        except UnsealError as error:
            raise ValueError(str(error)) from error

    def made(order: wire.Order) -> Sequence[Output]:
        # Viewers are let go before the status says that the stream has ended.
        program = [Program(order)] if order.program else []
        return [
            *program,
            *outputs(settings.data, order, unseal, extra_ca=settings.stream_ca, inner=settings.stream_inner),
        ]

    try:
        sealer = target_sealer(master_key(settings.data))
        name = stream or sys.stdin.readline().strip()
        if not name:
            return  # the streamer has ended, or this one is not needed
        path = wire.ring_path(settings.data, node, name)
        with _alone(path):
            _take_over(path)
            over = run(path, made, threading.Event(), tell_ready)
    except (SecretError, RingError) as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_UNUSABLE)
    except FileNotFoundError:
        return  # the stream is over already
    _log.info("stream is over" if over else "the stream's node is away", stream=name)
    if over:
        _keep(settings, name)


def _keep(settings: Settings, stream: str) -> None:
    """Make one recording of what was kept. The worker does it where this one cannot."""
    import av

    from recordings.live.joining import finish

    try:
        finish(settings.data, stream)
    except (OSError, av.FFmpegError) as error:
        _log.error("the instant recording could not be joined", stream=stream, reason=str(error))


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One composer reads a ring, and the streamer sees that it does. Raises FileNotFoundError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_ino != path.stat().st_ino:
            raise FileNotFoundError(path)  # the other one has ended the stream, and it was begun anew
        yield
    finally:
        os.close(descriptor)


def _take_over(path: Path) -> None:
    ring = Ring(path, wire.CAPACITY)
    ring.reader_pid = os.getpid()
    if ring.writer_open:
        ring.take_over()
    ring.close()
