"""`vikno items` and `vikno frameworks`: files into the database and out of it, with a report as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lms.assessment.exchange import exporting, importing
from lms.assessment.exchange.parts import MOST_BYTES, Format, Unreadable
from lms.assessment.exchange.report import Report
from lms.assessment.exchange.uploads import PORTION
from lms.assessment.queries import Filter, stored
from lms.database import Database
from lms.frameworks import loading, reading
from web.main.settings import Settings

ACTOR = "operator"


def take(settings: Settings, file: Path, form: Format | None, language: str) -> tuple[str, int]:
    """(report, exit code): 0 when something was taken or there was nothing to refuse, else 1. Raises `OSError`."""
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)  # a larger file is refused without being read
    try:
        form = form or importing.format_of(file.name, content)
    except Unreadable as refusal:
        report = Report(file.name, Format.GIFT, error={"code": refusal.code, "reason": refusal.detail, "line": None})
        return _printed(report.data() | {"format": ""}), 1
    database = _opened(settings)
    with database.writing() as session:
        loading.load_shipped(session, datetime.now(UTC))
    with database.reading() as session:
        report, found = importing.plan(session, file.name, content, form, language=language)
    for start in range(0, len(found), PORTION):  # whoever is in a test meanwhile waits for a portion, not for the file
        with database.writing() as session:
            importing.take_part(session, ACTOR, report, found[start : start + PORTION], datetime.now(UTC))
    database.close()
    nothing = report.error is not None or (report.refused and not (report.taken or report.changed))
    return _printed(report.data()), int(bool(nothing))


def export(settings: Settings, file: Path, form: Format | None, which: Filter, *, usable_only: bool) -> tuple[str, int]:
    """(report, exit code). Raises `OSError`, and `Unreadable` when the name does not tell the format."""
    form = form or (Format.MOODLE_XML if file.suffix.lower() == ".xml" else importing.format_of(file.name, b""))
    database = _opened(settings)
    with database.reading() as session:
        content, report = exporting.write(stored(session, which, usable_only=usable_only), file.name, form)
    database.close()
    file.write_bytes(content)
    return _printed(report.data()), 0


def load_framework(settings: Settings, file: Path) -> str:
    """What to print. Raises `OSError` and `lms.errors.Refusal`."""
    with file.open("rb") as opened:
        content = opened.read(reading.MOST_BYTES + 1)
    database = _opened(settings)
    with database.writing() as session:
        loading.load_shipped(session, datetime.now(UTC))
        version, written = loading.load(session, ACTOR, content, datetime.now(UTC))
        told = f"{version.code}: {len(version.competences)} areas and competences"
    database.close()
    return told + ("." if written else "; it was loaded already.")


def _opened(settings: Settings) -> Database:
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.sqlalchemy_url)
    database.upgrade()
    return database


def _printed(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)
