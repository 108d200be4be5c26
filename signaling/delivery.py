"""Delivery of events to the web process, out of the journals: at least once, in the order of each meeting.

How far a journal has been acknowledged is kept in a small file beside it, so a restart of either side loses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from signaling.events import Event, EventBatch, sign_delivery
from signaling.journal import Journal
from signaling.meeting.told import event_data

BATCH = 200
FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
TIMEOUT_S = 10.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Source:
    """A journal and how far it has been told."""

    meeting: str
    opening: str
    journal: Journal
    told: int = 0
    """Offset in bytes."""
    finished: bool = False
    """Nothing will be written any more: delete it when all is told."""

    @property
    def position_file(self) -> Path:
        return self.journal.path.with_suffix(".told")

    @property
    def pending(self) -> bool:
        return self.told < self.journal.size


class Delivery:
    """Posts events to `url`. With an empty `url` nothing is posted and finished journals are deleted at once.

    `on_done` gets the journals that are finished and told, and may close and delete them.
    """

    def __init__(
        self, *, node: int, url: str, key: bytes, on_done: Callable[[Journal], None], client: httpx.AsyncClient
    ) -> None:
        self._node = node
        self._url = url
        self._key = key
        self._on_done = on_done
        self._client = client
        self._sources: dict[str, _Source] = {}
        self._wake = asyncio.Event()
        self._told = asyncio.Event()
        """Set whenever all is told, and when a delivery fails."""
        self._task: asyncio.Task[None] | None = None
        self.delivered = 0
        self.failures = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="events")

    def watch(self, meeting: str, opening: str, journal: Journal) -> None:
        """Tell what is in a journal, from where an earlier run has stopped."""
        source = _Source(meeting, opening, journal)
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            source.told = min(int(json.loads(source.position_file.read_text())["told"]), journal.size)
        self._sources[opening] = source
        self._wake.set()

    def written(self) -> None:
        """Something has been appended to a journal."""
        self._wake.set()

    def all_told(self, opening: str) -> bool:
        """Whether the web process knows everything of this journal (or nobody is to be told)."""
        return not self._url or not self._sources[opening].pending

    def tells_of(self, meeting: str) -> bool:
        """Whether there is a journal of this meeting of which anything is still to be told or written."""
        return any(source.meeting == meeting for source in self._sources.values())

    def shortened(self, opening: str) -> None:
        """The journal was replaced by a restatement of what has been told."""
        source = self._sources[opening]
        source.told = source.journal.size
        self._keep_position(source)

    def finish(self, opening: str) -> None:
        """The meeting has closed: its journal may go when all is told."""
        self._sources[opening].finished = True
        self._wake.set()

    @property
    def pending(self) -> int:
        """Bytes of journal that the web process has not acknowledged."""
        return sum(source.journal.size - source.told for source in self._sources.values()) if self._url else 0

    async def close(self, *, timeout_s: float = 3.0) -> None:
        """Deliver what is there for at most `timeout_s`, then stop."""
        if self.pending and self.failures == 0 and self._task is not None:
            self._told.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._told.wait()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._client.aclose()

    # ------------------------------------------------------------ the loop

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._tell_all()
            except Exception:
                # Nothing may end this for good: a node that tells nothing more looks well from outside.
                self.failures += 1
                _log.exception("events_not_delivered", url=self._url, failures=self.failures)
                await asyncio.sleep(self._retry_after())
                self._wake.set()
            self._told.set()

    async def _tell_all(self) -> None:
        while batch := self._collect():
            if batch.events and not await self._post(batch.events):
                await asyncio.sleep(self._retry_after())
                continue
            self._acknowledge(batch.offsets)
        self._drop_finished()

    def _retry_after(self) -> float:
        """Exponential, with jitter so that many nodes do not call a web process that comes up all at once."""
        base: float = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self.failures - 1, 10))
        return base * random.uniform(0.5, 1.0)  # noqa: S311  jitter, not a secret

    def _collect(self) -> _Batch | None:
        batch = _Batch([], {})
        for source in self._sources.values():
            if not source.pending:
                continue
            if not self._url:
                batch.offsets[source.opening] = source.journal.size
                continue
            for record in source.journal.read(source.told):
                if len(batch.events) >= BATCH:
                    break
                batch.offsets[source.opening] = record.end
                data = event_data(record.fact) if record.number > 0 else None
                if data is not None:
                    batch.events.append(self._event(source, record.number, record.fact.at, data))
        return batch if batch.offsets else None

    def _event(self, source: _Source, number: int, at: float, data: object) -> Event:
        return Event.model_validate(
            {
                "id": f"{source.opening}-{number}",
                "node": self._node,
                "meeting": source.meeting,
                "opening": source.opening,
                "sequence": number,
                "at": at,
                "data": data,
            }
        )

    async def _post(self, events: list[Event]) -> bool:
        body = EventBatch(events=events).model_dump_json().encode()
        headers = {
            "Authorization": sign_delivery(body, self._key, node=self._node),
            "Content-Type": "application/json",
        }
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
            cause = None if answer.is_success else f"status {answer.status_code}"
        except httpx.HTTPError as error:
            cause = f"{type(error).__name__}: {error}"
        if cause is None:
            self.failures = 0
            self.delivered += len(events)
            return True
        self.failures += 1
        self._told.set()
        if self.failures in (1, 10) or self.failures % 100 == 0:
            _log.warning("events_not_delivered", url=self._url, cause=cause, failures=self.failures)
        return False

    def _acknowledge(self, offsets: dict[str, int]) -> None:
        for opening, offset in offsets.items():
            if source := self._sources.get(opening):
                source.told = offset
                if self._url:
                    self._keep_position(source)

    def _keep_position(self, source: _Source) -> None:
        """On a full disk the position stays behind: after a restart some events are told twice, which is allowed."""
        fresh = source.position_file.with_suffix(".told-new")
        try:
            fresh.write_text(json.dumps({"told": source.told}))
            os.replace(fresh, source.position_file)
        except OSError as error:
            _log.warning("position_not_kept", error=error.strerror)

    def _drop_finished(self) -> None:
        for opening, source in list(self._sources.items()):
            if source.finished and not source.pending:
                del self._sources[opening]
                source.position_file.unlink(missing_ok=True)
                self._on_done(source.journal)


@dataclass(slots=True)
class _Batch:
    events: list[Event]
    offsets: dict[str, int]
    """Opening → offset behind the last record that this batch covers."""
