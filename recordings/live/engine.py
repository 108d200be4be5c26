"""The live composition: every 40 ms a picture and 40 ms of sound, whatever comes in.

The picture of a moment shows what was captured at that moment, `DELAY_S` before it is composed, of everybody: so lips
and voices are in step by construction, and senders' clocks may run as they like. The engine's own clock is given to it,
so that tests run faster than time does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import av
import structlog

from recordings.capture.ring import Ring
from recordings.live import inputs
from recordings.live.clock import Lateness, NodeTime
from recordings.live.decoding import PICTURE_CODECS, SOUND_RATE, PictureTrack, SoundTrack
from recordings.live.encoding import PictureEncoder, SoundEncoder
from recordings.live.formats import (
    RATE,
    SEGMENT_S,
    Caption,
    Encoded,
    EngineFigures,
    Name,
    Output,
    TakesFigures,
    TakesOrders,
    WantsKeyFrames,
)
from recordings.live.inputs import TrackInput
from recordings.live.mixing import Mixer, Voice
from recordings.live.picture import Painter
from recordings.live.stage import Stage
from recordings.live.views import Views
from recordings.live.wire import Order
from recordings.processing.arranging import Look, arrange
from recordings.processing.layouts import Canvas
from recordings.processing.options import ENGLISH, Layout, Words, words_in
from recordings.processing.ordering import Lost
from recordings.raw import timeline
from recordings.raw.rtpdump import Packet
from recordings.raw.timeline import AnyLine

DELAY_S: Final = 0.3
"""From capture to composition: the way to the server, repairs of lost packets, pictures that take several packets."""
BLOCK: Final = SOUND_RATE // RATE
LATE_S: Final = 0.12
"""An engine that is so far behind leaves out pictures."""
HOPELESS_S: Final = 60.0
KEY_FRAME_S: Final = 0.5
"""Key frames that viewers ask for come at most this often."""
FIGURES_S: Final = 1.0
ABANDONED_S: Final = 120.0
"""A node that was not seen for so long does not come back to this stream."""
ASK_S: Final = 0.1
"""A key frame is asked for when one was waited for so long: it may be on its way."""
SILENT_S: Final = 1.0
"""Who sends nothing for so long is not asked for key frames."""
MOST_LINES: Final = 5_000
_log = structlog.get_logger(__name__)


class LeftBehindError(Exception):
    """The engine is so late (the machine slept) that a new one begins sooner than this one catches up."""


PAUSED: Final = {"uk": "Трансляцію призупинено", "en": "The live stream is paused"}


@dataclass(frozen=True, slots=True)
class Settings:
    """How the stream looks. Bit rates are in bits a second."""

    width: int = 1280
    height: int = 720
    small: tuple[int, int] = (640, 360)
    bit_rate: int = 2_500_000
    small_bit_rate: int = 700_000
    preset: str = "superfast"
    sound_bit_rate: int = 96_000
    opus_bit_rate: int = 64_000
    layout: Layout = "speaker"


@dataclass(eq=False)
class _Track:
    """A track that was announced and has not ended."""

    line: timeline.Track
    source: TrackInput
    picture: PictureTrack | None = None
    voice: Voice | None = None
    lateness: Lateness | None = None
    waits_since: float | None = None

    def waits_for_key(self, time: float) -> bool:
        """Whether packets come that cannot be shown, and have done so for a moment."""
        if self.picture is None or not self.picture.waits_for_key or time - self.source.heard_at > SILENT_S:
            self.waits_since = None
            return False
        if self.waits_since is None:
            self.waits_since = time
        return time - self.waits_since > ASK_S

    def take(self, packets: Iterable[Packet | Lost]) -> None:
        for packet in packets:
            if self.picture is not None:
                self.picture.take(packet)
            elif self.voice is not None:
                if isinstance(packet, Packet) and self.lateness is not None:
                    self.lateness.saw(self.source.clock.time(packet.timestamp), packet.arrived)
                self.voice.track.take(packet)


class Engine:
    """Composes one stream out of a ring, for some outputs. Not for several threads, but for `want_key_frame`."""

    def __init__(
        self,
        ring: Ring,
        outputs: Callable[[Order], Sequence[Output]],
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        settings: Settings | None = None,
    ) -> None:
        """Takes the ring over, unless nothing more will come into it. `outputs` is asked once, when the first order is
        there.
        """
        if ring.writer_open:
            ring.take_over()
        ring.wanted = 0
        self._settings = settings or Settings()
        self._ring = ring
        self._make = outputs
        self._monotonic = monotonic
        self._node = NodeTime(wall() - monotonic())
        self._order: Order | None = None
        self.outputs: Sequence[Output] = ()
        self._stage = Stage()
        self._views = Views()
        self._mixer = Mixer()
        self._tracks: dict[int, _Track] = {}
        self._lines: deque[tuple[float, AnyLine]] = deque(maxlen=MOST_LINES)
        """Lines with the time (of capture) from which they hold."""
        self._canvas = Canvas(self._settings.width, self._settings.height)
        self._words = words_of("")
        self._painter = Painter(self._canvas, self._words)
        self._pictures: list[PictureEncoder] = []
        self._sounds: list[SoundEncoder] = []
        self._zero: float | None = None
        self._wall = 0.0
        """UTC of the stream's zero: when what is seen there was captured."""
        self._languages: dict[str, None] = {}
        self._tick = 0
        self._key_wanted = False
        self._key_tick = 0
        self._late_frames = 0
        self._interpreted = False
        self._told_at = float("-inf")
        self._writer_seen = (0.0, monotonic())
        self._seen_anybody = False
        self._wanted = 0
        self.over = False
        """The stream was stopped: it is to end."""
        self.abandoned = False
        """The node has been away for long: whoever is started next waits until it is back."""

    # What is asked of it.

    def want_key_frame(self) -> None:
        """Some viewer needs an IDR picture in 720p. From any thread."""
        self._key_wanted = True

    @property
    def figures(self) -> EngineFigures:
        return EngineFigures(
            late_frames=self._late_frames,
            captions=tuple(self._languages),
            sounds=("floor", "interpretation") if self._interpreted else ("floor",),
        )

    def step(self) -> float:
        """Take what waits in the ring, compose what is due; how many seconds later to come again.

        Raises `LeftBehindError`.
        """
        self._read()
        if self._zero is None:
            if self._order is None or self.over:
                return 0.02
            self._begin(self._order)
        assert self._zero is not None
        for _ in range(RATE):
            if self.over or self.abandoned:
                break
            due = self._zero + self._tick / RATE
            now = self._monotonic()
            if now < due:
                return min(0.01, due - now)
            if now - due > HOPELESS_S:
                raise LeftBehindError
            self._compose(due, late=now - due > LATE_S)
            self._tick += 1
            self._read()
        return 0.0

    def close(self) -> None:
        """Tell the outputs that the stream is over."""
        self._tell_figures()
        for output in self.outputs:
            output.close()

    # What comes in.

    def _read(self) -> None:
        now = self._monotonic()
        ring = self._ring
        ring.reader_seen = now
        written = ring.writer_seen
        self._node.saw(written, now)
        if written != self._writer_seen[0]:
            self._writer_seen = (written, now)
        elif now - self._writer_seen[1] > ABANDONED_S:
            _log.warning("the stream's node is gone", stream=self._order.stream if self._order else None)
            self.abandoned = True
        time = self._node.of(now)
        while ring.waiting:
            for record in inputs.records(ring):
                if isinstance(record, inputs.Content):
                    track = self._tracks.get(record.track)
                    if track is not None:
                        track.take(track.source.take(record.record, time))
                elif isinstance(record, Order):
                    self._take_order(record)
                else:
                    self._take_line(record, time)
        wanted = 0
        for number, track in self._tracks.items():
            track.take(track.source.overdue(time))
            if track.waits_for_key(time) and number not in self._stage.muted:
                wanted |= 1 << (number & 63)
        if wanted != self._wanted:
            self._wanted = ring.wanted = wanted

    def _take_order(self, order: Order) -> None:
        if self._order is not None and order != self._order:
            for output in self.outputs:
                if isinstance(output, TakesOrders):
                    output.order(order)
        if words_of(order.language) != self._words:
            self._words = words_of(order.language)
            self._painter = Painter(self._canvas, self._words)
        self._order = order

    def _take_line(self, line: AnyLine, time: float) -> None:
        """Tracks are listened to at once; everything else holds when its moment is composed."""
        if isinstance(line, timeline.Begun):  # everything is told anew, numbers of tracks may come again
            self._hold(time)
            self._tracks.clear()
            self._views.end_all()
        elif isinstance(line, timeline.Track):
            self._begin_track(line, time)
        elif isinstance(line, timeline.Stopped) and self._order is None:
            self.over = True  # it ended before this began, and nobody knows for whom it was
        self._lines.append((time, line))

    def _begin_track(self, line: timeline.Track, time: float) -> None:
        if line.track in self._tracks:
            return
        track = _Track(line, TrackInput(line.track, line.codec.clock_rate))
        if line.media == "video" and line.codec.name.upper() in PICTURE_CODECS:
            track.picture = PictureTrack(line.codec.name.upper(), track.source.clock)
            self._views.begin(line.participant, line.source, line.track, track.picture, time)
        elif line.media == "audio" and line.codec.name.lower() == "opus":
            track.voice = Voice(SoundTrack(track.source.clock))
            track.lateness = Lateness(DELAY_S)
        else:
            _log.warning("a track's codec cannot be decoded", codec=line.codec.name, track=line.track)
            return
        self._tracks[line.track] = track

    def _end_track(self, number: int) -> None:
        self._tracks.pop(number, None)
        self._views.end(number)

    def _hold(self, time: float) -> None:
        """Lines up to `time` hold now."""
        while self._lines and self._lines[0][0] <= time:
            _, line = self._lines.popleft()
            self._stage.take(line, time)
            if isinstance(line, timeline.TrackEnded):
                self._end_track(line.track)
            elif isinstance(line, timeline.Stopped):
                self.over = True
            elif isinstance(line, timeline.Caption):
                self._caption(line)

    def _caption(self, line: timeline.Caption) -> None:
        """A line is known when its writer has finished it: it is shown where it was begun, as far as can be."""
        self._languages.setdefault(line.language, None)
        caption = Caption(max(0.0, line.since - self._wall), line.until - self._wall, line.language, line.text)
        if caption.until > caption.at:
            for output in self.outputs:
                output.caption(caption)

    # What goes out.

    def _begin(self, order: Order) -> None:
        settings = self._settings
        self.outputs = self._make(order)
        self._pictures = [
            PictureEncoder("720p", settings.width, settings.height, settings.bit_rate, settings.preset),
            PictureEncoder("360p", *settings.small, settings.small_bit_rate, settings.preset),
        ]
        self._sounds = [
            SoundEncoder("floor", settings.sound_bit_rate),
            SoundEncoder("opus", settings.opus_bit_rate),
        ]
        opening = self._painter.paint(Look("opening"), order.title, {})
        formats = {one.name: one.format(opening) for one in self._pictures}
        formats |= {one.name: one.format for one in self._sounds}
        formats["interpretation"] = replace(formats["floor"], name="interpretation")
        self._zero = self._monotonic()
        self._wall = self._node.of(self._zero) - DELAY_S
        for output in self.outputs:
            if isinstance(output, WantsKeyFrames):
                output.key_frames(self.want_key_frame)
            output.begin(formats, self._wall)

    def _compose(self, due: float, *, late: bool) -> None:
        """Sound always; the picture unless the engine is late, but always where a segment begins."""
        time = self._node.of(due) - DELAY_S
        self._hold(time)
        lags = self._lags()
        for encoded in self._sound(time, lags):
            self._give(encoded)
        segment = self._tick % (SEGMENT_S * RATE) == 0
        if late and not segment:
            self._late_frames += 1
        else:
            for encoded in self._picture(time, lags, segment=segment, late=late):
                self._give(encoded)
        if due - self._told_at >= FIGURES_S:
            self._told_at = due
            self._tell_figures()

    def _give(self, encoded: Encoded) -> None:
        for output in self.outputs:
            output.take(encoded)

    def _tell_figures(self) -> None:
        figures = self.figures
        for output in self.outputs:
            if isinstance(output, TakesFigures):
                output.figures(figures)

    def _lags(self) -> dict[str, float]:
        """By how many seconds participants with a poor line are seen and heard later."""
        lags: dict[str, float] = {}
        for track in self._tracks.values():
            if track.lateness is not None and track.lateness.lag:
                who = track.line.participant
                lags[who] = max(lags.get(who, 0.0), track.lateness.lag)
        return lags

    def _sound(self, time: float, lags: dict[str, float]) -> Iterator[Encoded]:
        mixed = self._mixer.mix(time, BLOCK, list(self._voices(lags)))
        for encoder in self._sounds:
            if encoder.name.endswith("interpretation"):
                yield from encoder.encode(mixed.interpretation)
                continue
            for encoded in encoder.encode(mixed.floor):
                yield encoded
                if encoded.name == "floor" and not self._interpreted:
                    yield encoded._replace(name="interpretation")

    def _voices(self, lags: dict[str, float]) -> Iterator[tuple[Voice, float, bool, bool]]:
        stage = self._stage
        interpreter = stage.interpreter()
        for number, track in self._tracks.items():
            if track.voice is not None:
                who = track.line.participant
                interprets = stage.interprets(who)
                if interprets and not self._interpreted:
                    self._begin_interpretation()
                aside = interprets and who != interpreter
                heard = number not in stage.muted and not stage.paused and not aside
                yield track.voice, lags.get(who, 0.0), interprets, heard

    def _begin_interpretation(self) -> None:
        """Until somebody interprets, what is sent as the interpretation is the floor; now it goes its own way."""
        self._interpreted = True
        floor, opus = self._sounds[:2]
        self._sounds += [floor.branch("interpretation"), opus.branch("opus-interpretation")]

    def _picture(self, time: float, lags: dict[str, float], *, segment: bool, late: bool) -> Iterator[Encoded]:
        picture = self._painter.frame if late else self._painted(time, lags)
        asked = self._key_wanted and self._tick - self._key_tick >= KEY_FRAME_S * RATE
        if segment or asked:
            self._key_tick, self._key_wanted = self._tick, False
        for encoder in self._pictures:
            key = segment or (asked and encoder.name == _ASKED)
            yield from encoder.encode(picture, self._tick, key=key)

    def _painted(self, time: float, lags: dict[str, float]) -> av.VideoFrame:
        title = (self._order.title if self._order else "") or self._stage.title
        self._views.mute(self._stage.muted)
        look = self._look(time)
        wanted = {tile.reel for tile in look.tiles if tile.reel is not None}
        self._views.advance(time, lags, wanted)
        moving = self._views.moving()
        tiles = tuple(tile if tile.reel in moving else tile._replace(reel=None) for tile in look.tiles)
        return self._painter.paint(look._replace(tiles=tiles), title, moving)

    def _look(self, time: float) -> Look:
        settings = self._settings
        if self._stage.paused:
            return Look("pause")
        situation = self._stage.situation(time, self._views.shown(time), self._words.somebody)
        look = arrange(situation, self._canvas, settings.layout, self._words)
        self._seen_anybody = self._seen_anybody or look.kind != "empty"
        return look if self._seen_anybody else Look("opening")


def words_of(language: str) -> Words:
    """What is written into the picture of a meeting in this language."""
    words = words_in(language)
    return words.model_copy(update={"paused": PAUSED["en" if words is ENGLISH else "uk"]})


_ASKED: Final[Name] = "720p"
