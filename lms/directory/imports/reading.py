"""A file as rows of text: CSV in whatever encoding and with whatever delimiter, or XLSX. Pure; everything is bounded.

What cannot be read raises `Invalid` with a code and a sentence that says where and what to do.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO

from defusedxml import DefusedXmlException

from lms.errors import Invalid

MOST_BYTES = 8 * 1024 * 1024
MOST_ROWS = 10_000
MOST_COLUMNS = 100
MOST_CHARACTERS = 2_000
"""Of one cell."""
MOST_UNPACKED = 64 * 1024 * 1024
"""Bytes of an XLSX file when it is unpacked."""
DELIMITERS = ";,\t"
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Unreadable(Invalid):
    """The file as a whole cannot be taken. `line` is where, as far as it is one place."""

    def __init__(self, code: str, detail: str, line: int | None = None) -> None:
        super().__init__(code, detail, "file")
        self.line = line


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its number as a spreadsheet shows it (1 is the first), and its cells without blanks around."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file holds: the names of its columns, then rows. Empty rows are left out."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    """`utf-8`, `windows-1251`, `utf-16`, or `xlsx`."""
    delimiter: str
    """Empty for XLSX."""


def read(content: bytes, *, keep_lines: bool = False, most_rows: int = MOST_ROWS) -> Sheet:
    """The file's rows; with `keep_lines` cells may have several lines, else all white space is one blank.

    Raises `Invalid`: table_empty, table_large, file_binary, file_old_excel, file_broken_xlsx, quotes_open,
    quotes_stray, rows_many, columns_many, cell_long, no_rows.
    """
    if not content.strip():
        raise Unreadable("table_empty", "The file is empty. Choose another one.")
    if len(content) > MOST_BYTES:
        raise Unreadable("table_large", f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB. Divide it.")
    if content.startswith(_OLD_EXCEL):
        raise Unreadable("file_old_excel", "This is an old Excel file. Save it as XLSX or CSV and send that.")
    if content.startswith(_ZIP):
        return _sheet(_xlsx_rows(content, most_rows), "xlsx", "", keep_lines)
    text, encoding = decode(content)
    delimiter, text = _delimiter(text)
    return _sheet(_csv_rows(text, delimiter, most_rows), encoding, delimiter, keep_lines)


def decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding. Raises `Invalid` (file_binary)."""
    for mark, encoding, name in (
        (b"\xef\xbb\xbf", "utf-8-sig", "utf-8"),
        (b"\xff\xfe", "utf-16", "utf-16"),
        (b"\xfe\xff", "utf-16", "utf-16"),
    ):
        if content.startswith(mark):
            return _checked(content, encoding), name
    sample = content[:4000]
    if sample.count(0) > len(sample) // 4:
        return _checked(content, "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"), "utf-16"
    try:
        return _printable(content.decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        return _checked(content, "cp1251"), "windows-1251"


def _checked(content: bytes, encoding: str) -> str:
    try:
        return _printable(content.decode(encoding))
    except UnicodeDecodeError:
        raise _binary() from None


def _printable(text: str) -> str:
    # A picture or a program decodes as Windows-1251 almost always; text has no control characters.
    if len(_CONTROLS.findall(text)) > len(text) // 500:
        raise _binary()
    return _CONTROLS.sub("", text)


def _binary() -> Unreadable:
    return Unreadable("file_binary", "This is no text. Send a CSV file (UTF-8 or Windows-1251) or an XLSX file.")


def _delimiter(text: str) -> tuple[str, str]:
    """The delimiter, and the text with an empty line for Excel's `sep=;`."""
    named = re.match(r"sep=([,;\t])\r?\n", text)
    if named:
        return named.group(1), "\n" + text[named.end() :]  # rows keep the numbers that a spreadsheet shows
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = Counter(_widths(text, delimiter))
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        score = (count / max(1, sum(widths.values())), width) if width > 1 else (0.0, 0)
        if score > best_score:
            best, best_score = delimiter, score
    return best, text


def _widths(text: str, delimiter: str, most: int = 50) -> list[int]:
    found: list[int] = []
    try:
        for cells in csv.reader(StringIO(text[:200_000], newline=""), delimiter=delimiter):
            if any(cells):
                found.append(len(cells))
            if len(found) >= most:
                break
    except csv.Error:
        pass
    return found


def _csv_rows(text: str, delimiter: str, most: int) -> list[Row]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    begin = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            raise _broken(str(error), begin) from None
        rows.append(Row(begin, tuple(cells)))
        begin = reader.line_num + 1
        _check_count(rows, most)


def _broken(said: str, line: int) -> Unreadable:
    if "unexpected end" in said:
        return Unreadable(
            "quotes_open", f"In line {line} a quotation mark opens and never closes. Close it and send again.", line
        )
    if "field larger" in said:
        return Unreadable("cell_long", f"A cell in line {line} is longer than {MOST_CHARACTERS} characters.", line)
    return Unreadable(
        "quotes_stray", f"In line {line} text follows a closing quotation mark. Double it inside a cell.", line
    )


def _xlsx_rows(content: bytes, most: int) -> list[Row]:
    from openpyxl import load_workbook  # here, because it is large and seldom needed
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _check_unpacked(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            rows: list[Row] = []
            for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), start=1):
                if any(value is not None for value in cells):
                    rows.append(Row(number, tuple(_written(value) for value in cells)))
                    _check_count(rows, most)
                if number > 20 * most:
                    break
            return rows
        finally:
            book.close()
    except (zipfile.BadZipFile, InvalidFileException, DefusedXmlException, KeyError, IndexError, ValueError) as error:
        raise _broken_xlsx() from error
    except (SyntaxError, TypeError, AttributeError, OSError, EOFError) as error:  # what damaged XML leads to
        raise _broken_xlsx() from error


def _broken_xlsx() -> Unreadable:
    return Unreadable("file_broken_xlsx", "This XLSX file is damaged or no table. Open it, save it anew and send it.")


def _check_unpacked(content: bytes) -> None:
    with zipfile.ZipFile(BytesIO(content)) as packed:
        members = packed.infolist()
        if len(members) > 1000 or sum(member.file_size for member in members) > MOST_UNPACKED:
            raise Unreadable("table_large", "Unpacked, the file is too large. Send only the table, as CSV or XLSX.")


def _written(value: object) -> str:
    """A cell's value as text: whole numbers without a fraction, dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ", "minutes")
    return value.isoformat() if isinstance(value, date) else str(value)


def _check_count(rows: list[Row], most: int) -> None:
    if len(rows) > most + 1:
        raise Unreadable("rows_many", f"There are more than {most} rows. Divide the file.")


def _sheet(rows: list[Row], encoding: str, delimiter: str, keep_lines: bool) -> Sheet:
    clean = _lines if keep_lines else _words
    cleaned = [Row(row.number, tuple(clean(cell) for cell in row.cells)) for row in rows]
    filled = [row for row in cleaned if any(row.cells)]
    for row in filled:
        if len(row.cells) > MOST_COLUMNS and any(row.cells[MOST_COLUMNS:]):
            raise Unreadable("columns_many", f"Row {row.number} has more than {MOST_COLUMNS} columns.", row.number)
        if any(len(cell) > MOST_CHARACTERS for cell in row.cells):
            raise Unreadable(
                "cell_long", f"A cell in line {row.number} is longer than {MOST_CHARACTERS} characters.", row.number
            )
    if len(filled) < 2:
        raise Unreadable("no_rows", "There are no rows under the names of the columns.")
    header, *rest = filled
    names = header.cells
    while names and not names[-1]:
        names = names[:-1]
    if encoding == "xlsx":  # a spreadsheet's rows end where their last cell does
        rest = [Row(row.number, (row.cells + ("",) * len(names))[: max(len(names), _last(row.cells))]) for row in rest]
    else:
        rest = [Row(row.number, row.cells[: max(len(names), _last(row.cells))]) for row in rest]
    return Sheet(names, tuple(rest), encoding, delimiter)


def _words(cell: str) -> str:
    return " ".join(cell.split())


def _lines(cell: str) -> str:
    return cell.replace("\r\n", "\n").replace("\r", "\n").strip()


def _last(cells: tuple[str, ...]) -> int:
    return max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
