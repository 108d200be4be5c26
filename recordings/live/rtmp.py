"""The child that sends a stream to one RTMP or RTMPS server: `python -m recordings.live.rtmp`.

A process, because only a process can be ended whatever its server does. What it has to know, the address with its key
among it, comes by the standard input: the list of processes shows nothing. There follow packets, each behind a head.
To its standard output it writes lines of JSON, `Report`s.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import json
import os
import re
import signal
import socket
import ssl
import struct
import sys
import termios
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import av
from av.container import OutputContainer

from recordings.live.formats import CLOCK, Encoded, Format, Name
from recordings.live.muxing import Templates, packet_for
from recordings.live.reaching import Place, Unreachable, reach
from recordings.live.wire import TargetProblem

HEAD: Final = struct.Struct("<BBqII")
"""Place of the stream in `NAMES`, whether it is a key frame, time, duration (ticks), size of the packet (bytes)."""
NAMES: Final[tuple[Name, Name]] = ("720p", "floor")
_LENGTH: Final = struct.Struct("<I")
_SEND_BUFFER: Final = 256 * 1024
"""Bytes that the system takes ahead of the server: about a second, so that a server that hangs is noticed soon."""
_REPORT_S: Final = 0.5
_TCP_INFO_ACKED: Final = 120
"""Offset of `tcpi_bytes_acked` in Linux's `struct tcp_info`."""
_BUNDLES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_UNREACHABLE: Final = ("Connection refused", "timed out", "No route to host", "Network is unreachable", "is down")
_TORN: Final = ("IO error", "non-properly terminated", "pull function", "push function")
"""What is said of a connection that was cut, which has nothing to do with certificates."""


@dataclass
class Assignment:
    """What the child is to do."""

    address: str
    formats: list[Format]
    extra_ca: str = ""
    """PEM of authorities that are trusted besides the system's."""
    inner: bool = False
    """Whether the server's name may lead into a private network."""

    def encode(self) -> bytes:
        """As the child reads it."""
        forms = [asdict(form) | {"config": form.config.hex()} for form in self.formats]
        said = {"address": self.address, "formats": forms, "extra_ca": self.extra_ca, "inner": self.inner}
        body = json.dumps(said).encode()
        return _LENGTH.pack(len(body)) + body

    @classmethod
    def read(cls, source: IO[bytes]) -> Assignment:
        """Raises EOFError."""
        said = json.loads(_exactly(source, _LENGTH.unpack(_exactly(source, _LENGTH.size))[0]))
        forms = [Format(**(form | {"config": bytes.fromhex(form["config"])})) for form in said["formats"]]
        return cls(said["address"], forms, said["extra_ca"], said["inner"])


@dataclass
class Report:
    """What the child says; first, with nothing in it, that it has started."""

    open: bool = False
    """The server takes the stream."""
    acked: int = -1
    """Bytes that the server's system has confirmed; -1: this report is not about that."""
    left: int = 0
    """Bytes that wait for that."""
    problem: TargetProblem = ""
    """The child ends, and why."""
    detail: str = ""


def encode(packet: Encoded) -> bytes:
    """A packet as the child reads it."""
    place = NAMES.index(packet.name)
    return HEAD.pack(place, packet.key, packet.at, packet.duration, len(packet.data)) + packet.data


def _exactly(source: IO[bytes], size: int) -> bytes:
    content = source.read(size)
    if len(content) < size:
        raise EOFError
    return content


def trusted(extra: str) -> str:
    """PEM of the authorities that are trusted: the system's and `extra`."""
    paths = ssl.get_default_verify_paths()
    for name in (paths.cafile, *_BUNDLES):
        with contextlib.suppress(OSError):
            if name:
                return Path(name).read_text(encoding="utf-8", errors="replace") + "\n" + extra
    return extra


def destination(place: Place, ca_file: str) -> str:
    """The address for libavformat's tee: the one way to open a stream by PyAV with options of its protocols."""
    address = place.address
    options = {
        "f": "flv",
        "flvflags": "no_duration_filesize",
        "onfail": "abort",
        "send_buffer_size": str(_SEND_BUFFER),
        "tls_verify": "1",
        "ca_file": ca_file,
    }
    if not address.lower().startswith("rtmps:"):
        del options["tls_verify"], options["ca_file"]
    options |= {key: _escaped(value, "\\':]") for key, value in place.options.items()}
    listed = ":".join(f"{key}={value}" for key, value in options.items())
    return _escaped(f"[{listed}]", "\\'|") + _escaped(address, "\\'|")


def _escaped(text: str, letters: str) -> str:
    return "".join("\\" + letter if letter in letters else letter for letter in text)


@dataclass
class _Child:
    """The work."""

    source: IO[bytes]
    tell: Callable[[Report], None]
    logged: Callable[[], str]
    """What libavformat has said."""
    done: threading.Event = field(default_factory=threading.Event)
    begun: int = 0
    ended: int = 0
    """Packets that libavformat was given, and that it has sent."""

    def run(self) -> None:
        assignment = Assignment.read(self.source)
        self.tell(Report())
        bundle = os.memfd_create("authorities")
        os.write(bundle, trusted(assignment.extra_ca).encode())
        opened = False
        try:
            place = reach(assignment.address, inner=assignment.inner)
            container = av.open(destination(place, f"/proc/self/fd/{bundle}"), "w", format="tee")
            templates = Templates()
            streams = {form.name: templates.stream(container, form) for form in assignment.formats}
            container.start_encoding()
            opened = True
            self.tell(Report(open=True))
            threading.Thread(target=self._watch, daemon=True).start()
            self._send(container, streams)
            container.close()
        except Unreachable as error:
            self.tell(Report(problem=error.problem, detail=error.detail))
        except (av.FFmpegError, OSError) as error:
            problem, detail = classify(opened, self.logged(), str(getattr(error, "strerror", "") or ""))
            self.tell(Report(problem=problem, detail=detail))
        finally:
            self.done.set()

    def _send(self, container: OutputContainer, streams: dict[Name, Any]) -> None:
        """Everything until the input ends. Times are counted from the first picture."""
        zero: float | None = None
        while True:
            try:
                place, key, at, duration, size = HEAD.unpack(_exactly(self.source, HEAD.size))
                packet = Encoded(NAMES[place], at, duration, bool(key), _exactly(self.source, size))
            except EOFError:
                return
            if zero is None:
                zero = at / CLOCK[packet.name]
            origin = round(zero * CLOCK[packet.name])
            if packet.at >= origin and packet.name in streams:
                self.begun += 1
                container.mux_one(packet_for(streams[packet.name], packet, origin))
                self.ended += 1

    def _watch(self) -> None:
        """Say how much the server has taken."""
        connection = _connection()
        while not self.done.wait(_REPORT_S):
            acked, left = self.ended, self.begun - self.ended
            if connection is not None:
                with contextlib.suppress(OSError):
                    acked, left = _confirmed(connection)
            self.tell(Report(acked=acked, left=left))


def _confirmed(connection: socket.socket) -> tuple[int, int]:
    """Bytes that the other side's system has confirmed, and that it has not. Raises OSError."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    left = array.array("i", [0])
    fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, left)
    return struct.unpack_from("<Q", info, _TCP_INFO_ACKED)[0], left[0]


def _connection() -> socket.socket | None:
    """The connection that libavformat has opened."""
    for name in sorted(os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                found = socket.socket(fileno=os.dup(int(name)))
                if found.type == socket.SOCK_STREAM and found.family in (socket.AF_INET, socket.AF_INET6):
                    return found
                found.close()
    return None


def classify(opened: bool, logged: str, error: str) -> tuple[TargetProblem, str]:
    """What a failure means, by what libavformat logged and the system's error."""
    lines = [re.sub(r"^\[[^\]]* @ 0x[0-9a-f]+\] ", "", line) for line in logged.splitlines()]
    said = next((line.partition("Server error: ")[2] for line in lines if "Server error: " in line), "")
    if opened:
        return "ended", said or error
    if said:
        return "refused", said
    secure = [line for line, raw in zip(lines, logged.splitlines(), strict=True) if raw.startswith("[tls @")]
    secure = [line for line in secure if not any(word in line for word in _TORN)]
    if secure:
        return "tls", secure[0]
    lost = next((line for line in lines if "Failed to resolve hostname" in line), "")
    if lost:
        known = "Name or service not known" in lost or "No address associated" in lost
        return ("address" if known else "unreachable"), lost.rpartition(": ")[2]
    if any(word in error or word in logged for word in _UNREACHABLE):
        return "unreachable", error
    if any("Cannot open connection" in line for line in lines):
        return "unreachable", error
    return "refused", "The server ended the connection before it took the stream."


def main() -> None:
    """Do what the standard input says, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the parent decides
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    log = os.memfd_create("log")
    os.dup2(log, 2)
    av.logging.restore_default_callback()
    av.logging.set_libav_level(av.logging.ERROR)
    lock = threading.Lock()

    def tell(report: Report) -> None:
        with lock:
            sys.stdout.write(json.dumps(asdict(report)) + "\n")
            sys.stdout.flush()

    with contextlib.suppress(EOFError, BrokenPipeError):
        _Child(sys.stdin.buffer, tell, lambda: os.pread(log, 16_384, 0).decode(errors="replace")).run()


if __name__ == "__main__":
    main()
