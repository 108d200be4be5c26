"""Limits of the machine: files, socket buffers, processors, clock."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import time
from pathlib import Path

from web.main.doctor.finding import Finding, broken, doubtful, good
from web.main.secrets import FILE_NAME
from web.main.settings import Settings

_FILES_WANTED = 4096
"""Each participant takes a WebSocket here and one in the media node; a page load a few more."""
_BUFFER_WANTED_BYTES = 4 * 2**20
"""At 100,000 packets a second of 1,200 bytes, about 35 ms during which the node may be busy elsewhere."""
_TIME_ERROR = 5
"""What adjtimex(2) returns while the clock is not synchronised."""
_TIMEX_BYTES = 512
"""More than sizeof(struct timex) anywhere; its first member, `modes` 0, means: only read."""


def findings(settings: Settings) -> list[Finding]:
    """What the operating system allows, and whether its clock can be trusted."""
    return [
        _files(),
        *map(_buffer, ("rmem_max", "wmem_max")),
        _processors(settings.media_nodes),
        *_clock(settings.data),
    ]


def _files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= _FILES_WANTED:
        return good(f"A process may open {soft} files.")
    remedy = (
        f"ulimit -n {_FILES_WANTED}, or LimitNOFILE={_FILES_WANTED} in the systemd unit (the hard limit is {hard})."
    )
    return doubtful(f"A process may open only {soft} files: too few for about {soft // 4} participants.", remedy)


def _buffer(name: str) -> Finding:
    direction = "incoming" if name == "rmem_max" else "outgoing"
    try:
        allowed = int(Path("/proc/sys/net/core", name).read_text())
    except OSError:
        return doubtful(f"The limit of the buffer for {direction} packets cannot be read here.", "Nothing to do.")
    if allowed >= _BUFFER_WANTED_BYTES:
        return good(f"The buffer for {direction} packets may hold {allowed // 1024} KiB.")
    return doubtful(
        f"The buffer for {direction} packets may hold only {allowed // 1024} KiB; large meetings may lose packets.",
        f"sysctl -w net.core.{name}={_BUFFER_WANTED_BYTES}, and the same line in /etc/sysctl.d/vikno.conf",
    )


def _processors(nodes: int) -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if nodes < cores or nodes == 1:
        return good(f"{cores} processor cores for {nodes} media node{'s' * (nodes > 1)} and the rest.")
    return doubtful(
        f"{nodes} media nodes on {cores} processor cores leave none for web and database.",
        f"Set VIKNO_MEDIA_NODES to {max(1, cores - 1)} at most.",
    )


def _clock(data: Path) -> list[Finding]:
    key = data / FILE_NAME
    if key.exists() and key.stat().st_mtime > time.time() + 60:
        return [
            broken(
                "The clock is behind: the key file was made in the future. Tokens would be refused as expired.",
                "Set the clock (timedatectl set-ntp true).",
            )
        ]
    synchronised = _synchronised()
    if synchronised is None:
        return []
    if synchronised:
        return [good("The clock is synchronised.")]
    return [
        doubtful(
            "The clock is not synchronised; attendance and certificates bear its time.",
            "timedatectl set-ntp true, or install chrony. (In a container the host keeps the clock.)",
        )
    ]


def _synchronised() -> bool | None:
    if not sys.platform.startswith("linux"):
        return None
    state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else state != _TIME_ERROR
