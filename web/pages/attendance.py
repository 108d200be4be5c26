"""`/schedule/{slug}/attendance`: who was there, for how long, as a table, as a picture and as files."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from lms.errors import Refusal
from lms.meetings import rulebook
from lms.meetings.sheet_queries import all_rows, attendance_view
from lms.meetings.sheet_views import AttendanceView, SheetRow
from web import attendance_words as words
from web import forms
from web.clock_times import clock_of
from web.errors import status_of
from web.i18n import translate
from web.spreadsheets import XLSX_TYPE, Value, csv_bytes, download, xlsx_bytes
from web.timeline import timeline
from web.visits import Reading, Visit
from web.vocabulary import ROLES

SPARE_BREAKS = 2
"""Empty rows offered beside the breaks that there are."""

router = APIRouter(prefix="/schedule/{slug}")


@router.get("/attendance")
def attendance(slug: str, visit: Reading, page: int = 1) -> Response:
    """The page."""
    return show(visit, slug, page=page)


@router.get("/attendance.csv")
def as_csv(slug: str, visit: Reading) -> Response:
    """The whole table as CSV, its header in the reader's language."""
    view = attendance_view(visit.session, visit.visitor, slug, visit.now)
    header, rows = _table(visit, view)
    return download(csv_bytes(header, rows), "text/csv; charset=utf-8", f"attendance-{slug}.csv")


@router.get("/attendance.xlsx")
def as_xlsx(slug: str, visit: Reading) -> Response:
    """The same as XLSX."""
    view = attendance_view(visit.session, visit.visitor, slug, visit.now)
    header, rows = _table(visit, view)
    return download(xlsx_bytes(view.card.title, header, rows), XLSX_TYPE, f"attendance-{slug}.xlsx")


@router.get("/attendance.svg")
def as_svg(slug: str, visit: Reading, page: int = 1) -> Response:
    """The timeline as a picture of its own."""
    view = attendance_view(visit.session, visit.visitor, slug, visit.now, page=page)
    drawn = timeline(view.sheet, view.rows, view.card.zone) if view.sheet else None
    context = {"drawn": drawn, "card": view.card, "alone": True}
    picture = visit.site.templates.render("attendance_timeline.html", visit.language, context)
    return download(picture.strip().encode(), "image/svg+xml", f"attendance-{slug}.svg")


def show(visit: Visit, slug: str, *, page: int = 1, refused: Refusal | None = None, part: str = "") -> Response:
    """The page, perhaps with what went wrong in one of its forms (`part`), whose text is kept."""
    view = attendance_view(visit.session, visit.visitor, slug, visit.now, page=page)
    sheet = view.sheet
    typed = visit.form if refused is not None else {}
    return visit.page(
        "attendance.html",
        status=status_of(refused) if refused else 200,
        view=view,
        card=view.card,
        drawn=timeline(sheet, view.rows, view.card.zone) if sheet else None,
        alone=False,
        words=words,
        rules=rulebook.choosable(visit.session, sheet.rule.id if sheet else None) if view.may_edit else (),
        breaks=_breaks(view, typed if part == "breaks" else {}),
        correcting=str(typed.get("subject", "") or visit.request.query_params.get("correct", "")),
        typed=typed,
        part=part,
        failure=forms.sentence(visit, refused) if refused else "",
        fold=part or visit.request.query_params.get("fold", ""),
        clock=lambda moment: clock_of(moment, view.card.zone)[:5],
        percent=partial(percent, visit.language),
        names_of={row.subject: row.name for row in view.rows},
    )


def percent(language: str, share: int) -> str:
    """`66.66` for 6666 hundredths, in Ukrainian `66,66`; whole numbers without a fraction."""
    whole, rest = divmod(share, 100)
    return f"{whole}{',' if language == 'uk' else '.'}{rest:02d}" if rest else str(whole)


def _breaks(view: AttendanceView, typed: Any) -> list[tuple[str, str]]:
    """What the form of breaks shows: what was typed, else what there is; and room for more."""
    rows = []
    number = 0
    while f"from-{number}" in typed:
        rows.append((str(typed[f"from-{number}"]), str(typed.get(f"to-{number}", ""))))
        number += 1
    if not rows and view.sheet:
        rows = [(clock_of(begin, view.card.zone), clock_of(end, view.card.zone)) for begin, end in view.sheet.breaks]
    return [*rows, *[("", "")] * SPARE_BREAKS]


def _table(visit: Visit, view: AttendanceView) -> tuple[list[str], list[list[Value]]]:
    header = [translate(visit.language, name) for name in words.HEADINGS.values()]
    rows = [_line(visit.language, view.card.zone, row) for row in all_rows(visit.session, view)]
    return header, rows


def _line(language: str, zone: str, row: SheetRow) -> list[Value]:
    correction = row.correction

    def word(names: dict[str, str], key: str) -> str:
        return translate(language, names[key]) if names.get(key) else key

    return [
        word(words.KINDS, row.subject.partition(":")[0]),
        row.name,
        row.organisation,
        word(ROLES, row.role),
        clock_of(row.first, zone),
        clock_of(row.last, zone),
        row.seconds // 60,
        row.window_seconds // 60,
        row.share / 100,
        word(words.VERDICTS, row.verdict.value),
        word(words.HOW, row.how) if row.how else "",
        ", ".join(word(words.LISTED, each) for each in row.listed),
        row.computed_seconds // 60 if correction else None,
        word(words.VERDICTS, row.computed_verdict.value) if correction else None,
        correction.reason if correction else None,
    ]
