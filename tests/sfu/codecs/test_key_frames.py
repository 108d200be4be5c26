"""Key frames are found without decoding (checklist B11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import SUPPORTED, av1, h264, h265, vp8, vp9
from sfu.codecs.frames import key_frame_test

KEY = b"\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00"
"""The beginning of a VP8 key frame: P clear, first partition size, start code, 320x240 (RFC 6386 §9.1)."""
DELTA = b"\x11\x02\x00" + bytes(7)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x10" + KEY, True),
        (b"\x90\x80\x05" + KEY, True),
        (b"\x90\x80\x81\x23" + KEY, True),
        (b"\x90\xf0\x81\x23\x07\x60" + KEY, True),
        (b"\xb0\x80\x05" + KEY, True),  # N, a non-reference frame
        (b"\x10" + DELTA, False),
        (b"\x00" + KEY, False),  # not the start of a partition
        (b"\x11" + KEY, False),  # partition 1
        (b"\x90\xf0\x81\x23\x07", False),
        (b"\x10\x10\x02", False),
        (b"", False),
    ],
)
def test_vp8(payload: bytes, expected: bool) -> None:
    """RFC 7741 §4.2, §4.3: S set, partition index 0, P clear; all shapes of the descriptor."""
    assert vp8.starts_key_frame(payload) is expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x08\x01", True),
        (b"\x88\x05\x01", True),
        (b"\x88\x85\x06\x01", True),
        (b"\xa8\x05\x00\x00\x01", True),
        (b"\xa8\x05\x02\x00\x01", False),  # spatial layer 1
        (b"\x48\x01", False),  # inter-picture predicted
        (b"\x00\x01", False),  # not the beginning
        (b"\xa8\x85", False),
        (b"", False),
    ],
)
def test_vp9(payload: bytes, expected: bool) -> None:
    """RFC 9628 §4.2: B set, P clear, base spatial layer."""
    assert vp9.starts_key_frame(payload) is expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x65\x88", True),
        (b"\x67\x42\xe0\x1f", True),
        (b"\x41\x9a", False),
        (b"\x78\x00\x04\x67\x42\xe0\x1f\x00\x02\x68\xce", True),
        (b"\x78\x00\x02\x68\xce\x00\x02\x65\x88", True),
        (b"\x78\x00\x02\x06\x05\x00\x02\x41\x9a", False),
        (b"\x78\xff\xff\x41", False),
        (b"\x7c\x85\x88", True),  # FU-A, start of an IDR slice
        (b"\x7c\x05\x88", False),  # its middle
        (b"\x7c\x81\x9a", False),
        (b"\x67", False),
        (b"", False),
    ],
)
def test_h264(payload: bytes, expected: bool) -> None:
    """RFC 6184 §5.6 to §5.8: SPS or IDR alone, in STAP-A, at the start of FU-A."""
    assert h264.starts_key_frame(payload) is expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x26\x01\xaf", True),  # IDR_W_RADL
        (b"\x40\x01\x0c", True),  # VPS
        (b"\x02\x01\xd0", False),
        (b"\x62\x01\x93", True),  # FU, start, type 19
        (b"\x62\x01\x13", False),
        (b"\x60\x01\x00\x03\x42\x01\x01\x00\x02\x44\x01", True),
        (b"\x60\x01\x00\x03\x02\x01\x01", False),
        (b"", False),
    ],
)
def test_h265(payload: bytes, expected: bool) -> None:
    """RFC 7798 §4.4: IRAP or parameter sets alone, in aggregates, at the start of fragments."""
    assert h265.starts_key_frame(payload) is expected


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x18\x0a\x0b\x00", True),  # N, W=1, a sequence header
        (b"\x28\x02\x0a\x0b\x30\x00", True),  # N, W=2
        (b"\x08\x02\x12\x00\x02\x0a\x0b", True),  # W=0: every unit has a length; a temporal delimiter first
        (b"\x10\x0a\x0b", False),  # N clear
        (b"\x18\x30\x00", False),  # a frame unit
        (b"\x98\x0a\x0b", False),  # Z: the rest of a unit
        (b"\x08\xff\xff\xff\xff\xff\xff", False),
        (b"", False),
    ],
)
def test_av1(payload: bytes, expected: bool) -> None:
    """RTP Payload Format for AV1 v1.0 §4.4: N set and a sequence header begins."""
    assert av1.starts_key_frame(payload) is expected


@pytest.mark.parametrize("name", ["VP8", "VP9", "H264", "H265", "AV1"])
@given(payload=st.binary(max_size=64))
def test_no_payload_breaks_a_reader(name: str, payload: bytes) -> None:
    """Any bytes give an answer, never an exception."""
    test = key_frame_test(name)
    assert test is not None
    assert test(payload) in (True, False)


def test_audio_has_no_key_frames() -> None:
    assert key_frame_test("opus") is None


def test_what_is_offered() -> None:
    """Opus with in-band FEC, VP8, H.264 constrained baseline in both packetisation modes; video with RTX."""
    names = [codec.name for codec in SUPPORTED]
    assert names == ["opus", "VP8", "H264", "H264"]
    assert SUPPORTED[0].parameters["useinbandfec"] == "1"
    assert all(codec.rtx and "nack pli" in codec.feedback for codec in SUPPORTED if codec.kind == "video")
    assert len({(codec.name, codec.parameters.get("packetization-mode")) for codec in SUPPORTED}) == 4
