"""`/courses/{slug}/offline`: what of a course a browser may keep, for a learner who presses “Keep for offline”."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from lms.courses.learning import learning
from lms.courses.models import Lesson, LessonKind
from web.pages.courses import file_link
from web.visits import Reading, Visit

router = APIRouter(prefix="/courses")

KEPT = (LessonKind.PAGE, LessonKind.FILE)
"""Kinds of lessons that are read without a network; the others need one, or are too large."""
LARGEST_FILE = 25 * 1024 * 1024


@router.get("/{slug}/offline")
def contents(slug: str, visit: Reading) -> Response:
    """Pages and files to be kept, and how many lessons are not open yet. For learners alone."""
    found = learning(visit.session, visit.visitor, slug)
    lessons = [each for each in found.version.lessons if each.kind in KEPT]
    ready = [each for each in lessons if each.key in found.standing.open]
    body = {
        "account": visit.account,
        "slug": slug,
        "title": _title(visit, found.version.title_uk, found.version.title_en),
        "pages": [_page(visit, slug, each) for each in ready],
        "files": [file for each in ready for file in _file(visit, slug, each)],
        "later": len(lessons) - len(ready),
        "others": len(found.version.lessons) - len(lessons),
    }
    return JSONResponse(body)


def _page(visit: Visit, slug: str, lesson: Lesson) -> dict[str, Any]:
    return {"url": f"/courses/{slug}/lessons/{lesson.key}", "title": _title(visit, lesson.title_uk, lesson.title_en)}


def _file(visit: Visit, slug: str, lesson: Lesson) -> list[dict[str, Any]]:
    if not lesson.file_digest:
        return []
    try:
        size = visit.config.files.path(lesson.file_digest).stat().st_size
    except FileNotFoundError:
        return []
    link = file_link(visit, slug, lesson.key, lesson.file_digest, lesson.file_name)
    return [{"url": link, "bytes": size}] if size <= LARGEST_FILE else []


def _title(visit: Visit, uk: str, en: str) -> str:
    return en if visit.language == "en" and en else uk
