"""The plans that a node was told, in memory and in a folder, for as long as somebody may need them.

The web process tells a plan again within a day of a visit (`web.planned`), so what nobody asked for in a day goes. A
plan stays while its meeting runs or has news to deliver, and as long after that as a token may bring somebody back.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from signaling.clock import Clock
from signaling.meeting.plan import Plan
from signaling.problems import RefusedError
from signaling.tokens import LIFETIME_S

KEPT_S = 24 * 3600.0
"""After it was told."""
_SWEEP_S = 60.0


class Plans:
    """Plans by meeting."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._plans: dict[str, Plan] = {}
        self._until: dict[str, float] = {}
        """Until when each is kept (UTC)."""
        self._sweep_at = 0.0

    def restore(self) -> None:
        """Those that an earlier run has left. A file that cannot be read is as good as none."""
        for path in sorted(self._folder.glob("*.json")):
            with contextlib.suppress(OSError, ValidationError):
                plan, told_at = Plan.model_validate_json(path.read_bytes()), path.stat().st_mtime
                self._plans[path.stem] = plan
                self._until[path.stem] = min(told_at, self._clock.wall()) + KEPT_S

    def get(self, meeting: str) -> Plan | None:
        """The plan of a meeting, if one was told."""
        return self._plans.get(meeting)

    def keep(self, meeting: str, plan: Plan) -> None:
        """A meeting is to be held so. Raises `RefusedError` (`storage_full`)."""
        path = self._path(meeting)
        fresh = path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(plan.model_dump(mode="json")))
            fresh.replace(path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise RefusedError("storage_full", error.strerror or "") from error
        self._plans[meeting] = plan
        self._until[meeting] = self._clock.wall() + KEPT_S

    def forget(self, meeting: str) -> None:
        """Nobody needs it any more."""
        self._plans.pop(meeting, None)
        self._until.pop(meeting, None)
        self._path(meeting).unlink(missing_ok=True)

    def sweep(self, needed: Callable[[str], bool]) -> None:
        """To be called often; now and then forgets what is old and not `needed`."""
        if self._clock.monotonic() < self._sweep_at:
            return
        self._sweep_at = self._clock.monotonic() + _SWEEP_S
        now = self._clock.wall()
        for meeting, until in list(self._until.items()):
            if needed(meeting):
                self._until[meeting] = max(until, now + LIFETIME_S)
            elif until <= now:
                self.forget(meeting)

    def _path(self, meeting: str) -> Path:
        return self._folder / f"{meeting}.json"
