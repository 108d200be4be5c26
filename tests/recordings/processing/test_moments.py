"""Chapters, questions and captions: which of them a viewer finds, and when."""

from __future__ import annotations

from pathlib import Path

from recordings.processing.check import TrackReport
from recordings.processing.clock import Mapping
from recordings.processing.moments import SHORTEST_CUE_S, chapters, floors, questions, shortened, transcript
from recordings.processing.options import AgendaItem, Caption, Options
from recordings.processing.plan import schedule
from recordings.processing.story import Change, Span, understand
from recordings.processing.tracks import PersonJob, TrackJob
from recordings.processing.webvtt import captions
from recordings.raw import timeline
from recordings.raw.timeline import AnyLine
from tests.recordings.processing.test_parts import reel, story

ZERO = 1_800_000_000.0


def begun() -> AnyLine:
    return timeline.Begun(at=ZERO, recording="r1", meeting="m1")


def written(since: float, at: float, text: str, language: str = "uk") -> AnyLine:
    return timeline.Caption(
        at=ZERO + at, since=ZERO + since, participant="c", name="Субтитри", language=language, text=text
    )


def asked(at: float, status: timeline.QuestionStatus, question: str = "q1", text: str = "Коли?") -> AnyLine:
    return timeline.Question(at=ZERO + at, question=question, status=status, text=text, name="Олена", votes=3)


def test_who_speaks_long_has_the_floor_and_interjections_do_not_take_it() -> None:
    told = story(speakers=[Change(0, "a"), Change(40, "b"), Change(45, "a"), Change(100, "b"), Change(130, "a")])
    assert floors(told, 140) == [(0, "a")], "thirty seconds of b are no chapter, nor is a's return"
    assert floors(story(), 140) == [], "nobody said anything"
    told = story(speakers=[Change(0, "a"), Change(70, "b"), Change(135, "a")])
    assert floors(told, 200) == [(0, "a"), (70, "b"), (135, "a")]


def test_at_one_moment_the_agenda_goes_before_questions_and_these_before_speakers() -> None:
    told = understand(
        [
            begun(),
            asked(60, "answering"),
            asked(80, "answered"),
            asked(196, "answering", "q2", "Де подати?"),
        ]
    )
    told.speakers = [Change(0, "a"), Change(65, "b"), Change(190, "a")]
    told.people = story().people
    options = Options(agenda=(AgendaItem(at=ZERO + 200, title="Підсумки"), AgendaItem(at=ZERO + 205, title="Інше")))
    plan = schedule(told, 300, 25)
    found = [(one.at, one.kind, one.title) for one in chapters(told, [reel("a", "screen", 120, 180)], plan, options)]
    assert found == [
        (0.0, "speaker", "A"),
        (60.0, "question", "Запитання: Коли?"),
        (120.0, "screen", "A показує екран"),
        (200.0, "agenda", "Підсумки"),
        (205.0, "agenda", "Інше"),
    ]


def test_a_question_belongs_to_the_time_of_its_answer_and_a_dismissed_one_is_not_kept() -> None:
    told = understand(
        [
            begun(),
            asked(5, "open"),
            asked(7, "open", "q2", "Реклама"),
            asked(9, "dismissed", "q2", ""),
            asked(11, "open", "q3", "Ще одне"),
            asked(30, "answering"),
            asked(40, "answered"),
            asked(50, "answered"),
        ]
    )
    found = questions(told, schedule(told, 60, 25))
    assert [(one.at, one.text, one.asked, one.answered) for one in found] == [
        (11.0, "Ще одне", 11.0, None),
        (30.0, "Коли?", 5.0, 40.0),
    ]
    assert [one.public for one in found] == [True, True]
    assert found[1].votes == 3


def test_captions_are_seen_until_the_next_and_long_enough() -> None:
    long = "Це дуже довгий рядок, який читають сім секунд " * 3
    told = understand(
        [
            begun(),
            written(1, 4, "Добрий день"),
            written(4, 6, long),
            written(6, 7, "Далі"),
            written(5, 8, "Good afternoon", "en"),
            written(6.2, 9, "Одразу"),
        ]
    )
    found = transcript(told, [], schedule(told, 60, 25))
    uk = [(one.at, one.until, one.text) for one in found if one.language == "uk"]
    assert uk == [(1, 4, "Добрий день"), (4, 6, long), (6, 6 + SHORTEST_CUE_S, "Далі"), (6.2, 9, "Одразу")]
    files = captions(found)
    assert sorted(files) == ["en", "uk"]
    assert "00:00:05.000 --> 00:00:08.000\nGood afternoon\n" in files["en"]


def test_what_was_written_in_a_pause_is_not_seen_and_captions_from_elsewhere_are() -> None:
    told = understand([begun(), written(15, 16, "У паузі")])
    told.pauses = [Span(10, 40)]
    other = Caption(since=ZERO + 45, until=ZERO + 47, text="Потім")
    found = transcript(told, [other], schedule(told, 60, 25))
    assert [(one.at, one.until, one.text) for one in found] == [(18.0, 20.0, "Потім")], "a pause takes three seconds"


def test_what_is_muted_or_paused_to_the_end_reaches_the_process_that_writes_the_tracks() -> None:
    track = timeline.Track(
        at=ZERO,
        track=1,
        participant="p1",
        source="camera",
        media="video",
        codec=timeline.Codec(name="VP8", clock_rate=90_000),
    )
    told = understand([begun(), track, timeline.Muted(at=ZERO + 2, track=1, muted=True), timeline.Paused(at=ZERO + 3)])
    report = TrackReport(
        track=1,
        participant="p1",
        source="camera",
        media="video",
        codec="VP8",
        file=track.file,
        clock=Mapping(rate=90_000),
    )
    job = PersonJob(
        participant="p1",
        name="p1",
        folder=Path("f"),
        zero=ZERO,
        duration=4.0,
        tracks=[TrackJob(report=report, path=Path("t"), muted=told.muted[1])],
        dark=told.pauses,
    )
    again = PersonJob.model_validate_json(job.model_dump_json())
    assert again == job
    assert again.tracks[0].muted == [Span(2.0, float("inf"))]


def test_a_long_question_is_shortened_to_a_line() -> None:
    assert shortened("Коли\nпочнеться?") == "Коли почнеться?"
    assert len(shortened("слово " * 60)) == 100
