"""The last phase: a new version of the output takes the place of the old one, all at once.

A version is a folder `v0001`, `v0002` ...; `current` is a link to the one that holds. Whoever still reads files of the
old one goes on reading them. `manifest.json` names every file with size and SHA-256.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from recordings.processing.state import replace

CURRENT: Final = "current"
MANIFEST: Final = "manifest.json"
_VERSION: Final = re.compile(r"v(\d{4,})")
_MEDIA: Final = (".mp4", ".m4a", ".webm")
_TYPES: Final = {
    ".mp4": "video/mp4",
    ".m4a": "audio/mp4",
    ".webm": "video/webm",
    ".jpg": "image/jpeg",
    ".vtt": "text/vtt",
    ".json": "application/json",
}


class File(BaseModel):
    """A published file. `name` is its path within the version."""

    name: str
    type: str
    size: int
    sha256: str
    duration: float | None = None
    """Of media, in seconds."""
    participant: str = ""
    source: str = ""
    """`composition`, `channel` (the same with an interpretation into the language `label`), or what a participant sent:
    `microphone`, `camera` ..., `person` for voice with camera.
    """
    label: str = ""


class Manifest(BaseModel):
    """What a version consists of."""

    format: int = 1
    recording: str
    version: str
    kind: str
    """`tracks` (only the participants' files) or `whole`."""
    duration: float
    files: list[File]
    problems: list[str] = []


def place(files: Iterable[tuple[Path, str]], folder: Path) -> None:
    """Put files into `folder` under their names: as second names of the same content where the disk can.

    Raises OSError.
    """
    for source, name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def describe(folder: Path, about: dict[str, tuple[str, str, str]], held: Path | None) -> list[File]:
    """Every file in `folder`; `about` says participant, source and label by name. Raises OSError.

    Files that the version `held` has too, as the same on the disk, are not read again.
    """
    found = []
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
    known = _known(held) if held else {}

    def checksum(path: Path) -> str:
        before = known.get(path.relative_to(folder).as_posix())
        return before[1] if before and path.samefile(before[0]) else _digest(path)

    with ThreadPoolExecutor(os.cpu_count()) as several:
        digests = list(several.map(checksum, paths))
    for path, digest in zip(paths, digests, strict=True):
        name = path.relative_to(folder).as_posix()
        participant, source, label = about.get(name, ("", "", ""))
        one = described(path, name, source, digest)
        found.append(one.model_copy(update={"participant": participant, "label": label}))
    return found


def described(path: Path, name: str, source: str, digest: str = "") -> File:
    """One file. Raises OSError."""
    return File(
        name=name,
        type=("audio/webm" if source in ("microphone", "screen_audio") else _TYPES.get(path.suffix, "")),
        size=path.stat().st_size,
        sha256=digest or _digest(path),
        duration=duration_of(path) if path.suffix in _MEDIA else None,
        source=source,
    )


def manifest(version: Path) -> Manifest | None:
    """What a version consists of; None if that cannot be read."""
    try:
        return Manifest.model_validate_json((version / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None


def _known(held: Path) -> dict[str, tuple[Path, str]]:
    """Files of a version and their checksums, by name."""
    found = manifest(held)
    files = found.files if found is not None else []
    return {file.name: (held / file.name, file.sha256) for file in files if (held / file.name).exists()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def duration_of(path: Path) -> float | None:
    """Seconds that a media file lasts; None if it cannot be read."""
    import av  # here, because whoever only reads what a version has needs no decoder

    try:
        with av.open(str(path)) as media:
            return round(media.duration / av.time_base, 3) if media.duration else None
    except (OSError, av.FFmpegError):
        return None


def current(out: Path) -> Path | None:
    """The folder of the version that holds."""
    link = out / CURRENT
    return out / os.readlink(link) if link.is_symlink() and link.exists() else None


def next_version(out: Path) -> str:
    """A name no version has had."""
    numbers = [int(match[1]) for path in out.iterdir() for match in [_VERSION.fullmatch(path.name)] if match]
    return f"v{max(numbers, default=0) + 1:04d}"


def publish(ready: Path, manifest: Manifest, out: Path) -> Path:
    """Make the folder `ready` the version that holds; older ones are deleted. Raises OSError."""
    replace(ready / MANIFEST, manifest.model_dump_json(indent=1) + "\n")
    synced(ready)
    target = out / manifest.version
    if target.exists():  # a run that was killed between the two steps
        shutil.rmtree(target)
    ready.rename(target)
    link = out / f".{CURRENT}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(manifest.version)
    link.replace(out / CURRENT)
    for path in out.iterdir():
        if _VERSION.fullmatch(path.name) and path.name != manifest.version:
            shutil.rmtree(path, ignore_errors=True)
    return target


def synced(folder: Path) -> None:
    """Have what is in `folder` on the disk before its name is. Raises OSError."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
