"""Publishing a camera and a microphone: taken, encoded and sent as it happens, the loop never kept waiting.

Threads take pictures and sound from the devices and encode them; the loop only sends what is finished. Whatever cannot
be kept up with is dropped while it is still a raw picture, so that what is sent can always be decoded.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import av
import structlog
from av.container import InputContainer

from signaling.client.capture import LARGEST, RATE, CaptureError, Device, open_device, why_not
from signaling.client.clip import Picture, Sound
from signaling.client.encode import VideoCodec, fitted
from signaling.client.live_encode import PictureEncoder, SoundEncoder
from signaling.client.player import JUMP_AT_MOST_EVERY_S, send_reports
from signaling.client.sender import OutgoingStream
from signaling.client.session import first_error

FRESH = 2
"""Raw pictures that wait for the encoder; an older one makes room for a newer."""
READY = 25
"""Encoded pictures, and packets of sound, that may wait for the loop."""
SILENT_S = 10.0
"""A camera from which nothing has come for this long is taken for broken; some need several seconds to begin."""
APART_S = 0.2
_LOOK_S = 0.1
_STOP_S = 2.0
T = TypeVar("T")

log = structlog.get_logger("live")


@dataclass(frozen=True)
class Opened:
    """A device and what FFmpeg made of it."""

    device: Device
    container: InputContainer


class LiveSource:
    """A camera, and a microphone where there is one: to `LivePlayer` what a `Clip` is to `Player`."""

    has_pictures = True

    def __init__(self, camera: Opened, microphone: Opened | None, codec: VideoCodec) -> None:
        self.camera = camera
        self.microphone = microphone
        self.video_codec: VideoCodec = codec

    @classmethod
    def open(
        cls,
        camera: Device,
        microphones: list[Device],
        codec: VideoCodec,
        said: Callable[[str], None],
        *,
        sound_needed: bool = False,
    ) -> LiveSource:
        """Open the camera and the first microphone that can be; `said(text)` tells why there is no sound.

        Raises `CaptureError` when the camera cannot be used, or no microphone though `sound_needed`.
        """
        picture = Opened(camera, open_device(camera))
        reason = "no microphone is wanted."
        for microphone in microphones:
            try:
                return cls(picture, Opened(microphone, open_device(microphone)), codec)
            except CaptureError as error:
                if sound_needed:
                    raise
                reason = str(error)
        said(f"No sound is sent: {reason}")
        return cls(picture, None, codec)

    @property
    def has_sounds(self) -> bool:
        """Whether a microphone could be opened."""
        return self.microphone is not None


class Freshest(Generic[T]):
    """A queue between threads that keeps the newest `size` items."""

    def __init__(self, size: int) -> None:
        self._items: deque[T] = deque(maxlen=size)
        self._changed = threading.Condition()
        self.dropped = 0

    def put(self, item: T) -> None:
        """Add an item; the oldest makes room. Never waits."""
        with self._changed:
            self.dropped += len(self._items) == self._items.maxlen
            self._items.append(item)
            self._changed.notify()

    def get(self, timeout_s: float) -> T | None:
        """The oldest that is kept; None when nothing comes in time."""
        with self._changed:
            return self._items.popleft() if self._changed.wait_for(lambda: self._items, timeout_s) else None


class MediaClock:
    """Turns a device's time into media time: as even as the device's clock, never far from ours, always rising."""

    def __init__(self) -> None:
        self._offset: float | None = None
        self._last = float("-inf")

    def at(self, device_s: float, now_s: float, least_s: float = 0.001) -> float:
        """Media time in seconds of what the device dates `device_s` and came at `now_s`."""
        if self._offset is None or abs(self._offset + device_s - now_s) > APART_S:
            self._offset = now_s - device_s
        self._last = max(self._offset + device_s, self._last + least_s)
        return self._last


class Pace:
    """Lets at most `rate` pictures a second through, evenly."""

    def __init__(self, rate: int) -> None:
        self._interval_s = 1 / rate
        self._due = float("-inf")

    def takes(self, at: float) -> bool:
        """Whether the picture of this time is one of them."""
        if at < self._due - self._interval_s / 2:
            return False
        self._due = max(self._due, at - self._interval_s) + self._interval_s
        return True


class LivePlayer:
    """Sends a `LiveSource` over one or two streams until it is cancelled or the camera fails (`CaptureError`).

    A wish for a key frame makes the next picture one; a microphone that fails is told and the pictures go on.
    """

    def __init__(self, source: LiveSource, video: OutgoingStream | None, audio: OutgoingStream | None) -> None:
        self._source = source
        self._video = video
        self._audio = audio
        self._raw: Freshest[tuple[av.VideoFrame, float]] = Freshest(FRESH)
        self._room = {"video": threading.Semaphore(READY), "audio": threading.Semaphore(READY)}
        self._stopping = threading.Event()
        self._key_wanted = threading.Event()
        self._started = time.monotonic()
        self._last_jump = float("-inf")
        self._last_taken = 0.0
        self.jumps = 0
        self.sent = 0
        """Pictures given to the stream."""
        if video is not None:
            video.on_key_frame_wanted = self.jump

    def _now(self) -> float:
        return time.monotonic() - self._started

    def jump(self) -> None:
        """Make the next picture a key frame: somebody new watches, or somebody has lost the picture."""
        if self._now() - self._last_jump < JUMP_AT_MOST_EVERY_S:
            return
        self._last_jump = self._now()
        self.jumps += 1
        self._key_wanted.set()

    async def run(self) -> None:
        """Take, encode and send until cancelled. Raises `CaptureError` when the camera does not deliver any more."""
        self._started = time.monotonic()
        loop = asyncio.get_running_loop()
        failed: asyncio.Future[None] = loop.create_future()
        work = {"take pictures": self._take_pictures, "encode pictures": self._encode_pictures}
        if self._audio is not None and self._source.microphone is not None:
            work["sound"] = self._take_sound
        # Daemons: a driver that never answers must not keep the process.
        threads = [
            threading.Thread(target=self._worker, args=(loop, failed, each), name=name, daemon=True)
            for name, each in work.items()
        ]
        for thread in threads:
            thread.start()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(send_reports(self._audio, self._video))
                group.create_task(self._watch(failed))
        except* CaptureError as errors:
            raise first_error(errors) from None
        finally:
            self._stopping.set()
            await asyncio.to_thread(_join, threads)

    def _worker(
        self,
        loop: asyncio.AbstractEventLoop,
        failed: asyncio.Future[None],
        work: Callable[[asyncio.AbstractEventLoop], None],
    ) -> None:
        def fail(error: Exception) -> None:
            if not failed.done():
                failed.set_exception(error)

        try:
            work(loop)
        except Exception as error:
            if not self._stopping.is_set():
                loop.call_soon_threadsafe(fail, error)

    async def _watch(self, failed: asyncio.Future[None]) -> None:
        """Wait for the camera to fail, or to fall silent."""
        while True:
            await asyncio.wait([failed], timeout=min(1.0, SILENT_S))
            if failed.done():
                failed.result()
            if self._now() - self._last_taken > SILENT_S:
                raise CaptureError(
                    f"The {self._source.camera.device} has given no picture for {SILENT_S:.0f} s. "
                    "Unplug it and plug it in again, then start anew."
                )

    # ------------------------------------------------------------ threads

    def _take_pictures(self, loop: asyncio.AbstractEventLoop) -> None:
        camera, clock, pace = self._source.camera, MediaClock(), Pace(RATE)
        with camera.container as container:
            try:
                for frame in container.decode(video=0):
                    if not self._in_time(camera.device, frame):
                        return
                    now = self._now()
                    self._last_taken = now
                    at = clock.at(frame.time if frame.time is not None else now, now)
                    if pace.takes(at):
                        self._raw.put((frame, at))
            except (OSError, av.FFmpegError) as error:
                raise CaptureError(_stopped(camera.device, error)) from error
        if not self._stopping.is_set():
            raise CaptureError(_stopped(camera.device, None))

    def _in_time(self, device: Device, frame: av.VideoFrame | av.AudioFrame) -> bool:
        """Wait until a virtual device's frame is due; false when it is time to stop."""
        ahead = (frame.time or 0.0) - self._now() if device.is_virtual else 0.0
        return not self._stopping.wait(ahead) if ahead > 0 else not self._stopping.is_set()

    def _encode_pictures(self, loop: asyncio.AbstractEventLoop) -> None:
        encoder: PictureEncoder | None = None
        stream = self._video
        while stream is not None and not self._stopping.is_set():
            taken = self._raw.get(_LOOK_S)
            if taken is None:
                continue
            if not stream.is_sending:
                # Nobody needs it encoded; whoever comes begins with a key frame.
                self._key_wanted.set()
                continue
            if not self._room["video"].acquire(blocking=False):
                continue
            frame, at = taken
            if encoder is None:
                encoder = PictureEncoder(self._source.video_codec, fitted((frame.width, frame.height), LARGEST), RATE)
            if key := self._key_wanted.is_set():
                self._key_wanted.clear()
            pictures = encoder.encode(frame, at, key=key)
            if key and not pictures:
                self._key_wanted.set()
            loop.call_soon_threadsafe(self._send_pictures, stream, pictures)

    def _send_pictures(self, stream: OutgoingStream, pictures: list[Picture]) -> None:
        self._room["video"].release()
        for picture in pictures:
            self.sent += 1
            stream.send_picture(picture, picture.at)

    def _take_sound(self, loop: asyncio.AbstractEventLoop) -> None:
        stream, microphone = self._audio, self._source.microphone
        if stream is None or microphone is None:
            return
        encoder, clock = SoundEncoder(), MediaClock()
        reason: Exception | None = None
        with microphone.container as container:
            try:
                for frame in container.decode(audio=0):
                    if not self._in_time(microphone.device, frame):
                        return
                    for sound in encoder.encode(frame):
                        at = clock.at(sound.at, self._now(), sound.lasts_s)
                        if stream.is_sending and self._room["audio"].acquire(blocking=False):
                            loop.call_soon_threadsafe(self._send_sound, stream, sound, at)
            except (OSError, av.FFmpegError) as error:
                reason = error
        if not self._stopping.is_set():
            log.warning("sound has stopped, the picture goes on", reason=_stopped(microphone.device, reason))

    def _send_sound(self, stream: OutgoingStream, sound: Sound, at: float) -> None:
        self._room["audio"].release()
        stream.send_sound(sound, at)


def _stopped(device: Device, error: Exception | None) -> str:
    cause = why_not(device, error) if error is not None else "Plug it in again, then start anew."
    return f"The {device} has stopped. {cause}"


def _join(threads: list[threading.Thread]) -> None:
    ends = time.monotonic() + _STOP_S
    for thread in threads:
        thread.join(max(ends - time.monotonic(), 0))
