"""What of a meeting goes into its recording: which packets, and which facts as lines of the timeline.

The feed never waits and never fails, so a meeting goes on whatever becomes of its recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from recordings.capture.feed import Feed, TrackFeed
from recordings.raw import timeline
from signaling.media.ports import PublicationPort
from signaling.media.publishing import PublishedMedia
from signaling.meeting import facts
from signaling.meeting.state import Member, State
from signaling.model import Question, QuestionStatus, Source


class Heard(Protocol):
    """Where publications are looked up; the meeting's media."""

    @property
    def speaker(self) -> str | None: ...
    def everything(self) -> list[tuple[str, PublishedMedia]]: ...


@dataclass(slots=True)
class _Taken:
    """A publication that is being recorded."""

    port: PublicationPort
    feed: TrackFeed
    muted: bool = False


class MeetingRecorder:
    """The recording of one meeting, as its state says. Without a feed nothing is ever recorded."""

    def __init__(
        self, feed: Feed | None, state: State, media: Heard, *, now: Callable[[], float], number: Callable[[int], None]
    ) -> None:
        """`now` is UTC in seconds; `number` notes in the journal that a track got its number."""
        self._feed = feed
        self._state = state
        self._media = media
        self._now = now
        self._number = number
        self._taken: dict[str, _Taken] = {}
        self._recording: str | None = None
        """The recording whose timeline is open here; it outlives its state by the line that ends it."""
        self._speaker: str | None = None

    @property
    def can_record(self) -> bool:
        """Whether there is anything to record with, and it works."""
        return self._feed is not None and self._feed.trouble not in ("capture_away", "disk_full")

    @property
    def trouble(self) -> str | None:
        """What is wrong with capture, if this meeting is recorded."""
        return self._feed.trouble if self._feed is not None and self._recording is not None else None

    # What happens.

    def note(self, fact: facts.Fact) -> None:
        """A fact was applied to the state."""
        if self._feed is None or isinstance(fact, facts.TrackRecorded):
            return
        if isinstance(fact, facts.RecordingSet):
            self._set(fact)
        elif self._recording is not None and not self._state.recording_paused:
            for line in lines(fact, self._state):
                self._line(line)
            self.look()

    def look(self) -> None:
        """Publications may have come or gone, or another person may speak: keep up."""
        if self._feed is None or self._recording is None or self._state.recording_paused:
            return
        current = {media.port.id: (who, media) for who, media in self._media.everything() if media.port.codec}
        for port_id in [port_id for port_id in self._taken if port_id not in current]:
            self._end(port_id)
        for port_id, (who, media) in current.items():
            if port_id not in self._taken:
                self._begin(who, media)
            self._note_mute(self._taken[port_id], muted=media.muted or media.port.muted)
        if self._media.speaker != self._speaker:
            self._speaker = self._media.speaker
            self._line(timeline.Speaker(at=self._now(), participant=self._speaker))

    def restored(self, silent_since: float) -> None:
        """The node was restarted in the middle of a recording; it was last alive at `silent_since` (UTC)."""
        if self._feed is None or self._state.recording is None:
            return
        self._recording = self._state.recording
        self._line(timeline.Gap(at=self._now(), since=self._feed.writer_seen_before or silent_since, cause="node"))

    # Recordings.

    def _set(self, fact: facts.RecordingSet) -> None:
        if fact.status == "off":
            self._stop_tracks()
            self._line(timeline.Stopped(at=fact.at, reason=fact.reason))
            self._recording = None
        elif fact.status == "paused":
            self._stop_tracks()
            self._line(timeline.Paused(at=fact.at))
        elif self._recording == fact.recording:
            self._line(timeline.Resumed(at=fact.at))
            self._tell_present(fact.at)
            self.look()
        else:
            self._recording = fact.recording
            self._line(
                timeline.Begun(
                    at=fact.at,
                    recording=fact.recording,
                    meeting=self._state.id,
                    opening=self._state.opening,
                    title=self._state.plan.title,
                )
            )
            self._tell_present(fact.at)
            self.look()

    def _tell_present(self, at: float) -> None:
        for member in self._state.members.values():
            self._line(_present(member, at))
        for question in self._state.words.questions.values():
            for line in _question(at, question):
                self._line(line)
        self._line(_spotlight(at, self._state.spotlight, self._state.spotlight_source))
        self._speaker = self._media.speaker
        self._line(timeline.Speaker(at=at, participant=self._speaker))

    def _line(self, line: timeline.AnyLine) -> None:
        if self._feed is not None and self._recording is not None:
            self._feed.line(self._recording, line)

    # Tracks.

    def _begin(self, participant: str, media: PublishedMedia) -> None:
        feed, recording, codec = self._feed, self._recording, media.port.codec
        if feed is None or recording is None:
            return
        track = self._state.recorded_tracks + 1
        self._number(track)
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
        self._taken[media.port.id] = _Taken(media.port, feed.open_track(recording, track, media.port))
        media.port.on_codec = self._codec_changed

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
        taken = self._taken.pop(port_id)
        taken.port.on_codec = None
        taken.feed.close()
        self._line(timeline.TrackEnded(at=self._now(), track=taken.feed.track))

    def _stop_tracks(self) -> None:
        for port_id in list(self._taken):
            self._end(port_id)


def _media(kind: str) -> Literal["audio", "video"]:
    return "audio" if kind == "audio" else "video"


def _present(member: Member, at: float) -> timeline.Present:
    return timeline.Present(
        at=at,
        participant=member.id,
        name=member.name,
        organisation=member.organisation,
        role=member.role.value,
        presence=member.presence.value,
    )


def _spotlight(at: float, participant: str | None, source: Source | None) -> timeline.Spotlight:
    return timeline.Spotlight(at=at, participant=participant, source=source.value if source else None)


_KEPT: dict[QuestionStatus, timeline.QuestionStatus] = {
    QuestionStatus.OPEN: "open",
    QuestionStatus.ANSWERING: "answering",
    QuestionStatus.ANSWERED: "answered",
}


def _question(at: float, question: Question) -> list[timeline.AnyLine]:
    """A question that everybody may see; nothing of one that waits."""
    status = _KEPT.get(question.status)
    if status is None:
        return []
    return [
        timeline.Question(
            at=at,
            question=question.id,
            status=status,
            text=question.text,
            name=question.name,
            participant=question.participant or "",
            votes=question.votes,
        )
    ]


def _moved(fact: facts.QuestionMoved, state: State) -> list[timeline.AnyLine]:
    question = state.words.questions.get(fact.question)
    if question is not None:
        return _question(fact.at, question)
    gone = timeline.Question(at=fact.at, question=fact.question, status="dismissed", text="", name="")
    return [gone]


def lines(fact: facts.Fact, state: State) -> list[timeline.AnyLine]:
    """What a fact adds to a timeline, after it was applied to `state`. Private chat adds nothing."""
    match fact:
        case facts.Joined() | facts.TookOver() | facts.CameBack() | facts.Renamed() | facts.RoleChanged():
            member = state.members.get(fact.participant)
            return [] if member is None else [_present(member, fact.at)]
        case facts.WentAway() | facts.Left():
            return [timeline.Gone(at=fact.at, participant=fact.participant)]
        case facts.Spotlighted():
            return [_spotlight(fact.at, fact.participant, fact.source)]
        case facts.HandMoved():
            return [timeline.Hand(at=fact.at, participant=fact.participant, raised=fact.raised)]
        case facts.Said() if fact.message.to is None:
            said = fact.message
            return [
                timeline.Said(at=fact.at, message=said.id, participant=said.participant, name=said.name, text=said.text)
            ]
        case facts.ChatErased():
            return [timeline.ChatErased(at=fact.at, message=fact.message)]
        case facts.Captioned():
            line = fact.caption
            return [
                timeline.Caption(
                    at=fact.at,
                    participant=line.participant,
                    name=line.name,
                    language=line.language,
                    text=line.text,
                    since=line.since,
                )
            ]
        case facts.QuestionPut():
            return _question(fact.at, fact.question)
        case facts.QuestionMoved():
            return _moved(fact, state)
        case facts.Began():
            return [timeline.Official(at=fact.at, what="began")]
        case facts.Ended():
            return [timeline.Official(at=fact.at, what="ended")]
        case _:
            return []
