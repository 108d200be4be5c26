"""What a session description settles about one m-section, in the terms that the packet path needs.

Descriptions (`sfu.sdp`) produce these; links, publications and subscriptions (`sfu.media`) consume them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["audio", "video"]


@dataclass(frozen=True, slots=True)
class Codec:
    """One negotiated codec of a section. `name` is the RTP encoding name as registered: `opus`, `VP8`, `H264`."""

    payload_type: int
    name: str
    clock_rate: int
    """Hz."""
    channels: int = 0
    parameters: dict[str, str] = field(default_factory=dict)
    """The format parameters (`a=fmtp`), lower-case names."""
    rtx_payload_type: int | None = None
    nack: bool = False
    pli: bool = False
    fir: bool = False
    remb: bool = False
    transport_cc: bool = False


@dataclass(frozen=True, slots=True)
class ReceiveSection:
    """A section on which the far end sends to us."""

    mid: str
    kind: Kind
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    """Header extension URI → id on this section (RFC 8285)."""
    ssrcs: tuple[int, ...] = ()
    """Media SSRCs if the description names them, else learned by MID, RID or payload type (RFC 9143 §9.2)."""
    rtx_ssrcs: dict[int, int] = field(default_factory=dict)
    """RTX SSRC → the media SSRC it repairs (`a=ssrc-group:FID`)."""
    rids: tuple[str, ...] = ()
    reduced_size_rtcp: bool = False


@dataclass(frozen=True, slots=True)
class SendSection:
    """A section on which we send to the far end. SSRCs are ours and last as long as the section (checklist A1)."""

    mid: str
    kind: Kind
    codecs: tuple[Codec, ...]
    """What the far end accepted, in its order of preference."""
    extensions: dict[str, int]
    ssrc: int
    rtx_ssrc: int | None
    cname: str
    reduced_size_rtcp: bool = False
