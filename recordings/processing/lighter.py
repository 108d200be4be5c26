"""After everything else: what is published again for weak lines, as a small picture with sound, and as sound alone.

Nobody waits for it: the recording is watched meanwhile. One ffmpeg reads the composition and writes both, which then
stand beside it in the same version.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import ffmpeg

from recordings.processing import children, publish
from recordings.processing.children import Child, Job
from recordings.processing.errors import StoppedError, writing
from recordings.processing.publish import Manifest
from recordings.processing.state import alone, replace

SMALL: Final = "small.mp4"
SOUND: Final = "sound.m4a"
HEIGHT: Final = 360
"""Lines at most; a picture that is smaller already stays so."""
RATE: Final = "25/2"
"""Pictures a second: every other one."""
PICTURE_BITS: Final = 150_000
"""A second at most; a calm picture takes less."""
SOUND_BITS: Final = 40_000


def lighten(out: Path, stop: Callable[[], bool]) -> bool:
    """Add both to the version in `out` that holds; False if there is no picture in it, or it was told to stop.

    Done again it changes nothing. Raises ProcessingError.
    """
    if publish.current(out) is None:
        return False
    with writing(out), alone(out):
        held = publish.current(out)
        manifest = publish.manifest(held) if held is not None else None
        film = _film(manifest) if manifest is not None else None
        if held is None or manifest is None or film is None:
            return False
        if any(file.name == SMALL for file in manifest.files):
            return True
        work = out / "work" / "lighter"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            children.run([_job(held / film.name, work)], 1, stop, lambda _: None)
            _publish(held, manifest, work)
        except StoppedError:
            return False
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return True


def _film(manifest: Manifest) -> publish.File | None:
    return next((file for file in manifest.files if file.source == "composition"), None)


def _job(film: Path, work: Path) -> Job:
    source = ffmpeg.input(str(film))
    picture = source.video.filter("fps", RATE).filter("scale", -2, f"min({HEIGHT},ih)")
    sound = {"c:a": "aac", "b:a": SOUND_BITS, "ac": 1, "movflags": "+faststart"}
    coding = {"c:v": "libx264", "preset": "veryfast", "crf": 30, "maxrate": PICTURE_BITS, "bufsize": 4 * PICTURE_BITS}
    small = ffmpeg.output(picture, source.audio, str(work / SMALL), **coding, g=125, **sound)
    alone = ffmpeg.output(source.audio, str(work / SOUND), **sound)
    both = ffmpeg.merge_outputs(small, alone).global_args("-nostdin", "-loglevel", "error", "-y")
    command = both.compile(cmd=children.ffmpeg())

    def begin() -> Child:
        return children.start(command, "ffmpeg", work)

    return Job("lighter", begin, lambda: None)


def _publish(held: Path, manifest: Manifest, work: Path) -> None:
    """Into the version that holds, whose files stay where they are: somebody may be watching them."""
    made = []
    publish.synced(work)
    for name, kind in ((SMALL, "small"), (SOUND, "sound")):
        (work / name).replace(held / name)
        made.append(publish.described(held / name, name, kind))
    more = manifest.model_copy(update={"files": [*manifest.files, *made]})
    replace(held / publish.MANIFEST, more.model_dump_json(indent=1) + "\n")
