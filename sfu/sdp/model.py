"""A far end's description after reading, in the terms of the RFCs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sfu.dtls import Fingerprint
from sfu.ice import Credentials

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]


@dataclass(slots=True)
class RemoteCodec:
    """One payload type of a section with what `a=rtpmap`, `a=fmtp` and `a=rtcp-fb` say of it."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 0
    parameters: dict[str, str] = field(default_factory=dict)
    """Names in lower case. What has no `=` stands as a name with an empty value."""
    feedback: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RemoteSection:
    """One m-section. Transport attributes of the session level are already filled in."""

    kind: str
    """The media type: audio, video, application ..."""
    port: int
    protocol: str
    formats: list[str]
    mid: str = ""
    direction: Direction = "sendrecv"
    bundle_only: bool = False
    rtcp_mux: bool = False
    reduced_size_rtcp: bool = False
    mixed_extensions: bool = False
    codecs: list[RemoteCodec] = field(default_factory=list)
    extensions: dict[str, int] = field(default_factory=dict)
    ssrcs: list[int] = field(default_factory=list)
    repairs: dict[int, int] = field(default_factory=dict)
    """RTX SSRC → media SSRC, from `a=ssrc-group:FID` (RFC 5576 §4.2)."""
    rids: list[str] = field(default_factory=list)
    """Streams that the far end sends (`a=rid:... send`, RFC 8851)."""
    msid: str = ""
    fragment: str = ""
    password: str = ""
    setup: str = ""
    fingerprints: list[Fingerprint] = field(default_factory=list)

    @property
    def rejected(self) -> bool:
        """Port 0 means stopped, unless the section only waits to be bundled (RFC 9143 §6)."""
        return self.port == 0 and not self.bundle_only

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.fragment, self.password)


@dataclass(slots=True)
class RemoteDescription:
    """A whole description."""

    bundle: list[str]
    """The mids of the BUNDLE group in order, empty if there is none."""
    sections: list[RemoteSection]
