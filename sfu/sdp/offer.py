"""The node's offers: the sections on which it forwards to a browser that subscribes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sfu.sdp import codecs, write
from sfu.sdp.errors import DescriptionError
from sfu.sdp.model import RemoteDescription, RemoteSection
from sfu.sections import Codec, Kind, SendSection

MOST_SECTIONS: Final = 250
_STANDARD: Final = "UDP/TLS/RTP/SAVPF"


@dataclass(slots=True, eq=False)
class OfferedSection:
    """One m-section, from its mid to its stop. What comes after in the same place is another object."""

    kind: Kind
    source: write.LocalSource | None
    """None for the section that only carries the transport."""
    mid: str = ""
    """Empty until it was offered."""
    stopped: bool = False
    offered: bool = False
    """Whether the present state is in an offer already."""
    codecs: tuple[Codec, ...] = ()
    """What the far end's last answer accepted; empty before it."""
    extensions: dict[str, int] = field(default_factory=dict)
    reduced_size_rtcp: bool = False

    def send_section(self) -> SendSection:
        """What the media side needs to know."""
        assert self.source is not None
        return SendSection(
            self.mid,
            self.kind,
            self.codecs,
            self.extensions,
            self.source.ssrc,
            self.source.rtx_ssrc,
            self.source.cname,
            self.reduced_size_rtcp,
        )


class OfferBook:
    """The sections of a connection on which the node offers, in the order that never changes.

    The first section is inactive and stays: it carries the transport, which would end with it, and lets a browser
    connect before there is anything to send. A stopped section is taken again for the same kind, with a new mid, once
    the far end has answered its stop (RFC 9429 §5.2.2).
    """

    def __init__(self, cname: str, new_ssrc: Callable[[], int]) -> None:
        self._cname = cname
        self._new_ssrc = new_ssrc
        self._session_id = secrets.randbits(62)
        self._version = 0
        self._next_mid = 1
        self.sections: list[OfferedSection] = [OfferedSection("audio", None, "0")]
        self._free: set[int] = set()
        self._awaiting: list[OfferedSection] | None = None
        self._pending: list[OfferedSection] = []

    @property
    def changed(self) -> bool:
        """Whether there is something that the far end was not told yet."""
        return bool(self._pending) or any(not section.offered for section in self.sections)

    @property
    def awaiting_answer(self) -> bool:
        return self._awaiting is not None

    def add(self, kind: Kind, stream_id: str) -> OfferedSection:
        """A new section for the next offer. Sections with one `stream_id` are played in step (lip sync).

        Raises DescriptionError when the connection has as many as it may.
        """
        if len(self.sections) - len(self._free) + len(self._pending) >= MOST_SECTIONS:
            raise DescriptionError("too_large", f"A connection has {MOST_SECTIONS} sections at most.")
        rtx = any(codec.rtx_payload_type is not None for codec in codecs.offered_codecs(kind))
        ssrc = self._new_ssrc()
        source = write.LocalSource(
            ssrc, self._new_ssrc() if rtx else None, self._cname, stream_id, f"{kind}-{secrets.token_hex(4)}"
        )
        section = OfferedSection(kind, source)
        self._pending.append(section)
        return section

    def stop(self, section: OfferedSection) -> None:
        """End a section; the next offer says so."""
        if section in self._pending:
            self._pending.remove(section)
        elif not section.stopped:
            section.stopped = True
            section.offered = False

    def compose(self, transport: write.LocalTransport) -> str:
        """The next offer. The one before it must be answered first."""
        for section in self._pending:
            self._place(section)
        self._pending = []
        self._version += 1
        bundle = [section.mid for section in self.sections if not section.stopped]
        lines = write.session_lines(self._session_id, self._version, bundle, mixed_extensions=True)
        for section in self.sections:
            lines += self._lines(section, transport)
            section.offered = True
        self._awaiting = list(self.sections)
        return write.join(lines)

    def _place(self, section: OfferedSection) -> None:
        """Put a new section into a stopped one's place, or at the end."""
        section.mid = str(self._next_mid)
        self._next_mid += 1
        index = next((one for one in sorted(self._free) if self.sections[one].kind == section.kind), None)
        if index is None:
            self.sections.append(section)
        else:
            self._free.discard(index)
            self.sections[index] = section

    def _lines(self, section: OfferedSection, transport: write.LocalTransport) -> list[str]:
        offered = codecs.offered_codecs(section.kind)
        if section.stopped:
            return write.rejected_lines(section.kind, _STANDARD, str(offered[0].payload_type), section.mid)
        return write.media_lines(
            section.kind,
            section.mid,
            "sendonly" if section.source is not None else "inactive",
            offered,
            codecs.offered_extensions(section.kind),
            write.transport_lines(transport),
            source=section.source,
        )

    def check(self, answer: RemoteDescription) -> list[RemoteSection]:
        """The sections of `answer` that were accepted. Raises DescriptionError if it does not fit the last offer."""
        if self._awaiting is None:
            raise DescriptionError("unexpected", "There is no offer that this could be the answer to.")
        if [one.mid for one in answer.sections] != [one.mid for one in self._awaiting]:
            raise DescriptionError("sections_changed", "The answer does not have the sections of the offer.")
        accepted = [one for one in answer.sections if not one.rejected]
        if self._awaiting[0].mid not in [one.mid for one in accepted]:
            raise DescriptionError("nothing_in_common", "The answer refuses the section that carries the transport.")
        return accepted

    def accept(self, answer: RemoteDescription) -> list[OfferedSection]:
        """Take an answer that was checked; returns the sections that are sent on, with what was agreed."""
        assert self._awaiting is not None
        active = []
        for index, (section, remote) in enumerate(zip(self._awaiting, answer.sections, strict=True)):
            if section.stopped:
                if section.offered:
                    self._free.add(index)
            elif section.source is not None:
                willing = not remote.rejected and remote.direction in ("recvonly", "sendrecv")
                offered = codecs.offered_codecs(section.kind)
                section.codecs = codecs.answered_codecs(remote, offered) if willing else ()
                own = codecs.offered_extensions(section.kind)
                section.extensions = {
                    uri: own[uri] for uri in remote.extensions if own.get(uri) == remote.extensions[uri]
                }
                section.reduced_size_rtcp = remote.reduced_size_rtcp
                active.append(section)
        self._awaiting = None
        return active
