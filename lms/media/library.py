"""What recordings need of the place where their media lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One published file."""

    name: str
    media_type: str
    size: int
    sha256: str
    duration_s: float | None = None
    source: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What processing has made of a recording."""

    version: str
    duration_s: float
    files: Sequence[MadeFile]
    problems: Sequence[str] = ()


class MediaLibrary(Protocol):
    """Where recordings lie. Codes are those of `Recording`; names are checked: none leads out of the recording."""

    def path(self, code: str, name: str) -> Path:
        """A published file on this machine. Raises `FileNotFoundError`."""

    def playback(self, code: str) -> dict[str, object]:
        """Chapters, chat and the like, with times in seconds from the beginning. Raises `FileNotFoundError`."""

    def files(self, code: str, *, raw_only: bool = False) -> list[tuple[str, int]]:
        """Everything that lies there of it, or what was captured alone: path among the recordings, and bytes."""

    def delete(self, code: str, *, raw_only: bool = False) -> None:
        """Delete what `files` names. Deleting again does nothing. Raises OSError for what cannot be deleted."""


class NoLibrary:
    """For an installation without recordings."""

    def path(self, code: str, name: str) -> Path:
        """There is nothing."""
        raise FileNotFoundError(name)

    def playback(self, code: str) -> dict[str, object]:
        """There is nothing."""
        raise FileNotFoundError(code)

    def files(self, code: str, *, raw_only: bool = False) -> list[tuple[str, int]]:
        """There is nothing."""
        return []

    def delete(self, code: str, *, raw_only: bool = False) -> None:
        """There is nothing."""
