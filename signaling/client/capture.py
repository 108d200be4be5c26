"""Cameras and microphones: which one is meant, opening it, and what to say when it cannot be used.

FFmpeg's devices through PyAV: Video4Linux2 and ALSA or PulseAudio on Linux, AVFoundation on macOS, DirectShow on
Windows, and `lavfi`, FFmpeg's virtual device, which draws and plays what a filter graph says.
"""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer

Kind = Literal["camera", "microphone"]
DEFAULT = "default"
LARGEST = (1280, 720)
RATE = 25
"""Pictures per second, at most."""
_FORMATS = ("v4l2", "alsa", "pulse", "avfoundation", "dshow", "lavfi")
_ALSA = Path("/usr/share/alsa")
_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_NOT_A_DEVICE = (errno.ENOTTY, errno.EINVAL)


class CaptureError(Exception):
    """A device that cannot be used. The message says why and what to do."""


@dataclass(frozen=True)
class Device:
    """A device as FFmpeg names it: input format and name."""

    kind: Kind
    format: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.format})"

    @property
    def is_virtual(self) -> bool:
        """Whether it delivers as fast as it is read, instead of in its own time."""
        return self.format == "lavfi"


def find_camera(words: str = DEFAULT) -> Device:
    """The camera that `DEVICE` or `FORMAT:DEVICE` names; `default` is the first. Raises `CaptureError`."""
    if words not in ("", DEFAULT):
        return _named("camera", words, _camera_format())
    found = cameras()
    if not found:
        raise CaptureError(
            "There is no camera here. Plug one in (and let it into the container or virtual machine, "
            "`--device /dev/video0`), name one with --publish camera:DEVICE, or publish a test picture: --publish test."
        )
    return Device("camera", _camera_format(), found[0])


def find_microphones(words: str = DEFAULT) -> list[Device]:
    """The microphones to try, best first: one where one is named, none for `none`."""
    if words == "none":
        return []
    if sys.platform == "darwin":
        format_, names = "avfoundation", [":default"]
    elif sys.platform == "win32":
        listed = (each for each in av.enumerate_input_devices("dshow") if "audio" in each.media_types)
        format_, names = "dshow", [f"audio={each.name}" for each in listed][:1]
    else:
        # The first card by itself too: PyAV's own ALSA cannot always load the desktop's plug-ins behind `default`.
        format_, names = "alsa", [DEFAULT, "plughw:0"]
    if words not in ("", DEFAULT):
        return [_named("microphone", words, format_)]
    pulse = [Device("microphone", "pulse", DEFAULT)] if "pulse" in av.formats_available else []
    return pulse + [Device("microphone", format_, name) for name in names]


def cameras() -> list[str]:
    """Names of the cameras that can be seen, the default one first."""
    if sys.platform == "darwin":
        return [DEFAULT]
    if sys.platform == "win32":
        return [f"video={each.name}" for each in av.enumerate_input_devices("dshow") if "video" in each.media_types]
    nodes = (path for path in Path("/dev").glob("video*") if path.name.removeprefix("video").isdigit())
    return [str(path) for path in sorted(nodes, key=lambda path: int(path.name.removeprefix("video")))]


def _camera_format() -> str:
    return {"darwin": "avfoundation", "win32": "dshow"}.get(sys.platform, "v4l2")


def _named(kind: Kind, words: str, usual: str) -> Device:
    head, colon, rest = words.partition(":")
    if colon and head in _FORMATS:
        return Device(kind, head, rest)
    return Device(kind, usual, words)


def open_device(device: Device) -> InputContainer:
    """The opened device, which delivers from now on. Raises `CaptureError` with cause and remedy."""
    if device.format == "alsa":
        _show_alsa_its_configuration()
    *attempts, last = _options(device)
    for options in attempts:
        try:
            return _opened(device, options)
        except (OSError, av.FFmpegError, ValueError) as error:
            # What other options cannot mend.
            if getattr(error, "errno", None) in (*_GONE, errno.EACCES, errno.EPERM, errno.EBUSY):
                raise CaptureError(why_not(device, error)) from error
    try:
        return _opened(device, last)
    except (OSError, av.FFmpegError, ValueError) as error:
        raise CaptureError(why_not(device, error)) from error


def _opened(device: Device, options: dict[str, str]) -> InputContainer:
    container = av.open(device.name, "r", format=device.format, options=options)
    streams = container.streams.video if device.kind == "camera" else container.streams.audio
    if not streams:
        container.close()
        raise CaptureError(f"The {device} gives no {'pictures' if device.kind == 'camera' else 'sound'}.")
    return container


def _options(device: Device) -> list[dict[str, str]]:
    """What to ask of the device, best first."""
    if device.kind == "microphone" or device.is_virtual:
        return [{}]
    wanted = {"video_size": f"{LARGEST[0]}x{LARGEST[1]}", "framerate": str(RATE)}
    if device.format == "v4l2":
        # Uncompressed, USB 2 carries 720p at ten pictures a second only.
        return [wanted | {"input_format": "mjpeg"}, wanted, {}]
    return [wanted, wanted | {"framerate": "30"}, {}]


def _show_alsa_its_configuration() -> None:
    """PyAV's wheels bring an ALSA that looks for its configuration where they were built."""
    if (_ALSA / "alsa.conf").exists():
        os.environ.setdefault("ALSA_CONFIG_DIR", str(_ALSA))
        os.environ.setdefault("ALSA_CONFIG_PATH", str(_ALSA / "alsa.conf"))


def why_not(device: Device, error: Exception) -> str:
    """Cause and remedy, as one text, for a device that failed."""
    number = getattr(error, "errno", None)
    text = str(getattr(error, "strerror", None) or error)
    if isinstance(error, ValueError) and "container format" in text:
        return f"The {device} cannot be opened: this FFmpeg knows no {device.format} devices. Name another format."
    if device.is_virtual:
        return f"The {device} cannot be made: {text}. Write it as an FFmpeg filter graph, e.g. lavfi:testsrc."
    if number in _GONE:
        others = cameras() if device.kind == "camera" else []
        seen = f"the cameras here are {', '.join(others)}" if others else "none can be seen here"
        return (
            f"The {device} is not there. Plug it in, or name another{f'; {seen}' if device.kind == 'camera' else ''}."
        )
    if number in (errno.EACCES, errno.EPERM):
        group = "video" if device.kind == "camera" else "audio"
        remedy = f"add this user to the group {group} (`sudo usermod -aG {group} $USER`) and sign in again"
        return f"The {device} may not be opened by this user. On Linux, {remedy}; elsewhere allow it in the settings."
    if number == errno.EBUSY:
        return f"The {device} is in use by another program. Close that program, then try again."
    if number in _NOT_A_DEVICE:
        return f"{device.name} is no {device.kind} that {device.format} can use ({text}). Name another."
    return f"The {device} cannot be used: {text}. Check that it works in another program, or name another."
