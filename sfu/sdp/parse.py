"""Reads a far end's description. Everything in it is bounded; what is not understood is skipped (RFC 8866 §5)."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Callable
from typing import Final, cast

from sfu.dtls import Fingerprint
from sfu.sdp.errors import DescriptionError
from sfu.sdp.model import Direction, RemoteCodec, RemoteDescription, RemoteSection

LONGEST_DESCRIPTION: Final = 512 * 1024
LONGEST_LINE: Final = 4_096
MOST_SECTIONS: Final = 256
MOST_CODECS: Final = 64
MOST_EXTENSIONS: Final = 48
MOST_SSRCS: Final = 64
MOST_CANDIDATES: Final = 128
MOST_RIDS: Final = 8
MOST_FINGERPRINTS: Final = 8
MOST_FEEDBACK: Final = 32

_MEDIA = re.compile(r"([a-z]+) (\d{1,5})(?:/\d{1,5})? ([A-Z0-9/]+) (.+)", re.ASCII)
_TOKEN = re.compile(r"[!#-'*+.0-9A-Z^-~-]{1,64}", re.ASCII)
"""RFC 8866 §9, `token`."""
_FRAGMENT = re.compile(r"[A-Za-z0-9+/]{4,256}", re.ASCII)
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}", re.ASCII)
_RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9._-]{1,40})/(\d{1,7})(?:/(\d{1,2}))?", re.ASCII)
_EXTMAP = re.compile(r"(\d{1,5})(?:/[a-z]+)? (\S{1,256})(?: .*)?", re.ASCII)
_FINGERPRINT = re.compile(r"([A-Za-z0-9-]{1,20}) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){15,63})", re.ASCII)


def parse(text: str) -> RemoteDescription:
    """Read a description. Raises DescriptionError with code `malformed` or `too_large`."""
    if len(text) > LONGEST_DESCRIPTION:
        raise DescriptionError("too_large", f"The description is longer than {LONGEST_DESCRIPTION // 1024} KiB.")
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if not lines or lines[0] != "v=0":
        raise _malformed("it does not begin with v=0")
    session = RemoteSection("", 0, "", [])
    bundle: list[str] = []
    sections: list[RemoteSection] = []
    reader = _Reader()
    current = session
    for line in lines:
        if len(line) > LONGEST_LINE:
            raise DescriptionError("too_large", f"A line of the description is longer than {LONGEST_LINE} characters.")
        if line[1:2] != "=":
            raise _malformed(f"a line is not of the form x=...: {line[:40]!r}")
        if line.startswith("m="):
            current = _section(line[2:], session)
            sections.append(current)
            reader = _Reader()
            if len(sections) > MOST_SECTIONS:
                raise DescriptionError("too_large", f"More than {MOST_SECTIONS} m-sections.")
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            if name == "group" and current is session:
                semantics, *mids = value.split()[: MOST_SECTIONS + 1] or [""]
                bundle = mids if semantics == "BUNDLE" and not bundle else bundle
            else:
                reader.read(current, name, value.strip())
    _check_mids(sections)
    return RemoteDescription(bundle, sections)


def _malformed(what: str) -> DescriptionError:
    return DescriptionError("malformed", f"The description cannot be read: {what}.")


def _section(value: str, session: RemoteSection) -> RemoteSection:
    match = _MEDIA.fullmatch(value.strip())
    if match is None:
        raise _malformed(f"an m-line: {value[:60]!r}")
    kind, port, protocol, formats = match.groups()
    listed = formats.split()
    if len(listed) > MOST_CODECS:
        raise DescriptionError("too_large", f"An m-section lists more than {MOST_CODECS} formats.")
    if int(port) > 65_535:
        raise _malformed(f"an m-line: {value[:60]!r}")
    return RemoteSection(
        kind,
        int(port),
        protocol,
        listed,
        direction=session.direction,
        mixed_extensions=session.mixed_extensions,
        fragment=session.fragment,
        password=session.password,
        setup=session.setup,
        fingerprints=list(session.fingerprints),
    )


def _check_mids(sections: list[RemoteSection]) -> None:
    """Every section needs a mid of its own; without any, their positions are it (as before RFC 9143)."""
    if all(not section.mid for section in sections):
        for index, section in enumerate(sections):
            section.mid = str(index)
    mids = [section.mid for section in sections]
    if len(set(mids)) != len(mids) or not all(mids):
        raise _malformed("its m-sections do not each have a mid of their own")


class _Reader:
    """Reads the attributes of one section. Holds what has to be counted and what comes before its `rtpmap`."""

    def __init__(self) -> None:
        self._candidates = 0
        self._codecs: dict[int, RemoteCodec] = {}
        self._late: dict[int, tuple[dict[str, str], list[str]]] = {}
        self._feedback_for_all: list[str] = []

    def read(self, section: RemoteSection, name: str, value: str) -> None:
        """Take one attribute into `section`."""
        if name in ("sendrecv", "sendonly", "recvonly", "inactive"):
            section.direction = cast(Direction, name)
            return
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, section, value)

    def mid(self, section: RemoteSection, value: str) -> None:
        if not _TOKEN.fullmatch(value):
            raise _malformed("a mid that is not a token of at most 64 characters")
        section.mid = value

    def fragment(self, section: RemoteSection, value: str) -> None:
        if not _FRAGMENT.fullmatch(value):
            raise _malformed("ice-ufrag is not 4 to 256 ice-chars")
        section.fragment = value

    def password(self, section: RemoteSection, value: str) -> None:
        if not _PASSWORD.fullmatch(value):
            raise _malformed("ice-pwd is not 22 to 256 ice-chars")
        section.password = value

    def setup(self, section: RemoteSection, value: str) -> None:
        section.setup = value

    def fingerprint(self, section: RemoteSection, value: str) -> None:
        match = _FINGERPRINT.fullmatch(value)
        if match is None or len(section.fingerprints) >= MOST_FINGERPRINTS:
            raise _malformed("a fingerprint")
        found = Fingerprint(match[1].lower(), match[2].upper())
        if found not in section.fingerprints:
            section.fingerprints.append(found)

    def rtpmap(self, section: RemoteSection, value: str) -> None:
        match = _RTPMAP.fullmatch(value)
        if match is None or int(match[1]) > 127:
            raise _malformed(f"an rtpmap: {value[:40]!r}")
        number = int(match[1])
        if str(number) not in section.formats or number in self._codecs:
            return
        parameters, feedback = self._attributes_of(section, str(number))
        codec = RemoteCodec(number, match[2], int(match[3]), int(match[4] or 0), parameters, feedback)
        self._codecs[number] = codec
        insort(section.codecs, codec, key=lambda one: section.formats.index(str(one.payload_type)))

    def fmtp(self, section: RemoteSection, value: str) -> None:
        number, _, rest = value.partition(" ")
        parameters, _ = self._attributes_of(section, number)
        for part in rest.split(";")[:MOST_CODECS]:
            key, _, setting = part.strip().partition("=")
            if key:
                parameters[key.lower()] = setting.strip()

    def feedback(self, section: RemoteSection, value: str) -> None:
        number, _, rest = value.partition(" ")
        message = rest.strip()
        if number != "*":
            _add(self._attributes_of(section, number)[1], message)
        elif _add(self._feedback_for_all, message):
            for _, feedback in self._late.values():
                _add(feedback, message)

    def _attributes_of(self, section: RemoteSection, number: str) -> tuple[dict[str, str], list[str]]:
        if number not in section.formats or not number.isascii() or not number.isdigit():
            return {}, []
        found = self._late.get(int(number))
        if found is None:
            found = self._late[int(number)] = ({}, list(self._feedback_for_all))
        return found

    def extmap(self, section: RemoteSection, value: str) -> None:
        match = _EXTMAP.fullmatch(value)
        if match is None:
            raise _malformed(f"an extmap: {value[:60]!r}")
        if len(section.extensions) >= MOST_EXTENSIONS:
            raise DescriptionError("too_large", f"An m-section has more than {MOST_EXTENSIONS} header extensions.")
        number = int(match[1])
        # Ids 1 to 14 fit the one-byte form, up to 255 the two-byte form (RFC 8285 §5); larger ones are to be dealt out.
        if 1 <= number <= 255 and number != 15:
            section.extensions.setdefault(match[2], number)

    def ssrc(self, section: RemoteSection, value: str) -> None:
        number = _ssrc(value.partition(" ")[0])
        if number not in section.ssrcs:
            if len(section.ssrcs) >= MOST_SSRCS:
                raise DescriptionError("too_large", f"An m-section names more than {MOST_SSRCS} SSRCs.")
            section.ssrcs.append(number)

    def ssrc_group(self, section: RemoteSection, value: str) -> None:
        semantics, *numbers = value.split()[: MOST_SSRCS + 1] or [""]
        if semantics == "FID" and len(numbers) == 2 and len(section.repairs) < MOST_SSRCS:
            section.repairs[_ssrc(numbers[1])] = _ssrc(numbers[0])

    def rid(self, section: RemoteSection, value: str) -> None:
        words = value.split()
        if len(words) >= 2 and words[1] == "send" and _TOKEN.fullmatch(words[0]):
            if len(section.rids) >= MOST_RIDS:
                raise DescriptionError("too_large", f"An m-section has more than {MOST_RIDS} rids.")
            section.rids.append(words[0])

    def candidate(self, _section: RemoteSection, _value: str) -> None:
        """Only counted: a lite agent learns the far end's addresses from its checks."""
        self._candidates += 1
        if self._candidates > MOST_CANDIDATES:
            raise DescriptionError("too_large", f"An m-section has more than {MOST_CANDIDATES} candidates.")

    def msid(self, section: RemoteSection, value: str) -> None:
        section.msid = value

    def rtcp_mux(self, section: RemoteSection, _value: str) -> None:
        section.rtcp_mux = True

    def rtcp_rsize(self, section: RemoteSection, _value: str) -> None:
        section.reduced_size_rtcp = True

    def bundle_only(self, section: RemoteSection, _value: str) -> None:
        section.bundle_only = True

    def mixed(self, section: RemoteSection, _value: str) -> None:
        section.mixed_extensions = True


def _add(feedback: list[str], message: str) -> bool:
    """Take one more kind of feedback; False if it is known or there are too many."""
    if message in feedback or len(feedback) >= MOST_FEEDBACK:
        return False
    feedback.append(message)
    return True


def _ssrc(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 1 << 32):
        raise _malformed(f"an SSRC: {text[:20]!r}")
    return int(text)


_HANDLERS: Final[dict[str, Callable[[_Reader, RemoteSection, str], None]]] = {
    "mid": _Reader.mid,
    "ice-ufrag": _Reader.fragment,
    "ice-pwd": _Reader.password,
    "setup": _Reader.setup,
    "fingerprint": _Reader.fingerprint,
    "rtpmap": _Reader.rtpmap,
    "fmtp": _Reader.fmtp,
    "rtcp-fb": _Reader.feedback,
    "extmap": _Reader.extmap,
    "ssrc": _Reader.ssrc,
    "ssrc-group": _Reader.ssrc_group,
    "rid": _Reader.rid,
    "candidate": _Reader.candidate,
    "msid": _Reader.msid,
    "rtcp-mux": _Reader.rtcp_mux,
    "rtcp-rsize": _Reader.rtcp_rsize,
    "bundle-only": _Reader.bundle_only,
    "extmap-allow-mixed": _Reader.mixed,
}
