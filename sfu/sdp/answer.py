"""Answers to far ends that offer: browsers that publish, and WHIP and WHEP clients."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from sfu.sdp import codecs, write
from sfu.sdp.errors import DescriptionError
from sfu.sdp.model import Direction, RemoteDescription, RemoteSection
from sfu.sdp.transport import is_media
from sfu.sections import Codec, Kind, ReceiveSection, SendSection


@dataclass(slots=True)
class AnsweredSection:
    """One section of an offer and what is answered to it."""

    remote: RemoteSection
    direction: Direction | None
    """Of the answer; None if the section is refused or stopped."""
    codecs: tuple[Codec, ...] = ()
    extensions: dict[str, int] | None = None
    receive: ReceiveSection | None = None
    """What the far end sends, if it may."""
    send: SendSection | None = None
    """What may be sent to it, if it wants something."""
    source: write.LocalSource | None = None


class AnswerBook:
    """The sections of a connection on which the far end offers, through any number of offers."""

    def __init__(self, cname: str, new_ssrc: Callable[[], int]) -> None:
        self._cname = cname
        self._new_ssrc = new_ssrc
        self._session_id = secrets.randbits(62)
        self._version = 0
        self.sections: list[AnsweredSection] = []

    def plan(self, offer: RemoteDescription, accept: Callable[[str, Kind], bool]) -> list[AnsweredSection]:
        """Decide on every section of `offer`; nothing is remembered until `commit`.

        `accept(mid, kind)` is asked for each section on which the far end wants to send for the first time.
        Raises DescriptionError if sections of the last offer are gone or in another order (RFC 9429 §5.2.2), or if
        nothing can be taken.
        """
        if len(offer.sections) < len(self.sections):
            raise DescriptionError("sections_changed", "Sections of the last offer are missing; stop them with port 0.")
        planned = []
        for index, remote in enumerate(offer.sections):
            before = self.sections[index] if index < len(self.sections) else None
            if before is not None and before.direction is not None and before.remote.mid != remote.mid:
                raise DescriptionError(
                    "sections_changed",
                    f"Section {index} was {before.remote.mid!r} and is now {remote.mid!r}, but was never stopped.",
                )
            planned.append(self._plan_section(remote, before, accept))
        if not any(one.direction is not None for one in planned) and not self.sections:
            raise DescriptionError(
                "nothing_in_common", "No section of the offer can be taken: offer Opus audio, VP8 or H.264 video."
            )
        return planned

    def _plan_section(
        self, remote: RemoteSection, before: AnsweredSection | None, accept: Callable[[str, Kind], bool]
    ) -> AnsweredSection:
        refused = AnsweredSection(remote, None)
        if remote.rejected or not is_media(remote):
            return refused
        kind = cast(Kind, remote.kind)
        agreed = codecs.accepted_codecs(remote)
        if not agreed:
            return refused
        same = before if before is not None and before.remote.mid == remote.mid else None
        sends = remote.direction in ("sendonly", "sendrecv")
        wants = remote.direction in ("recvonly", "sendrecv")
        if sends and (same is None or same.receive is None) and not accept(remote.mid, kind):
            sends = False
            if not wants:
                return refused
        extensions = codecs.accepted_extensions(remote)
        section = AnsweredSection(remote, _answer_direction(sends, wants), agreed, extensions)
        if sends:
            section.receive = _receive_section(remote, kind, agreed, extensions)
        if wants:
            self._add_source(section, same, kind)
        return section

    def _add_source(self, section: AnsweredSection, same: AnsweredSection | None, kind: Kind) -> None:
        """Give a section that is sent on its SSRCs, which last as long as the section (checklist A1)."""
        remote = section.remote
        known = same.source if same is not None else None
        if known is None:
            rtx = any(codec.rtx_payload_type is not None for codec in section.codecs)
            ssrc = self._new_ssrc()
            known = write.LocalSource(
                ssrc, self._new_ssrc() if rtx else None, self._cname, self._cname, f"{kind}-{remote.mid}"
            )
        section.source = known
        section.send = SendSection(
            remote.mid,
            kind,
            section.codecs,
            section.extensions or {},
            known.ssrc,
            known.rtx_ssrc,
            known.cname,
            remote.reduced_size_rtcp,
        )

    def commit(self, planned: list[AnsweredSection], bundle: list[str], transport: write.LocalTransport) -> str:
        """Remember the plan and write the answer."""
        self.sections = planned
        self._version += 1
        taken = {one.remote.mid for one in planned if one.direction is not None}
        mixed = any(one.remote.mixed_extensions for one in planned)
        group = [mid for mid in bundle if mid in taken]
        lines = write.session_lines(self._session_id, self._version, group, mixed)
        for section in planned:
            remote = section.remote
            if section.direction is None:
                lines += write.rejected_lines(remote.kind, remote.protocol, " ".join(remote.formats), remote.mid)
                continue
            lines += write.media_lines(
                remote.kind,
                remote.mid,
                section.direction,
                section.codecs,
                section.extensions or {},
                write.transport_lines(transport),
                protocol=remote.protocol,
                reduced_size_rtcp=remote.reduced_size_rtcp,
                source=section.source,
            )
        return write.join(lines)


def _answer_direction(sends: bool, wants: bool) -> Direction:
    if sends:
        return "sendrecv" if wants else "recvonly"
    return "sendonly" if wants else "inactive"


def _receive_section(
    remote: RemoteSection, kind: Kind, agreed: tuple[Codec, ...], extensions: dict[str, int]
) -> ReceiveSection:
    repairs = {rtx: media for rtx, media in remote.repairs.items() if rtx in remote.ssrcs and media in remote.ssrcs}
    return ReceiveSection(
        remote.mid,
        kind,
        tuple(codecs.as_sent(codec) for codec in agreed),
        extensions,
        tuple(ssrc for ssrc in remote.ssrcs if ssrc not in repairs),
        repairs,
        (),
        remote.reduced_size_rtcp,
    )
