"""Who is speaking, from the audio levels that publishers send (RFC 6464): no sound is decoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sfu.media.publication import SILENT_LEVEL

if TYPE_CHECKING:
    from sfu.media.publication import Publication

INTERVAL = 0.100
"""Seconds between two looks at the levels."""
SPEAKING_LEVEL = 60
"""-dBov: what is louder may be speech."""
MARGIN = 6
"""dB by which another must be louder than the speaker to take over while the speaker still speaks."""
TAKE_OVER_AFTER = 0.400
"""Seconds that another must lead before he becomes the speaker: coughs and doors do not."""
LEVEL_LIFETIME = 0.500
"""Seconds after which a level that is not renewed counts as silence (DTX, loss)."""


class SpeakerGroup:
    """Names the dominant speaker of a group of audio publications, and only changes its mind for a reason."""

    __slots__ = ("_candidate", "_candidate_since", "_members", "_on_speaker", "_ticked_at", "speaker")

    def __init__(self, on_speaker: Callable[[Publication | None], None]) -> None:
        """`on_speaker` is told each new speaker; None only when the speaker leaves the group."""
        self._on_speaker = on_speaker
        self._members: list[Publication] = []
        self._candidate: Publication | None = None
        self._candidate_since = 0.0
        self._ticked_at = float("-inf")
        self.speaker: Publication | None = None
        """Who spoke last; stays while everybody is silent."""

    def add(self, publication: Publication) -> None:
        """Listen to `publication` too."""
        if publication not in self._members:
            self._members.append(publication)

    def remove(self, publication: Publication) -> None:
        """Listen to it no more; if it was the speaker there is none until another speaks."""
        if publication in self._members:
            self._members.remove(publication)
        if publication is self._candidate:
            self._candidate = None
        if publication is self.speaker:
            self.speaker = None
            self._on_speaker(None)

    def tick(self, now: float) -> None:
        """Look at the levels, at most every `INTERVAL`."""
        if now - self._ticked_at < INTERVAL:
            return
        self._ticked_at = now
        loudest = min(self._members, key=lambda one: _level(one, now), default=None)
        if loudest is None or loudest is self.speaker or not self._leads(loudest, now):
            self._candidate = None
            return
        if loudest is not self._candidate:
            self._candidate, self._candidate_since = loudest, now
        if now - self._candidate_since >= TAKE_OVER_AFTER:
            self._candidate = None
            self.speaker = loudest
            self._on_speaker(loudest)

    def _leads(self, publication: Publication, now: float) -> bool:
        level = _level(publication, now)
        if level > SPEAKING_LEVEL:
            return False
        return self.speaker is None or level + MARGIN <= _level(self.speaker, now)


def _level(publication: Publication, now: float) -> float:
    if publication.muted or now - publication.last_packet_at > LEVEL_LIFETIME:
        return SILENT_LEVEL
    return publication.level
