"""`/courses`: the catalogue, a course, its lessons as a learner sees them, and what a learner does."""

from __future__ import annotations

import math
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from lms.courses import again, enrolling, learners, learning, queries, tagging, testing
from lms.courses.access import teaches
from lms.courses.classes import queries as classes
from lms.courses.editing import TYPES
from lms.courses.learning import BY_READING, LARGEST_SUBMISSION
from lms.courses.models import LessonKind
from lms.courses.queries import LessonPage
from lms.days import day_of
from lms.directory import projects
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.media import queries as media
from web import forms, markdown, panels, wording
from web.course_words import AUDIENCES, KINDS, SUBMISSIONS
from web.errors import status_of
from web.guards import signed_in_only
from web.pages.projects import block
from web.visits import Acting, Reading, Uploading, Visit, before_upload, see_other, site_of

router = APIRouter(prefix="/courses")

MENDABLE = (Conflict, Invalid)
FILE_S = 6 * 3600
"""How long a link to a file of a lesson works."""


@router.get("")
def index(
    visit: Reading,
    text: str = "",
    audience: str = "",
    which: str = "",
    project: str = "",
    page: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """What is taught, by title."""
    found, total = queries.catalogue(
        visit.session, visit.visitor, text=text[:200], audience=audience, which=which, project=project, page=page
    )
    return visit.page(
        "courses.html",
        keep=not visit.request.url.query,
        found=found,
        total=total,
        text=text[:200],
        audience=audience,
        which=which,
        project=project,
        projects=projects.tags(visit.session),
        number=page,
        pages=math.ceil(total / queries.CATALOGUE),
        audiences=queries.audiences(visit.session),
        names=AUDIENCES,
        teaches=teaches(visit.visitor),
    )


@router.get("/{slug}")
def show(slug: str, visit: Reading) -> Response:
    """A course, its lessons, and how far the visitor is."""
    return _course(visit, slug)


@router.post("/{slug}/begin")
def begin(slug: str, visit: Acting) -> Response:
    """The visitor learns it from now on."""
    enrolling.enrol_oneself(visit.session, visit.visitor, slug, visit.now)
    found = queries.course_page(visit.session, visit.visitor, slug)
    return see_other(f"/courses/{slug}/lessons/{found.standing.next}" if found.standing.next else f"/courses/{slug}")


@router.post("/{slug}/again")
def do_again(slug: str, visit: Acting) -> Response:
    """From the beginning, in the version of today."""
    try:
        again.begin_again(visit.session, visit.visitor, slug, visit.now)
    except Conflict as refused:
        return _course(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/courses/{slug}?done=course_again")


@router.post("/{slug}/leave")
def leave(slug: str, visit: Acting) -> Response:
    """The visitor learns it no more; what was done is kept."""
    enrolling.withdraw(visit.session, visit.visitor, slug, visit.visitor.person_id or 0, visit.now)
    return see_other(f"/courses/{slug}?done=course_left")


@router.post("/{slug}/opinion")
def opinion(slug: str, visit: Acting) -> Response:
    """Stars, and words if one likes."""
    stars = forms.whole(visit.form.get("stars", "")) or 0
    try:
        learning.give_opinion(visit.session, visit.visitor, slug, stars, forms.text(visit.form, "text"), visit.now)
    except MENDABLE as refused:
        return _course(visit, slug, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/courses/{slug}?done=saved#opinions")


@router.get("/{slug}/lessons/{key}")
def lesson(slug: str, key: str, visit: Reading, draft: str = "") -> Response:
    """A lesson; one that is not open yet says what comes first."""
    return _lesson(visit, slug, key, draft=bool(draft))


@router.post("/{slug}/lessons/{key}/opened")
def opened(slug: str, key: str, visit: Acting) -> Response:
    """The lesson's page says that it is read; and, with `place`, how far."""
    text = forms.text(visit.form, "place")
    try:
        place = float(text) if text else None
    except ValueError:
        place = -1.0
    if place is None:
        learning.open_lesson(visit.session, visit.visitor, slug, key, visit.now)
    else:
        learning.remember(visit.session, visit.visitor, slug, key, place, visit.now)
    return JSONResponse({"kept": True})


@router.post("/{slug}/lessons/{key}/done")
def done(slug: str, key: str, visit: Acting) -> Response:
    """Read, fetched, watched: on to the next one."""
    try:
        stands, onward = learning.complete(visit.session, visit.visitor, slug, key, visit.now)
    except Conflict as refused:
        return _lesson(visit, slug, key, status=status_of(refused), failure=forms.sentence(visit, refused))
    if stands.complete:
        return see_other(f"/courses/{slug}?done=course_done")
    return see_other(f"/courses/{slug}/lessons/{onward}" if onward else f"/courses/{slug}")


# Whether somebody learns here, and this task is open to them, is decided where it is handed in.
@router.post("/{slug}/lessons/{key}/task", dependencies=[before_upload(signed_in_only)])
def hand_in(slug: str, key: str, visit: Uploading) -> Response:
    """A text, a file, or both."""
    form, sent = visit.form, visit.form.get("file")
    file = None
    if isinstance(sent, UploadFile) and sent.filename:
        file = (sent.filename, sent.file.read(LARGEST_SUBMISSION + 1))
    try:
        learning.hand_in(
            visit.session, visit.visitor, slug, key, forms.text(form, "text"), file, visit.config.files, visit.now
        )
    except MENDABLE as refused:
        return _lesson(visit, slug, key, status=status_of(refused), failure=forms.sentence(visit, refused))
    return see_other(f"/courses/{slug}/lessons/{key}?done=task_handed_in")


@router.get("/{slug}/lessons/{key}/files/{name}")
def file(request: Request, slug: str, key: str, name: str, digest: str = "", signed: str = "") -> Response:
    """A file of a lesson, whole or a range of it; the signed link is enough, since players bring no cookies."""
    config = site_of(request).config
    if not config.links.fresh(_purpose(slug, key, digest), signed, FILE_S):
        raise NotFound("link_unknown", "This link has expired. Open the lesson again.")
    try:
        path = config.files.path(digest)
    except FileNotFoundError:
        raise NotFound("file_lost", "The file is not in the store any more. Ask the trainer to add it again.") from None
    media_type = TYPES.get(f".{name.rpartition('.')[2].lower()}", "application/octet-stream")
    shown = media_type.startswith(("video/", "text/vtt"))
    headers = {"Cache-Control": f"private, max-age={FILE_S}", "X-Content-Type-Options": "nosniff"}
    disposition = "inline" if shown else "attachment"
    return FileResponse(
        path, filename=name, media_type=media_type, headers=headers, content_disposition_type=disposition
    )


@router.get("/{slug}/lessons/{key}/handed-in/{digest}")
def handed_in(slug: str, key: str, digest: str, visit: Reading) -> Response:
    """What was handed in, for its learner and its reviewers."""
    name = learners.file_of(visit.session, visit.visitor, digest)
    try:
        path = visit.config.files.path(digest)
    except FileNotFoundError:
        raise NotFound("file_lost", "The file is not in the store any more.") from None
    headers = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, filename=name, media_type="application/octet-stream", headers=headers)


@panels.START.register("courses", place=30, given=queries.any_for)
def of_start(visit: Visit) -> dict[str, Any] | None:
    """What the visitor learns now, and what waits for their review."""
    found = queries.own_courses(visit.session, visit.visitor)
    tasks = learners.tasks_waiting(visit.session, visit.visitor) if teaches(visit.visitor) else 0
    return {"found": found, "tasks": tasks, "today": day_of(visit.now)} if found or tasks else None


def _course(visit: Visit, slug: str, *, status: int = 200, failure: str = "") -> Response:
    found = queries.course_page(visit.session, visit.visitor, slug)
    own = tagging.of_course(visit.session, slug)
    return visit.page(
        "course.html",
        keep=True,
        status=status,
        failure=failure,
        page=found,
        card=found.card,
        kinds=KINDS,
        names=AUDIENCES,
        summary=_words(visit, found.card.summary_uk, found.card.summary_en),
        leads=bool(visit.visitor.led_organisations),
        tagged=block(visit, own, own, f"/courses/{slug}/project", edits=found.may_edit),
        classes=classes.own_classes(visit.session, visit.visitor, slug),
    )


def _lesson(
    visit: Visit, slug: str, key: str, *, draft: bool = False, status: int = 200, failure: str = ""
) -> Response:
    found = queries.lesson_page(visit.session, visit.visitor, slug, key, draft=draft)
    if not found.card.is_open and not found.preview:
        return visit.page("lesson_closed.html", status=409, page=found, course=found.course, kinds=KINDS)
    one = found.lesson
    asks = testing.spec_of(one, found.framework) if one.test is not None else None
    return visit.page(
        "lesson.html",
        keep=not found.preview,
        status=status,
        failure=failure,
        page=found,
        course=found.course,
        lesson=one,
        kinds=KINDS,
        body=_words(visit, one.body_uk, one.body_en, without=(one.title_uk, one.title_en)),
        by_reading=one.kind in BY_READING or (one.kind is LessonKind.LIVE and found.card.satisfied),
        files=_files(visit, slug, found),
        recording=_recording(visit, found),
        typed=forms.text(visit.form, "text"),
        draft=draft,
        submission_words=SUBMISSIONS,
        asks=asks,
        kept=testing.kept_id(visit.session, visit.visitor, slug, found.version, key) if asks else None,
        test=testing.card(visit.session, visit.visitor, slug, found.version, key, visit.now) if asks else None,
        sentence=lambda code: wording.say(visit.language, code, code),
    )


def _words(visit: Visit, uk: str, en: str, *, without: tuple[str, str] = ("", "")) -> dict[str, Any]:
    """A text in the page's language, or in the other one, which is said (`lang`)."""
    english = bool(en) and (visit.language == "en" or not uk)
    text, language = (en, "en") if english else (uk, "uk")
    return {"html": markdown.html(text, without_title=without[english]), "lang": language}


def _files(visit: Visit, slug: str, found: LessonPage) -> dict[str, str]:
    """Links to the lesson's files: `file` and `captions`."""
    one, links = found.lesson, {}
    for name, digest, file_name in (
        ("file", one.file_digest, one.file_name),
        ("captions", one.captions_digest, "captions.vtt"),
    ):
        if digest:
            links[name] = file_link(visit, slug, one.key, digest, file_name)
    return links


def file_link(visit: Visit, slug: str, key: str, digest: str, name: str) -> str:
    """Where a file of a lesson is fetched for a while."""
    signed = visit.config.links.sign_for_a_while(_purpose(slug, key, digest))
    return f"/courses/{slug}/lessons/{key}/files/{name}?digest={digest}&signed={signed}"


def _recording(visit: Visit, found: LessonPage) -> dict[str, Any] | None:
    """The recording of a video lesson, or of the lesson's occurrence, if the visitor may watch it."""
    code = found.lesson.recording_code
    if not code and found.occurrence is not None:
        cards = media.of_occurrence(visit.session, visit.visitor, found.occurrence.id, visit.now)
        code = next((card.code for card in cards if card.state.value == "ready"), "")
    if not code:
        return None
    try:
        shown = media.page(visit.session, visit.visitor, code, visit.now)
    except (NotFound, NotAllowed):
        return {"code": code, "watchable": False}
    return {"code": code, "watchable": True, "title": shown.card.title, "duration_s": shown.card.duration_s}


def _purpose(slug: str, key: str, digest: str) -> str:
    return f"lesson {slug} {key} {digest}"
