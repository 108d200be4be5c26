"""Which codecs and header extensions of an offer are taken, and which the node offers itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sfu import rtp
from sfu.codecs import SUPPORTED, SupportedCodec, decodable
from sfu.sdp.model import RemoteCodec, RemoteSection
from sfu.sections import Codec, Kind

_FIRST_PAYLOAD_TYPE: Final = 96
_OFFERED_EXTENSIONS: Final[dict[Kind, tuple[str, ...]]] = {
    "audio": (rtp.URI_MID, rtp.URI_TRANSPORT_CC, rtp.URI_ABS_SEND_TIME, rtp.URI_AUDIO_LEVEL, rtp.URI_ABS_CAPTURE_TIME),
    "video": (
        rtp.URI_MID,
        rtp.URI_TRANSPORT_CC,
        rtp.URI_ABS_SEND_TIME,
        rtp.URI_VIDEO_ORIENTATION,
        rtp.URI_PLAYOUT_DELAY,
        rtp.URI_ABS_CAPTURE_TIME,
    ),
}
_EXTENSION_IDS: Final = {
    uri: number for number, uri in enumerate(dict.fromkeys(u for uris in _OFFERED_EXTENSIONS.values() for u in uris), 1)
}
"""One id per URI for all sections and all peers: then receivers share one wire profile (and RFC 8285 §5 holds)."""
_SENDERS_WISHES: Final[tuple[str, ...]] = (
    "stereo",
    "sprop-stereo",
    "maxaveragebitrate",
    "usedtx",
    "cbr",
    "maxplaybackrate",
)
"""Opus settings (RFC 7587 §6.1) that are taken from an offer into its answer: a film needs stereo and no DTX."""


def codec_parameters(codec: RemoteCodec) -> Codec:
    """What the media side needs to know of a payload type, without what only counts after agreement."""
    return Codec(codec.payload_type, codec.name, codec.clock_rate, codec.channels, dict(codec.parameters))


def as_sent(codec: Codec) -> Codec:
    """The codec as receivers must be able to decode it.

    Plain baseline H.264 counts as constrained baseline: encoders that say plain (x264, OpenH264) use none of the tools
    that the constraint forbids (slice groups, arbitrary order, redundant slices), and browsers decode it.
    """
    profile = codec.parameters.get("profile-level-id", "42000a").lower()
    if codec.name.upper() != "H264" or len(profile) != 6 or not profile.startswith("42"):
        return codec
    return replace(codec, parameters={**codec.parameters, "profile-level-id": f"42e0{profile[4:]}"})


def accepted_codecs(section: RemoteSection) -> tuple[Codec, ...]:
    """The codecs of an offered section that both ends know, with the offer's payload types and in its order.

    A codec must fit one way or the other: what is offered for sending must be something receivers here can decode,
    and what is offered for receiving must be able to decode what publishers here send.
    """
    accepted = []
    for remote in section.codecs:
        supported = _supported(section.kind, remote, sends=section.direction in ("sendonly", "sendrecv"))
        if supported is not None:
            accepted.append(_agreed(remote, supported, section))
    return tuple(accepted)


def _supported(kind: str, remote: RemoteCodec, sends: bool) -> SupportedCodec | None:
    offered = codec_parameters(remote)
    offered = as_sent(offered) if sends else offered
    for supported in SUPPORTED:
        own = Codec(0, supported.name, supported.clock_rate, supported.channels, supported.parameters)
        fits = decodable(offered, own) if sends else decodable(own, offered)
        if kind == supported.kind and fits and supported.channels in (0, remote.channels):
            return supported
    return None


def _agreed(remote: RemoteCodec, supported: SupportedCodec, section: RemoteSection) -> Codec:
    feedback = [one for one in supported.feedback if one in remote.feedback]
    parameters = dict(remote.parameters)
    if supported.name == "opus":
        wishes = {name: remote.parameters[name] for name in _SENDERS_WISHES if name in remote.parameters}
        parameters = {**supported.parameters, **wishes}
    return Codec(
        remote.payload_type,
        supported.name,
        remote.clock_rate,
        remote.channels,
        parameters,
        _rtx_of(remote.payload_type, section) if supported.rtx else None,
        nack="nack" in feedback,
        pli="nack pli" in feedback,
        fir="ccm fir" in feedback,
        remb="goog-remb" in feedback,
        transport_cc="transport-cc" in feedback,
    )


def _rtx_of(payload_type: int, section: RemoteSection) -> int | None:
    for codec in section.codecs:
        if codec.name.lower() == "rtx" and codec.parameters.get("apt") == str(payload_type):
            return codec.payload_type
    return None


def accepted_extensions(section: RemoteSection) -> dict[str, int]:
    """The offered header extensions that are understood here, with the offer's ids."""
    return {uri: number for uri, number in section.extensions.items() if uri in rtp.NUMBERS}


def offered_codecs(kind: Kind) -> tuple[Codec, ...]:
    """What the node offers: everything it can forward, with payload types that are the same for all peers."""
    codecs = []
    payload_type = _FIRST_PAYLOAD_TYPE
    for one in SUPPORTED:
        if one.kind == kind:
            codecs.append(
                Codec(
                    payload_type,
                    one.name,
                    one.clock_rate,
                    one.channels,
                    dict(one.parameters),
                    payload_type + 1 if one.rtx else None,
                    nack="nack" in one.feedback,
                    pli="nack pli" in one.feedback,
                    fir="ccm fir" in one.feedback,
                    remb="goog-remb" in one.feedback,
                    transport_cc="transport-cc" in one.feedback,
                )
            )
        payload_type += 2
    return tuple(codecs)


def offered_extensions(kind: Kind) -> dict[str, int]:
    """The header extensions that the node offers, with ids that are the same for all peers."""
    return {uri: _EXTENSION_IDS[uri] for uri in _OFFERED_EXTENSIONS[kind]}


def answered_codecs(section: RemoteSection, offered: tuple[Codec, ...]) -> tuple[Codec, ...]:
    """What is left of `offered` in the far end's answer, in its order and with its format parameters."""
    left = []
    by_type = {codec.payload_type: codec for codec in offered}
    for remote in section.codecs:
        own = by_type.get(remote.payload_type)
        if own is None or own.name.lower() != remote.name.lower():
            continue
        rtx = own.rtx_payload_type if _rtx_of(remote.payload_type, section) == own.rtx_payload_type else None
        left.append(
            Codec(
                own.payload_type,
                own.name,
                own.clock_rate,
                own.channels,
                dict(remote.parameters) if own.name == "H264" else dict(own.parameters),
                rtx,
                nack="nack" in remote.feedback,
                pli="nack pli" in remote.feedback,
                fir="ccm fir" in remote.feedback,
                remb="goog-remb" in remote.feedback,
                transport_cc="transport-cc" in remote.feedback,
            )
        )
    return tuple(left)
