"""One table: codec name → the functions that find frames in its payloads."""

from __future__ import annotations

from collections.abc import Callable

from sfu.codecs import av1, h264, h265, vp8, vp9

Predicate = Callable[[bytes], bool]

_KEY_FRAMES: dict[str, Predicate] = {
    "vp8": vp8.starts_key_frame,
    "vp9": vp9.starts_key_frame,
    "h264": h264.starts_key_frame,
    "h265": h265.starts_key_frame,
    "av1": av1.starts_key_frame,
}


def key_frame_test(codec_name: str) -> Predicate | None:
    """The function that tells whether a payload begins a key frame; None for codecs without key frames."""
    return _KEY_FRAMES.get(codec_name.lower())
