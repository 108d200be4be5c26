"""A frame from a file: JSON in the shape of `docs/assessment.md`, checked. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lms.errors import Invalid

FORMAT = "vikno-framework/1"
MOST_BYTES = 1024 * 1024

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Number = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Name(_Part):
    """In both languages; English may be missing."""

    uk: Annotated[str, Field(min_length=1, max_length=300)]
    en: Annotated[str, Field(max_length=300)] = ""


class Statement(_Part):
    """A sentence in one language or in both: a translation may be waiting."""

    uk: Annotated[str, Field(max_length=1000)] = ""
    en: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.uk or self.en):
            raise ValueError("Say it in Ukrainian or in English.")
        return self


class OutcomePart(_Part):
    """What somebody of a level knows, can do or is minded to do. `id` is the publisher's: `LO1.1.01`."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
    level: Code
    kind: Literal["knowledge", "skill", "attitude"]
    text: Statement


class CompetencePart(_Part):
    """A competence."""

    number: Number
    name: Name
    outcomes: tuple[OutcomePart, ...] = Field(default=(), max_length=200)


class AreaPart(_Part):
    """An area with its competences, of which there may be none yet."""

    number: Annotated[str, Field(pattern=r"^[0-9]{1,3}$")]
    name: Name
    competences: tuple[CompetencePart, ...] = Field(default=(), max_length=200)


class LevelPart(_Part):
    """A level and which of the eight it covers."""

    code: Code
    name: Name
    covers: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(min_length=1, max_length=8)


class SubjectPart(_Part):
    """A named group of areas and competences."""

    code: Code
    name: Name
    numbers: tuple[Number, ...] = Field(min_length=1, max_length=50)


class CrosswalkLinePart(_Part):
    """One number here, the numbers there: none, one or several."""

    source: Number = Field(alias="from")
    targets: tuple[Number, ...] = Field(alias="to", max_length=50)
    note: Annotated[str, Field(max_length=500)] = ""


class CrosswalkPart(_Part):
    """How this version maps to another."""

    to: Code
    note: Annotated[str, Field(max_length=500)] = ""
    lines: tuple[CrosswalkLinePart, ...] = Field(max_length=1000)


class FrameworkPart(_Part):
    """The frame."""

    code: Code
    name: Name


class Note(_Part):
    """What readers of a version should know of it, in one language, in both or in none."""

    uk: Annotated[str, Field(max_length=2000)] = ""
    en: Annotated[str, Field(max_length=2000)] = ""


class VersionPart(_Part):
    """Its version. A `note` that is a mere text is taken as English."""

    code: Code
    number: Annotated[str, Field(min_length=1, max_length=32)]
    published: Annotated[str, Field(pattern=r"^(\d{4}(-\d{2}){0,2})?$")] = ""
    publication: Annotated[str, Field(pattern=r"^(https?://\S{1,490})?$")] = ""
    licence: Annotated[str, Field(max_length=100)] = ""
    note: Note = Note()
    expected_competences: Annotated[int, Field(ge=0, le=1000)] = 0

    @field_validator("note", mode="before")
    @classmethod
    def _in_english(cls, value: object) -> object:
        return {"en": value} if isinstance(value, str) else value


class FrameworkFile(_Part):
    """A file, whole."""

    format: Literal["vikno-framework/1"]
    framework: FrameworkPart
    version: VersionPart
    areas: tuple[AreaPart, ...] = Field(min_length=1, max_length=50)
    levels: tuple[LevelPart, ...] = Field(default=(), max_length=20)
    subjects: tuple[SubjectPart, ...] = Field(default=(), max_length=50)
    crosswalks: tuple[CrosswalkPart, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        numbers = self.numbers()
        _once(numbers, "number")
        _once([level.code for level in self.levels], "level")
        for area in self.areas:
            for each in area.competences:
                if not re.fullmatch(rf"{area.number}\.\d+", each.number):
                    raise ValueError(f"Competence {each.number} does not stand in area {area.number}.")
        known = set(numbers)
        outcomes = [each for area in self.areas for one in area.competences for each in one.outcomes]
        _once([each.id for each in outcomes], "outcome")
        lost = {each.level for each in outcomes} - {level.code for level in self.levels}
        if lost:
            raise ValueError(f"There is no level {min(lost)} in this file.")
        named = [number for subject in self.subjects for number in subject.numbers]
        named += [line.source for crosswalk in self.crosswalks for line in crosswalk.lines]
        # A number that is expected and not supplied yet may be named already.
        missing = [number for number in named if number not in known and number.split(".")[0] not in known]
        if missing:
            raise ValueError(f"There is no {missing[0]} in this file.")
        return self

    def numbers(self) -> list[str]:
        """Of areas and competences, in their order."""
        return [number for area in self.areas for number in (area.number, *(each.number for each in area.competences))]


def _once(values: list[str], what: str) -> None:
    twice = next((value for value, count in Counter(values).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"The {what} {twice} stands twice.")


def bounded(content: bytes) -> bytes:
    """The same. Raises `Invalid` (framework_file) if it is more than anybody needs."""
    if len(content) > MOST_BYTES:
        raise Invalid("framework_file", f"The file is larger than {MOST_BYTES // 1024} KiB.", "file")
    return content


def read(content: bytes) -> tuple[FrameworkFile, str]:
    """The frame and the SHA-256 of what was read. Raises `Invalid` (framework_file) with where and why."""
    try:
        found = FrameworkFile.model_validate(json.loads(bounded(content).decode("utf-8-sig")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "file"
        raise Invalid("framework_file", f"At {place}: {first['msg']}.", "file") from None
    except (ValueError, RecursionError) as error:
        raise Invalid("framework_file", f"This is no JSON in UTF-8: {error}.", "file") from None
    return found, hashlib.sha256(content).hexdigest()
