"""What may be seen of somebody: their camera, their screen, whichever track it comes by."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from recordings.live.decoding import PictureTrack
from recordings.live.picture import Moving
from recordings.live.stage import Shown
from recordings.processing.plan import SMALL_HOLE_S
from recordings.processing.tracks import SILENCE_S

CAMERA: Final = "camera"
STILL: Final = ("screen",)
"""Sources that may show nothing new for long; all others that do are frozen, and not shown."""


@dataclass(eq=False)
class View:
    """A place's content. A new connection or another device brings a new track: the old picture stays until then."""

    number: int
    participant: str
    source: str
    since: float
    tracks: dict[int, PictureTrack] = field(default_factory=dict)
    """Those that have not ended, by number."""
    muted: bool = False
    moving: Moving | None = None
    _ended_at: float | None = None
    _moved_at: float = float("-inf")

    def advance(self, time: float, lag: float, *, wanted: bool) -> None:
        """It is `time` (UTC, of capture); this is shown later by `lag` seconds. What is no camera is large as soon as
        it is there, so its first picture is always wanted.
        """
        for number, track in self.tracks.items():
            track.advance(time - lag, wanted=wanted or (self.source != CAMERA and track.picture is None))
            self._moved_at = max(self._moved_at, track.moved_at + lag)
            if track.picture is not None and not self.muted:
                self.moving = Moving(track.picture, (number, track.version), self.source != CAMERA)
        if self.tracks:
            self._ended_at = None
        elif self._ended_at is None:
            self._ended_at = time

    def mute(self, *, muted: bool) -> None:
        """The sender hid the picture, or shows it again."""
        if muted and not self.muted:
            self.moving = None
            for track in self.tracks.values():
                track.darken()
        self.muted = muted

    def over(self, time: float) -> bool:
        """Whether it ended, and no other track took its place."""
        return self._ended_at is not None and time - self._ended_at > SMALL_HOLE_S

    def can_show(self, time: float) -> bool:
        """Whether there is something to show, or would be, were it decoded."""
        if self.muted or self.over(time):
            return False
        if self.source not in STILL and time - self._moved_at > SILENCE_S:
            return False
        return self.source == CAMERA or self.moving is not None


class Views:
    """All views of a meeting."""

    def __init__(self) -> None:
        self._views: dict[tuple[str, str], View] = {}
        self._made = 0

    def begin(self, participant: str, source: str, number: int, track: PictureTrack, time: float) -> None:
        """A track begins."""
        view = self._views.get((participant, source))
        if view is None:
            view = self._views[participant, source] = View(self._made, participant, source, time)
            self._made += 1
        view.muted = False
        view.tracks[number] = track

    def end(self, number: int) -> None:
        """A track ended."""
        for view in self._views.values():
            view.tracks.pop(number, None)

    def end_all(self) -> None:
        """All tracks ended."""
        for view in self._views.values():
            view.tracks.clear()

    def mute(self, muted: Collection[int]) -> None:
        """These tracks are muted, all others are not."""
        for view in self._views.values():
            if view.tracks:
                view.mute(muted=max(view.tracks) in muted)

    def advance(self, time: float, lags: Mapping[str, float], wanted: Collection[int]) -> None:
        """It is `time`; what participants send is shown later by `lags`. Pictures of `wanted` views are decoded."""
        for key, view in list(self._views.items()):
            view.advance(time, lags.get(view.participant, 0.0), wanted=view.number in wanted)
            if view.over(time):
                del self._views[key]

    def shown(self, time: float) -> Iterator[Shown]:
        """What may be seen."""
        for view in self._views.values():
            if view.can_show(time):
                yield Shown(view.number, view.participant, view.source, view.since)

    def moving(self) -> dict[int, Moving]:
        """Pictures by the number of their view."""
        return {view.number: view.moving for view in self._views.values() if view.moving is not None}
