"""Which publications of a meeting are taken, each as a track of its own: what a recording and a live stream share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from recordings.capture.feed import Feed, TrackFeed
from recordings.raw import timeline
from signaling.media.ports import PublicationPort
from signaling.media.publishing import PublishedMedia
from signaling.model import Source


class Heard(Protocol):
    """Where publications are looked up; the meeting's media."""

    @property
    def speaker(self) -> str | None: ...
    def everything(self) -> list[tuple[str, PublishedMedia]]: ...


@dataclass(slots=True)
class _Taken:
    """A publication that is being taken."""

    port: PublicationPort
    feed: TrackFeed
    muted: bool = False


class Tracks:
    """What is published in a meeting, on its way into one feed."""

    def __init__(
        self,
        feed: Feed,
        key: str,
        media: Heard,
        *,
        now: Callable[[], float],
        next_number: Callable[[], int],
        wanted: Callable[[str, Source], bool] = lambda _participant, _source: True,
    ) -> None:
        """`key`: of the recording or the stream. `next_number` gives each track its number; `wanted` says what of
        whom may be taken, asked at every look.
        """
        self._feed = feed
        self._key = key
        self._media = media
        self._now = now
        self._next_number = next_number
        self._wanted = wanted
        self._taken: dict[str, _Taken] = {}
        self._speaker: str | None = None

    def look(self) -> None:
        """Publications may have come or gone, or another person may speak: keep up."""
        current = {
            media.port.id: (who, media)
            for who, media in self._media.everything()
            if media.port.codec and self._wanted(who, media.source)
        }
        for port_id in [port_id for port_id in self._taken if port_id not in current]:
            self._end(port_id)
        for port_id, (who, media) in current.items():
            if port_id not in self._taken:
                self._begin(who, media)
            self._note_mute(self._taken[port_id], muted=media.muted or media.port.muted)
        if self._media.speaker != self._speaker:
            self.tell_speaker(self._now())

    def tell_speaker(self, at: float) -> None:
        """Say who speaks now, whether it was said before or not."""
        self._speaker = self._media.speaker
        self._line(timeline.Speaker(at=at, participant=self._speaker))

    def end(self) -> None:
        """Take nothing more, and say so."""
        for port_id in list(self._taken):
            self._end(port_id)

    def drop(self) -> None:
        """Take nothing more; nobody is there who would have to be told."""
        for port_id in list(self._taken):
            self._let_go(port_id)

    def _line(self, line: timeline.AnyLine) -> None:
        self._feed.line(self._key, line)

    def _begin(self, participant: str, media: PublishedMedia) -> None:
        track, codec = self._next_number(), media.port.codec
        self._line(
            timeline.Track(
                at=self._now(),
                track=track,
                participant=participant,
                source=media.source.value,
                media=_media(media.source.kind),
                codec=timeline.Codec(
                    name=codec.name,
                    clock_rate=codec.clock_rate,
                    channels=codec.channels,
                    parameters=dict(codec.parameters),
                ),
            )
        )
        self._taken[media.port.id] = _Taken(media.port, self._feed.open_track(self._key, track, media.port))
        media.port.on_codec = (*media.port.on_codec, self._codec_changed)

    def _codec_changed(self, port: PublicationPort) -> None:
        """Another codec is another track."""
        self._end(port.id)
        self.look()

    def _note_mute(self, taken: _Taken, *, muted: bool) -> None:
        if taken.muted != muted:
            taken.muted = muted
            if not muted:
                taken.feed.want_key_frame()
            self._line(timeline.Muted(at=self._now(), track=taken.feed.track, muted=muted))

    def _end(self, port_id: str) -> None:
        track = self._let_go(port_id)
        self._line(timeline.TrackEnded(at=self._now(), track=track))

    def _let_go(self, port_id: str) -> int:
        taken = self._taken.pop(port_id)
        taken.port.on_codec = tuple(told for told in taken.port.on_codec if told != self._codec_changed)
        taken.feed.close()
        return taken.feed.track


def _media(kind: str) -> Literal["audio", "video"]:
    return "audio" if kind == "audio" else "video"
