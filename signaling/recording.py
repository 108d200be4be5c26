"""What of a meeting goes into its recording: which packets, and which facts as lines of the timeline.

The feed never waits and never fails, so a meeting goes on whatever becomes of its recording.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from recordings.capture.feed import Feed
from recordings.raw import timeline
from signaling.interpretation_lines import InterpretersTold
from signaling.meeting import facts
from signaling.meeting.faces import kept_name, may_be_kept
from signaling.meeting.state import Member, State
from signaling.model import Question, QuestionStatus, Source
from signaling.tracks import Heard, Tracks


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
        self._tracks: Tracks | None = None
        self._interpreters = InterpretersTold()
        self._recording: str | None = None
        """The recording whose timeline is open here; it outlives its state by the line that ends it."""

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
            self._set(self._feed, fact)
        elif self._recording is not None and not self._state.recording_paused:
            for line in lines(fact, self._state):
                self._line(line)
            self._tell_interpreters(fact.at)
            self.look()

    def look(self) -> None:
        """Publications may have come or gone, or another person may speak: keep up."""
        if self._tracks is not None and not self._state.recording_paused:
            self._tracks.look()

    def restored(self, silent_since: float) -> None:
        """The node was restarted in the middle of a recording; it was last alive at `silent_since` (UTC)."""
        if self._feed is None or self._state.recording is None:
            return
        self._open(self._feed, self._state.recording)
        self._line(timeline.Gap(at=self._now(), since=self._feed.writer_seen_before or silent_since, cause="node"))

    # Recordings.

    def _open(self, feed: Feed, recording: str) -> None:
        self._recording = recording
        self._interpreters = InterpretersTold()
        self._tracks = Tracks(
            feed,
            recording,
            self._media,
            now=self._now,
            next_number=self._next_number,
            wanted=partial(may_be_kept, self._state),
        )

    def _next_number(self) -> int:
        track = self._state.recorded_tracks + 1
        self._number(track)
        return track

    def _set(self, feed: Feed, fact: facts.RecordingSet) -> None:
        if fact.status == "off":
            self._stop_tracks()
            self._line(timeline.Stopped(at=fact.at, reason=fact.reason))
            self._recording = self._tracks = None
        elif fact.status == "paused":
            self._stop_tracks()
            self._line(timeline.Paused(at=fact.at))
        elif self._recording == fact.recording:
            self._line(timeline.Resumed(at=fact.at))
            self._tell_present(fact.at)
        else:
            self._open(feed, fact.recording)
            self._line(begun(self._state, fact.recording, fact.at))
            self._tell_present(fact.at)

    def _tell_present(self, at: float) -> None:
        for line in present(self._state, at):
            self._line(line)
        self._tell_interpreters(at)
        if self._tracks is not None:
            self._tracks.tell_speaker(at)
            self._tracks.look()

    def _tell_interpreters(self, at: float) -> None:
        for line in self._interpreters.changes(self._state, at):
            self._line(line)

    def _line(self, line: timeline.AnyLine) -> None:
        if self._feed is not None and self._recording is not None:
            self._feed.line(self._recording, line)

    def _stop_tracks(self) -> None:
        if self._tracks is not None:
            self._tracks.end()


def begun(state: State, key: str, at: float) -> timeline.Begun:
    """A recording, or a stream, of this meeting begins."""
    return timeline.Begun(at=at, recording=key, meeting=state.id, opening=state.opening, title=state.plan.title)


def present(state: State, at: float) -> list[timeline.AnyLine]:
    """Who is there, which questions there are, and who is pinned, for whoever begins to listen now."""
    told: list[timeline.AnyLine] = [_present(state, member, at) for member in state.members.values()]
    for question in state.words.questions.values():
        told += _question(state, at, question)
    return [*told, _spotlight(at, state.spotlight, state.spotlight_source)]


def _present(state: State, member: Member, at: float) -> timeline.Present:
    name = kept_name(state, member.id, member.name)
    return timeline.Present(
        at=at,
        participant=member.id,
        name=name,
        organisation=member.organisation if name == member.name else "",
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


def _question(state: State, at: float, question: Question) -> list[timeline.AnyLine]:
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
            name=kept_name(state, question.participant, question.name, question.alias),
            participant=question.participant or "",
            votes=question.votes,
        )
    ]


def _moved(fact: facts.QuestionMoved, state: State) -> list[timeline.AnyLine]:
    question = state.words.questions.get(fact.question)
    if question is not None:
        return _question(state, fact.at, question)
    gone = timeline.Question(at=fact.at, question=fact.question, status="dismissed", text="", name="")
    return [gone]


def lines(fact: facts.Fact, state: State) -> list[timeline.AnyLine]:
    """What a fact adds to a timeline, after it was applied to `state`. Private chat adds nothing."""
    match fact:
        case facts.Joined() | facts.TookOver() | facts.CameBack() | facts.Renamed() | facts.RoleChanged():
            member = state.members.get(fact.participant)
            return [] if member is None else [_present(state, member, fact.at)]
        case facts.WentAway() | facts.Left():
            return [timeline.Gone(at=fact.at, participant=fact.participant)]
        case facts.Spotlighted():
            return [_spotlight(fact.at, fact.participant, fact.source)]
        case facts.HandMoved():
            return [timeline.Hand(at=fact.at, participant=fact.participant, raised=fact.raised)]
        case facts.Said() if fact.message.to is None:
            said = fact.message
            name = kept_name(state, said.participant, said.name, said.alias)
            return [timeline.Said(at=fact.at, message=said.id, participant=said.participant, name=name, text=said.text)]
        case facts.ChatErased():
            return [timeline.ChatErased(at=fact.at, message=fact.message)]
        case facts.Captioned():
            line = fact.caption
            return [
                timeline.Caption(
                    at=fact.at,
                    participant=line.participant,
                    name=kept_name(state, line.participant, line.name, line.alias),
                    language=line.language,
                    text=line.text,
                    since=line.since,
                )
            ]
        case facts.QuestionPut():
            return _question(state, fact.at, fact.question)
        case facts.QuestionMoved():
            return _moved(fact, state)
        case facts.Began():
            return [timeline.Official(at=fact.at, what="began")]
        case facts.Ended():
            return [timeline.Official(at=fact.at, what="ended")]
        case _:
            return []
