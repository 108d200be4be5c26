"""Files as people send them: encodings, delimiters, spreadsheets, and what is broken."""

from __future__ import annotations

import csv
import zipfile
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from lms.directory.imports.columns import guess, lacking
from lms.directory.imports.reading import MOST_ROWS, Unreadable, read
from lms.directory.imports.values import count_of, day_of, hour_of, kind_of, names_of, weekday_of
from lms.directory.matching import organisation_key, person_key, phone_key
from lms.directory.register_models import ImportKind

TEXT = "Прізвище;Ім’я;E-mail\nЇжакевич;Ґалина;g@x.ua\n"
CELLS = st.text(
    st.characters(codec="cp1251", exclude_categories=("Cc", "Zl", "Zp"), exclude_characters="\u00a0\u00ad"), max_size=12
).map(lambda text: " ".join(text.split()))


def xlsx(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def code_of(content: bytes) -> tuple[str, int | None]:
    with pytest.raises(Unreadable) as refused:
        read(content)
    return refused.value.code, refused.value.line


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1251", "windows-1251"),
        ("utf-16", "utf-16"),
        ("utf-16-be", "utf-16"),
    ],
)
def test_encodings_are_told_apart(encoding: str, name: str) -> None:
    text = TEXT if name != "utf-16" else "id;name;mail\n1;Їжак;g@x.ua\n"
    sheet = read(text.encode(encoding))
    assert sheet.encoding == name
    assert "Їжа" in sheet.rows[0].cells[0 if name != "utf-16" else 1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8))
def test_whatever_is_written_as_csv_is_read_again(
    rows: list[tuple[str, str, str]], delimiter: str, encoding: str
) -> None:
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    out = StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["Прізвище", "Імʼя".replace("ʼ", "’"), "Посада"])
    writer.writerows(rows)
    sheet = read(out.getvalue().encode(encoding))
    assert sheet.delimiter == delimiter
    width = len(sheet.header)
    assert [(row.cells + ("",) * width)[:width] for row in sheet.rows] == rows


def test_a_spreadsheet_is_read_with_its_numbers_and_dates() -> None:
    from datetime import date, datetime

    sheet = read(xlsx([["Дата", "Година", "Кількість"], [datetime(2026, 11, 27), 9, 12.5], [date(2026, 11, 28), 10.0]]))
    assert sheet.rows[0].cells == ("2026-11-27", "9", "12.5")
    assert sheet.rows[1].cells == ("2026-11-28", "10", "")
    assert [row.number for row in sheet.rows] == [2, 3]


def test_excels_first_line_names_the_delimiter_and_rows_keep_their_numbers() -> None:
    sheet = read(b"sep=;\r\na;b\r\n\r\n1;2\r\n")
    assert (sheet.delimiter, sheet.header, sheet.rows[0].number) == (";", ("a", "b"), 4)


def test_what_is_broken_is_told_with_its_place() -> None:
    assert code_of(b" \n ") == ("table_empty", None)
    assert code_of(b"a;b\n") == ("no_rows", None)
    assert code_of(b'a;b\n1;2\n3;"four\n5;6\n') == ("quotes_open", 3)
    assert code_of(b'a;b\n1;2\n"x"y;4\n') == ("quotes_stray", 3)
    assert code_of(b"a;b\n1;" + b"x" * 3000) == ("cell_long", 2)
    assert code_of(b"a;b\n1;" + b"x" * 200_000) == ("cell_long", 2)
    assert code_of(b"a\n" + b"1\n" * (MOST_ROWS + 1)) == ("rows_many", None)
    assert code_of(b"a;b\n" + b";".join([b"1"] * 101)) == ("columns_many", 2)
    assert code_of(b"x" * (8 * 1024 * 1024 + 1)) == ("table_large", None)
    assert code_of(bytes(range(256)) * 40) == ("file_binary", None)
    assert code_of(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4) == ("file_binary", None)
    assert code_of(b"\xd0\xcf\x11\xe0" + bytes(100)) == ("file_old_excel", None)
    assert code_of(b"PK\x03\x04 not a zip") == ("file_broken_xlsx", None)


def test_bombs_in_spreadsheets_are_refused() -> None:
    def repacked(name: str, content: bytes) -> bytes:
        out = BytesIO()
        with (
            zipfile.ZipFile(BytesIO(xlsx([["a"], ["b"]]))) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for member in old.namelist():
                new.writestr(member, content if member == name else old.read(member))
        return out.getvalue()

    sheet = "xl/worksheets/sheet1.xml"
    assert code_of(repacked(sheet, b" " * (65 * 1024 * 1024)))[0] == "table_large"
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    assert code_of(repacked(sheet, laughs))[0] == "file_broken_xlsx"
    assert code_of(repacked(sheet, b"<worksheet><sheetData><row"))[0] == "file_broken_xlsx"
    assert code_of(repacked("xl/workbook.xml", b"junk"))[0] == "file_broken_xlsx"


@given(content=st.binary(max_size=300))
def test_no_bytes_lead_to_anything_but_rows_or_a_reason(content: bytes) -> None:
    try:
        sheet = read(content)
    except Unreadable:
        return
    assert sheet.header
    assert sheet.rows


@pytest.mark.parametrize(
    ("kind", "header", "fields"),
    [
        (
            ImportKind.PEOPLE,
            ["№", "ПІБ", "Посада", "Ел. пошта", "Телефон", "ЦНАП"],
            {"full_name": 1, "position": 2, "email": 3, "phone": 4, "organisation": 5},
        ),
        (
            ImportKind.PEOPLE,
            ["Ім'я", "Прізвище", "По батькові", "E-mail"],
            {"given_name": 0, "family_name": 1, "patronymic": 2, "email": 3},
        ),
        (ImportKind.PEOPLE, ["family_name", "given_name", "email"], {"family_name": 0, "given_name": 1, "email": 2}),
        (
            ImportKind.ORGANISATIONS,
            ["Код", "Назва", "Область", "Населений пункт"],
            {"code": 0, "name_uk": 1, "oblast": 2, "settlement": 3},
        ),
        (
            ImportKind.WORKLOAD,
            ["Центр", "День тижня", "Година", "Кількість відвідувачів"],
            {"organisation": 0, "weekday": 1, "hour": 2, "count": 3},
        ),
    ],
)
def test_columns_are_guessed_from_ukrainian_and_english_headers(
    kind: ImportKind, header: list[str], fields: dict[str, int]
) -> None:
    assert guess(kind, header) == fields
    assert lacking(kind, fields) == []


@given(header=st.lists(st.text(max_size=20), max_size=12), kind=st.sampled_from(list(ImportKind)))
def test_no_column_is_taken_for_two_things(header: list[str], kind: ImportKind) -> None:
    places = list(guess(kind, header).values())
    assert len(places) == len(set(places))


def test_cells_are_read_as_people_write_them() -> None:
    assert str(day_of("27.11.2026")) == str(day_of("2026-11-27")) == str(day_of("27/11/2026 р.")) == "2026-11-27"
    assert day_of("31.02.2026") is day_of("завтра") is day_of("01.01.1900") is None
    assert [weekday_of(text) for text in ("П'ятниця", "пт", "5", "Friday")] == [4, 4, 4, 4]
    assert weekday_of("8") is weekday_of("колись") is None
    assert [hour_of(text) for text in ("9", "09:00", "09:00-10:00", "9–10", "")] == [9, 9, 9, 9, -1]
    assert hour_of("25") is hour_of("ранок") is None
    assert [count_of(text) for text in ("25", "12,5", "1 250")] == [25.0, 12.5, 1250.0]
    assert count_of("-1") is count_of("багато") is count_of("1e9") is None
    assert names_of("Шевченко Тарас Григорович") == ("Шевченко", "Тарас", "Григорович")
    assert kind_of("ЦНАП") == "asc"
    assert kind_of("цирк") is None


def test_names_match_across_alphabets_apostrophes_and_order() -> None:
    assert person_key("Щербак", "Юлія") == person_key("Shcherbak", "Yuliia") == person_key("ЮЛІЯ", "щербак")
    assert person_key("Лук'яненко", "Ганна") == person_key("Лук’яненко", "Hanna") == person_key("Lukianenko", "Ганна")
    assert person_key("Коваль", "Ірина") != person_key("Коваленко", "Ірина")
    assert organisation_key("ЦНАП м. Львова") == organisation_key("Центр надання адміністративних послуг м. Львова")
    assert phone_key("+38 (067) 000-11-22") == phone_key("0670001122")
    assert phone_key("102") == ""
