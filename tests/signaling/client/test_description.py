"""Offers and answers: what is offered, what is accepted, what is refused."""

from __future__ import annotations

import pytest
from aiortc.sdp import SessionDescription

from signaling.client.description import (
    AUDIO_LEVEL,
    DescriptionError,
    Track,
    accepted_format,
    publish_offer,
    read_remote,
    subscribe_answer,
)
from signaling.client.ice import Credentials
from signaling.client.sender import OutgoingStream

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
OWN = Credentials("ufra", "p" * 24)

NODE_OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE 0 1 2",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=ice-ufrag:node",
        "a=ice-pwd:" + "n" * 24,
        f"a=fingerprint:{FINGERPRINT}",
        "a=setup:actpass",
        "a=mid:0",
        "a=sendonly",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtcp-fb:111 transport-cc",
        "a=rtcp-mux",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=candidate:1 1 udp 1 192.0.2.1 8801 typ host",
        "a=candidate:2 1 udp 9 127.0.0.1 8801 typ host",
        "a=candidate:3 1 tcp 5 127.0.0.1 8801 typ host tcptype passive",
        "m=video 9 UDP/TLS/RTP/SAVPF 102 103",
        "a=ice-ufrag:node",
        "a=ice-pwd:" + "n" * 24,
        f"a=fingerprint:{FINGERPRINT}",
        "a=setup:actpass",
        "a=mid:1",
        "a=sendonly",
        "a=rtpmap:102 H264/90000",
        "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f",
        "a=rtcp-fb:102 nack pli",
        "a=rtpmap:103 rtx/90000",
        "a=fmtp:103 apt=102",
        "a=rtcp-mux",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=ice-ufrag:node",
        "a=ice-pwd:" + "n" * 24,
        f"a=fingerprint:{FINGERPRINT}",
        "a=setup:actpass",
        "a=mid:2",
        "a=inactive",
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-mux",
        "",
    ]
)


def test_reads_the_nodes_transport() -> None:
    remote = read_remote(NODE_OFFER)
    assert remote.credentials == Credentials("node", "n" * 24)
    assert remote.candidates == [("127.0.0.1", 8801), ("192.0.2.1", 8801)]


@pytest.mark.parametrize("bad", ["", "v=0\r\n", "m=audio x\r\n", NODE_OFFER.replace("a=ice-pwd", "a=x-pwd")])
def test_a_bad_description_is_refused(bad: str) -> None:
    with pytest.raises(DescriptionError, match="The node's description"):
        read_remote(bad)


def test_answers_what_it_can_decode_and_refuses_the_rest() -> None:
    remote = read_remote(NODE_OFFER)
    answer = SessionDescription.parse(subscribe_answer(remote, OWN, FINGERPRINT, 5, ("opus", "VP8")))
    audio, refused, idle = answer.media
    assert (audio.direction, audio.rtp.codecs[0].payloadType, audio.dtls.role) == ("recvonly", 111, "client")
    assert [extension.uri for extension in audio.rtp.headerExtensions] == [AUDIO_LEVEL]
    assert not audio.rtp.codecs[0].rtcpFeedback  # transport-wide feedback is not sent, so it is not promised
    assert (refused.port, refused.rtp.muxId) == (0, "1")
    assert idle.direction == "inactive"
    assert answer.group[0].items == ["0", "2"]


def test_takes_h264_with_its_retransmissions() -> None:
    remote = read_remote(NODE_OFFER)
    answer = SessionDescription.parse(subscribe_answer(remote, OWN, FINGERPRINT, 5, ("opus", "H264")))
    video = answer.media[1]
    assert [codec.payloadType for codec in video.rtp.codecs] == [102, 103]
    assert video.rtp.codecs[0].parameters["profile-level-id"] == "42e01f"


def test_offers_tracks_and_reads_how_they_are_accepted() -> None:
    audio = Track("0", "opus", OutgoingStream(48_000, "name"))
    video = Track("1", "H264", OutgoingStream(90_000, "name"))
    offer = SessionDescription.parse(publish_offer([audio, video], OWN, FINGERPRINT, 9))
    assert [(m.kind, m.direction, m.rtp.muxId) for m in offer.media] == [
        ("audio", "sendonly", "0"),
        ("video", "sendonly", "1"),
    ]
    assert {s.ssrc for s in offer.media[1].ssrc} == {video.stream.ssrc, video.stream.rtx_ssrc}
    offer.media[1].direction = "recvonly"
    form = accepted_format(offer.media[1], video)
    assert form is not None
    assert (form.payload_type, form.rtx_payload_type, form.send_time_extension) == (102, 103, 2)
    assert accepted_format(offer.media[0], audio) is None  # not recvonly: refused
