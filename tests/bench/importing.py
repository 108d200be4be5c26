"""A file of 5,000 questions into the bank: each format, on SQLite and on PostgreSQL; time and memory.

    python -m tests.bench.importing [questions] [sqlite|postgresql]

The questions are those of the shipped bank (of the kinds that every format carries), again and again with other words,
written by the product's own export. Each file is taken by a process of its own, as `vikno items import` and the page
do it: read as a whole, then written by portions. Told are seconds of that process's processor time for reading and for
writing, for the longest portion (on SQLite anybody else who writes waits so long), and how much memory it needed beyond
what it needs without a file. Beside them, in the same run: the same questions checked without any format, and as many
bare inserts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import text

from lms.assessment.content import ItemKind, dump, parse
from lms.assessment.drafts import Stored
from lms.assessment.exchange import importing
from lms.assessment.exchange.exporting import write
from lms.assessment.exchange.parts import Format
from lms.assessment.exchange.uploads import PORTION
from lms.database import Database
from lms.frameworks.loading import load_shipped
from tests.support.postgres import running_postgres

QUESTIONS = 5_000
NAMES = {Format.GIFT: "bank.gift", Format.MOODLE_XML: "bank.xml", Format.QTI: "bank.zip", Format.CSV: "bank.csv"}
KINDS = {
    *(ItemKind.SINGLE, ItemKind.MULTIPLE, ItemKind.TRUE_FALSE, ItemKind.NUMERIC, ItemKind.SHORT, ItemKind.MATCHING),
}


def questions(count: int) -> list[Stored]:
    """So many, no two alike."""
    bank: list[Stored] = []
    for file in sorted((files("lms") / "content" / "items").iterdir(), key=lambda each: each.name):
        content = file.read_bytes()
        for read in importing.read(content, importing.format_of(file.name, content)):
            draft, _ = importing.draft_of(read, {"digcomp22"}, "uk")
            if draft.body.kind in KINDS:
                bank.append(Stored(0, 0, "", "", draft.language, draft.body, tuple(sorted(draft.tags))))
    made = []
    for number in range(count):
        one = bank[number % len(bank)]
        body = one.body.model_copy(update={"text": f"{one.body.text} ({number})"})
        made.append(replace(one, code=f"b-{number}", family=f"b-{number}", body=body))
    return made


def one(file: Path, form: Format, url: str) -> dict[str, float]:
    """Take a file: what it cost. In a process of its own, so that its memory is seen."""
    database, now = Database(url), datetime.now(UTC)
    with database.writing() as session:
        load_shipped(session, now)
    content = file.read_bytes()
    idle = peak()
    began = time.process_time()
    with database.reading() as session:
        report, found = importing.plan(session, file.name, content, form)
    reading, longest = time.process_time() - began, 0.0
    began = time.process_time()
    for start in range(0, len(found), PORTION):
        before = time.process_time()
        with database.writing() as session:
            importing.take_part(session, "bench", report, found[start : start + PORTION], now)
        longest = max(longest, time.process_time() - before)
    writing = time.process_time() - began
    if report.error or report.refused or len(report.taken) + len(report.changed) != len(found):
        raise RuntimeError(f"Not all of {file.name} was taken: {report.error or report.refused[0]}")
    database.close()
    return {"items": len(found), "reading": reading, "writing": writing, "longest": longest, "memory": peak() - idle}


def peak() -> float:
    """MiB that this process had at most, proc(5)."""
    line = next(each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def checked(several: Sequence[Stored]) -> float:
    """Seconds of processor time that the questions take to be checked, without any format around them."""
    stored = [dump(each.body) for each in several]
    began = time.process_time()
    for each in stored:
        parse(each)
    return time.process_time() - began


def inserted(url: str, several: Sequence[Stored]) -> float:
    """Seconds of processor time of as many bare inserts, a portion in a transaction."""
    database = Database(url)
    with database.writing() as session:
        session.execute(text("CREATE TABLE probe (number INTEGER PRIMARY KEY, body TEXT)"))
    rows = [{"number": number, "body": json.dumps(dump(each.body))} for number, each in enumerate(several)]
    began = time.process_time()
    for start in range(0, len(rows), PORTION):
        with database.writing() as session:
            for row in rows[start : start + PORTION]:
                session.execute(text("INSERT INTO probe VALUES (:number, :body)"), row)
    took = time.process_time() - began
    database.close()
    return took


def apart(file: Path, form: Format, url: str) -> dict[str, Any]:
    """`one` in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.importing", "--one", str(file), form.value, url]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


def on(name: str, urls: Sequence[str], folder: Path, several: Sequence[Stored]) -> None:
    """Every format, each in an empty database."""
    print(f"{name}: as many bare inserts {inserted(urls[-1], several):.1f} s")
    for (form, file), url in zip(NAMES.items(), urls, strict=False):
        told = apart(folder / file, form, url)
        size = (folder / file).stat().st_size / 1024 / 1024
        print(
            f"  {form.value:<11}{size:>5.1f} MiB  read {told['reading']:>5.1f} s  written {told['writing']:>5.1f} s"
            f"  longest portion {1000 * told['longest']:>4.0f} ms  memory {told['memory']:>4.0f} MiB"
        )


def upgraded(url: str) -> str:
    """The address of a database with its tables."""
    database = Database(url)
    database.upgrade()
    database.close()
    return url


def main() -> None:
    told = sys.argv[1:] if __name__ == "__main__" else []
    count = next((int(each) for each in told if each.isdecimal()), QUESTIONS)
    several = questions(count)
    print(f"Questions: {count} of them; checked without a format in {checked(several):.1f} s")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for form, name in NAMES.items():
            content, _report = write(several, name, form)
            (folder / name).write_bytes(content)
        names = [*(form.value.replace("-", "_") for form in NAMES), "probe"]
        if "postgresql" not in told:
            on("SQLite", [upgraded(f"sqlite:///{folder / name}.db") for name in names], folder, several)
        if "sqlite" not in told:
            with running_postgres(lasting=True, synced=True) as postgres:
                for name in names:
                    postgres.execute(f"CREATE DATABASE import_{name}")
                urls = [upgraded(postgres.url(f"import_{name}")) for name in names]
                on("PostgreSQL", urls, folder, several)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(Path(sys.argv[2]), Format(sys.argv[3]), sys.argv[4])))
    else:
        main()
