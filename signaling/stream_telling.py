"""Who is told how a stream fares: everybody of those who watch, those who moderate of the rest."""

from __future__ import annotations

from collections.abc import Callable

from signaling import messages
from signaling.media.program import Program
from signaling.meeting.plan import Plan
from signaling.meeting.state import State
from signaling.streaming import MeetingStreamer

Tell = Callable[[messages.ServerMessage], None]


class StreamTelling:
    """Looks at the stream and tells what has changed."""

    def __init__(
        self, state: State, streamer: MeetingStreamer, program: Program, everybody: Tell, moderators: Tell
    ) -> None:
        self._state = state
        self._streamer = streamer
        self._program = program
        self._tell_everybody = everybody
        self._tell_moderators = moderators
        self._told: messages.StreamSeen | None = None
        self._plan: Plan | None = None
        """The plan by which it was told that there is no stream."""

    def tick(self) -> None:
        """To be called about twice a second."""
        state = self._state
        self._streamer.tick()
        viewers = self._streamer.counted() + len(self._program.viewers) if state.stream is not None else 0
        if viewers != state.viewers:
            state.viewers = viewers
            self._tell_everybody(messages.MeetingChanged(meeting=state.as_meeting()))
        if state.stream is None and self._plan is state.plan:
            return
        self._plan = state.plan if state.stream is None else None
        seen = self._streamer.seen()
        if seen != self._told:
            self._told = seen
            self._tell_moderators(messages.StreamChanged(stream=seen))
