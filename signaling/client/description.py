"""Session descriptions: the publish offer, the answer to the subscribe offer, and what the node's side says.

aiortc's parser reads, templates write: a headless participant always says the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from aiortc.rtcdtlstransport import RTCDtlsParameters
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from signaling.client.ice import Address, Credentials
from signaling.client.sender import OutgoingStream, StreamFormat

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
DECODABLE = ("opus", "VP8", "H264")
"""What this client can record; an answer that leaves a codec out says that it cannot be decoded here."""

_H264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
_CODECS: dict[str, list[str]] = {
    "opus": ["a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtcp-fb:111 nack"],
    "VP8": [
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtcp-fb:96 ccm fir",
        "a=rtcp-fb:96 goog-remb",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
    ],
    "H264": [
        "a=rtpmap:102 H264/90000",
        f"a=fmtp:102 {_H264}",
        "a=rtcp-fb:102 nack",
        "a=rtcp-fb:102 nack pli",
        "a=rtcp-fb:102 ccm fir",
        "a=rtcp-fb:102 goog-remb",
        "a=rtpmap:103 rtx/90000",
        "a=fmtp:103 apt=102",
    ],
}
_FORMATS = {"opus": "111", "VP8": "96 97", "H264": "102 103"}
_EXTENSIONS = {"audio": [(1, AUDIO_LEVEL), (4, MID)], "video": [(4, MID), (2, ABS_SEND_TIME)]}
_versions = itertools.count(1)


class DescriptionError(Exception):
    """The node's description cannot be used. The message says why."""


@dataclass(frozen=True)
class Remote:
    """What the node's description says about the transport, and its sections in order."""

    credentials: Credentials
    candidates: list[Address]
    dtls: RTCDtlsParameters
    sections: list[MediaDescription]


def read_remote(sdp: str) -> Remote:
    """Parse the node's offer or answer. Raises `DescriptionError`."""
    try:
        session = SessionDescription.parse(sdp)
    except (ValueError, AssertionError, KeyError, StopIteration) as error:
        raise DescriptionError(f"The node's description is malformed: {error!r}.") from error
    bundled = next((m for m in session.media if m.port and m.dtls is not None), None)
    if bundled is None or bundled.dtls is None or bundled.ice is None:
        raise DescriptionError("The node's description has no section in use.")
    ufrag, password = bundled.ice.usernameFragment, bundled.ice.password
    if not ufrag or not password:
        raise DescriptionError("The node's description has no section with transport parameters.")
    candidates = [
        (candidate.ip, candidate.port)
        for section in session.media
        for candidate in sorted(section.ice_candidates, key=lambda c: -c.priority)
        if candidate.protocol.lower() == "udp"
    ]
    credentials = Credentials(ufrag, password)
    return Remote(credentials, list(dict.fromkeys(candidates)), bundled.dtls, session.media)


def _head(mids: Sequence[str], session: int) -> list[str]:
    return [
        "v=0",
        f"o=- {session} {next(_versions)} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS *",
    ]


def _transport(credentials: Credentials, fingerprint: str, setup: str) -> list[str]:
    return [
        f"a=ice-ufrag:{credentials.ufrag}",
        f"a=ice-pwd:{credentials.password}",
        "a=ice-options:trickle",
        f"a=fingerprint:{fingerprint}",
        f"a=setup:{setup}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]


@dataclass(frozen=True)
class Track:
    """One section of the publish offer."""

    mid: str
    codec: str
    stream: OutgoingStream

    @property
    def kind(self) -> str:
        """`audio` or `video`."""
        return "audio" if self.codec == "opus" else "video"


def publish_offer(tracks: Sequence[Track], credentials: Credentials, fingerprint: str, session: int) -> str:
    """The publish connection's offer. `session` names it (RFC 8866 section 5.2) and is kept over ICE restarts."""
    lines = _head([track.mid for track in tracks], session)
    for track in tracks:
        stream = track.stream
        lines += [f"m={track.kind} 9 UDP/TLS/RTP/SAVPF {_FORMATS[track.codec]}", "c=IN IP4 0.0.0.0"]
        lines += _transport(credentials, fingerprint, "actpass")
        lines += [f"a=mid:{track.mid}", "a=sendonly", f"a=msid:{stream.cname} {stream.cname}-{track.mid}"]
        lines += [f"a=extmap:{number} {uri}" for number, uri in _EXTENSIONS[track.kind]]
        lines += _CODECS[track.codec]
        if track.kind == "video":
            lines.append(f"a=ssrc-group:FID {stream.ssrc} {stream.rtx_ssrc}")
            lines.append(f"a=ssrc:{stream.rtx_ssrc} cname:{stream.cname}")
        lines.append(f"a=ssrc:{stream.ssrc} cname:{stream.cname}")
    return "\r\n".join(lines) + "\r\n"


def accepted_format(section: MediaDescription, track: Track) -> StreamFormat | None:
    """How the node wants a track sent, by its answer; None when it refused the section or the codec."""
    if not section.port or section.direction not in ("recvonly", "sendrecv"):
        return None
    codec = next((c for c in section.rtp.codecs if c.name.lower() == track.codec.lower()), None)
    if codec is None or codec.payloadType is None:
        return None
    extensions = {extension.uri: extension.id for extension in section.rtp.headerExtensions}
    return StreamFormat(
        payload_type=codec.payloadType,
        rtx_payload_type=rtx_of(section, codec.payloadType),
        clock_rate=codec.clockRate,
        codec=track.codec,
        mid=track.mid,
        mid_extension=extensions.get(MID, 0),
        level_extension=extensions.get(AUDIO_LEVEL, 0),
        send_time_extension=extensions.get(ABS_SEND_TIME, 0),
    )


def rtx_of(section: MediaDescription, payload_type: int | None) -> int | None:
    """The payload type of retransmissions for a payload type (RFC 4588 section 8.6)."""
    for codec in section.rtp.codecs:
        if codec.name.lower() == "rtx" and int(codec.parameters.get("apt") or -1) == payload_type:
            return codec.payloadType
    return None


def decodable_codecs(section: MediaDescription, decodable: Sequence[str]) -> list[RTCRtpCodecParameters]:
    """The offered codecs that this client takes, as offered."""
    names = {name.lower() for name in decodable}
    return [codec for codec in section.rtp.codecs if codec.name.lower() in names]


def subscribe_answer(
    remote: Remote, credentials: Credentials, fingerprint: str, session: int, decodable: Sequence[str]
) -> str:
    """The answer to the node's offer: everything that can be decoded is received, the rest is refused."""
    bodies: list[list[str]] = []
    mids: list[str] = []
    for section in remote.sections:
        codecs = decodable_codecs(section, decodable)
        if not section.port or not codecs:
            formats = " ".join(map(str, section.fmt))
            bodies.append([f"m={section.kind} 0 {section.profile} {formats}", "c=IN IP4 0.0.0.0", "a=inactive"])
            bodies[-1].append(f"a=mid:{section.rtp.muxId}")
            continue
        mids.append(section.rtp.muxId)
        bodies.append(_received_section(section, codecs, _transport(credentials, fingerprint, "active")))
    return "\r\n".join(_head(mids, session) + [line for body in bodies for line in body]) + "\r\n"


def _received_section(
    section: MediaDescription, codecs: list[RTCRtpCodecParameters], transport: list[str]
) -> list[str]:
    described = [_codec_lines(section, codec) for codec in codecs]
    formats = " ".join(number for numbers, _ in described for number in numbers)
    direction = "recvonly" if section.direction in ("sendonly", "sendrecv", None) else "inactive"
    lines = [f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {formats}", "c=IN IP4 0.0.0.0", *transport]
    lines += [f"a=mid:{section.rtp.muxId}", f"a={direction}"]
    lines += [line for _, said in described for line in said]
    kept = {MID, AUDIO_LEVEL, ABS_SEND_TIME}
    return lines + [f"a=extmap:{e.id} {e.uri}" for e in section.rtp.headerExtensions if e.uri in kept]


def _codec_lines(section: MediaDescription, codec: RTCRtpCodecParameters) -> tuple[list[str], list[str]]:
    """The payload types of a codec and its retransmissions, and what is said of them."""
    rtx = rtx_of(section, codec.payloadType)
    channels = f"/{codec.channels}" if codec.channels and codec.channels > 1 else ""
    lines = [f"a=rtpmap:{codec.payloadType} {codec.name}/{codec.clockRate}{channels}"]
    if codec.parameters:
        said = ";".join(f"{key}={value}" if value is not None else key for key, value in codec.parameters.items())
        lines.append(f"a=fmtp:{codec.payloadType} {said}")
    feedback = [("nack", ""), ("nack", "pli")] if section.kind == "video" else [("nack", "")]
    offered = {(f.type, f.parameter or "") for f in codec.rtcpFeedback}
    lines += [
        f"a=rtcp-fb:{codec.payloadType} {kind} {what}".rstrip() for kind, what in feedback if (kind, what) in offered
    ]
    if rtx is None:
        return [str(codec.payloadType)], lines
    lines += [f"a=rtpmap:{rtx} rtx/{codec.clockRate}", f"a=fmtp:{rtx} apt={codec.payloadType}"]
    return [str(codec.payloadType), str(rtx)], lines
