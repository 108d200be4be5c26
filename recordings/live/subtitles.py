"""Captions beside an instant recording: lines of JSON while it is written, WebVTT for players once it is complete."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from recordings.processing.state import replace
from recordings.processing.webvtt import TranscriptLine, captions

SUFFIX: Final = ".captions"


def beside(media: Path) -> Path:
    """Where the captions of a part, or of a recording, lie."""
    return media.with_suffix(SUFFIX)


def append(media: Path, line: TranscriptLine) -> None:
    """Note a line; times are seconds since the begin of `media`. Raises OSError."""
    with beside(media).open("a", encoding="utf-8") as file:
        file.write(line.model_dump_json() + "\n")


def read(media: Path) -> list[TranscriptLine]:
    """The lines in their order; one that a kill has torn is left out."""
    found: list[TranscriptLine] = []
    with contextlib.suppress(OSError):
        for line in beside(media).read_bytes().splitlines():
            with contextlib.suppress(ValidationError):
                found.append(TranscriptLine.model_validate_json(line))
    return sorted(found, key=lambda one: one.at)


def join(media: Path, parts: Iterable[tuple[Path, float]]) -> None:
    """The captions of `media`, which is made of parts that begin in it at so many seconds. Raises OSError."""
    lines = [
        one.model_copy(update={"at": one.at + begins, "until": one.until + begins})
        for part, begins in parts
        for one in read(part)
    ]
    for old in tracks(media).values():
        old.unlink()
    if not lines:
        beside(media).unlink(missing_ok=True)
        return
    replace(beside(media), "".join(one.model_dump_json() + "\n" for one in lines))
    for language, text in captions(lines).items():
        replace(media.with_name(f"{media.stem}.{language}.vtt"), text)


def tracks(media: Path) -> dict[str, Path]:
    """The WebVTT files of a complete recording, by language (BCP 47)."""
    found = media.parent.glob(f"{media.stem}.*.vtt")
    return {path.stem.removeprefix(f"{media.stem}."): path for path in sorted(found)}
