"""Frames into the tables: those that are shipped at every start, an operator's own by a command."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.errors import Conflict
from lms.frameworks.models import (
    Competence,
    CrosswalkLine,
    Framework,
    FrameworkVersion,
    LearningOutcome,
    ProficiencyLevel,
)
from lms.frameworks.reading import FrameworkFile, read

SHIPPED = ("digcomp-2.2.json", "digcomp-3.0.json", "digcomp-ua.json")


def load_shipped(session: Session, now: datetime) -> int:
    """Put in what is shipped and was not loaded yet; how many files were written.

    What an operator has loaded since under the same code stays: only a version that came from the same shipped file
    is ever touched, and a version that is there already is not written again.
    """
    folder = files("lms.frameworks") / "data"
    known = set(session.scalars(select(FrameworkVersion.code)))
    written = 0
    for name in SHIPPED:
        found, digest = read((folder / name).read_bytes())
        if found.version.code not in known:
            _write(session, None, found, digest, now)
            record(session, "system", "framework.load", "framework", found.version.code, now=now, after=_told(found))
            written += 1
    return written


def load(session: Session, actor: str, content: bytes, now: datetime) -> tuple[FrameworkVersion, bool]:
    """Put a file in, or bring its version up to what the file says; whether anything changed.

    Raises `Invalid` (framework_file), or `Conflict` (framework_shrinks): a number that is there already never goes, for
    items and results point to it.
    """
    found, digest = read(content)
    version = session.scalar(
        select(FrameworkVersion)
        .where(FrameworkVersion.code == found.version.code)
        .options(
            selectinload(FrameworkVersion.competences),
            selectinload(FrameworkVersion.levels),
            selectinload(FrameworkVersion.framework),
        )
    )
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


def _told(found: FrameworkFile) -> dict[str, object]:
    return {"number": found.version.number, "competences": sum(len(area.competences) for area in found.areas)}


def _write(
    session: Session, version: FrameworkVersion | None, found: FrameworkFile, digest: str, now: datetime
) -> FrameworkVersion:
    framework = _framework(session, found)
    if version is None:
        version = FrameworkVersion(code=found.version.code, competences=[], levels=[])
    version.framework = framework
    version.number, version.published = found.version.number, found.version.published
    version.publication, version.licence = found.version.publication, found.version.licence
    version.note, version.expected = found.version.note, found.version.expected_competences
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
    session.add_all(
        LearningOutcome(
            version_id=version_id,
            number=number,
            code=each.id,
            position=position,
            level=each.level,
            kind=each.kind,
            text_uk=each.text.uk,
            text_en=each.text.en,
        )
        for position, (number, each) in enumerate(flat)
    )
    session.flush()


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
