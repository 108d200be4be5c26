"""Playing a clip in a loop, in time with the wall clock, so that several cards take turns to speak."""

from __future__ import annotations

import asyncio
import time

from signaling.client.clip import Clip
from signaling.client.sender import OutgoingStream

REPORT_S = 1.0
JUMP_AT_MOST_EVERY_S = 0.3
"""One key frame answers every wish that comes within this time."""
LATE_S = 0.5
"""Having slept for longer (a suspended machine), go on from the present instead of catching up."""


class Player:
    """Sends a clip over one or two streams until it is cancelled.

    A wish for a key frame moves the pictures to the nearest one, at most half the key-frame interval away; the next
    wish moves them from where the clock is, so they never drift from the sound.
    """

    def __init__(self, clip: Clip, video: OutgoingStream | None, audio: OutgoingStream | None) -> None:
        self._clip = clip
        self._video = video if clip.pictures else None
        self._audio = audio if clip.sounds else None
        self._woken = asyncio.Event()
        self._started = time.monotonic()
        # Media time that began with the loop which holds the present wall-clock time.
        self._ahead = time.time() % clip.duration_s
        self._last_jump = float("-inf")
        self._last_picture_at = 0.0
        self._index = clip.key_frame_near(self._ahead) if clip.pictures else 0
        self._epoch = -clip.pictures[self._index].at if clip.pictures else 0.0
        self.jumps = 0
        if self._video is not None:
            self._video.on_key_frame_wanted = self.jump

    def _now(self) -> float:
        return time.monotonic() - self._started

    async def run(self) -> None:
        """Play until cancelled."""
        tasks = [send_reports(self._audio, self._video)]
        if self._audio is not None:
            tasks.append(self._play_sounds(self._audio))
        if self._video is not None:
            tasks.append(self._play_pictures(self._video))
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task)

    async def _play_sounds(self, stream: OutgoingStream) -> None:
        sounds = self._clip.sounds
        index = next((i for i, sound in enumerate(sounds) if sound.at >= self._ahead), 0)
        epoch = -self._ahead
        while True:
            due = epoch + sounds[index].at
            await asyncio.sleep(max(due - self._now(), 0))
            if self._now() - due > LATE_S:
                epoch += self._now() - due
                due = epoch + sounds[index].at
            stream.send_sound(sounds[index], due)
            index += 1
            if index == len(sounds):
                index = 0
                epoch += self._clip.duration_s

    async def _play_pictures(self, stream: OutgoingStream) -> None:
        pictures = self._clip.pictures
        while True:
            due = self._epoch + pictures[self._index].at
            wait = due - self._now()
            if wait > 0:
                self._woken.clear()
                # Not `wait_for`: until Python 3.12 that loses a cancellation which comes as the waiting ends.
                try:
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
                except TimeoutError:
                    pass
                else:
                    continue
            if wait < -LATE_S:
                self._epoch -= wait
                due -= wait
            # The next picture never has the time of the last, also after a jump.
            self._last_picture_at = max(due, self._last_picture_at + 0.001)
            stream.send_picture(pictures[self._index], self._last_picture_at)
            self._index += 1
            if self._index == len(pictures):
                self._index = 0
                self._epoch += self._clip.duration_s

    def jump(self) -> None:
        """Go on from the nearest key frame: somebody new watches, or somebody has lost the picture."""
        if self._video is None:
            return
        now = self._now()
        if now - self._last_jump < JUMP_AT_MOST_EVERY_S:
            return
        self._last_jump = now
        self.jumps += 1
        self._index = self._clip.key_frame_near((self._ahead + now) % self._clip.duration_s)
        self._epoch = now - self._clip.pictures[self._index].at
        self._woken.set()


async def send_reports(*streams: OutgoingStream | None) -> None:
    """Send the streams' sender reports once a second, until cancelled."""
    while True:
        for stream in streams:
            report = stream.report() if stream is not None else None
            if report is not None and stream is not None and stream.send_report is not None:
                stream.send_report(report)
        await asyncio.sleep(REPORT_S)
