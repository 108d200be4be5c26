"""Courses on both databases: made, published, learnt, reviewed; packed and taken in again."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import lms
from lms.assessment.attempts.spec import parse
from lms.audit.models import AuditEntry
from lms.courses import choices, editing, enrolling, learners, learning, live, packing, queries, reviewing
from lms.courses.drafts import CourseDraft, LessonDraft
from lms.courses.models import (
    CourseVersion,
    Enrolment,
    EnrolmentSource,
    EnrolmentState,
    Lesson,
    LessonKind,
    MoveOn,
    Progress,
    RuleKind,
    SubmissionState,
    VersionState,
)
from lms.database import Database
from lms.directory.models import RoleName, Scope
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.files import MemoryFiles
from lms.meetings.attendance_models import Attendance, AttendanceRule, AttendanceSheet, Verdict
from lms.schedule import actions as schedule
from lms.schedule.models import Part
from tests.lms.facts import NOW, counted, draft, organisation, organiser, person

CONTENT = Path(lms.__file__).parent / "content" / "courses"


@pytest.fixture
def store() -> MemoryFiles:
    return MemoryFiles()


def trainer(session: Session) -> Visitor:
    return person(session, "trainer@example.org", RoleName.TRAINER)


def page(title: str, *requires: str, **more: object) -> LessonDraft:
    given = {"kind": LessonKind.PAGE, "title_uk": title, "title_en": title, "body_uk": f"# {title}"} | more
    return LessonDraft(requires=requires, **given)  # type: ignore[arg-type]


def published_course(session: Session, visitor: Visitor) -> str:
    """Two pages, one after the other, and a task."""
    editing.create(session, visitor, CourseDraft("Перший курс", "First course", audience=("asc_staff",)), NOW)
    editing.add_lesson(session, visitor, "first-course", page("One"), NOW)
    editing.add_lesson(session, visitor, "first-course", page("Two", "one"), NOW)
    task = page("Three", kind=LessonKind.TASK, move_on=MoveOn.PASSED)
    editing.add_lesson(session, visitor, "first-course", task, NOW)
    editing.publish(session, visitor, "first-course", NOW)
    return "first-course"


def test_a_trainer_makes_a_course_and_nobody_sees_it_before_it_is_published(database: Database) -> None:
    with database.writing() as session:
        teaches, learns = trainer(session), person(session, "staff@example.org")
        editing.create(session, teaches, CourseDraft("Курс", "Course"), NOW)
        with pytest.raises(NotFound):
            queries.course_page(session, learns, "course")
        with pytest.raises(NotFound):
            enrolling.enrol_oneself(session, learns, "course", NOW)
        with pytest.raises(Conflict, match="at least one lesson"):
            editing.publish(session, teaches, "course", NOW)
        editing.add_lesson(session, teaches, "course", page("Empty", body_uk=""), NOW)
        with pytest.raises(Conflict, match="no text yet"):
            editing.publish(session, teaches, "course", NOW)
        with pytest.raises(NotAllowed):
            editing.create(session, learns, CourseDraft("Чужий"), NOW)
        with pytest.raises(NotAllowed):
            editing.add_lesson(session, learns, "course", page("Foreign"), NOW)
        assert [card.slug for card in queries.catalogue(session, learns)[0]] == []
        assert [card.slug for card in queries.catalogue(session, teaches, which="edited")[0]] == ["course"]


def test_a_course_that_was_put_away_is_chosen_no_more_and_stays_where_it_was(database: Database) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        slug = published_course(session, teaches)
        (choice,) = choices.courses_to_choose(session)
        assert (choice.slug, choice.title_uk) == (slug, "Перший курс")
        editing.archive(session, teaches, slug, NOW, archived=True)
        assert choices.courses_to_choose(session) == []
        assert choices.courses_to_choose(session, also=[choice.id]) == [choice]


def test_a_trainer_of_one_organisation_edits_its_courses_only(database: Database) -> None:
    with database.writing() as session:
        home, other = organisation(session, "lviv"), organisation(session, "kyiv")
        teaches = person(
            session, "lviv@example.org", RoleName.TRAINER, home=home, scope=Scope.ORGANISATION, scope_id=home.id
        )
        editing.create(session, teaches, CourseDraft("Наш", "Ours"), NOW, organisation_id=home.id)
        with pytest.raises(NotAllowed):
            editing.create(session, teaches, CourseDraft("Чужий"), NOW, organisation_id=other.id)
        with pytest.raises(NotAllowed):
            editing.create(session, teaches, CourseDraft("Мережі"), NOW)


def test_a_published_version_never_changes_and_learners_finish_theirs(database: Database) -> None:
    with database.writing() as session:
        teaches, learns = trainer(session), person(session, "staff@example.org")
        slug = published_course(session, teaches)
        enrolling.enrol_oneself(session, learns, slug, NOW)
        _, begun = editing.draft_of(session, teaches, slug, NOW)
        editing.save_lesson(session, teaches, slug, "one", page("One, anew"), NOW, seen=begun.stamp)
        editing.add_lesson(session, teaches, slug, page("Four"), NOW)
        assert [each.title_uk for each in queries.course_page(session, learns, slug).lessons] == ["One", "Two", "Three"]
        editing.publish(session, teaches, slug, NOW)
        assert [each.title_uk for each in queries.course_page(session, learns, slug).lessons] == ["One", "Two", "Three"]
        fresh = person(session, "new@example.org")
        enrolling.enrol_oneself(session, fresh, slug, NOW)
        shown = queries.course_page(session, fresh, slug)
        assert [each.title_uk for each in shown.lessons] == ["One, anew", "Two", "Three", "Four"]
        states = session.execute(select(CourseVersion.number, CourseVersion.state).order_by(CourseVersion.number))
        assert [tuple(row) for row in states] == [(1, VersionState.RETIRED), (2, VersionState.PUBLISHED)]


def test_an_edit_of_what_changed_meanwhile_is_refused(database: Database) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        editing.create(session, teaches, CourseDraft("Курс", "Course"), NOW)
        _, version = editing.draft_of(session, teaches, "course", NOW)
        opened = version.stamp
        editing.add_lesson(session, teaches, "course", page("One"), NOW)
        with pytest.raises(Conflict) as refused:
            editing.save(session, teaches, "course", CourseDraft("Інший"), NOW, seen=opened)
        assert refused.value.code == "changed_meanwhile"


def test_lessons_are_moved_and_removed_and_circles_refused(database: Database) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        slug = published_course(session, teaches)
        editing.move_lesson(session, teaches, slug, "three", -1, NOW)
        _, version = editing.draft_of(session, teaches, slug, NOW)
        assert [each.key for each in version.lessons] == ["one", "three", "two"]
        with pytest.raises(Invalid) as refused:
            editing.save_lesson(session, teaches, slug, "one", page("One", "two"), NOW, seen=version.stamp)
        assert refused.value.code == "course_circle"
        session.rollback()


def test_removing_a_lesson_takes_what_others_required_of_it(database: Database) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        slug = published_course(session, teaches)
        editing.remove_lesson(session, teaches, slug, "one", NOW)
        shown = queries.course_page(session, teaches, slug, draft=True)
        assert [(each.key, each.first) for each in shown.lessons] == [("two", ()), ("three", ())]


def test_a_course_is_learnt_in_order_and_done_when_its_demands_are_met(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        teaches, learns = trainer(session), person(session, "staff@example.org")
        slug = published_course(session, teaches)
        with pytest.raises(NotAllowed, match="Begin the course"):
            learning.open_lesson(session, learns, slug, "one", NOW)
        enrolling.enrol_oneself(session, learns, slug, NOW)
        with pytest.raises(Conflict, match="One"):
            learning.open_lesson(session, learns, slug, "two", NOW)
        learning.open_lesson(session, learns, slug, "one", NOW)
        learning.remember(session, learns, slug, "one", 0.5, NOW)
        assert learning.complete(session, learns, slug, "one", NOW)[0].share == 33
        assert learning.complete(session, learns, slug, "two", NOW)[0].share == 66
        with pytest.raises(Conflict):
            learning.complete(session, learns, slug, "three", NOW)
        with pytest.raises(Invalid, match="attach a file"):
            learning.hand_in(session, learns, slug, "three", " ", None, store, NOW)
        learning.hand_in(session, learns, slug, "three", "Ось план.", ("план.pdf", b"%PDF-"), store, NOW)
        with pytest.raises(Conflict, match="waits"):
            learning.hand_in(session, learns, slug, "three", "Ще один.", None, store, NOW)
        waiting = learners.waiting_tasks(session, teaches)
        assert [(each.slug, each.lesson_uk) for each in waiting] == [(slug, "Three")]
        with pytest.raises(Invalid, match="mended"):
            reviewing.review(session, teaches, slug, waiting[0].submission.id, accepted=False, comment="", now=NOW)
        reviewing.review(session, teaches, slug, waiting[0].submission.id, accepted=False, comment="Строк?", now=NOW)
        assert queries.course_page(session, learns, slug).enrolment is EnrolmentState.ACTIVE
        second = learning.hand_in(session, learns, slug, "three", "Зі строком.", None, store, NOW)
        reviewing.review(session, teaches, slug, second.id, accepted=True, comment="", now=NOW)
        shown = queries.course_page(session, learns, slug)
        assert (shown.enrolment, shown.standing.share) == (EnrolmentState.COMPLETED, 100)
        states = [each.state for each in queries.lesson_page(session, learns, slug, "three").submissions]
        assert states == [SubmissionState.ACCEPTED, SubmissionState.RETURNED]
        learning.give_opinion(session, learns, slug, 5, "Зрозуміло.", NOW)
        assert queries.catalogue(session, ANONYMOUS)[0][0].stars == 5
        kinds = set(session.scalars(select(AuditEntry.action)))
        assert {"course.publish", "enrolment.begin", "task.submit", "task.review", "course.complete"} <= kinds


def test_nobody_reviews_their_own_task(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        slug = published_course(session, teaches)
        enrolling.enrol_oneself(session, teaches, slug, NOW)
        made = learning.hand_in(session, teaches, slug, "three", "Мій план.", None, store, NOW)
        with pytest.raises(NotAllowed) as refused:
            reviewing.review(session, teaches, slug, made.id, accepted=True, comment="", now=NOW)
        assert refused.value.code == "task_own"


def test_a_rule_enrols_a_centre_now_and_later_and_ends(database: Database) -> None:
    with database.writing() as session:
        home = organisation(session, "lviv")
        teaches, first = trainer(session), person(session, "a@example.org", home=home)
        slug = published_course(session, teaches)
        rule = enrolling.RuleDraft(RuleKind.ORGANISATION, home.id, days=30)
        made = enrolling.add_rule(session, teaches, slug, rule, NOW)
        with pytest.raises(Conflict):
            enrolling.add_rule(session, teaches, slug, rule, NOW)
        enrolment = session.scalars(select(Enrolment)).one()
        due = NOW.date() + timedelta(days=30)
        assert (enrolment.person_id, enrolment.due_on, enrolment.source) == (first.person_id, due, EnrolmentSource.RULE)
        person(session, "b@example.org", home=home)
        assert enrolling.lacking(session, NOW) == [made.id]
        assert enrolling.apply_rule(session, made.id, NOW) == 1
        assert enrolling.lacking(session, NOW) == []
        enrolling.withdraw(session, first, slug, first.person_id or 0, NOW)
        assert enrolling.apply_rule(session, made.id, NOW) == 0, "who withdrew is not enrolled against their will"
        enrolling.end_rule(session, teaches, slug, made.id, NOW)
        person(session, "c@example.org", home=home)
        assert enrolling.apply_rule(session, made.id, NOW) == 0


def test_a_rule_enrols_into_what_can_be_begun_alone(database: Database) -> None:
    with database.writing() as session:
        home = organisation(session, "lviv")
        teaches = trainer(session)
        person(session, "a@example.org", home=home)
        editing.create(session, teaches, CourseDraft("Чернетка", "Draft"), NOW)
        enrolling.add_rule(session, teaches, "draft", enrolling.RuleDraft(RuleKind.ORGANISATION, home.id), NOW)
        assert enrolling.lacking(session, NOW) == [], "the worker is not asked for what cannot be done"
        slug = published_course(session, teaches)
        made = enrolling.add_rule(session, teaches, slug, enrolling.RuleDraft(RuleKind.ORGANISATION, home.id), NOW)
        editing.archive(session, teaches, slug, NOW, archived=True)
        person(session, "b@example.org", home=home)
        assert enrolling.lacking(session, NOW) == []
        assert enrolling.apply_rule(session, made.id, NOW) == 0, "it is taught no more"
        editing.archive(session, teaches, slug, NOW, archived=False)
        assert enrolling.apply_rule(session, made.id, NOW) == 1


def test_a_course_that_is_taught_no_more_stays_among_ones_own(database: Database) -> None:
    with database.writing() as session:
        teaches, learns = trainer(session), person(session, "staff@example.org")
        slug = published_course(session, teaches)
        enrolling.enrol_oneself(session, learns, slug, NOW)
        editing.archive(session, teaches, slug, NOW, archived=True)
        assert [card.slug for card in queries.catalogue(session, learns, which="mine")[0]] == [slug]
        assert queries.catalogue(session, learns)[0] == []
        assert queries.catalogue(session, person(session, "b@example.org"), which="mine")[0] == []


def test_whoever_comes_back_when_nothing_is_missing_any_more_is_done(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        teaches, learns = trainer(session), person(session, "staff@example.org")
        slug = published_course(session, teaches)
        enrolling.enrol_oneself(session, learns, slug, NOW)
        for key in ("one", "two"):
            learning.complete(session, learns, slug, key, NOW)
        made = learning.hand_in(session, learns, slug, "three", "Мій план.", None, store, NOW)
        enrolling.withdraw(session, learns, slug, learns.person_id or 0, NOW)
        reviewing.review(session, teaches, slug, made.id, accepted=True, comment="", now=NOW)
        assert enrolling.enrol_oneself(session, learns, slug, NOW).state is EnrolmentState.COMPLETED


def test_what_learners_handed_in_waits_for_somebody_else_than_them(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        teaches, other = trainer(session), person(session, "other@example.org", RoleName.TRAINER)
        slug = published_course(session, teaches)
        enrolling.enrol_oneself(session, teaches, slug, NOW)
        learning.hand_in(session, teaches, slug, "three", "Мій план.", None, store, NOW)
        assert (learners.tasks_waiting(session, teaches), learners.tasks_waiting(session, other)) == (0, 1)


def test_a_lesson_of_kind_video_has_one_film(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        editing.create(session, teaches, CourseDraft("Відео", "Video"), NOW)
        film = page("Film", kind=LessonKind.VIDEO, recording_code="0" * 16)
        seen = editing.add_lesson(session, teaches, "video", film, NOW)
        for name in ("film.mp4", "film.vtt"):
            seen = editing.put_file(session, teaches, "video", "film", name, b"x", store, NOW)
        assert (seen.file_name, seen.recording_code) == ("film.mp4", ""), "the file that was sent is shown"
        stamp = queries.course_page(session, teaches, "video", draft=True).seen
        seen = editing.save_lesson(session, teaches, "video", "film", film, NOW, seen=stamp)
        assert (seen.file_digest, seen.captions_digest, seen.recording_code) == ("", "", "0" * 16)


def test_ones_own_opinion_is_found_behind_however_many(database: Database) -> None:
    with database.writing() as session:
        teaches, learns = trainer(session), person(session, "staff@example.org")
        slug = published_course(session, teaches)
        for number in range(51):
            one = learns if number == 0 else person(session, f"{number}@example.org")
            enrolling.enrol_oneself(session, one, slug, NOW)
            for key in ("one", "two"):
                learning.complete(session, one, slug, key, NOW)
            learning.give_opinion(session, one, slug, 4, "Добре", NOW + timedelta(minutes=number))
        assert queries.course_page(session, learns, slug).own_stars == 4


def test_a_package_brings_no_occurrence_that_its_sender_may_not_see(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        home, other = organisation(session, "lviv"), organisation(session, "kyiv")
        planner = organiser(session)
        private = schedule.create(session, planner, draft(parties=[(other, Part.ORGANISER)]), NOW)
        private.private = True
        teaches = person(
            session, "lviv@example.org", RoleName.TRAINER, home=home, scope=Scope.ORGANISATION, scope_id=home.id
        )
        package = _zip({"course.json": _course(kind="live", occurrence=private.slug)})
        report = packing.take(session, teaches, packing.Zip(package), store, NOW, organisation_id=home.id)
        assert report.notes[0].startswith("one: there is no occurrence")
        assert session.scalars(select(Lesson.occurrence_id)).all() == [None]


def test_a_rule_for_a_role(database: Database) -> None:
    with database.writing() as session:
        teaches, audits = trainer(session), person(session, "a@example.org", RoleName.AUDITOR)
        person(session, "b@example.org")
        slug = published_course(session, teaches)
        enrolling.add_rule(session, teaches, slug, enrolling.RuleDraft(RuleKind.ROLE, role="auditor"), NOW)
        assert session.scalars(select(Enrolment.person_id)).all() == [audits.person_id]


def test_a_lead_enrols_their_own_people_and_sees_them_only(database: Database) -> None:
    with database.writing() as session:
        home, other = organisation(session, "lviv"), organisation(session, "kyiv")
        lead = person(
            session, "lead@example.org", RoleName.CENTRE_LEAD, home=home, scope=Scope.ORGANISATION, scope_id=home.id
        )
        own, foreign = person(session, "a@example.org", home=home), person(session, "b@example.org", home=other)
        teaches = trainer(session)
        slug = published_course(session, teaches)
        due = date(2026, 12, 31)
        enrolling.enrol_person(session, lead, slug, own.person_id or 0, due, NOW)
        with pytest.raises(NotAllowed):
            enrolling.enrol_person(session, lead, slug, foreign.person_id or 0, None, NOW)
        with pytest.raises(Invalid):
            enrolling.enrol_person(session, teaches, slug, foreign.person_id or 0, date(2020, 1, 1), NOW)
        enrolling.enrol_person(session, teaches, slug, foreign.person_id or 0, None, NOW)
        today = NOW.date()
        assert [line.person_id for line in learners.learners(session, lead, slug, today)[0]] == [own.person_id]
        assert learners.learners(session, teaches, slug, today)[1] == 2
        assert learners.learners(session, own, slug, today)[1] == 0
        late = learners.learners(session, lead, slug, due + timedelta(days=1))[0][0]
        assert late.overdue
        past_midnight = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)  # it is the first of January in Kyiv
        with pytest.raises(Invalid):
            enrolling.set_due(session, lead, slug, own.person_id or 0, due, past_midnight)


def test_who_attended_has_completed_the_live_lesson(database: Database) -> None:
    with database.writing() as session:
        plans, learns = organiser(session), person(session, "a@example.org")
        other = person(session, "b@example.org")
        occurrence = schedule.create(session, plans, draft(), NOW)
        editing.create(session, plans, CourseDraft("Наживо", "Live"), NOW)
        lesson = page("Live", kind=LessonKind.LIVE, occurrence_id=occurrence.id)
        editing.add_lesson(session, plans, "live", lesson, NOW)
        editing.publish(session, plans, "live", NOW)
        for each in (learns, other):
            enrolling.enrol_oneself(session, each, "live", NOW)
        with pytest.raises(Conflict):
            learning.complete(session, learns, "live", "live", NOW)
        rule = session.scalars(select(AttendanceRule)).first()
        assert rule is not None
        session.merge(AttendanceSheet(occurrence_id=occurrence.id, rule_id=rule.id, generation=1))
        for each, verdict in ((learns, Verdict.ATTENDED), (other, Verdict.PARTLY)):
            session.add(
                Attendance(
                    occurrence_id=occurrence.id,
                    generation=1,
                    subject=each.identity,
                    person_id=each.person_id,
                    name="Х",
                    seconds=60,
                    window_seconds=60,
                    share=10_000,
                    verdict=verdict,
                    rule_id=rule.id,
                    evidence={},
                )
            )
        session.flush()
        due = live.due(session, NOW)
        assert len(due) == 1
        assert live.see_to(session, due[0], NOW) == 1
        assert live.due(session, NOW) == []
        assert queries.course_page(session, learns, "live").enrolment is EnrolmentState.COMPLETED
        assert queries.course_page(session, other, "live").enrolment is EnrolmentState.ACTIVE


@pytest.mark.parametrize("name", ["digital-literacy", "mobile-case"])
def test_a_course_in_a_folder_is_taken_in_published_and_goes_round(
    database: Database, store: MemoryFiles, name: str
) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        report = packing.take(session, teaches, packing.Folder(CONTENT / name), store, NOW)
        assert (report.slug, report.version, report.notes) == (name, 1, [])
        editing.publish(session, teaches, name, NOW)
        first = packing.pack(session, teaches, name, store)
        again = packing.take(session, teaches, packing.Zip(first), store, NOW)
        assert (again.slug, again.version, again.lessons) == (name, 2, report.lessons)
        second = packing.pack(session, teaches, name, store)
        assert _contents(first) == _contents(second)


def test_every_kind_of_lesson_and_all_that_a_test_may_ask_go_round(database: Database, store: MemoryFiles) -> None:
    asks = {
        "lines": [
            {"area": "4", "count": 2, "audience": "pupil"}, {"competences": ["1.1", "5"], "levels": [2, 5], "count": 1},
        ],
        "kinds": ["ordering", "cloze"], "time_limit_minutes": 10, "attempts": 3, "wait_hours": 2, "two_readers": "1/3",
        "opens_at": "2026-01-01T00:00:00Z", "closes_at": "2027-01-01T00:00:00Z",
        "passing": {"total": "1/3", "each_area": "0.4", "areas": {"4": "0.7"}},
        "review": {"right_after": [], "while_open": ["score"], "after_closing": ["right"]},
    }  # fmt: skip
    with database.writing() as session:
        teaches = trainer(session)
        draft = CourseDraft("Усе", "Everything", "Опис\nдва", "Words", ("asc_staff",), Decimal("4.5"), "digcomp22")
        editing.create(session, teaches, draft, NOW)
        before: tuple[str, ...] = ()
        for kind in LessonKind:
            lesson = LessonDraft(
                kind, f"Заняття {kind.value}", kind.value, "# Т\n\n| a |\n|---|\n| 1 |\n", "English", 7,
                MoveOn.NOT_APPLICABLE if kind is LessonKind.FILE else MoveOn.COMPLETED, before, ("4.1", "5"),
                test=parse(asks) if kind is LessonKind.TEST else None,
            )  # fmt: skip
            before = (editing.add_lesson(session, teaches, "everything", lesson, NOW).key,)
        for key, name in (("file", "Пам’ятка (1).pdf"), ("video", "a.mp4"), ("video", "a.vtt")):
            editing.put_file(session, teaches, "everything", key, name, name.encode(), store, NOW)
        original = _contents(packing.pack(session, teaches, "everything", store))
        described = dict(original["course.json"], id="elsewhere")  # type: ignore[call-overload]
        moved = {name: each for name, each in original.items() if name != "course.json"}
        moved["course.json"] = json.dumps(described).encode()
        report = packing.take(session, teaches, packing.Zip(_zip(moved)), store, NOW)  # type: ignore[arg-type]
        assert (report.slug, report.lessons, report.files, report.notes) == ("elsewhere", len(LessonKind), 3, [])
        again = _contents(packing.pack(session, teaches, "elsewhere", store))
        assert again == original | {"course.json": described}


def _contents(package: bytes) -> dict[str, object]:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        found: dict[str, object] = {name: opened.read(name) for name in opened.namelist()}
    described = json.loads(found.pop("course.json"))  # type: ignore[arg-type]
    described.pop("version")
    return found | {"course.json": described}


def test_files_and_captions_travel_with_the_course(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        editing.create(session, teaches, CourseDraft("Відео", "Video"), NOW)
        editing.add_lesson(session, teaches, "video", page("Film", kind=LessonKind.VIDEO), NOW)
        for name, content in (("film.mp4", b"\0\0\0 ftyp"), ("film.vtt", b"WEBVTT\n")):
            editing.put_file(session, teaches, "video", "film", name, content, store, NOW)
        with pytest.raises(Invalid) as refused:
            editing.put_file(session, teaches, "video", "film", "film.exe", b"MZ", store, NOW)
        assert refused.value.code == "lesson_file_kind"
        packed = packing.pack(session, teaches, "video", store)
        report = packing.take(session, teaches, packing.Zip(packed), store, NOW)
        assert (report.files, report.notes) == (2, [])


def _zip(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return target.getvalue()


def _course(**lesson: object) -> bytes:
    described = {"id": "one", "kind": "page", "title": {"uk": "Один"}, "file": {"uk": "one.md"}} | lesson
    whole = {"format": "vikno-course/1", "id": "packed", "title": {"uk": "Курс"}, "lessons": [described]}
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"readme.txt": b"x"}, "no course.json"),
        ({"course.json": b"{"}, "Invalid JSON"),
        ({"course.json": _course(file={"uk": "../../etc/passwd"})}, "outside"),
        ({"course.json": _course(file={"uk": "/etc/passwd"})}, "outside"),
        ({"course.json": _course(), "one.md": b"\xff\xfe"}, "UTF-8"),
        ({"course.json": _course(), "one.md": b"a" * (1024 * 1024 + 1)}, "larger"),
        ({"course.json": _course(requires=["two"])}, "no lesson of this course"),
        ({"course.json": _course(kind="game")}, "lessons.0.kind"),
        ({"course.json": _course(kind="test")}, "at least one line"),
        ({"course.json": _course(move_on="Passed"), "one.md": b"x"}, "nobody passes"),
        ({"course.json": _course(title={"uk": "a\0b"}), "one.md": b"x"}, "NUL"),
        ({"course.json": _course(), "one.md": b"a\0b"}, "UTF-8"),
    ],
)
def test_a_package_that_cannot_be_right_is_refused_whole(
    database: Database, store: MemoryFiles, files: dict[str, bytes], says: str
) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        with pytest.raises(Invalid, match=says):
            packing.take(session, teaches, packing.Zip(_zip(files)), store, NOW)
        session.rollback()
    with database.reading() as session:
        assert session.scalars(select(CourseVersion)).all() == []


def test_a_text_may_speak_of_nul(database: Database, store: MemoryFiles) -> None:
    """The six characters of its escape are no NUL."""
    files = {"course.json": _course(title={"uk": "Що означає \\u0000 у JSON"}), "one.md": b"x"}
    with database.writing() as session:
        packing.take(session, trainer(session), packing.Zip(_zip(files)), store, NOW)
    with database.reading() as session:
        (lesson,) = session.scalars(select(Lesson)).all()
        assert lesson.title_uk == "Що означає \\u0000 у JSON"


def test_what_is_missing_in_a_package_is_reported(database: Database, store: MemoryFiles) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        lesson = _course(kind="file", attachment="tool.exe", occurrence="2020-nowhere", recording="0123456789abcdef")
        report = packing.take(
            session, teaches, packing.Zip(_zip({"a/course.json": lesson, "a/tool.exe": b"MZ"})), store, NOW
        )
        assert len(report.notes) == 4
        assert "no recording" in report.notes[1]
        assert "tool.exe was not taken" in report.notes[3]


def test_damaged_and_encrypted_packages_are_refused() -> None:
    with pytest.raises(Invalid, match="no ZIP"):
        packing.Zip(b"not a zip at all")
    whole = bytearray(_zip({"course.json": _course() * 50}))
    at = whole.index(b"course.json") + len("course.json") + 20
    whole[at : at + 8] = bytes(8)
    with pytest.raises(Invalid, match="damaged"):
        packing.Zip(bytes(whole)).read("course.json", 1 << 20)


def test_a_folder_is_not_left_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "secret.md").write_text("x")
    (tmp_path / "course" / "link.md").symlink_to(tmp_path / "secret.md")
    with pytest.raises(Invalid, match="outside"):
        packing.Folder(tmp_path / "course").read("link.md", 100)


def test_the_catalogue_asks_as_often_for_many_as_for_few(database: Database) -> None:
    with database.writing() as session:
        teaches, learns = trainer(session), person(session, "staff@example.org")
        slug = published_course(session, teaches)
        enrolling.enrol_oneself(session, learns, slug, NOW)
    with database.reading() as session, counted(database) as few:
        queries.catalogue(session, learns)
    with database.writing() as session:
        for number in range(10):
            made = editing.create(session, teaches, CourseDraft(f"Курс {number}", f"Course {number}"), NOW)
            other = queries.catalogue(session, teaches, which="edited")[0]
            slug = next(card.slug for card in other if card.title_uk == made.title_uk)
            editing.add_lesson(session, teaches, slug, page("One"), NOW)
            editing.publish(session, teaches, slug, NOW)
            enrolling.enrol_oneself(session, learns, slug, NOW)
    with database.reading() as session, counted(database) as many:
        assert queries.catalogue(session, learns)[1] == 11
    assert len(many) == len(few)


def test_somebody_unknown_is_not_enrolled(database: Database) -> None:
    with database.writing() as session:
        teaches = trainer(session)
        slug = published_course(session, teaches)
        with pytest.raises(NotFound):
            enrolling.enrol_person(session, teaches, slug, 999_999, None, NOW)
        assert session.scalars(select(Progress)).all() == []
