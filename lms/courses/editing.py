"""Making and changing courses: versions, lessons, their files. Every change is logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import flag_modified

from lms.assessment.attempts import spec
from lms.audit.actions import record
from lms.courses.access import may_edit, teaches
from lms.courses.drafts import CourseDraft, LessonDraft, check_course, check_lesson, fits
from lms.courses.manifest import MOST_LESSONS
from lms.courses.models import Course, CourseVersion, Lesson, LessonKind, VersionState
from lms.courses.rules import LessonFacts, check_order
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.files import MEDIA_TYPES, FileStore, safe_name
from lms.slugs import free_slug, slug_of

LARGEST_FILE = 200 * 1024 * 1024
VIDEO_TYPES = {".mp4": "video/mp4", ".webm": "video/webm"}
CAPTION_TYPES = {".vtt": "text/vtt; charset=utf-8"}
RESERVED = frozenset({"new", "import", "tasks"})
"""Names in addresses that are pages of their own."""
TYPES = MEDIA_TYPES | VIDEO_TYPES | CAPTION_TYPES
"""What a lesson's file may be, by the ending of its name."""


def create(
    session: Session, visitor: Visitor, draft: CourseDraft, now: datetime, *, organisation_id: int | None = None
) -> CourseVersion:
    """A new course, as a draft. Raises `NotAllowed` (course_not_yours) or `Invalid`."""
    if not teaches(visitor) or not may_edit(visitor, organisation_id):
        raise NotAllowed("course_not_yours", "Courses are made by trainers and organisers.")
    check_course(draft)
    course = Course(
        slug=free_slug(session, Course.slug, _wanted(draft)),
        organisation_id=organisation_id,
        created_by=visitor.actor,
        created_at=now,
    )
    session.add(course)
    session.flush()
    version = _new_version(course.id, 1, now)
    _fill(version, draft)
    session.add(version)
    session.flush()
    record(session, visitor.actor, "course.create", "course", course.slug, now=now, after=_told(version))
    return version


def draft_of(session: Session, visitor: Visitor, slug: str, now: datetime) -> tuple[Course, CourseVersion]:
    """The version that may be changed; begun from the published one where there is none.

    Raises `NotFound` or `NotAllowed`.
    """
    course = editable(session, visitor, slug)
    found = _version(session, course.id, VersionState.DRAFT)
    if found is not None:
        return course, found
    latest = _version(session, course.id, VersionState.PUBLISHED)
    if latest is None:
        raise NotFound("course_unknown", "There is no such course.")
    number = session.scalar(select(func.max(CourseVersion.number)).where(CourseVersion.course_id == course.id)) or 0
    begun = _new_version(course.id, number + 1, now)
    for name in ("title_uk", "title_en", "summary_uk", "summary_en", "audience", "hours", "framework"):
        setattr(begun, name, getattr(latest, name))
    begun.lessons = [_copy(lesson) for lesson in latest.lessons]
    session.add(begun)
    session.flush()
    record(session, visitor.actor, "course.draft", "course", course.slug, now=now, after={"version": begun.number})
    return course, begun


def save(
    session: Session, visitor: Visitor, slug: str, draft: CourseDraft, now: datetime, *, seen: int
) -> CourseVersion:
    """Change what the course says of itself. Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict`."""
    course, version = _draft_as_seen(session, visitor, slug, seen, now)
    check_course(draft)
    before = _told(version)
    _fill(version, draft)
    _touch(session, version, now)
    record(session, visitor.actor, "course.edit", "course", course.slug, now=now, before=before, after=_told(version))
    return version


def add_lesson(session: Session, visitor: Visitor, slug: str, draft: LessonDraft, now: datetime) -> Lesson:
    """A lesson at the end. Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict` (course_lessons_many)."""
    course, version = draft_of(session, visitor, slug, now)
    if len(version.lessons) >= MOST_LESSONS:
        raise Conflict("course_lessons_many", f"A course has at most {MOST_LESSONS} lessons.")
    lesson = Lesson(key=_free_key(version, draft), position=len(version.lessons))
    _write(version, lesson, draft)
    version.lessons.append(lesson)
    _check(version)
    _touch(session, version, now)
    record(session, visitor.actor, "lesson.add", "course", course.slug, now=now, after=_lesson(lesson))
    return lesson


def save_lesson(
    session: Session, visitor: Visitor, slug: str, key: str, draft: LessonDraft, now: datetime, *, seen: int
) -> Lesson:
    """Change a lesson. Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict` (changed_meanwhile)."""
    course, version = _draft_as_seen(session, visitor, slug, seen, now)
    lesson = lesson_of(version, key)
    before = _lesson(lesson)
    _write(version, lesson, draft)
    _check(version)
    _touch(session, version, now)
    record(session, visitor.actor, "lesson.edit", "course", course.slug, now=now, before=before, after=_lesson(lesson))
    return lesson


def move_lesson(session: Session, visitor: Visitor, slug: str, key: str, by: int, now: datetime) -> None:
    """Up (-1) or down (1). Raises `NotFound` or `NotAllowed`."""
    course, version = draft_of(session, visitor, slug, now)
    lessons = list(version.lessons)
    at = lessons.index(lesson_of(version, key))
    to = at + by
    if not 0 <= to < len(lessons):
        return
    lessons.insert(to, lessons.pop(at))
    for position, lesson in enumerate(lessons):
        lesson.position = position
    _touch(session, version, now)
    session.expire(version, ["lessons"])
    after = {"lesson": key, "position": to + 1}
    record(session, visitor.actor, "lesson.move", "course", course.slug, now=now, after=after)


def remove_lesson(session: Session, visitor: Visitor, slug: str, key: str, now: datetime) -> None:
    """It is not in the next version; what others required of it goes with it. Raises `NotFound` or `NotAllowed`."""
    course, version = draft_of(session, visitor, slug, now)
    lesson = lesson_of(version, key)
    before = _lesson(lesson)
    version.lessons.remove(lesson)
    for position, rest in enumerate(version.lessons):
        rest.position = position
        rest.requires = [each for each in rest.requires if each != key]
    _touch(session, version, now)
    record(session, visitor.actor, "lesson.remove", "course", course.slug, now=now, before=before)


def put_file(
    session: Session,
    visitor: Visitor,
    slug: str,
    key: str,
    name: str,
    contents: bytes,
    store: FileStore,
    now: datetime,
) -> Lesson:
    """The file of a lesson: what is handed out, the video, or (`.vtt`) its captions.

    Raises `NotFound`, `NotAllowed` or `Invalid` (file_kind, file_empty, file_large).
    """
    course, version = draft_of(session, visitor, slug, now)
    lesson = lesson_of(version, key)
    name = safe_name(name)
    ending = f".{name.rpartition('.')[2]}"
    check_file(lesson.kind, ending, len(contents))
    digest = store.put(contents)
    if ending in CAPTION_TYPES:
        lesson.captions_digest = digest
    else:
        lesson.file_digest, lesson.file_name, lesson.recording_code = digest, name, ""
    _touch(session, version, now)
    after = {"lesson": key, "file": name, "sha256": digest}
    record(session, visitor.actor, "lesson.file", "course", course.slug, now=now, after=after)
    return lesson


def check_file(kind: LessonKind, ending: str, size: int) -> None:
    """Raises `Invalid` (file_kind, file_empty, file_large)."""
    taken = VIDEO_TYPES | CAPTION_TYPES if kind is LessonKind.VIDEO else MEDIA_TYPES
    if ending not in taken:
        kinds = ", ".join(sorted(taken))
        raise Invalid("lesson_file_kind", f"This lesson takes files of these kinds: {kinds}.", "file")
    if not size:
        raise Invalid("file_empty", "The file is empty. Choose another one.", "file")
    if size > LARGEST_FILE:
        raise Invalid("lesson_file_large", f"A file has at most {LARGEST_FILE // 1024 // 1024} MB.", "file")


def publish(session: Session, visitor: Visitor, slug: str, now: datetime) -> CourseVersion:
    """The draft becomes what new learners get; who learns an earlier version goes on with it.

    Raises `NotFound`, `NotAllowed`, `Invalid`, or `Conflict` (course_empty, lesson_unfinished).
    """
    course, version = draft_of(session, visitor, slug, now)
    if not version.lessons:
        raise Conflict("course_empty", "Add at least one lesson before you publish the course.")
    for lesson in version.lessons:
        if missing := unfinished(lesson):
            raise Conflict("lesson_unfinished", f"“{lesson.title_uk}”: {missing}")
    _check(version)
    earlier = _version(session, course.id, VersionState.PUBLISHED)
    if earlier is not None:
        earlier.state = VersionState.RETIRED
    version.state, version.published_at, version.published_by = VersionState.PUBLISHED, now, visitor.actor
    course.archived_at = None
    session.flush()
    record(session, visitor.actor, "course.publish", "course", course.slug, now=now, after={"version": version.number})
    return version


def unfinished(lesson: Lesson) -> str:
    """What a lesson lacks; empty: nothing."""
    if lesson.move_on not in fits(lesson.kind):
        return "it can never be done: choose when it is."
    match lesson.kind:
        case LessonKind.PAGE | LessonKind.TASK if not lesson.body_uk.strip():
            return "it has no text yet."
        case LessonKind.FILE if not lesson.file_digest:
            return "it has no file yet."
        case LessonKind.VIDEO if not lesson.file_digest and not lesson.recording_code:
            return "choose a recording, or upload a video."
        case LessonKind.LIVE if lesson.occurrence_id is None:
            return "choose the occurrence."
        case LessonKind.TEST if lesson.test is None:
            return "say what the test asks."
        case _:
            return ""


def discard(session: Session, visitor: Visitor, slug: str, now: datetime) -> None:
    """The draft of the next version is thrown away. Raises `Conflict` (course_never_published)."""
    course = editable(session, visitor, slug)
    version = _version(session, course.id, VersionState.DRAFT)
    if version is None:
        return
    if version.number == 1:
        raise Conflict("course_never_published", "This course was never published: archive it instead.")
    number = version.number
    session.delete(version)
    session.flush()
    record(session, visitor.actor, "course.discard", "course", course.slug, now=now, before={"version": number})


def archive(session: Session, visitor: Visitor, slug: str, now: datetime, *, archived: bool) -> None:
    """Take it off the catalogue, or put it back. Who learns it goes on."""
    course = editable(session, visitor, slug)
    if (course.archived_at is not None) == archived:
        return
    course.archived_at = now if archived else None
    session.flush()
    action = "course.archive" if archived else "course.restore"
    record(session, visitor.actor, action, "course", course.slug, now=now)


def editable(session: Session, visitor: Visitor, slug: str) -> Course:
    """The course, locked. Raises `NotFound` or `NotAllowed` (course_not_yours)."""
    query = select(Course).where(Course.slug == slug).with_for_update()
    course = session.scalar(query.execution_options(populate_existing=True))
    if course is None:
        raise NotFound("course_unknown", "There is no such course.")
    if not may_edit(visitor, course.organisation_id):
        raise NotAllowed("course_not_yours", "This course is edited by its trainers and organisers.")
    return course


def lesson_of(version: CourseVersion, key: str) -> Lesson:
    """A lesson by its key. Raises `NotFound` (lesson_unknown)."""
    found = next((lesson for lesson in version.lessons if lesson.key == key), None)
    if found is None:
        raise NotFound("lesson_unknown", "There is no such lesson in this course.")
    return found


def facts(lessons: Sequence[Lesson]) -> list[LessonFacts]:
    """For the rules."""
    return [LessonFacts(each.key, each.move_on, tuple(each.requires), each.title_uk) for each in lessons]


def _wanted(draft: CourseDraft) -> str:
    wanted = slug_of(draft.title_en or draft.title_uk) or "course"
    return f"course-{wanted}" if wanted in RESERVED else wanted


def _version(session: Session, course_id: int, state: VersionState) -> CourseVersion | None:
    query = select(CourseVersion).where(CourseVersion.course_id == course_id, CourseVersion.state == state)
    return session.scalar(query.options(selectinload(CourseVersion.lessons)))


def _new_version(course_id: int, number: int, now: datetime) -> CourseVersion:
    return CourseVersion(
        course_id=course_id, number=number, state=VersionState.DRAFT, audience=[], edited_at=now, lessons=[]
    )


def _fill(version: CourseVersion, draft: CourseDraft) -> None:
    version.title_uk, version.title_en = draft.title_uk.strip(), draft.title_en.strip()
    version.summary_uk, version.summary_en = draft.summary_uk.strip(), draft.summary_en.strip()
    version.audience, version.hours, version.framework = list(draft.audience), draft.hours, draft.framework


def _write(version: CourseVersion, lesson: Lesson, draft: LessonDraft) -> None:
    check_lesson(draft)
    lesson.kind = draft.kind
    lesson.title_uk, lesson.title_en = draft.title_uk.strip(), draft.title_en.strip()
    lesson.body_uk, lesson.body_en = draft.body_uk, draft.body_en
    lesson.minutes, lesson.move_on = draft.minutes, draft.move_on
    lesson.requires = [each for each in dict.fromkeys(draft.requires) if each != lesson.key]
    lesson.competences = list(draft.competences)
    lesson.recording_code, lesson.occurrence_id = draft.recording_code, draft.occurrence_id
    if draft.recording_code:  # a lesson has one film: a recording takes the place of a file
        lesson.file_digest = lesson.file_name = lesson.captions_digest = ""
    lesson.test = spec.dump(draft.test) if draft.test is not None else None


def _free_key(version: CourseVersion, draft: LessonDraft) -> str:
    wanted = slug_of(draft.title_en or draft.title_uk)[:50].strip("-") or "lesson"
    taken = {lesson.key for lesson in version.lessons}
    key, number = wanted, 1
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _check(version: CourseVersion) -> None:
    check_order(facts(version.lessons))


def _draft_as_seen(
    session: Session, visitor: Visitor, slug: str, seen: int, now: datetime
) -> tuple[Course, CourseVersion]:
    """The draft, if what the editor saw (`CourseVersion.stamp`) is what there is: the draft, or what it begins from."""
    course = editable(session, visitor, slug)
    there = _version(session, course.id, VersionState.DRAFT) or _version(session, course.id, VersionState.PUBLISHED)
    if there is not None and there.stamp != seen:
        raise Conflict("changed_meanwhile", "Somebody else has saved it since you opened it.")
    return draft_of(session, visitor, slug, now)


def _touch(session: Session, version: CourseVersion, now: datetime) -> None:
    version.edited_at = now
    flag_modified(version, "edited_at")  # a change of lessons alone is an edit, too
    session.flush()


def _copy(lesson: Lesson) -> Lesson:
    names = [column.key for column in Lesson.__table__.columns if column.key not in ("id", "version_id")]
    return Lesson(**{name: getattr(lesson, name) for name in names})


def _told(version: CourseVersion) -> dict[str, Any]:
    return {
        "version": version.number,
        "title": version.title_uk,
        "title_en": version.title_en,
        "summary": version.summary_uk,
        "audience": list(version.audience),
        "hours": str(version.hours),
    }


def _lesson(lesson: Lesson) -> dict[str, Any]:
    return {
        "lesson": lesson.key,
        "kind": lesson.kind.value,
        "title": lesson.title_uk,
        "text": lesson.body_uk[:200],
        "move_on": lesson.move_on.value,
        "requires": list(lesson.requires),
    }
