"""Writes descriptions."""

from __future__ import annotations

from dataclasses import dataclass

from sfu.addresses import Candidate
from sfu.dtls import Fingerprint
from sfu.ice import Credentials
from sfu.sections import Codec


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """What every bundled section says of the one transport under it."""

    credentials: Credentials
    fingerprint: Fingerprint
    setup: str
    candidates: list[Candidate]


@dataclass(frozen=True, slots=True)
class LocalSource:
    """What the node sends on a section."""

    ssrc: int
    rtx_ssrc: int | None
    cname: str
    stream_id: str
    track_id: str


def session_lines(session_id: int, version: int, bundle: list[str], mixed_extensions: bool) -> list[str]:
    """The session part (RFC 8866 §5, RFC 8839 §5.3)."""
    lines = ["v=0", f"o=- {session_id} {version} IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if bundle:
        lines.append("a=group:BUNDLE " + " ".join(bundle))
    lines += ["a=ice-lite", "a=msid-semantic: WMS *"]
    if mixed_extensions:
        lines.append("a=extmap-allow-mixed")
    return lines


def rejected_lines(kind: str, protocol: str, formats: str, mid: str) -> list[str]:
    """A stopped or refused section: port 0 (RFC 3264 §6)."""
    return [f"m={kind} 0 {protocol} {formats}", "c=IN IP4 0.0.0.0", f"a=mid:{mid}", "a=inactive"]


def transport_lines(transport: LocalTransport) -> list[str]:
    """ICE and DTLS attributes.

    The first section of the bundle would do (RFC 9143 §7.1.3), but aiortc reads candidates in the last of a kind.
    """
    return [
        f"a=ice-ufrag:{transport.credentials.fragment}",
        f"a=ice-pwd:{transport.credentials.password}",
        "a=ice-options:ice2",
        f"a=fingerprint:{transport.fingerprint.algorithm} {transport.fingerprint.value}",
        f"a=setup:{transport.setup}",
        *(
            f"a=candidate:{one.foundation} 1 udp {one.priority} {one.address} {one.port} typ host"
            for one in transport.candidates
        ),
        "a=end-of-candidates",
    ]


def media_lines(
    kind: str,
    mid: str,
    direction: str,
    codecs: tuple[Codec, ...],
    extensions: dict[str, int],
    transport: list[str],
    *,
    protocol: str = "UDP/TLS/RTP/SAVPF",
    reduced_size_rtcp: bool = True,
    source: LocalSource | None = None,
) -> list[str]:
    """An active section with everything under it."""
    payload_types = [
        str(number) for codec in codecs for number in (codec.payload_type, codec.rtx_payload_type) if number is not None
    ]
    lines = [
        f"m={kind} 9 {protocol} {' '.join(payload_types)}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{mid}",
        *transport,
        "a=rtcp-mux",
        *(["a=rtcp-rsize"] if reduced_size_rtcp else []),
        f"a={direction}",
        *(f"a=extmap:{number} {uri}" for uri, number in extensions.items()),
    ]
    for codec in codecs:
        lines += _codec_lines(codec)
    return lines + (_source_lines(source) if source is not None else [])


def _codec_lines(codec: Codec) -> list[str]:
    number = codec.payload_type
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{number} {codec.name}/{codec.clock_rate}{channels}"]
    feedback = {
        "nack": codec.nack,
        "nack pli": codec.pli,
        "ccm fir": codec.fir,
        "goog-remb": codec.remb,
        "transport-cc": codec.transport_cc,
    }
    lines += [f"a=rtcp-fb:{number} {name}" for name, wanted in feedback.items() if wanted]
    if codec.parameters:
        settings = ";".join(f"{name}={value}" if value else name for name, value in codec.parameters.items())
        lines.append(f"a=fmtp:{number} {settings}")
    if codec.rtx_payload_type is not None:
        lines.append(f"a=rtpmap:{codec.rtx_payload_type} rtx/{codec.clock_rate}")
        lines.append(f"a=fmtp:{codec.rtx_payload_type} apt={number}")
    return lines


def _source_lines(source: LocalSource) -> list[str]:
    """RFC 8830 `msid`, RFC 5576 `ssrc` and `ssrc-group`."""
    lines = [f"a=msid:{source.stream_id} {source.track_id}"]
    ssrcs = [source.ssrc]
    if source.rtx_ssrc is not None:
        ssrcs.append(source.rtx_ssrc)
        lines.append(f"a=ssrc-group:FID {source.ssrc} {source.rtx_ssrc}")
    return lines + [f"a=ssrc:{ssrc} cname:{source.cname}" for ssrc in ssrcs]


def join(lines: list[str]) -> str:
    """The text with the line ends of RFC 8866."""
    return "\r\n".join(lines) + "\r\n"
