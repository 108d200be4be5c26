"""Tables as files: right letters, right times, and no formula from somebody's name."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from web.spreadsheets import csv_bytes, harmless, xlsx_bytes

HEADER = ("Ім’я", "Прийшов", "Хвилин")
ROWS = [("Їжак, «Ґанок»", datetime(2026, 11, 25, 8, 0, tzinfo=UTC), 90), ("=cmd|' /C calc'!A0", None, 0)]


def test_csv_keeps_letters_and_disarms_formulas() -> None:
    said = csv_bytes(HEADER, ROWS)
    assert said.startswith(b"\xef\xbb\xbf")
    assert said.decode("utf-8-sig").splitlines() == [
        "Ім’я,Прийшов,Хвилин",
        '"Їжак, «Ґанок»",2026-11-25T08:00:00+00:00,90',
        "'=cmd|' /C calc'!A0,,0",
    ]


def test_xlsx_is_read_back_as_it_was() -> None:
    sheet = load_workbook(BytesIO(xlsx_bytes("Відвідування: 25/11", HEADER, ROWS))).active
    assert sheet is not None
    assert [list(row) for row in sheet.iter_rows(values_only=True)] == [
        list(HEADER),
        ["Їжак, «Ґанок»", datetime(2026, 11, 25, 8, 0), 90],
        ["'=cmd|' /C calc'!A0", None, 0],
    ]
    assert sheet.freeze_panes == "A2"


def test_a_question_that_looks_like_a_formula_is_text_in_the_header_too() -> None:
    assert csv_bytes(["=1+1"], []).decode("utf-8-sig") == "'=1+1\r\n"
    sheet = load_workbook(BytesIO(xlsx_bytes("x", ["=1+1", "a\x00b"], []))).active
    assert sheet is not None
    assert [cell.data_type for cell in sheet[1]] == ["s", "s"]
    assert [cell.value for cell in sheet[1]] == ["'=1+1", "ab"]


@pytest.mark.parametrize("text", ["+380", "-1", "@x", "\t=1"])
def test_what_looks_like_a_formula_is_text(text: str) -> None:
    assert harmless(text) == f"'{text}"
