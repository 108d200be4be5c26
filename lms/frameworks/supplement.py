"""The data supplement of DigComp 3.0 as its publisher gives it (JSON-LD, 24.11.2025; JRC144121, CC BY 4.0). Pure.

It holds the publisher's own English wording of the learning outcomes under relative identifiers such as
`LearningOutcome/LO1.1.01`, `Competence/1.1`, `ProficiencyLevel/Basic`. Statements and glossary are left alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from lms.errors import Invalid

VERSION = "digcomp30"
"""The version it belongs to."""
KINDS = {"Knowledge": "knowledge", "Skill": "skill", "Attitude": "attitude"}
LEVELS = {
    "Basic": "basic",
    "Intermediate": "intermediate",
    "Advanced": "advanced",
    "Highly advanced": "highly-advanced",
}
NUMBER = re.compile(r"LO\d\.\d\.\d{2,3}")
LONGEST = 1000
"""Characters of an outcome."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One outcome in the publisher's words."""

    number: str
    """Of the competence."""
    code: str
    level: str
    """A code of the version's levels."""
    kind: str
    text: str


def read_supplement(content: bytes) -> tuple[Wording, ...] | None:
    """What it says, in its order; None if this is no supplement. Raises `Invalid` (framework_file), saying where."""
    try:
        graph = json.loads(content.decode("utf-8-sig"))["@graph"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    nodes = [each for each in graph if isinstance(each, dict)] if isinstance(graph, list) else []
    found = tuple(_wording(each) for each in nodes if each.get("@type") == "LearningOutcome")
    if not found:
        raise Invalid("framework_file", "There is no learning outcome in this file.", "file")
    if len({each.code for each in found}) < len(found):
        raise Invalid("framework_file", "A learning outcome stands twice in this file.", "file")
    return found


def _wording(node: dict[str, object]) -> Wording:
    code = _last(node.get("@id"))
    number, text = _last(node.get("competence_id")), " ".join(str(node.get("description", "")).split())
    level = LEVELS.get(_last(node.get("four_levels_proficiency_name")).strip().capitalize(), "")
    kind = KINDS.get(str(node.get("type", "")).strip(), "")
    wrong = (
        "its number" if not (NUMBER.fullmatch(code) and code.startswith(f"LO{number}."))
        else "its level" if not level
        else "its type" if not kind
        else "its description" if not 0 < len(text) <= LONGEST
        else ""
    )  # fmt: skip
    if wrong:
        raise Invalid("framework_file", f"At {code[:40] or 'an outcome'}: {wrong} is missing or unknown.", "file")
    return Wording(number, code, level, kind, text)


def _last(identifier: object) -> str:
    """`1.1` of `Competence/1.1`."""
    return str(identifier or "").rpartition("/")[2]
