"""Naming and opening cameras and microphones, and what is said when that fails."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from signaling.client import capture
from signaling.client.capture import CaptureError, Device, find_camera, find_microphones, open_device, why_not

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Video4Linux2 and ALSA")


@linux_only
def test_devices_are_named_with_or_without_a_format() -> None:
    assert find_camera("/dev/video2") == Device("camera", "v4l2", "/dev/video2")
    assert find_camera("lavfi:testsrc=size=320x240:rate=15") == Device(
        "camera", "lavfi", "testsrc=size=320x240:rate=15"
    )
    assert find_microphones("plughw:1,0") == [Device("microphone", "alsa", "plughw:1,0")]
    assert find_microphones("lavfi:sine") == [Device("microphone", "lavfi", "sine")]
    assert find_microphones("none") == []
    assert Device("microphone", "alsa", "default") in find_microphones()


@linux_only
def test_the_default_camera_is_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: _paths("/dev/video10", "/dev/video2", "/dev/video-dec"))
    assert find_camera() == Device("camera", "v4l2", "/dev/video2")
    monkeypatch.setattr(Path, "glob", lambda *_: _paths())
    with pytest.raises(CaptureError, match=r"There is no camera here\. Plug one in .* --publish test\."):
        find_camera()


def _paths(*names: str) -> Iterator[Path]:
    return (Path(name) for name in names)


@linux_only
def test_a_missing_camera_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "video7")
    with pytest.raises(
        CaptureError, match=rf"The camera {missing} \(v4l2\) is not there\. Plug it in, or name another"
    ):
        open_device(find_camera(missing))


@linux_only
def test_what_is_no_camera_is_told() -> None:
    with pytest.raises(CaptureError, match=r"/dev/null is no camera that v4l2 can use"):
        open_device(find_camera("/dev/null"))


def test_a_device_of_the_wrong_kind_is_told() -> None:
    with pytest.raises(CaptureError, match="gives no pictures"):
        open_device(find_camera("lavfi:sine"))
    with pytest.raises(CaptureError, match="gives no sound"):
        open_device(find_microphones("lavfi:testsrc")[0])


def test_an_unknown_filter_is_told() -> None:
    with pytest.raises(CaptureError, match=r"lavfi:testsrc"):
        open_device(find_camera("lavfi:no_such_filter"))


def test_a_format_that_this_ffmpeg_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = next(name for name in ("dshow", "avfoundation") if name not in capture.av.formats_available)
    with pytest.raises(CaptureError, match=f"this FFmpeg knows no {lacking} devices"):
        open_device(find_camera(f"{lacking}:0"))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENODEV, "Plug it in"),
        (errno.EACCES, "usermod -aG video"),
        (errno.EBUSY, "in use by another program. Close that program"),
        (errno.EIO, "Check that it works in another program"),
    ],
)
def test_every_cause_has_its_remedy(number: int, said: str) -> None:
    assert said in why_not(Device("camera", "v4l2", "/dev/video0"), OSError(number, "cause"))


@linux_only
def test_other_options_are_tried_only_where_they_may_help(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[dict[str, str]] = []

    def refuse(number: int) -> None:
        tried.clear()

        def opening(*_: object, options: dict[str, str], **__: object) -> None:
            tried.append(options)
            raise OSError(number, "no")

        monkeypatch.setattr(capture.av, "open", opening)
        with pytest.raises(CaptureError):
            open_device(Device("camera", "v4l2", "/dev/video0"))

    refuse(errno.EBUSY)
    assert len(tried) == 1
    refuse(errno.EINVAL)
    assert [options.get("input_format") for options in tried] == ["mjpeg", None, None]
    assert tried[-1] == {}
