"""`vikno items` and `vikno frameworks`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.seeding import lend_tables
from web.main.cli import app

GIFT = "// [id:a-1] [tag:level:2]\n::О 10\\:00::Об’єкт = {=так ~ні}\n\nОпис без дужок\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VIKNO_DATA", str(tmp_path / "data"))
    lend_tables(tmp_path / "data" / "vikno.sqlite3")
    return tmp_path


def run(*words: object) -> tuple[int, Any]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, json.loads(result.stdout) if result.stdout.startswith("{") else result.output


@pytest.mark.parametrize("name", ["out.gift", "out.xml", "out.zip", "out.csv"])
def test_items_in_and_out_with_a_report(folder: Path, name: str) -> None:
    (folder / "bank.gift").write_text(GIFT, encoding="utf-8")
    code, report = run("items", "import", folder / "bank.gift")
    assert code == 0
    assert report["counts"] == {"taken": 1, "changed": 0, "refused": 1}
    assert report["refused"] == [
        {
            "line": 4,
            "code": "",
            "title": "Опис без дужок",
            "reason": "It has no braces: a description asks nothing.",
        }
    ]
    code, report = run("items", "export", folder / name)
    assert (code, report["counts"]["taken"], report["refused"]) == (0, 1, [])
    code, report = run("items", "import", folder / name, "--language", "uk")
    assert (code, report["counts"]["taken"]) == (0, 1)
    assert report["taken"][0]["reason"] == "The bank has it already, exactly so."


def test_files_that_cannot_be_read_are_told_of_in_a_sentence(folder: Path) -> None:
    code, said = run("items", "import", folder / "none.gift")
    assert (code != 0, "cannot be read" in said) == (True, True)
    with (folder / "large.gift").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    code, report = run("items", "import", folder / "large.gift")
    assert (code, report["error"]["code"]) == (1, "file_large")
    (folder / "bank.pdf").write_bytes(b"%PDF")
    code, report = run("items", "import", folder / "bank.pdf")
    assert (code, report["error"]["code"]) == (1, "format_unknown")
    code, report = run("items", "import", folder / "bank.pdf", "--format", "moodle-xml")
    assert (code, report["error"]["code"]) == (1, "xml_broken")
    code, said = run("items", "export", folder / "bank.pdf")
    assert code != 0


def test_a_frame_is_loaded_from_a_file(folder: Path) -> None:
    whole = {
        "format": "vikno-framework/1",
        "framework": {"code": "own", "name": {"uk": "Власна"}},
        "version": {"code": "own-1", "number": "1"},
        "areas": [{"number": "1", "name": {"uk": "Перша"}}],
    }
    (folder / "own.json").write_text(json.dumps(whole), encoding="utf-8")
    assert run("frameworks", "load", folder / "own.json") == (0, "own-1: 1 areas and competences.\n")
    code, said = run("frameworks", "load", folder / "own.json")
    assert (code, "already" in said) == (0, True)
    (folder / "own.json").write_text("{}", encoding="utf-8")
    assert run("frameworks", "load", folder / "own.json")[0] == 1
