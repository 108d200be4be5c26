"""`/courses/new`, `/courses/{slug}/edit`: a course and its lessons, as a trainer writes them; packages in and out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from lms.courses import choices, drafts, editing, packing, queries, testing
from lms.courses.access import may_edit, teaches, teaches_everything
from lms.courses.drafts import fits
from lms.courses.models import LessonKind, MoveOn
from lms.errors import Conflict, Invalid, NotAllowed
from web import course_form, forms, markdown, test_fields
from web.course_form import CourseTyped, LessonTyped
from web.course_words import AUDIENCES, KINDS, MOVE_ON
from web.errors import status_of
from web.items.showing import AUDIENCES as ITEM_AUDIENCES
from web.spreadsheets import download
from web.visits import Acting, Reading, Uploading, Visit, before_upload, see_other
from web.vocabulary import ITEM_KINDS

router = APIRouter(prefix="/courses")

MENDABLE = (Conflict, Invalid)


@router.get("/new")
def new(visit: Reading) -> Response:
    """An empty one."""
    _expect_trainer(visit)
    return _course_form(visit, CourseTyped(), None)


@router.post("/new")
def make(visit: Acting) -> Response:
    """Made as a draft; its editor follows."""
    _expect_trainer(visit)
    typed = course_form.course_typed(visit.form)
    try:
        home = course_form.home_of(visit.form, visit.visitor)
        version = editing.create(visit.session, visit.visitor, typed.draft(), visit.now, organisation_id=home)
    except MENDABLE as refused:
        return _course_form(visit, typed, None, refused=refused)
    slug = queries.slug_of(visit.session, version.course_id)
    return see_other(f"/courses/{slug}/edit?done=saved")


@router.get("/import")
def importing(visit: Reading) -> Response:
    """A package to be sent in."""
    _expect_trainer(visit)
    return visit.page("course_import.html", failure="", detail="", report=None)


@router.post("/import", dependencies=[before_upload(lambda visit: _expect_trainer(visit))])
def take(visit: Uploading) -> Response:
    """A course as a zip: what was taken, and what could not be."""
    _expect_trainer(visit)
    sent = visit.form.get("file")
    content = sent.file.read(packing.LARGEST_PACKAGE + 1) if isinstance(sent, UploadFile) and sent.filename else b""
    try:
        home = course_form.home_of(visit.form, visit.visitor)
        files = visit.config.files
        with visit.session.begin_nested():
            report = packing.take(
                visit.session, visit.visitor, packing.Zip(content), files, visit.now, organisation_id=home
            )
    except MENDABLE as refused:
        failure = forms.sentence(visit, refused)
        return visit.page(
            "course_import.html", status=status_of(refused), failure=failure, detail=refused.detail, report=None
        )
    return visit.page("course_import.html", failure="", detail="", report=report)


@router.get("/{slug}/export.zip")
def export(slug: str, visit: Reading) -> Response:
    """The course as a package."""
    content = packing.pack(visit.session, visit.visitor, slug, visit.config.files)
    return download(content, "application/zip", f"{slug}.zip")


@router.get("/{slug}/edit")
def edit(slug: str, visit: Reading) -> Response:
    """The course's own words, and its lessons."""
    return _editor(visit, slug)


@router.post("/{slug}/edit")
def save(slug: str, visit: Acting) -> Response:
    """Save the course's own words."""
    typed = course_form.course_typed(visit.form)
    try:
        seen = forms.whole(typed.edit) or 0
        editing.save(visit.session, visit.visitor, slug, typed.draft(), visit.now, seen=seen)
    except MENDABLE as refused:
        return _editor(visit, slug, typed=typed, refused=refused)
    return see_other(f"/courses/{slug}/edit?done=saved")


@router.post("/{slug}/publish")
def publish(slug: str, visit: Acting) -> Response:
    """What new learners get from now on."""
    try:
        editing.publish(visit.session, visit.visitor, slug, visit.now)
    except MENDABLE as refused:
        return _editor(visit, slug, refused=refused)
    testing.prepare(visit.session, slug, visit.now)
    return see_other(f"/courses/{slug}?done=course_published")


@router.post("/{slug}/discard")
def discard(slug: str, visit: Acting) -> Response:
    """Throw the draft of the next version away."""
    try:
        editing.discard(visit.session, visit.visitor, slug, visit.now)
    except MENDABLE as refused:
        return _editor(visit, slug, refused=refused)
    return see_other(f"/courses/{slug}?done=removed")


@router.post("/{slug}/archive")
def archive(slug: str, visit: Acting) -> Response:
    """Off the catalogue, or back."""
    editing.archive(visit.session, visit.visitor, slug, visit.now, archived=forms.text(visit.form, "back") != "yes")
    return see_other(f"/courses/{slug}/edit?done=saved")


@router.get("/{slug}/edit/lesson")
def new_lesson(slug: str, visit: Reading, kind: str = "page") -> Response:
    """An empty lesson of a kind."""
    chosen = LessonKind(kind) if kind in set(LessonKind) else LessonKind.PAGE
    return _lesson_form(visit, slug, "", LessonTyped.empty(chosen))


@router.post("/{slug}/edit/lesson", dependencies=[before_upload(lambda visit: _expect_editor(visit))])
def add_lesson(slug: str, visit: Uploading) -> Response:
    """Added at the end, or shown as it will look."""
    typed = course_form.lesson_typed(visit.form)
    if forms.text(visit.form, "do") == "preview":
        return _lesson_form(visit, slug, "", typed, preview=True)
    try:
        draft = typed.draft(visit.session, visit.visitor)
        with visit.session.begin_nested():
            lesson = editing.add_lesson(visit.session, visit.visitor, slug, draft, visit.now)
            _put_file(visit, slug, lesson.key)
    except MENDABLE as refused:
        return _lesson_form(visit, slug, "", typed, refused=refused)
    return see_other(f"/courses/{slug}/edit?done=saved#lesson-{lesson.key}")


@router.get("/{slug}/edit/lessons/{key}")
def edit_lesson(slug: str, key: str, visit: Reading) -> Response:
    """A lesson."""
    found = queries.lesson_to_edit(visit.session, visit.visitor, slug, key)
    return _lesson_form(visit, slug, key, LessonTyped.saved(found))


@router.post("/{slug}/edit/lessons/{key}", dependencies=[before_upload(lambda visit: _expect_editor(visit))])
def save_lesson(slug: str, key: str, visit: Uploading) -> Response:
    """Saved, or shown as it will look."""
    typed = course_form.lesson_typed(visit.form)
    if forms.text(visit.form, "do") == "preview":
        return _lesson_form(visit, slug, key, typed, preview=True)
    try:
        draft, seen = typed.draft(visit.session, visit.visitor), forms.whole(typed.edit) or 0
        with visit.session.begin_nested():
            editing.save_lesson(visit.session, visit.visitor, slug, key, draft, visit.now, seen=seen)
            _put_file(visit, slug, key)
    except MENDABLE as refused:
        return _lesson_form(visit, slug, key, typed, refused=refused)
    return see_other(f"/courses/{slug}/edit?done=saved#lesson-{key}")


@router.post("/{slug}/edit/lessons/{key}/move")
def move(slug: str, key: str, visit: Acting) -> Response:
    """Up or down by one."""
    by = -1 if forms.text(visit.form, "way") == "up" else 1
    editing.move_lesson(visit.session, visit.visitor, slug, key, by, visit.now)
    return see_other(f"/courses/{slug}/edit#lesson-{key}")


@router.post("/{slug}/edit/lessons/{key}/remove")
def remove(slug: str, key: str, visit: Acting) -> Response:
    """Not in the next version."""
    editing.remove_lesson(visit.session, visit.visitor, slug, key, visit.now)
    return see_other(f"/courses/{slug}/edit?done=removed#lessons")


def _expect_trainer(visit: Visit) -> None:
    if not teaches(visit.visitor):
        raise NotAllowed("course_not_yours", "Courses are made by trainers and organisers.")


def _expect_editor(visit: Visit) -> None:
    course, _versions = queries.course_with_versions(visit.session, visit.visitor, visit.request.path_params["slug"])
    if not may_edit(visit.visitor, course.organisation_id):
        raise NotAllowed("course_not_yours", "This course belongs to another organisation.")


def _put_file(visit: Visit, slug: str, key: str) -> None:
    """The lesson's file or video, and the video's captions, as far as they were sent."""
    for field in ("file", "captions"):
        sent = visit.form.get(field)
        if isinstance(sent, UploadFile) and sent.filename:
            content, files = sent.file.read(editing.LARGEST_FILE + 1), visit.config.files
            editing.put_file(visit.session, visit.visitor, slug, key, sent.filename, content, files, visit.now)


def _homes(visit: Visit) -> list[tuple[int, str, str]]:
    """On whose behalf the visitor may teach; empty: the network's only."""
    return course_form.homes(visit.session, visit.visitor)


def _course_form(
    visit: Visit, typed: CourseTyped, page: queries.CoursePage | None, *, refused: Conflict | Invalid | None = None
) -> Response:
    return visit.page(
        "course_new.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        typed=typed,
        homes=_homes(visit),
        for_network=teaches_everything(visit.visitor),
        names=AUDIENCES,
    )


def _editor(
    visit: Visit, slug: str, *, typed: CourseTyped | None = None, refused: Conflict | Invalid | None = None
) -> Response:
    page = queries.course_page(visit.session, visit.visitor, slug, draft=True)
    if not page.may_edit:
        raise NotAllowed("course_not_yours", "This course is edited by its trainers and organisers.")
    return visit.page(
        "course_edit.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        detail=refused.detail if refused else "",
        typed=typed or CourseTyped.saved(page),
        page=page,
        card=page.card,
        kinds=KINDS,
        names=AUDIENCES,
        short=testing.short(visit.session, slug, page.version),
    )


def _lesson_form(
    visit: Visit,
    slug: str,
    key: str,
    typed: LessonTyped,
    *,
    preview: bool = False,
    refused: Conflict | Invalid | None = None,
) -> Response:
    page = queries.course_page(visit.session, visit.visitor, slug, draft=True)
    if not page.may_edit:
        raise NotAllowed("course_not_yours", "This course is edited by its trainers and organisers.")
    context: dict[str, Any] = {
        "body": markdown.html(typed.body_uk, without_title=typed.title_uk),
        "body_en": markdown.html(typed.body_en, without_title=typed.title_en),
    }
    return visit.page(
        "lesson_form.html",
        status=status_of(refused) if refused else 200,
        failure=forms.sentence(visit, refused) if refused else "",
        detail=refused.detail if refused else "",
        typed=typed if typed.edit else typed.at(page.seen),
        page=page,
        card=page.card,
        key=key,
        preview=context if preview else None,
        others=[each for each in page.lessons if each.key != key],
        kinds=KINDS,
        move_on={value: MOVE_ON[value] for value in MOVE_ON if value in fits(LessonKind(typed.kind))},
        occurrences=choices.occurrences_to_choose(visit.session, visit.visitor) if typed.kind == "live" else [],
        recordings=choices.recordings_to_choose(visit.session, visit.visitor) if typed.kind == "video" else [],
        largest_mb=editing.LARGEST_FILE // 1024 // 1024,
        default_move_on=MoveOn.COMPLETED.value,
        longest=drafts.LONGEST_BODY,
        item_kinds=ITEM_KINDS,
        moments=test_fields.MOMENTS,
        shown_words=test_fields.SHOWN,
        audiences=ITEM_AUDIENCES,
    )
