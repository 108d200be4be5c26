"""Text that goes with a picture in time, as WebVTT (https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel


class TranscriptLine(BaseModel):
    """A line of captions."""

    at: float
    until: float
    language: str
    name: str
    text: str


def stamp(seconds: float) -> str:
    """A time of WebVTT (https://www.w3.org/TR/webvtt1/#webvtt-timestamp)."""
    whole, ms = divmod(round(max(0.0, seconds) * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{ms:03d}"


def webvtt(cues: Iterable[tuple[float, float, str]]) -> str:
    """A WebVTT file; what is said cannot break out of its cue."""
    lines = ["WEBVTT", ""]
    for since, until, text in cues:
        said = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        lines += [f"{stamp(since)} --> {stamp(max(until, since + 0.001))}", said, ""]
    return "\n".join(lines)


def captions(lines: Iterable[TranscriptLine]) -> dict[str, str]:
    """WebVTT by language."""
    found: dict[str, list[tuple[float, float, str]]] = {}
    for line in lines:
        found.setdefault(line.language, []).append((line.at, line.until, line.text))
    return {language: webvtt(cues) for language, cues in found.items()}
