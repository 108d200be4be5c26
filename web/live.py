"""The public's side of live streams: which are for everybody, their files, and how many watch.

Players ask for a playlist every two seconds, so nothing here asks the database more often than now and then, and
nothing makes a page. Viewers are counted by a random number that their page thinks up for itself, or, for a player
elsewhere, by a digest of address and program with a salt that lives in this process's memory: nobody can be found again
by it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from lms.database import Database
from lms.streaming import queries
from lms.streaming.library import Audience, LiveLibrary, LiveStatus
from web.limiting import client_address
from web.security import ANYWHERE

log = logging.getLogger(__name__)

TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/mp4",
    ".mp4": "video/mp4",
    ".vtt": "text/vtt",
    ".jpg": "image/jpeg",
}
"""What is given away; the composer's report is not."""
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}){0,2}")
VIEWER = re.compile(r"[0-9a-f]{16}")
PLAYLIST_S = 1
SEGMENT_S = 3600
"""Names of segments are never used again."""
DOOR_S = 15.0
"""So long an answer about who may watch is good."""
SEEN_S = 30.0
"""Who was not heard of for so long has gone."""
TELL_S = 5.0
MOST_VIEWERS = 20_000
"""Of one stream in one process. More are served, and not counted."""
MOST_STREAMS = 1_000
SHELF_BYTES = 48 * 1024 * 1024


@dataclass(slots=True)
class _Crowd:
    """Who watches one stream by this process."""

    seen: OrderedDict[str, tuple[float, bool]] = field(default_factory=OrderedDict)
    """Viewer → when last heard of, and whether by HLS; the longest silent first."""
    views: int = 0
    told_at: float = 0.0


class LiveDesk:
    """Everything about live streams that one web process remembers. All of it may be lost."""

    def __init__(self, database: Database, library: LiveLibrary, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._library = library
        self._now = now
        self._doors: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._statuses: dict[str, tuple[float, LiveStatus]] = {}
        self._crowds: dict[str, _Crowd] = {}
        self._audiences: dict[str, tuple[float, Audience]] = {}
        self._telling: set[asyncio.Task[None]] = set()
        self._salt = secrets.token_bytes(16)
        self._name = f"{os.getpid()}-{secrets.token_hex(3)}"
        self._shelf: OrderedDict[Path, bytes] = OrderedDict()
        self._shelf_bytes = 0

    async def open_to_public(self, meeting: str) -> bool:
        """Whether there is a stream, and it is for everybody."""
        if self.status(meeting) is None:
            return False
        known = self._doors.get(meeting)
        if known is not None and self._now() - known[0] < DOOR_S:
            return known[1]
        answer = await run_in_threadpool(self._ask, meeting)
        self._doors[meeting] = (self._now(), answer)
        self._doors.move_to_end(meeting)
        while len(self._doors) > MOST_STREAMS:
            self._doors.popitem(last=False)
        return answer

    def status(self, meeting: str) -> LiveStatus | None:
        """How its stream fares, as of a second ago at most."""
        known = self._statuses.get(meeting)
        if known is not None and self._now() - known[0] < PLAYLIST_S:
            return known[1]
        if len(self._statuses) >= MOST_STREAMS:
            self._statuses.clear()
        found = self._library.status(meeting)
        if found is not None:
            self._statuses[meeting] = (self._now(), found)
        return found

    def _ask(self, meeting: str) -> bool:
        with self._database.reading() as session:
            return queries.may_be_watched(session, meeting)

    # ------------------------------------------------------------ files

    def file(self, request: Request, meeting: str, name: str) -> Response | None:
        """A file of a stream that is for everybody; None where there is none."""
        kind = TYPES.get(Path(name).suffix)
        if kind is None or not NAME.fullmatch(name):
            return None
        playlist = kind == TYPES[".m3u8"]
        age = f"public, max-age={PLAYLIST_S}" if playlist else f"public, max-age={SEGMENT_S}, immutable"
        headers = {**ANYWHERE, "Cache-Control": age}
        try:
            path = self._library.path(meeting, name)
            if not playlist and "range" in request.headers:
                return FileResponse(path, media_type=kind, headers=headers)
            content = path.read_bytes() if playlist else self._segment(path)
        except OSError:
            return None
        return Response(content, media_type=kind, headers=headers)

    def _segment(self, path: Path) -> bytes:
        """Everybody asks for the same few segments. Raises OSError."""
        content = self._shelf.get(path)
        if content is not None:
            self._shelf.move_to_end(path)
            return content
        content = path.read_bytes()
        self._shelf[path] = content
        self._shelf_bytes += len(content)
        while self._shelf_bytes > SHELF_BYTES:
            self._shelf_bytes -= len(self._shelf.popitem(last=False)[1])
        return content

    # ------------------------------------------------------------ viewers

    def player(self, request: Request, meeting: str) -> None:
        """A player asked for a playlist. Our own page is counted by what it asks besides."""
        headers = request.headers
        if headers.get("sec-fetch-site") == "same-origin" or "/live/" in headers.get("referer", ""):
            return
        who = f"{client_address(request)} {headers.get('user-agent', '')}".encode()
        self.viewer(meeting, hashlib.blake2b(who, digest_size=8, key=self._salt).hexdigest())

    def viewer(self, meeting: str, viewer: str, *, began: bool | None = None, by_files: bool = True) -> None:
        """Somebody watches, by HLS or not. `began`: whether they have just begun to; None: who is new has."""
        status = self.status(meeting)
        if status is None or status.state == "ended" or not VIEWER.fullmatch(viewer):
            return
        now = self._now()
        crowd = self._crowds.setdefault(status.stream, _Crowd())
        known = viewer in crowd.seen
        if known or len(crowd.seen) < MOST_VIEWERS:
            crowd.seen[viewer] = (now, by_files)
            crowd.seen.move_to_end(viewer)
        if began or (began is None and not known):
            crowd.views += 1
        while crowd.seen and now - next(iter(crowd.seen.values()))[0] > SEEN_S:
            crowd.seen.popitem(last=False)
        if now - crowd.told_at >= TELL_S:
            crowd.told_at = now
            viewers = {each: files for each, (_at, files) in crowd.seen.items()}
            told = run_in_threadpool(self._tell, status.stream, viewers, crowd.views)
            task = asyncio.get_running_loop().create_task(told)
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        for stream in [each for each, one in self._crowds.items() if now - one.told_at > 10 * SEEN_S]:
            del self._crowds[stream]

    async def settled(self) -> None:
        """Wait until everything that was to be told is told."""
        await asyncio.gather(*self._telling)

    def watching(self, stream: str) -> int:
        """How many watch, over all web processes."""
        known = self._audiences.get(stream)
        if known is None or self._now() - known[0] >= TELL_S:
            if len(self._audiences) >= MOST_STREAMS:
                self._audiences.clear()
            known = self._audiences[stream] = (self._now(), self._library.audience(stream))
        return known[1].now

    def _tell(self, stream: str, viewers: dict[str, bool], views: int) -> None:
        try:
            self._library.tell_audience(stream, self._name, viewers, views)
        except OSError as error:
            log.warning("Viewers of a stream could not be counted: %s", error)
