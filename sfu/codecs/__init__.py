"""What the SFU knows about codecs without decoding: which it offers, which fit together, where a key frame begins."""

from __future__ import annotations

from dataclasses import dataclass, field

from sfu.sections import Codec, Kind


@dataclass(frozen=True, slots=True)
class SupportedCodec:
    """A codec that descriptions may offer and accept, with the feedback that this server understands for it."""

    kind: Kind
    name: str
    clock_rate: int
    channels: int = 0
    parameters: dict[str, str] = field(default_factory=dict)
    rtx: bool = False
    feedback: tuple[str, ...] = ()
    """Values of `a=rtcp-fb` (RFC 4585 §4.2)."""


_VIDEO_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")

SUPPORTED: tuple[SupportedCodec, ...] = (
    SupportedCodec(
        "audio",
        "opus",
        48_000,
        2,
        {"minptime": "10", "useinbandfec": "1", "usedtx": "1"},
        feedback=("nack", "transport-cc"),
    ),
    SupportedCodec("video", "VP8", 90_000, rtx=True, feedback=_VIDEO_FEEDBACK),
    SupportedCodec(
        "video",
        "H264",
        90_000,
        parameters={"level-asymmetry-allowed": "1", "packetization-mode": "1", "profile-level-id": "42e01f"},
        rtx=True,
        feedback=_VIDEO_FEEDBACK,
    ),
    SupportedCodec(
        "video",
        "H264",
        90_000,
        parameters={"level-asymmetry-allowed": "1", "packetization-mode": "0", "profile-level-id": "42e01f"},
        rtx=True,
        feedback=_VIDEO_FEEDBACK,
    ),
)
"""In order of preference. RED is not offered: in-band FEC and retransmission repair the voice."""


def _h264_profile(parameters: dict[str, str]) -> tuple[int, int]:
    """`profile_idc` and the constraint flags that tell baseline from constrained baseline (RFC 6184 §8.1)."""
    text = parameters.get("profile-level-id", "42000a")
    try:
        value = int(text, 16)
    except ValueError:
        return (0, 0)
    profile, flags = value >> 16 & 0xFF, value >> 8 & 0xFF
    if profile in (0x4D, 0x58) and flags & 0x80:
        profile, flags = 0x42, flags | 0x40
    return profile, flags & 0x40 if profile == 0x42 else 0


def decodable(sent: Codec, received: Codec) -> bool:
    """Whether a receiver that accepted `received` can decode a stream described by `sent`.

    Levels may differ (RFC 6184 §8.2.2, `level-asymmetry-allowed`); profile and packetisation mode may not, but a
    receiver of mode 1 also takes mode 0, and one of plain baseline takes constrained baseline.
    """
    if sent.name.lower() != received.name.lower() or sent.clock_rate != received.clock_rate:
        return False
    name = sent.name.lower()
    if name == "h264":
        if sent.parameters.get("packetization-mode", "0") > received.parameters.get("packetization-mode", "0"):
            return False
        profile, constrained = _h264_profile(sent.parameters)
        other, other_constrained = _h264_profile(received.parameters)
        return profile == other and constrained >= other_constrained
    if name == "vp9":
        return sent.parameters.get("profile-id", "0") == received.parameters.get("profile-id", "0")
    if name == "av1":
        return sent.parameters.get("profile", "0") == received.parameters.get("profile", "0")
    return True


def receiving_codec(sent: Codec, accepted: tuple[Codec, ...]) -> Codec | None:
    """The first of `accepted` in which a receiver can decode `sent`; None if there is none."""
    return next((codec for codec in accepted if decodable(sent, codec)), None)
