"""A course as files: a folder or a zip with `course.json`, texts in Markdown, attachments. In and out.

What is taken in is bounded and never leaves its folder: names are looked up among the entries, nothing is unpacked to a
disk. What could not be carried over is said in the report.
"""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.courses import choices, manifest
from lms.courses.access import may_edit, teaches
from lms.courses.drafts import CourseDraft, LessonDraft, check_course
from lms.courses.editing import RESERVED, add_lesson, check_file, create, draft_of, put_file, save
from lms.courses.manifest import LessonShape, Manifest
from lms.courses.models import Course, CourseVersion, Lesson, VersionState
from lms.courses.rules import LessonFacts, check_order
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed, NotFound
from lms.files import FileStore
from lms.schedule.models import Occurrence

LARGEST_PACKAGE: Final = 200 * 1024 * 1024
LARGEST_TEXT: Final = 1024 * 1024
MOST_ENTRIES: Final = 2_000
LARGEST_WHOLE: Final = 400 * 1024 * 1024
"""Of all entries unpacked."""


class Source(Protocol):
    """Where the files of a course come from."""

    def read(self, name: str, most: int) -> bytes | None:
        """A file by its path relative to the manifest; None if there is none. Raises `Invalid` (course_package)."""


@dataclass
class Report:
    """What became of a course that was taken in."""

    slug: str = ""
    version: int = 0
    lessons: int = 0
    files: int = 0
    notes: list[str] = field(default_factory=list)
    """What was left out, and why; one sentence each."""


class Folder:
    """A folder of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def read(self, name: str, most: int) -> bytes | None:
        """A file below the folder; links out of it are refused."""
        path = (self._root / _plain(name)).resolve()
        if not path.is_relative_to(self._root):
            raise Invalid("course_package", f"{name} lies outside of the course.", "file")
        if not path.is_file():
            return None
        if path.stat().st_size > most:
            raise Invalid("course_package", f"{name} is larger than {most // 1024} KB.", "file")
        return path.read_bytes()


class Zip:
    """A zip, held in memory. Its manifest may lie in a folder of its own, as many programs pack it."""

    def __init__(self, content: bytes) -> None:
        """Raises `Invalid` (course_package)."""
        if len(content) > LARGEST_PACKAGE:
            raise Invalid("course_package", f"A package has at most {LARGEST_PACKAGE // 1024 // 1024} MB.", "file")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Invalid("course_package", "This is no ZIP file, or it is damaged.", "file") from error
        entries = self._zip.infolist()
        if len(entries) > MOST_ENTRIES or sum(each.file_size for each in entries) > LARGEST_WHOLE:
            raise Invalid("course_package", "The package unpacks to more than is taken.", "file")
        self._entries = {each.filename: each for each in entries if not each.is_dir() and not _is_link(each)}
        self._prefix = self._find()

    def read(self, name: str, most: int) -> bytes | None:
        """An entry; never more of it than `most`, whatever its header says."""
        entry = self._entries.get(self._prefix + _plain(name))
        if entry is None:
            return None
        try:
            with self._zip.open(entry) as file:
                content = file.read(most + 1)
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
            raise Invalid("course_package", f"{name} cannot be unpacked: damaged or encrypted.", "file") from error
        except Exception as error:  # zlib.error and others have no common base
            raise Invalid("course_package", f"{name} cannot be unpacked: damaged.", "file") from error
        if len(content) > most:
            raise Invalid("course_package", f"{name} is larger than {most // 1024} KB.", "file")
        return content

    def _find(self) -> str:
        found = sorted(
            (name for name in self._entries if PurePosixPath(name).name == manifest.NAME),
            key=lambda name: (name.count("/"), name),
        )
        if not found:
            raise Invalid("course_package", f"There is no {manifest.NAME} in it.", "file")
        return found[0].removesuffix(manifest.NAME)


def take(
    session: Session,
    visitor: Visitor,
    source: Source,
    store: FileStore,
    now: datetime,
    *,
    organisation_id: int | None = None,
) -> Report:
    """A course as a draft: a new one, or the next version of the one with this id that the visitor edits.

    Raises `NotAllowed`, or `Invalid` (course_package, course_manifest and what editing says); then nothing was taken.
    """
    if not teaches(visitor):
        raise NotAllowed("course_not_yours", "Courses are made by trainers and organisers.")
    content = source.read(manifest.NAME, LARGEST_TEXT)
    if content is None:
        raise Invalid("course_package", f"There is no {manifest.NAME} in it.", "file")
    shape = manifest.read(content)
    check_order([LessonFacts(each.id, each.move_on, tuple(each.requires), each.title.uk) for each in shape.lessons])
    report = Report()
    version = _begin(session, visitor, shape, now, organisation_id)
    course = session.get_one(Course, version.course_id)
    report.slug, report.version = course.slug, version.number
    _put_lessons(session, visitor, course.slug, shape, source, store, report, now)
    after = {"lessons": report.lessons, "files": report.files, "notes": report.notes}
    record(session, visitor.actor, "course.import", "course", course.slug, now=now, after=after)
    return report


def _begin(
    session: Session, visitor: Visitor, shape: Manifest, now: datetime, organisation_id: int | None
) -> CourseVersion:
    draft = _course(shape)
    check_course(draft)
    known = session.scalar(select(Course).where(Course.slug == shape.id))
    if known is None or not may_edit(visitor, known.organisation_id):
        version = create(session, visitor, draft, now, organisation_id=organisation_id)
        course = session.get_one(Course, version.course_id)
        if known is None and shape.id not in RESERVED:
            course.slug = shape.id
            session.flush()
        return version
    _, version = draft_of(session, visitor, shape.id, now)
    version.lessons = []
    session.flush()
    return save(session, visitor, shape.id, draft, now, seen=version.stamp)


def _course(shape: Manifest) -> CourseDraft:
    return CourseDraft(
        title_uk=shape.title.uk,
        title_en=shape.title.en,
        summary_uk=shape.summary.uk,
        summary_en=shape.summary.en,
        audience=tuple(shape.audience),
        hours=shape.hours,
        framework=shape.framework,
    )


def _put_lessons(
    session: Session,
    visitor: Visitor,
    slug: str,
    shape: Manifest,
    source: Source,
    store: FileStore,
    report: Report,
    now: datetime,
) -> None:
    keys = {}
    for each in shape.lessons:
        draft = _lesson(session, visitor, each, source, report)
        # Requirements follow once every lesson has its key.
        lesson = add_lesson(session, visitor, slug, draft, now)
        lesson.key = keys[each.id] = each.id
        session.flush()
        report.lessons += 1
        for path in (each.attachment, each.captions):
            if path:
                _put_file(session, visitor, slug, lesson, path, source, store, report, now)
    _, version = draft_of(session, visitor, slug, now)
    required = {each.id: list(each.requires) for each in shape.lessons}
    for lesson in version.lessons:
        lesson.requires = required[lesson.key]
    session.flush()


def _lesson(session: Session, visitor: Visitor, each: LessonShape, source: Source, report: Report) -> LessonDraft:
    occurrence_id = None
    if each.occurrence:
        occurrence_id = session.scalar(select(Occurrence.id).where(Occurrence.slug == each.occurrence))
        if occurrence_id is None or not choices.may_choose_occurrence(session, visitor, occurrence_id):
            occurrence_id = None
            report.notes.append(f"{each.id}: there is no occurrence {each.occurrence} here; choose another one.")
    recording = each.recording
    if recording and not choices.may_choose_recording(session, visitor, recording):
        report.notes.append(f"{each.id}: there is no recording {recording} here; choose another one.")
        recording = ""
    return LessonDraft(
        kind=each.kind,
        title_uk=each.title.uk,
        title_en=each.title.en,
        body_uk=_text(each.file.uk, each.id, source, report),
        body_en=_text(each.file.en, each.id, source, report),
        minutes=each.minutes,
        move_on=each.move_on,
        competences=tuple(each.competences),
        recording_code=recording,
        occurrence_id=occurrence_id,
        test=each.test,
    )


def _text(path: str, lesson: str, source: Source, report: Report) -> str:
    if not path:
        return ""
    content = source.read(path, LARGEST_TEXT)
    if content is None:
        report.notes.append(f"{lesson}: its text {path} is missing.")
        return ""
    try:
        text = content.decode("utf-8-sig")
        if "\0" in text:
            raise ValueError("NUL is in no text.")
        return text
    except ValueError as error:
        raise Invalid("course_package", f"{path} is not text in UTF-8.", "file") from error


def _put_file(
    session: Session,
    visitor: Visitor,
    slug: str,
    lesson: Lesson,
    path: str,
    source: Source,
    store: FileStore,
    report: Report,
    now: datetime,
) -> None:
    content = source.read(path, LARGEST_PACKAGE)
    if content is None:
        report.notes.append(f"{lesson.key}: its file {path} is missing.")
        return
    name = PurePosixPath(path).name
    try:
        check_file(lesson.kind, PurePosixPath(name).suffix.lower(), len(content))
    except Invalid as refused:
        report.notes.append(f"{lesson.key}: {name} was not taken. {refused.detail}")
        return
    put_file(session, visitor, slug, lesson.key, name, content, store, now)
    report.files += 1


def pack(session: Session, visitor: Visitor, slug: str, store: FileStore) -> bytes:
    """A course as a zip: its draft for who edits it, where there is one, else what is published. Raises `NotFound`."""
    course = session.scalar(select(Course).where(Course.slug == slug))
    if course is None or not may_edit(visitor, course.organisation_id):
        raise NotFound("course_unknown", "There is no such course, or it is not for you.")
    versions = session.scalars(
        select(CourseVersion)
        .where(CourseVersion.course_id == course.id, CourseVersion.state != VersionState.RETIRED)
        .options(selectinload(CourseVersion.lessons))
        .order_by(CourseVersion.number.desc())
    ).all()
    version = versions[0]
    slugs = dict(
        session.execute(
            select(Occurrence.id, Occurrence.slug).where(
                Occurrence.id.in_([each.occurrence_id for each in version.lessons if each.occurrence_id])
            )
        ).all()
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        lessons = [_packed(package, lesson, slugs, store) for lesson in version.lessons]
        package.writestr(manifest.NAME, _json(_described(course, version, lessons)))
    return target.getvalue()


def _described(course: Course, version: CourseVersion, lessons: list[dict[str, Any]]) -> dict[str, Any]:
    english = bool(version.title_en)
    return {
        "format": manifest.FORMAT,
        "id": course.slug,
        "version": str(version.number),
        "languages": ["uk", "en"] if english else ["uk"],
        "title": {"uk": version.title_uk, "en": version.title_en},
        "summary": {"uk": version.summary_uk, "en": version.summary_en},
        "audience": list(version.audience),
        "hours": str(version.hours),
        "framework": version.framework,
        "lessons": lessons,
    }


def _packed(package: zipfile.ZipFile, lesson: Lesson, slugs: Mapping[int, str], store: FileStore) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": lesson.key,
        "kind": lesson.kind.value,
        "title": {"uk": lesson.title_uk, "en": lesson.title_en},
        "minutes": lesson.minutes,
        "competences": list(lesson.competences),
        "requires": list(lesson.requires),
        "move_on": lesson.move_on.value,
    }
    texts = {}
    for language, body in (("uk", lesson.body_uk), ("en", lesson.body_en)):
        if body:
            texts[language] = f"lessons/{lesson.position + 1:02}-{lesson.key}.{language}.md"
            package.writestr(texts[language], body)
    if texts:
        described["file"] = texts
    for name, digest, path in (
        ("attachment", lesson.file_digest, f"files/{lesson.key}/{lesson.file_name}"),
        ("captions", lesson.captions_digest, f"files/{lesson.key}/captions.vtt"),
    ):
        if digest:
            package.writestr(path, store.get(digest))
            described[name] = path
    if lesson.recording_code:
        described["recording"] = lesson.recording_code
    if lesson.occurrence_id is not None and lesson.occurrence_id in slugs:
        described["occurrence"] = slugs[lesson.occurrence_id]
    if lesson.test is not None:
        described["test"] = lesson.test
    return described


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _plain(name: str) -> str:
    """A relative path without ways up. Raises `Invalid` (course_package)."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise Invalid("course_package", f"{name} lies outside of the course.", "file")
    return str(path)


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(entry.external_attr >> 16)
