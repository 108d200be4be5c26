"""Between the media node and a live composer: a ring with packets and lines, and a file that says how the stream fares.

Each stream has a ring of its own in the form of `recordings.capture.ring`, so that a killed composer or a slow one
concerns this stream only. `CONTENT` and `LINE` records (`recordings.capture.feed`) hold what a raw recording holds;
`ORDER` records say what is wanted. A stream begins with an `Order`, then the lines of a recording that begins (`begun`,
then who is there, then tracks).

A composer calls `Ring.take_over` before it reads. The node notices and tells everything anew: `Order`, `begun` and so
on. It does the same when it is itself back after it was killed. So **`begun` is the whole truth from then on**: people
and tracks of before are gone, numbers of tracks may come again. Its `recording` is the stream's id, its `at` the time
at which the stream began. The stream is over with `stopped`; nothing follows, and then `Ring.writer_open` is false. A
composer that finds it so does not take over but reads what is left: an `Order` and `stopped` at least.
`Ring.writer_seen` (UTC) grows twice a second while the node lives; as often it looks at `Ring.wanted`, by which the
composer asks for key frames. Whoever runs the composer removes the ring.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from recordings.capture.ring import shared_path

ORDER: Final = 3
"""Kind of a ring record: an `Order` as JSON. The last one holds."""
CAPACITY: Final = 8 * 1024 * 1024
"""Of a stream's ring, in bytes: about ten seconds of ten people."""
INDEX: Final = "index.m3u8"
STATUS: Final = "status.json"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,63}")


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Target(_Shape):
    """An RTMP or RTMPS server that gets the stream."""

    id: str
    name: str = ""
    sealed: str
    """Address and key, sealed (`Unseal` opens it). Nothing that is kept or logged holds them in the open."""
    again: int = 0
    """Grows when somebody wants a target that has failed, or waits, tried again at once."""


class Order(_Shape):
    """What is wanted of the composer from now on."""

    stream: str
    """16 hexadecimal digits; names this streaming for good."""
    meeting: str
    title: str = ""
    language: str = "uk"
    """Of the words that are written into the picture."""
    targets: list[Target] = []
    program: str = ""
    """Where the composed picture and sound are published for viewers by WebRTC (WHIP, RFC 9725), with a bearer token in
    `program_token`; empty: nowhere."""
    program_token: str = ""


TargetState = Literal["connecting", "live", "waiting", "failed", "ended"]
"""`waiting`: between two tries. `failed`: not tried again, since it cannot succeed (a wrong key or address)."""
TargetProblem = Literal["", "address", "inner", "unreachable", "refused", "tls", "hung", "slow", "ended"]
"""What went wrong last. `inner`: its name leads into a private network, which is not allowed. `refused`: the server did
not take the key. `hung`: it took the connection and then nothing. `slow`: the line is too slow for the stream. `ended`:
the server ended the connection."""


class TargetStatus(_Shape):
    """How one target fares."""

    id: str
    state: TargetState
    problem: TargetProblem = ""
    detail: str = ""
    """What the server or the system said, in its own words, without address and key; at most 200 characters."""
    since: float
    """UTC, seconds since the epoch."""
    tries: int = 0


StorageTrouble = Literal["", "disk_low", "not_kept", "gaps"]
"""What viewers and the recording suffer from the disk. `disk_low`: nothing yet, there is little room left. `not_kept`:
the instant recording has stopped until there is room. `gaps`: segments cannot be written, viewers by HLS miss them.
"""


class Status(_Shape):
    """How a stream fares; `status.json` in its folder is replaced whole about each second."""

    stream: str
    meeting: str
    state: Literal["starting", "live", "ended"]
    began_at: float
    at: float
    """When this was written. Older than 10 s, and not `ended`: the composer is away."""
    live_at: float | None = None
    """When the first segment was there."""
    segments: int = 0
    late_frames: Annotated[int, Field(ge=0)] = 0
    """Pictures that were left out because the machine is too slow."""
    captions: list[str] = []
    """Languages of the captions there have been (BCP 47)."""
    sounds: list[str] = ["floor"]
    """Sound tracks: `floor` is the room, `interpretation` the interpreter over the room."""
    targets: list[TargetStatus] = []
    trouble: StorageTrouble = ""


def folder(data: Path, meeting: str) -> Path:
    """Where the playlists of a meeting's stream lie, and its status. Raises ValueError for no name of a meeting."""
    if not _PLAIN.fullmatch(meeting):
        raise ValueError(f"{meeting!r} names no meeting.")
    return data / "live" / meeting


def ring_path(data: Path, node: int, stream: str) -> Path:
    """Where the ring of a stream lies."""
    ordinary = shared_path(data, node)
    return ordinary.with_name(f"{ordinary.stem}-live-{stream}.ring")


def rings(data: Path, node: int) -> dict[str, Path]:
    """The rings of streams that a node has opened: stream → path."""
    ordinary = shared_path(data, node)
    begin = f"{ordinary.stem}-live-"
    return {path.stem.removeprefix(begin): path for path in sorted(ordinary.parent.glob(f"{begin}*.ring"))}


def write_status(path: Path, status: Status) -> None:
    """Replace the status file whole; on a full disk, write over it: it says that the disk is full. Raises OSError."""
    content = status.model_dump_json().encode()
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        with path.open("r+b", buffering=0) as file:
            file.write(content.ljust(os.fstat(file.fileno()).st_size))


def read_status(path: Path) -> Status | None:
    """The status, or None where there is none that can be read."""
    try:
        return Status.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
