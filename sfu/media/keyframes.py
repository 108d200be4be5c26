"""When to ask a publisher for a key frame: once for many wishes, again if unanswered (checklist B12)."""

from __future__ import annotations

MIN_INTERVAL = 0.500
"""Seconds between two requests to one source that are not repetitions."""
RETRY_INTERVAL = 0.400
"""Seconds after which an unanswered request is repeated; grows with each repetition."""
MAX_RETRIES = 8


class KeyFrameRequests:
    """The wishes of all receivers of one source, made into few requests."""

    __slots__ = ("_asked_at", "_attempts", "_wanted")

    def __init__(self) -> None:
        self._wanted = False
        self._asked_at = float("-inf")
        self._attempts = 0

    @property
    def wanted(self) -> bool:
        """Whether a wish is open."""
        return self._wanted

    def want(self) -> None:
        """Some receiver needs a key frame."""
        if not self._wanted:
            self._wanted = True
            self._attempts = 0

    def arrived(self) -> None:
        """A key frame begins: all wishes are fulfilled."""
        self._wanted = False

    def due(self, now: float) -> bool:
        """Whether a request should go out now; it then counts as sent."""
        if not self._wanted:
            return False
        if self._attempts == 0:
            interval = MIN_INTERVAL
        elif self._attempts <= MAX_RETRIES:
            interval = RETRY_INTERVAL * min(1 << self._attempts - 1, 8)
        else:
            self._wanted = False
            return False
        if now - self._asked_at < interval:
            return False
        self._attempts += 1
        self._asked_at = now
        return True
