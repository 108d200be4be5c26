"""Every module whose functions add, change or delete rows also logs what it does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LMS = Path(__file__).parents[3] / "lms"

EXEMPT: dict[str, str] = {
    "lms/audit/actions.py": "This is the log, and the one way into it.",
    "lms/appointments/talks.py": "Called by what books, moves and cancels, which logs without the words of the two.",
    "lms/assessment/attempts/finishing.py": "What an attempt comes to follows from its answers; its end is an event.",
    "lms/assessment/attempts/taking.py": "An attempt has a log of events of its own; each save is a row.",
    "lms/credentials/status_lists.py": "A list is begun by the issuing that needs it, which logs.",
    "lms/demo.py": "Demonstration data; what is planned there goes through the actions, which log.",
    "lms/demo_attendance.py": "Demonstration data: nobody has done it.",
    "lms/demo_classes.py": "Demonstration data; the class itself goes through the actions, which log.",
    "lms/demo_directory.py": "Demonstration data: nobody has done it.",
    "lms/demo_needs.py": "Demonstration data: nobody has answered it.",
    "lms/demo_planning.py": "Demonstration data: nobody has done it.",
    "lms/demo_projects.py": "Demonstration data; tags go through the actions, which log.",
    "lms/demo_protection.py": "Demonstration data; what is asked for goes through the actions, which log.",
    "lms/demo_reports.py": "Demonstration data: nobody has done it.",
    "lms/directory/eid/attempts.py": "Whoever goes to a service has done nothing yet; what comes of it is logged.",
    "lms/demo_results.py": "Demonstration data: nobody has taken these tests.",
    "lms/media/consents.py": "What media nodes tell is kept as it was told, each once: it is a log itself.",
    "lms/meetings/actions.py": "Events of media nodes are kept whole, each once: they are a log themselves.",
    "lms/meetings/sheets.py": "An empty sheet says nothing; what is computed into it is logged.",
    "lms/notify/actions.py": "A message is queued by an action that logs; the queue keeps what became of it.",
    "lms/notify/receiving.py": "What came in is kept whole, each mail once; what it changes is logged there.",
    "lms/notify/sending.py": "Each attempt is a row of its own, and so is an address that refuses.",
    "lms/schedule/rows.py": "Called by the actions, which log the state before and after.",
}
"""Modules that write without logging themselves, and why that is right."""

_WRITES = {"add", "add_all", "delete"}


def writing_modules() -> Iterator[tuple[str, bool]]:
    """Modules that write through a session, and whether they log (`record`, or a helper that does)."""
    for path in sorted(LMS.rglob("*.py")):
        name = path.relative_to(LMS.parent).as_posix()
        if "migrations" in name:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if any(_is_writing(call) for call in calls):
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            yield name, "record" in names


def _is_writing(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in _WRITES
        and ast.unparse(call.func.value).endswith("session")
    )


def test_what_writes_also_logs() -> None:
    found = dict(writing_modules())
    assert len(found) > 10, "the search finds the modules that write"
    silent = {name for name, logs in found.items() if not logs}
    assert silent == set(EXEMPT), "log what is changed with lms.audit.actions.record, or say here why not"


def test_each_exemption_says_why() -> None:
    assert all(len(why) > 20 for why in EXEMPT.values())
