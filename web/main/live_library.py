"""Where live streams lie on this machine: `live/<meeting>` for players, `live-viewers/<stream>` for counting them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import av

from lms.media.library import MadeFile
from lms.streaming.library import Audience, LiveStatus, TargetNow
from recordings.live import subtitles, wire
from recordings.live.joining import finish
from web.main.library import FolderLibrary

FRESH_S = 30.0
"""A web process that has not written for so long has no viewers any more."""


class LiveFolder:
    """The live streams of an installation in its data folder (`lms.streaming.library.LiveLibrary`)."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._recordings = FolderLibrary(data)

    def running(self) -> Sequence[LiveStatus]:
        """The streams of which there are files, ended ones too."""
        paths = sorted((self._data / "live").glob(f"*/{wire.STATUS}"))
        return [as_status(found) for path in paths if (found := wire.read_status(path)) is not None]

    def status(self, meeting: str) -> LiveStatus | None:
        """How the meeting's latest stream fares."""
        try:
            found = wire.read_status(wire.folder(self._data, meeting) / wire.STATUS)
        except ValueError:
            return None
        return as_status(found) if found is not None else None

    def path(self, meeting: str, name: str) -> Path:
        """A file of the meeting's stream. Raises `FileNotFoundError`."""
        try:
            folder = wire.folder(self._data, meeting)
        except ValueError as error:
            raise FileNotFoundError(meeting) from error
        found = folder / name
        if ".." in found.parts or not found.resolve().is_relative_to(folder.resolve()) or not found.is_file():
            raise FileNotFoundError(name)
        return found

    def tell_audience(self, stream: str, by: str, viewers: Mapping[str, bool], views: int) -> None:
        """One web process has these viewers now (and whether by HLS), and so many views so far."""
        folder = self._viewers(stream)
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{by}-{secrets.token_hex(4)}"  # an earlier telling may still be under way
        part.write_text(json.dumps({"views": views, "viewers": dict(viewers)}), encoding="ascii")
        part.replace(folder / f"{by}.json")

    def audience(self, stream: str) -> Audience:
        """Who watches it, over all web processes: whoever asks several of them is one."""
        seen: dict[str, bool] = {}
        views = 0
        for path in self._viewers(stream).glob("*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError):
                told = json.loads(path.read_bytes())
                views += int(told["views"])
                if time.time() - path.stat().st_mtime < FRESH_S:
                    seen.update(told["viewers"])
        return Audience(len(seen), views, sum(seen.values()))

    def forget_audience(self, stream: str) -> None:
        """Delete what viewers were counted by."""
        shutil.rmtree(self._viewers(stream), ignore_errors=True)

    def instant(self, stream: str) -> Sequence[MadeFile]:
        """What was kept while it ran, once that is whole; parts that a composer which died left behind are joined."""
        found: list[MadeFile] = []
        try:
            for number, path in enumerate(finish(self._data, stream, wait=False), 1):
                with av.open(str(path)) as file:
                    duration = float(file.duration or 0) / av.time_base
                found.append(_made(path, "video/mp4", "composition", duration, str(number)))
                found += [_made(each, "text/vtt", "captions") for each in subtitles.tracks(path).values()]
        except (OSError, av.FFmpegError):
            return ()
        return found

    def _viewers(self, stream: str) -> Path:
        return self._data / "live-viewers" / stream


def _made(path: Path, media_type: str, source: str, duration: float | None = None, label: str = "") -> MadeFile:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return MadeFile(path.name, media_type, path.stat().st_size, digest, duration, source, label)


def as_status(found: wire.Status) -> LiveStatus:
    """The same in the domain's words."""
    return LiveStatus(
        stream=found.stream,
        meeting=found.meeting,
        state=found.state,
        began_at=datetime.fromtimestamp(found.began_at, UTC),
        at=datetime.fromtimestamp(found.at, UTC),
        live_at=datetime.fromtimestamp(found.live_at, UTC) if found.live_at is not None else None,
        captions=tuple(found.captions),
        sounds=tuple(found.sounds),
        targets=tuple(
            TargetNow(
                each.id, each.state, each.problem, each.detail, datetime.fromtimestamp(each.since, UTC), each.tries
            )
            for each in found.targets
        ),
        trouble=found.trouble,
    )
