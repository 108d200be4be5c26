"""Descriptions: read within bounds, answered, offered, and refused with a code that says why."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.addresses import Candidate
from sfu.dtls import Fingerprint
from sfu.ice import Credentials
from sfu.sdp import parse as parsing
from sfu.sdp.answer import AnswerBook
from sfu.sdp.errors import DescriptionError
from sfu.sdp.offer import MOST_SECTIONS, OfferBook
from sfu.sdp.parse import parse
from sfu.sdp.transport import remote_transport
from sfu.sdp.write import LocalTransport

LOCAL = LocalTransport(
    Credentials("abcdefgh", "a" * 24),
    Fingerprint("sha-256", ":".join(["AB"] * 32)),
    "passive",
    [Candidate("192.0.2.1", 8801, 2_130_706_431, "1")],
)
TRANSPORT = (
    "a=ice-ufrag:farx\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\na=rtcp-mux\r\n"
    f"a=fingerprint:sha-256 {':'.join(['CD'] * 32)}\r\n"
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0\r\nc=IN IP4 0.0.0.0\r\n" + TRANSPORT + "a=mid:0\r\na=sendonly\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    "a=extmap:4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=extmap:9 urn:example:unknown\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
    "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
    "a=ssrc:1000 cname:x\r\n"
)
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 45 46 96 97 106 107\r\nc=IN IP4 0.0.0.0\r\n" + TRANSPORT + "a=mid:1\r\na=sendonly\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset\r\na=extmap:20 urn:3gpp:video-orientation\r\n"
    "a=rtpmap:45 AV1/90000\r\na=rtpmap:46 rtx/90000\r\na=fmtp:46 apt=45\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:* nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 goog-remb\r\n"
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
    "a=rtpmap:106 H264/90000\r\na=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"
    "a=rtpmap:107 rtx/90000\r\na=fmtp:107 apt=106\r\n"
    "a=ssrc-group:FID 2000 2001\r\na=ssrc:2000 cname:x\r\na=ssrc:2001 cname:x\r\n"
    "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\n"
)
HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
OFFER = HEAD + "a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\n" + AUDIO + VIDEO


def answer_book() -> AnswerBook:
    counter = itertools.count(500)
    return AnswerBook("cname", lambda: next(counter))


def answered(offer: str, book: AnswerBook | None = None) -> str:
    book = book or answer_book()
    description = parse(offer)
    return book.commit(book.plan(description, lambda mid, kind: True), description.bundle, LOCAL)


def take(offer: str) -> str:
    """Everything that is checked of an offer, and its answer."""
    description = parse(offer)
    plan = answer_book().plan(description, lambda mid, kind: True)
    remote_transport(description, [one.remote for one in plan if one.direction])
    return answered(offer)


def sections(text: str) -> list[str]:
    return re.split(r"(?=^m=)", text, flags=re.MULTILINE)[1:]


def test_an_offer_is_read() -> None:
    """H46, H50: transport, codecs with their parameters and feedback, extensions, SSRCs and rids of each section."""
    audio, video = parse(OFFER).sections
    assert (audio.mid, audio.kind, audio.direction, audio.port) == ("0", "audio", "sendonly", 9)
    assert audio.reduced_size_rtcp
    assert audio.rtcp_mux
    assert audio.mixed_extensions
    assert audio.extensions["urn:ietf:params:rtp-hdrext:sdes:mid"] == 4
    assert audio.codecs[0].parameters == {"minptime": "10", "useinbandfec": "1", "stereo": "1"}
    assert audio.setup == "actpass"
    assert [codec.name for codec in video.codecs] == ["AV1", "rtx", "VP8", "rtx", "H264", "rtx"]
    assert video.codecs[2].feedback == ["nack", "nack pli", "goog-remb"]
    assert video.repairs == {2001: 2000}
    assert video.rids == ["h", "l"]


def test_attributes_of_the_session_level_hold_for_its_sections() -> None:
    """RFC 8839 §5.4, RFC 8122 §5: ICE and DTLS attributes may stand above the sections."""
    audio = AUDIO.replace(TRANSPORT, "a=rtcp-mux\r\n")
    (section,) = parse(HEAD + TRANSPORT + audio).sections
    assert section.fragment == "farx"
    assert section.setup == "actpass"
    assert len(section.fingerprints) == 1


def test_the_answer_takes_what_both_know() -> None:
    """F39, F35, H46: payload types and extension ids are the offer's; unknown codecs and extensions are left out."""
    audio, video = sections(answered(OFFER))
    assert audio.startswith("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=1" in audio
    assert "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level" in audio
    assert "urn:example:unknown" not in audio
    assert "a=recvonly" in audio
    assert "a=setup:passive" in audio
    assert "a=rtcp-rsize" in audio
    assert "a=rtcp-rsize" not in video
    assert video.startswith("m=video 9 UDP/TLS/RTP/SAVPF 96 97 106 107\r\n")
    assert "a=rtcp-fb:96 nack pli" in video
    assert "a=rtcp-fb:96 transport-cc" not in video
    assert "a=extmap:20 urn:3gpp:video-orientation" in video
    assert "toffset" not in video
    assert "simulcast" not in video
    assert "a=candidate:1 1 udp 2130706431 192.0.2.1 8801 typ host\r\n" in audio


def test_the_media_side_learns_what_was_agreed() -> None:
    """The section given to the media side has the offer's SSRCs, the repair stream and the codecs' feedback."""
    book = answer_book()
    _, video = book.plan(parse(OFFER), lambda mid, kind: True)
    assert video.receive is not None
    assert video.receive.ssrcs == (2000,)
    assert video.receive.rtx_ssrcs == {2001: 2000}
    vp8 = video.receive.codecs[0]
    assert (vp8.name, vp8.payload_type, vp8.rtx_payload_type) == ("VP8", 96, 97)
    assert vp8.nack
    assert vp8.pli
    assert vp8.remb
    assert not vp8.transport_cc


@pytest.mark.parametrize(
    ("parameters", "taken"),
    [
        ("profile-level-id=42e034;packetization-mode=1", True),
        ("profile-level-id=42000c;packetization-mode=1", True),
        ("profile-level-id=42e01f", True),
        ("profile-level-id=640c1f;packetization-mode=1", False),
        ("profile-level-id=nonsense;packetization-mode=1", False),
    ],
)
def test_h264_is_matched_by_profile(parameters: str, taken: bool) -> None:
    """F39: levels may differ, profiles may not; plain baseline is taken as constrained (RFC 6184 §8.2.2)."""
    video = re.sub(r"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", parameters, VIDEO)
    (section,) = sections(answered(HEAD + "a=group:BUNDLE 1\r\n" + video))
    assert (" 106 107\r\n" in section.splitlines(keepends=True)[0]) is taken
    if taken:
        assert f"a=fmtp:106 {parameters}" in section, "the answer repeats the profile as it was offered"


def test_a_player_is_given_slots() -> None:
    """A recvonly section is answered sendonly, with an SSRC that stays through renegotiation (A1)."""
    offer = OFFER.replace("a=sendonly", "a=recvonly")
    book = answer_book()
    first = answered(offer, book)
    assert first.count("a=sendonly") == 2
    assert "a=ssrc-group:FID 501 502" in first
    again = answered(offer, book)
    assert re.findall(r"a=ssrc:\d+", first) == re.findall(r"a=ssrc:\d+", again)


def test_a_section_may_be_refused() -> None:
    """What the caller does not accept, and data channels (H52), are answered with port 0 and leave the bundle."""
    data = (
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n" + TRANSPORT + "a=mid:2\r\n"
        "a=sctp-port:5000\r\na=max-message-size:262144\r\n"
    )
    book = answer_book()
    description = parse(OFFER.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + data)
    text = book.commit(book.plan(description, lambda mid, kind: kind == "audio"), description.bundle, LOCAL)
    audio, video, channel = sections(text)
    assert "a=group:BUNDLE 0\r\n" in text
    assert audio.startswith("m=audio 9 ")
    assert video.startswith("m=video 0 ")
    assert channel.startswith("m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n")


def test_inactive_is_not_stopped() -> None:
    """H49: a section that goes inactive keeps its place and answer; one with port 0 is stopped and may be recycled."""
    book = answer_book()
    answered(OFFER, book)
    paused = book.plan(parse(OFFER.replace("a=mid:1\r\na=sendonly", "a=mid:1\r\na=inactive")), lambda mid, kind: True)
    assert paused[1].direction == "inactive"
    stopped_offer = OFFER.replace("m=video 9", "m=video 0").replace("BUNDLE 0 1", "BUNDLE 0")
    text = answered(stopped_offer, book)
    assert sections(text)[1].startswith("m=video 0 ")
    recycled = answered(OFFER.replace("a=mid:1", "a=mid:7").replace("BUNDLE 0 1", "BUNDLE 0 7"), book)
    assert "a=mid:7" in recycled


def test_a_bundle_only_section_is_alive_at_port_0() -> None:
    """H46: port 0 with `bundle-only` in an offer is not a refusal (RFC 9143 §6)."""
    text = answered(OFFER.replace("m=video 9", "m=video 0").replace("a=mid:1", "a=bundle-only\r\na=mid:1"))
    assert sections(text)[1].startswith("m=video 9 ")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("a=group:BUNDLE 0 1\r\n", "", "bundle_required"),
        ("BUNDLE 0 1", "BUNDLE 0", "bundle_required"),
        ("a=rtcp-mux\r\n", "", "rtcp_mux_required"),
        ("a=ice-ufrag:farx\r\n", "", "ice_missing"),
        ("a=fingerprint:sha-256", "a=fingerprint:md5", "fingerprint_missing"),
        ("a=setup:actpass", "a=setup:holdconn", "setup_invalid"),
        ("a=ice-pwd:0123456789012345678901", "a=ice-pwd:short", "malformed"),
        ("a=mid:1", "a=mid:0", "malformed"),
        ("v=0", "v=1", "malformed"),
        ("s=-", "nonsense", "malformed"),
        ("m=audio 9", "m=audio 99999", "malformed"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus", "malformed"),
        ("a=ssrc:1000", "a=ssrc:99999999999", "malformed"),
    ],
)
def test_a_bad_offer_is_refused_with_its_code(old: str, new: str, code: str) -> None:
    """Each thing that is required (H46) or malformed has its own code, and a sentence for people."""
    assert old in OFFER
    with pytest.raises(DescriptionError) as caught:
        take(OFFER.replace(old, new))
    assert caught.value.code == code
    assert str(caught.value).endswith(".")


def test_an_offer_without_a_common_codec_is_refused() -> None:
    """Nothing in common is told with what would be taken."""
    with pytest.raises(DescriptionError, match=r"Opus.*VP8") as caught:
        answered(OFFER.replace("opus", "G722").replace("VP8", "VP9").replace("H264", "H265"))
    assert caught.value.code == "nothing_in_common"


@pytest.mark.parametrize(
    "text",
    [
        OFFER + "a=" + "x" * parsing.LONGEST_LINE,
        OFFER + "a=x\r\n" * (parsing.LONGEST_DESCRIPTION // 4),
        HEAD + "".join(AUDIO.replace("a=mid:0", f"a=mid:{n}") for n in range(parsing.MOST_SECTIONS + 1)),
        HEAD + AUDIO.replace("111 63 0", " ".join(map(str, range(parsing.MOST_CODECS + 1)))),
        OFFER + "".join(f"a=extmap:{n} urn:x:{n}\r\n" for n in range(1, parsing.MOST_EXTENSIONS + 10)),
        OFFER + "a=candidate:1 1 udp 1 192.0.2.9 9 typ host\r\n" * (parsing.MOST_CANDIDATES + 1),
        OFFER + "".join(f"a=ssrc:{n} cname:x\r\n" for n in range(parsing.MOST_SSRCS + 1)),
        OFFER + "".join(f"a=rid:{n} send\r\n" for n in range(parsing.MOST_RIDS + 1)),
    ],
    ids=["line", "description", "sections", "codecs", "extensions", "candidates", "ssrcs", "rids"],
)
def test_everything_is_bounded(text: str) -> None:
    """H53: sections, codecs, candidates, extensions, SSRCs, rids, lines and the whole have a largest size."""
    with pytest.raises(DescriptionError) as caught:
        parse(text)
    assert caught.value.code == "too_large"


def test_feedback_for_all_holds_for_every_codec_once_however_often_it_is_said() -> None:
    """130 kB of such lines cost 0.4 s when each was copied to all formats; where they stand does not matter."""
    lines = ["v=0", "m=video 9 UDP/TLS/RTP/SAVPF 97 96 01", "a=mid:0", "a=rtcp-fb:* nack", "a=rtpmap:96 VP8/90000"]
    lines += ["a=rtcp-fb:96 ccm fir", "a=rtcp-fb:* nack pli", "a=rtpmap:97 H264/90000", "a=rtpmap:01 VP9/90000"]
    lines += ["a=rtcp-fb:* nack"] * 5_000
    (section,) = parse("\r\n".join(lines)).sections
    assert [(codec.payload_type, codec.feedback) for codec in section.codecs] == [
        (97, ["nack", "nack pli"]),
        (96, ["nack", "ccm fir", "nack pli"]),
    ]
    many = [*lines[:9], *(f"a=rtcp-fb:* kind-{number}" for number in range(500))]
    assert all(len(codec.feedback) <= 32 for codec in parse("\n".join(many)).sections[0].codecs)


def test_sections_do_not_vanish_or_change_places() -> None:
    """H47: a later offer keeps all sections in their places."""
    book = answer_book()
    answered(OFFER, book)
    for changed in (HEAD + "a=group:BUNDLE 0\r\n" + AUDIO, HEAD + "a=group:BUNDLE 0 1\r\n" + VIDEO + AUDIO):
        with pytest.raises(DescriptionError) as caught:
            book.plan(parse(changed), lambda mid, kind: True)
        assert caught.value.code == "sections_changed"


LINES = OFFER.split("\r\n")


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1), st.sampled_from(["drop", "double", "cut", "noise"]), st.text(max_size=30)
        ),
        max_size=6,
    )
)
def test_broken_descriptions_are_refused_or_answered(changes: list[tuple[int, str, str]]) -> None:
    """Fuzz: whatever is done to the lines of an offer, it is answered or refused, never anything else."""
    lines = list(LINES)
    for index, change, noise in changes:
        line = lines[index % len(lines)]
        lines[index % len(lines)] = {
            "drop": "a=",
            "double": f"{line}\r\n{line}",
            "cut": line[: len(noise)],
            "noise": line + noise,
        }[change]
    try:
        answer = take("\r\n".join(lines))
    except DescriptionError:
        return
    assert parse(answer).sections


@given(st.text(max_size=300))
def test_noise_is_refused(noise: str) -> None:
    """Fuzz: text from nowhere is refused with a DescriptionError."""
    with pytest.raises(DescriptionError):
        parse(noise)


# The node's offers.


def offer_book() -> OfferBook:
    counter = itertools.count(900)
    return OfferBook("cname", lambda: next(counter))


def accept(book: OfferBook, offer: str, without: tuple[str, ...] = ()) -> None:
    """Answer as a browser would: what is offered is taken the other way round, except the codecs named."""
    text = offer.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:active")
    for name in without:
        text = re.sub(rf"a=rtpmap:\d+ {name}/.*\r\n", "", text)
    book.check(parse(text))
    book.accept(parse(text))


def test_the_first_section_carries_the_transport() -> None:
    """An offer with nothing to send is still a whole one; the section is inactive and never stopped."""
    book = offer_book()
    offer = book.compose(LOCAL)
    (section,) = sections(offer)
    assert "a=inactive" in section
    assert "a=ice-lite\r\n" in offer
    assert "a=ice-ufrag:abcdefgh" in section
    assert "a=ssrc" not in section


def test_streams_are_grouped_for_lip_sync() -> None:
    """H49, D23: audio and video of one sender share the msid's stream and the CNAME."""
    book = offer_book()
    book.add("audio", "anna")
    book.add("video", "anna")
    offer = book.compose(LOCAL)
    assert re.findall(r"a=msid:(\S+)", offer) == ["anna", "anna"]
    assert set(re.findall(r"cname:(\S+)", offer)) == {"cname"}
    assert "a=ssrc-group:FID 901 902" in offer
    assert not book.changed


def test_payload_types_and_extension_ids_are_the_same_everywhere() -> None:
    """F35: all sections of all peers share one profile, so that one packet fits all receivers but for its numbers."""
    offers = []
    for _ in range(2):
        book = offer_book()
        for kind in ("audio", "video", "video"):
            book.add(kind, "anna")  # type: ignore[arg-type]
        offers.append(book.compose(LOCAL))
    ids = {
        line.split(" ", 1)[1]: line.split(" ", 1)[0] for line in offers[0].split("\r\n") if line.startswith("a=extmap:")
    }
    assert len(set(ids.values())) == len(ids)
    for offer in offers:
        for line in offer.split("\r\n"):
            if line.startswith("a=extmap:"):
                assert ids[line.split(" ", 1)[1]] == line.split(" ", 1)[0]
    payload_types = re.findall(r"a=rtpmap:(\d+) (\S+)", offers[0])
    assert len({number for number, _ in payload_types}) == len(set(payload_types))


def test_a_stopped_section_comes_back_under_a_new_mid() -> None:
    """H47: stopped with port 0 in its place, then taken again for the same kind, never under its old mid."""
    book = offer_book()
    audio, video = book.add("audio", "a"), book.add("video", "a")
    accept(book, book.compose(LOCAL))
    book.stop(video)
    assert book.changed
    replaced = book.add("video", "b")
    text = book.compose(LOCAL)
    assert [one.split(" ")[1] for one in sections(text)] == ["9", "9", "0", "9"]
    assert "a=group:BUNDLE 0 1 3\r\n" in text
    accept(book, text)
    other = book.add("audio", "c")
    third = book.add("video", "c")
    text = book.compose(LOCAL)
    mids = re.findall(r"a=mid:(\S+)", text)
    assert mids == ["0", "1", third.mid, replaced.mid, other.mid]
    assert video.mid not in mids
    assert audio.mid == "1"
    accept(book, text)
    fourth = book.add("video", "d")
    assert re.findall(r"a=mid:(\S+)", book.compose(LOCAL)) == [*mids, fourth.mid], "a place is taken again only once"


def test_sections_are_bounded() -> None:
    """H53: a connection has a largest number of sections of ours as well."""
    book = offer_book()
    while len(book._pending) < MOST_SECTIONS - 1:
        book.add("audio", "a")
    with pytest.raises(DescriptionError) as caught:
        book.add("audio", "a")
    assert caught.value.code == "too_large"


def test_an_answer_says_what_can_be_decoded() -> None:
    """F39: codecs that the far end leaves out are not sent to it."""
    book = offer_book()
    video = book.add("video", "a")
    accept(book, book.compose(LOCAL), without=("H264",))
    assert [codec.name for codec in video.codecs] == ["VP8"]
    assert video.codecs[0].rtx_payload_type is not None
    assert video.send_section().mid == "1"


def test_an_answer_must_fit_its_offer() -> None:
    """An answer without an offer, with other sections, or that refuses the transport is refused."""
    book = offer_book()
    offer = book.compose(LOCAL)
    for text, code in (
        (offer.replace("a=mid:0", "a=mid:5"), "sections_changed"),
        (offer.replace("m=audio 9", "m=audio 0"), "nothing_in_common"),
    ):
        with pytest.raises(DescriptionError) as caught:
            book.check(parse(text))
        assert caught.value.code == code
    accept(book, offer)
    with pytest.raises(DescriptionError) as caught:
        book.check(parse(offer))
    assert caught.value.code == "unexpected"


def test_a_later_offer_replaces_an_unanswered_one() -> None:
    """A client that reconnects before it answered gets a new offer; its answer is the one that counts."""
    book = offer_book()
    book.add("audio", "a")
    book.compose(LOCAL)
    book.add("audio", "b")
    accept(book, book.compose(LOCAL))
    assert all(section.codecs for section in book.sections[1:])
