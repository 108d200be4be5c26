"""Files that people send in, kept beside the database and named by the SHA-256 of their contents.

The same contents are kept once; a name that somebody gave a file is never part of a path.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import Protocol

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".rtf": "application/rtf",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".zip": "application/zip",
}
"""What is taken, by the ending of its name. Nothing that a browser would run."""


class FileStore(Protocol):
    """Keeps contents by their digest."""

    def put(self, contents: bytes) -> str:
        """Keep it; the SHA-256 in hexadecimal. Putting the same again changes nothing."""

    def get(self, digest: str) -> bytes:
        """The contents. Raises `FileNotFoundError`."""

    def path(self, digest: str) -> Path:
        """Where the contents lie, to be read a part at a time. Raises `FileNotFoundError`."""


class FolderFiles:
    """Files in a folder, two letters of the digest as subfolder. Written aside and renamed: never half there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, contents: bytes) -> str:
        """Keep it; the SHA-256 in hexadecimal."""
        digest = hashlib.sha256(contents).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(contents)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        return digest

    def get(self, digest: str) -> bytes:
        """The contents. Raises `FileNotFoundError`, also for what is no digest."""
        return self._path(digest).read_bytes()

    def path(self, digest: str) -> Path:
        """Where the contents lie. Raises `FileNotFoundError`, also for what is no digest."""
        path = self._path(digest)
        if not path.is_file():
            raise FileNotFoundError(digest)
        return path

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise FileNotFoundError(digest)
        return self._folder / digest[:2] / digest


class MemoryFiles:
    """Files for as long as the process lives. What is asked for by its path is written to a folder for a while."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def put(self, contents: bytes) -> str:
        """Keep it; the SHA-256 in hexadecimal."""
        digest = hashlib.sha256(contents).hexdigest()
        self._held[digest] = contents
        return digest

    def get(self, digest: str) -> bytes:
        """The contents. Raises `FileNotFoundError`."""
        try:
            return self._held[digest]
        except KeyError:
            raise FileNotFoundError(digest) from None

    def path(self, digest: str) -> Path:
        """Where the contents lie. Raises `FileNotFoundError`."""
        contents = self.get(digest)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / digest
        path.write_bytes(contents)
        return path


def safe_name(name: str, longest: int = 120) -> str:
    """The last part of a name, without what no file system and no header takes; `file` if nothing is left."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    stem, dot, ending = _UNSAFE.sub(" ", name).strip(" .").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = " ".join(stem.split())[: longest - len(ending) - 1] or "file"
    return f"{stem}.{ending.lower()}" if ending else stem


def media_type_of(name: str) -> str:
    """By the ending of its name; empty for what is not taken."""
    return MEDIA_TYPES.get(Path(name).suffix.lower(), "")
