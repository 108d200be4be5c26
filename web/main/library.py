"""Where recordings lie on this machine: `recordings/raw/<code>` as captured, `recordings/made/<code>` as processed,
`recordings/instant/<code>.mp4` as kept of a live stream."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from lms.media.library import Made, MadeFile
from recordings.capture.process import raw_root
from recordings.live import subtitles, wire
from recordings.processing import publish, state

_KEPT = re.compile(r"[0-9a-f]{16}(-\d+)?(\.mp4|\.[A-Za-z0-9-]+\.vtt)")
_CODE = re.compile(r"[0-9a-f]{16}")
_PLAYBACK = "playback.json"
_PICTURE_ALONE: dict[str, object] = {
    "poster": "",
    "chapters_file": "",
    "captions": [],
    "gaps": [],
    "chapters": [],
    "chat": [],
    "people": [],
}
"""What a recording has that was kept of a live stream."""


class FolderLibrary:
    """The media of an installation in its data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._raw = raw_root(data)
        self._made = data / "recordings" / "made"
        self._instant = data / "recordings" / "instant"

    def raw(self, code: str) -> Path:
        """The folder with what was captured."""
        return self._raw / _checked(code)

    def made(self, code: str) -> Path:
        """The folder with everything that is made of it."""
        return self._made / _checked(code)

    def path(self, code: str, name: str) -> Path:
        """A published file. Raises `FileNotFoundError`."""
        kept = self._kept(code)
        ours = _KEPT.fullmatch(name) is not None and name.startswith(code) and (kept.parent / name).is_file()
        if ours and not kept.with_suffix("").exists():
            return kept.parent / name
        folder = publish.current(self.made(code))
        if folder is None:
            raise FileNotFoundError(code)
        found = (folder / name).resolve()
        if not found.is_relative_to(folder.resolve()) or not found.is_file():
            raise FileNotFoundError(name)
        return found

    def playback(self, code: str) -> dict[str, object]:
        """What the playback page shows beside the picture. Raises `FileNotFoundError`."""
        if publish.current(self.made(code)) is None:
            return self._kept_playback(code)
        found: dict[str, object] = json.loads(self.path(code, _PLAYBACK).read_bytes())
        return found

    def _kept_playback(self, code: str) -> dict[str, object]:
        """Of what was kept of a live stream: usually one film; more where its encoding changed in mid-stream."""
        kept = self.path(code, self._kept(code).name)
        films = [kept, *sorted(kept.parent.glob(f"{code}-*.mp4"))]
        parts = [_PICTURE_ALONE | _film(path) for path in films]
        return parts[0] | {"parts": parts} if len(parts) > 1 else parts[0]

    def published(self, code: str) -> Made:
        """What was made. Raises `FileNotFoundError`."""
        manifest = publish.Manifest.model_validate_json(self.path(code, publish.MANIFEST).read_bytes())
        files = [
            MadeFile(each.name, each.type, each.size, each.sha256, each.duration, each.source, each.label)
            for each in manifest.files
        ]
        return Made(manifest.version, manifest.duration, files, manifest.problems)

    def forget(self, code: str) -> None:
        """Forget how far processing was, so that everything is made anew; what is published stays until then."""
        folder = self.made(code)
        shutil.rmtree(folder / "work", ignore_errors=True)
        (folder / state.NAME).unlink(missing_ok=True)

    def files(self, code: str, *, raw_only: bool = False) -> list[tuple[str, int]]:
        """Every file of a recording, or of what was captured alone: its path in the data folder, and bytes."""
        return [
            (path.relative_to(self._data).as_posix(), path.stat().st_size)
            for place in self._places(code, raw_only=raw_only)
            for path in ([place] if place.is_file() else place.rglob("*"))
            if path.is_file() and not path.is_symlink()
        ]

    def delete(self, code: str, *, raw_only: bool = False) -> None:
        """Delete what `files` names. Raises OSError, also when something is still there afterwards."""
        for place in self._places(code, raw_only=raw_only):
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def _places(self, code: str, *, raw_only: bool) -> list[Path]:
        """Where something lies of a recording; of a stream also what players had while it ran."""
        places = [self.raw(code)]
        if not raw_only:
            kept = self._kept(code)
            places += [self.made(code), kept.with_suffix(""), *self._instant.glob(f"{code}[.-]*")]
            places += [self._data / "live-viewers" / code, *self._left_of_stream(code)]
        return [place for place in places if place.exists()]

    def _left_of_stream(self, code: str) -> Iterator[Path]:
        for path in (self._data / "live").glob(f"*/{wire.STATUS}"):
            status = wire.read_status(path)
            if status is not None and status.stream == code and status.state == "ended":
                yield path.parent

    def _kept(self, code: str) -> Path:
        """What was kept of a live stream; the folder of its name beside it holds parts that are not joined yet."""
        return self._instant / f"{_checked(code)}.mp4"


def _film(path: Path) -> dict[str, object]:
    tracks = [{"language": language, "file": each.name} for language, each in subtitles.tracks(path).items()]
    lines = [line.model_dump(mode="json") for line in subtitles.read(path)]
    return {"video": path.name, "captions": tracks, "transcript": lines}


def _checked(code: str) -> str:
    if not _CODE.fullmatch(code):
        raise FileNotFoundError(code)
    return code
