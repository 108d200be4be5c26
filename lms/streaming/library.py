"""What live streams need of the place where their files lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from lms.media.library import MadeFile


@dataclass(frozen=True, slots=True)
class TargetNow:
    """How one target fares. `state`: connecting, live, waiting, failed, ended; `problem` is empty if there is none."""

    id: str
    state: str
    problem: str
    detail: str
    since: datetime
    tries: int


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """How a stream fares, as its composer wrote it at `at`."""

    stream: str
    meeting: str
    state: Literal["starting", "live", "ended"]
    began_at: datetime
    at: datetime
    live_at: datetime | None = None
    captions: tuple[str, ...] = ()
    """Languages (BCP 47)."""
    sounds: tuple[str, ...] = ("floor",)
    targets: tuple[TargetNow, ...] = ()
    trouble: str = ""
    """What it suffers from the disk: disk_low, not_kept, gaps; empty if nothing."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who watches on our own page or by our files: how many now, and how often somebody began to."""

    now: int = 0
    views: int = 0
    by_files: int = 0
    """Of those now: who takes it by HLS. The others' connections are known to the media node as well."""


class LiveLibrary(Protocol):
    """Where live streams lie. Names are checked: none leads out of the stream's folder."""

    def running(self) -> Sequence[LiveStatus]:
        """The streams of which there are files, ended ones too."""

    def status(self, meeting: str) -> LiveStatus | None:
        """How the meeting's latest stream fares; None where there is none."""

    def path(self, meeting: str, name: str) -> Path:
        """A file of the meeting's stream, on this machine. Raises `FileNotFoundError`."""

    def tell_audience(self, stream: str, by: str, viewers: Mapping[str, bool], views: int) -> None:
        """One web process has these viewers now (and whether by HLS), and so many views so far. Raises `OSError`."""

    def audience(self, stream: str) -> Audience:
        """Who watches it, over all web processes."""

    def forget_audience(self, stream: str) -> None:
        """Delete what viewers were counted by."""

    def instant(self, stream: str) -> Sequence[MadeFile]:
        """What was kept while it ran, of a stream that has ended: pictures, usually in one file, and captions."""


class NoLive:
    """For an installation without live streams."""

    def running(self) -> Sequence[LiveStatus]:
        """There is nothing."""
        return ()

    def status(self, meeting: str) -> LiveStatus | None:
        """There is nothing."""
        return None

    def path(self, meeting: str, name: str) -> Path:
        """There is nothing."""
        raise FileNotFoundError(name)

    def tell_audience(self, stream: str, by: str, viewers: Mapping[str, bool], views: int) -> None:
        """Nobody asks."""

    def audience(self, stream: str) -> Audience:
        """Nobody watches."""
        return Audience()

    def forget_audience(self, stream: str) -> None:
        """Nothing to forget."""

    def instant(self, stream: str) -> Sequence[MadeFile]:
        """There is nothing."""
        return ()
