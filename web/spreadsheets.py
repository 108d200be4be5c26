"""Tables as files: CSV that a Ukrainian Excel opens rightly, and XLSX."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from openpyxl.cell import Cell

Value = str | int | float | bool | date | datetime | None
Table = Sequence[Sequence[Value]]

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WIDEST = 60


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """RFC 4180 with a byte-order mark, so that Excel takes it for UTF-8. Aware instants become UTC."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([harmless(name) for name in header])
    for row in rows:
        writer.writerow([_plain(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def xlsx_bytes(title: str, header: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """One sheet with a bold, frozen header row. Instants become naive UTC: the format knows no zones."""
    from openpyxl import Workbook  # here, because it is large and seldom needed
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "Vikno")
    sheet.freeze_panes = "A2"
    rows = [[_cell(value) for value in row] for row in rows]
    for number, name in enumerate(header, start=1):
        longest = max([len(str(name)), *(len(str(row[number - 1])) for row in rows if row[number - 1] is not None)])
        sheet.column_dimensions[get_column_letter(number)].width = min(longest, _WIDEST) + 2
    sheet.append([_bold(sheet, name) for name in header])
    for row in rows:
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def download(content: bytes, media_type: str, file_name: str) -> Response:
    """The file as a download; its name in ASCII."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def _bold(sheet: object, name: str) -> Cell:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font

    cell = WriteOnlyCell(sheet, value=harmless(name))  # type: ignore[arg-type]
    cell.font = Font(bold=True)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _plain(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds") if value.tzinfo else value.isoformat(" ", "minutes")
    return harmless(str(value)) if isinstance(value, str) else str(value)


def _cell(value: Value) -> Value:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return harmless(value) if isinstance(value, str) else value


def harmless(text: str) -> str:
    """The text as a spreadsheet shows it and never computes it: what looks like a formula begins with an apostrophe."""
    text = UNPRINTABLE.sub("", text)
    return f"'{text}" if text.startswith(_FORMULA) else text
