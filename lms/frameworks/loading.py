"""Frames into the tables: those that are shipped at every start, an operator's own by a command."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.errors import Conflict, Invalid, NotFound
from lms.frameworks.models import (
    Competence,
    CrosswalkLine,
    Framework,
    FrameworkVersion,
    LearningOutcome,
    ProficiencyLevel,
)
from lms.frameworks.reading import FrameworkFile, bounded, read
from lms.frameworks.supplement import VERSION, Wording, read_supplement

SHIPPED = ("digcomp-2.2.json", "digcomp-3.0.json", "digcomp-ua.json")
EARLIER = frozenset(
    {
        "8613490a50471ca9aa845fae1c0317fe315006549c7565fad69461bb56e59485",
        "821ea9395bb0a87c2356e4ee7f4fbccd4d46c3598ea3dc8a396d238d9064e717",
        "43b87ad574c388f3d1e0432a232807c176dc3a8db550d4df44876c424c465bd8",
    }
)
"""SHA-256 of files that were shipped before: what came from one of them is brought up to what is shipped now."""


def load_shipped(session: Session, now: datetime) -> int:
    """Put in what is shipped and was not loaded yet, or was by an earlier release; how many files were written.

    What an operator has loaded since under the same code stays: only a version that came from a shipped file is ever
    touched.
    """
    known = dict(session.execute(select(FrameworkVersion.code, FrameworkVersion.digest)).all())
    behind = [each for each in _shipped() if known.get(each[0].version.code, "") in EARLIER | {""}]
    for found, digest in behind:
        _put(session, "system", found, digest, now)
    return len(behind)


@lru_cache(maxsize=1)
def _shipped() -> tuple[tuple[FrameworkFile, str], ...]:
    folder = files("lms.frameworks") / "data"
    return tuple(read((folder / name).read_bytes()) for name in SHIPPED)


def load(session: Session, actor: str, content: bytes, now: datetime) -> tuple[FrameworkVersion, bool]:
    """Put a file in, or bring its version up to what the file says; whether anything changed.

    A publisher's data supplement (`lms.frameworks.supplement`) gives the outcomes of its version their English words.
    Raises `Invalid` (framework_file), or `Conflict` (framework_shrinks): a number that is there already never goes, for
    items and results point to it.
    """
    wordings = read_supplement(bounded(content))
    if wordings is not None:
        return _put_supplement(session, actor, wordings, hashlib.sha256(content).hexdigest(), now)
    found, digest = read(content)
    return _put(session, actor, found, digest, now)


def _put(
    session: Session, actor: str, found: FrameworkFile, digest: str, now: datetime
) -> tuple[FrameworkVersion, bool]:
    version = _version(session, found.version.code)
    if version is not None and version.digest == digest:
        return version, False
    if version is not None:
        lost = {each.number for each in version.competences} - set(found.numbers())
        if lost:
            raise Conflict("framework_shrinks", f"{min(lost)} is in use and is missing in the file. Add it again.")
    before = {"digest": version.digest, "competences": len(version.competences)} if version else None
    version = _write(session, version, found, digest, now)
    record(session, actor, "framework.load", "framework", version.code, now=now, before=before, after=_told(found))
    return version, True


def _put_supplement(
    session: Session, actor: str, wordings: Sequence[Wording], digest: str, now: datetime
) -> tuple[FrameworkVersion, bool]:
    """English words for the outcomes that are there; what is not there yet comes with these alone."""
    version = _version(session, VERSION)
    if version is None:
        raise NotFound("framework_unknown", f"The frame {VERSION} is not loaded. Load it first.")
    if version.digest == digest:
        return version, False
    places = ({each.number for each in version.competences if each.area}, {each.code for each in version.levels})
    alien = next((each for each in wordings if each.number not in places[0] or each.level not in places[1]), None)
    if alien is not None:
        raise Invalid("framework_file", f"At {alien.code}: the frame has no such competence or level.", "file")
    rows = session.scalars(select(LearningOutcome).where(LearningOutcome.version_id == version.id))
    known = {row.code: row for row in rows}
    for position, each in enumerate(wordings):
        row = known.get(each.code) or LearningOutcome(version_id=version.id, code=each.code)
        row.position, row.number, row.level, row.kind = position, each.number, each.level, each.kind
        row.text_en = each.text
        session.add(row)
    before = {"digest": version.digest}
    version.digest, version.loaded_at = digest, now
    session.flush()
    after = {"number": version.number, "outcomes": len(wordings)}
    record(session, actor, "framework.load", "framework", version.code, now=now, before=before, after=after)
    return version, True


def _version(session: Session, code: str) -> FrameworkVersion | None:
    return session.scalar(
        select(FrameworkVersion)
        .where(FrameworkVersion.code == code)
        .options(
            selectinload(FrameworkVersion.competences),
            selectinload(FrameworkVersion.levels),
            selectinload(FrameworkVersion.framework),
        )
    )


def _told(found: FrameworkFile) -> dict[str, object]:
    each = [one for area in found.areas for one in area.competences]
    return {
        "number": found.version.number,
        "competences": len(each),
        "outcomes": sum(len(one.outcomes) for one in each),
    }


def _write(
    session: Session, version: FrameworkVersion | None, found: FrameworkFile, digest: str, now: datetime
) -> FrameworkVersion:
    framework = _framework(session, found)
    if version is None:
        version = FrameworkVersion(code=found.version.code, competences=[], levels=[])
    version.framework = framework
    version.number, version.published = found.version.number, found.version.published
    version.publication, version.licence = found.version.publication, found.version.licence
    version.note, version.note_uk = found.version.note.en, found.version.note.uk
    version.expected = found.version.expected_competences
    version.subjects = [
        {"code": each.code, "name_uk": each.name.uk, "name_en": each.name.en, "numbers": list(each.numbers)}
        for each in found.subjects
    ]
    version.digest, version.loaded_at = digest, now
    _write_competences(version, found)
    _write_levels(version, found)
    session.add(version)
    _write_crosswalks(session, found)
    session.flush()
    _write_outcomes(session, version.id, found)
    return version


def _write_outcomes(session: Session, version_id: int, found: FrameworkFile) -> None:
    """This version's outcomes, anew: nothing points to them."""
    session.execute(delete(LearningOutcome).where(LearningOutcome.version_id == version_id))
    flat = [(one.number, each) for area in found.areas for one in area.competences for each in one.outcomes]
    rows = [
        {
            "version_id": version_id,
            "number": number,
            "code": each.id,
            "position": position,
            "level": each.level,
            "kind": each.kind,
            "text_uk": each.text.uk,
            "text_en": each.text.en,
        }
        for position, (number, each) in enumerate(flat)
    ]
    if rows:
        session.execute(insert(LearningOutcome), rows)


def _framework(session: Session, found: FrameworkFile) -> Framework:
    framework = session.scalar(select(Framework).where(Framework.code == found.framework.code))
    if framework is None:
        framework = Framework(code=found.framework.code)
        session.add(framework)
    framework.name_uk, framework.name_en = found.framework.name.uk, found.framework.name.en
    return framework


def _write_competences(version: FrameworkVersion, found: FrameworkFile) -> None:
    known = {each.number: each for each in version.competences}
    rows: list[Competence] = []
    for area in found.areas:
        for number, name, home in (
            (area.number, area.name, ""),
            *((each.number, each.name, area.number) for each in area.competences),
        ):
            row = known.get(number) or Competence(number=number)
            row.area, row.position, row.name_uk, row.name_en = home, len(rows), name.uk, name.en
            rows.append(row)
    version.competences = rows


def _write_levels(version: FrameworkVersion, found: FrameworkFile) -> None:
    known = {each.code: each for each in version.levels}
    rows = []
    for position, each in enumerate(found.levels):
        row = known.get(each.code) or ProficiencyLevel(code=each.code)
        row.position, row.first, row.last = position, min(each.covers), max(each.covers)
        row.name_uk, row.name_en = each.name.uk, each.name.en
        rows.append(row)
    version.levels = rows


def _write_crosswalks(session: Session, found: FrameworkFile) -> None:
    """This version's lines, anew: nothing points to them."""
    session.execute(delete(CrosswalkLine).where(CrosswalkLine.from_version == found.version.code))
    flat = [
        (crosswalk.to, line.source, target, line.note or crosswalk.note)
        for crosswalk in found.crosswalks
        for line in crosswalk.lines
        for target in line.targets or ("",)
    ]
    session.add_all(
        CrosswalkLine(
            from_version=found.version.code,
            from_number=source,
            to_version=to,
            to_number=target,
            position=position,
            note=note,
        )
        for position, (to, source, target, note) in enumerate(flat)
    )
