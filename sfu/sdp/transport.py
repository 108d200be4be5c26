"""What a far end's description says of the one transport that all its sections share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from sfu.dtls import Fingerprint
from sfu.ice import Credentials
from sfu.sdp.errors import DescriptionError
from sfu.sdp.model import RemoteDescription, RemoteSection

Setup = Literal["active", "passive", "actpass"]
_PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP", "TCP/TLS/RTP/SAVPF")


@dataclass(frozen=True, slots=True)
class RemoteTransport:
    """The far end's ICE credentials, certificate fingerprints, and what it says of DTLS roles."""

    credentials: Credentials
    fingerprints: list[Fingerprint]
    setup: Setup


def is_media(section: RemoteSection) -> bool:
    """Whether the section is RTP over DTLS-SRTP (RFC 5764 §8), which is all that is taken."""
    return section.kind in ("audio", "video") and section.protocol in _PROTOCOLS


def remote_transport(description: RemoteDescription, used: list[RemoteSection]) -> RemoteTransport:
    """Check that the `used` sections can share one transport, and say which (RFC 9143 §7.3, RFC 5761 §5.1.1).

    Raises DescriptionError with the code of what is missing.
    """
    outside = [section.mid for section in used if section.mid not in description.bundle]
    if outside and len(used) > 1:
        raise DescriptionError(
            "bundle_required",
            f"All media must be bundled: sections {', '.join(outside)} are not in a BUNDLE group (RFC 9143).",
        )
    if any(not section.rtcp_mux for section in used):
        raise DescriptionError("rtcp_mux_required", "RTP and RTCP must share a port: a=rtcp-mux is missing (RFC 5761).")
    # The first section of the group carries the transport's attributes; others may repeat them.
    first = min(used, key=lambda one: description.bundle.index(one.mid) if one.mid in description.bundle else 0)
    if not first.fragment or not first.password:
        raise DescriptionError("ice_missing", "The description has no ice-ufrag and ice-pwd (RFC 8839).")
    if not any(one.algorithm in ("sha-256", "sha-384", "sha-512") for one in first.fingerprints):
        raise DescriptionError(
            "fingerprint_missing", "The description has no SHA-2 certificate fingerprint (RFC 8122)."
        )
    if first.setup not in ("active", "passive", "actpass"):
        raise DescriptionError("setup_invalid", f"a=setup:{first.setup[:20]} is not active, passive or actpass.")
    return RemoteTransport(first.credentials, first.fingerprints, cast(Setup, first.setup))
