"""Captions as segments of WebVTT (W3C; in HLS: RFC 8216, 3.5), by language."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

from recordings.live.formats import Caption

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
_LANGUAGES: Final = 8
_KEPT: Final = 400
_SHORTEST_S: Final = 1.5
"""A caption that came late is shown for so long at least."""
NAMES: Final = {"uk": "Українська", "en": "English"}


class Captions:
    """Collects captions, and says what stands in each segment."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Caption]] = {}

    @property
    def languages(self) -> list[str]:
        """Those that there have been."""
        return sorted(self._waiting)

    def expect(self, language: str) -> None:
        """There have been captions in this language before."""
        self._waiting.setdefault(language, [])

    def add(self, caption: Caption) -> bool:
        """Take a caption. False where there is nothing to show, or no place for one more language."""
        known = caption.language in self._waiting
        if not _LANGUAGE.fullmatch(caption.language) or (not known and len(self._waiting) >= _LANGUAGES):
            return False
        if not caption.text.strip():
            return False
        kept = self._waiting.setdefault(caption.language, [])
        kept.append(caption)
        del kept[:-_KEPT]
        return True

    def segment(self, language: str, start: float, end: float) -> str:
        """The segment [start, end), in seconds since the stream's zero.

        A caption stands in every segment that it is shown in. One that came after its time is shown at the begin of
        this segment: that is the next that anybody fetches.
        """
        kept = self._waiting.get(language, [])
        kept[:] = [_moved(caption, start) for caption in kept]
        shown = [caption for caption in kept if caption.at < end]
        kept[:] = [caption for caption in kept if caption.until > end]
        return _file(shown)


def _moved(caption: Caption, start: float) -> Caption:
    if caption.until > start:
        return caption
    lasts = max(_SHORTEST_S, caption.until - caption.at)
    return caption._replace(at=start, until=start + lasts)


def _file(captions: Iterable[Caption]) -> str:
    """The media's decoding times are the stream's times, so both clocks of the map begin at 0."""
    cues = [
        f"{_stamp(caption.at)} --> {_stamp(max(caption.until, caption.at + 0.1))}\n{_text(caption.text)}\n"
        for caption in sorted(captions, key=lambda one: one.at)
    ]
    return "\n".join(["WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n", *cues])


def _text(text: str) -> str:
    """A blank line would end the cue."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return html.escape("\n".join(lines), quote=False)


def _stamp(seconds: float) -> str:
    whole = max(0, round(seconds * 1000))
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
