"""VP8's picture ids and TL0PICIDX (RFC 7741 §4.2; checklist A7)."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from sfu.codecs import vp8


def payload(picture: int, tl0: int | None, wide: bool, layer: bool = False, body: bytes = b"\x11body") -> bytes:
    flags = 0x80 | (0x40 if tl0 is not None else 0) | (0x20 if layer else 0)
    number = (0x8000 | picture & 0x7FFF).to_bytes(2, "big") if wide else bytes((picture & 0x7F,))
    rest = (bytes((tl0 & 0xFF,)) if tl0 is not None else b"") + (b"\x60" if layer else b"")
    return bytes((0x90, flags)) + number + rest + body


@given(
    runs=st.lists(
        st.tuples(
            st.integers(0, 0x7FFF),
            st.integers(0, 255),
            st.booleans(),
            st.integers(1, 20),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_numbers_go_on_over_any_sources(runs: list[tuple[int, int, bool, int]]) -> None:
    """Whatever the sources begin with, wide or narrow: one more each frame, always 15 bits, the rest untouched."""
    numbering = vp8.Numbering()
    ids, indices = [], []
    for first, tl0, wide, frames in runs:
        numbering.restart()
        for index in range(frames):
            made = numbering.normalise(payload(first + index, tl0 + index, wide, layer=True))
            assert made[2] & 0x80
            assert made[5:] == b"\x60\x11body"
            ids.append(vp8.picture_id(made))
            indices.append(vp8.tl0_index(made))
    assert [(number - ids[0]) & 0x7FFF for number in ids] == list(range(len(ids)))
    assert [(number - indices[0]) & 0xFF for number in indices] == [index & 0xFF for index in range(len(indices))]


def test_late_and_repeated_packets_get_their_own_numbers() -> None:
    """Packets of one frame share its number; a late one gets the number of its frame."""
    numbering = vp8.Numbering()
    seen = [vp8.picture_id(numbering.normalise(payload(100 + step, None, False))) for step in (0, 0, 2, 1, 2, 3)]
    assert seen == [100, 100, 102, 101, 102, 103]


def test_a_wide_payload_that_needs_no_change_is_not_copied() -> None:
    numbering = vp8.Numbering()
    original = payload(5, 6, True)
    assert numbering.normalise(original) is original


@given(st.binary(max_size=40), st.integers(0, 0x7FFF), st.integers(0, 255))
@example(b"\x80\xc0\x80\x00", 1, 1)
@example(b"\x80\xc0\x00\x00", 1, 1)
def test_no_payload_breaks_the_numbering(data: bytes, id_shift: int, tl0_shift: int) -> None:
    """Any bytes go through, never an exception, and nothing is written outside of them."""
    numbering = vp8.Numbering()
    made = numbering.normalise(data)
    assert len(made) in (len(data), len(data) + 1)
    vp8.picture_id(data)
    vp8.tl0_index(data)
    vp8.descriptor_size(data)
    buffer = bytearray(b"\xaa" * 8 + made + b"\xaa" * 8)
    vp8.shift_numbers(buffer, 8, 8 + len(made), id_shift, tl0_shift)
    assert buffer[:8] == b"\xaa" * 8
    assert buffer[8 + len(made) :] == b"\xaa" * 8


@given(st.integers(0, 0x7FFF), st.integers(0, 255), st.integers(0, 0x7FFF), st.integers(0, 255))
def test_shifts_are_modular(picture: int, tl0: int, id_shift: int, tl0_shift: int) -> None:
    data = bytearray(payload(picture, tl0, True))
    vp8.shift_numbers(data, 0, len(data), id_shift, tl0_shift)
    assert vp8.picture_id(bytes(data)) == (picture + id_shift) & 0x7FFF
    assert vp8.tl0_index(bytes(data)) == (tl0 + tl0_shift) & 0xFF
