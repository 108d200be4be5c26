"""The shape of a course in files: `course.json`, format `vikno-course/1`. In prose: `docs/courses.md`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lms.assessment.attempts.spec import TestSpec
from lms.courses.models import LessonKind, MoveOn
from lms.errors import Invalid

FORMAT = "vikno-course/1"
NAME = "course.json"
MOST_LESSONS = 200

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Competence = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$")]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Shape):
    """A text in one language or both; Ukrainian is the one that must be there."""

    uk: Title
    en: Annotated[str, Field(max_length=300)] = ""


class LongWords(_Shape):
    uk: Annotated[str, Field(max_length=5000)] = ""
    en: Annotated[str, Field(max_length=5000)] = ""


class Paths(_Shape):
    """Files of one text, by language, relative to the manifest."""

    uk: str = ""
    en: str = ""


class LessonShape(_Shape):
    """A lesson."""

    id: Key
    kind: LessonKind
    title: Words
    file: Paths = Paths()
    """Its text in Markdown."""
    minutes: Annotated[int, Field(ge=0, le=6000)] = 0
    competences: Annotated[list[Competence], Field(max_length=50)] = []
    requires: Annotated[list[Key], Field(max_length=MOST_LESSONS)] = []
    move_on: MoveOn = MoveOn.COMPLETED
    attachment: str = ""
    """The file of a file lesson, or the video of a video lesson."""
    captions: str = ""
    """WebVTT."""
    recording: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{16})?$")] = ""
    occurrence: Annotated[str, Field(max_length=80)] = ""
    """The occurrence's name in addresses."""
    test: TestSpec | None = None
    """What a test asks, in the shape of `lms.assessment.attempts.spec`."""


class Manifest(_Shape):
    """A course."""

    format: Literal["vikno-course/1"]
    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
    """The course's name in addresses."""
    version: str = ""
    languages: list[Literal["uk", "en"]] = ["uk"]
    title: Words
    summary: LongWords = LongWords()
    audience: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=20)] = []
    hours: Annotated[Decimal, Field(ge=0, le=1000, max_digits=6, decimal_places=2)] = Decimal(0)
    framework: Annotated[str, Field(max_length=40)] = ""
    lessons: Annotated[list[LessonShape], Field(min_length=1, max_length=MOST_LESSONS)]


_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The character in JSON; a backslash that is text itself stands doubled before it."""


def read(content: bytes) -> Manifest:
    """The manifest. Raises `Invalid` (course_manifest), which says where it is wrong."""
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or NAME
        raise Invalid("course_manifest", f"{place}: {fault['msg']}.", "file") from error
    if _NUL.search(manifest.model_dump_json()):
        raise Invalid("course_manifest", "Texts hold no NUL.", "file")
    keys = [lesson.id for lesson in manifest.lessons]
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise Invalid("course_manifest", f"Two lessons have the id {doubled[0]}.", "file")
    return manifest
