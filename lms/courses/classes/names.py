"""A list of people as somebody wrote it, pasted it, or had it in a table. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lms.directory.imports.columns import guess
from lms.directory.register_models import ImportKind

MOST = 60
"""People in one list; also in one class."""
_ADDRESS = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s,;<>()\"]+")
_NUMBER = re.compile(r"^\s*(?:№\s*)?\d{1,3}\s*[.)]?\s+")


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody in a list: family name, given name, patronymic, as Ukrainian lists have them."""

    family_name: str
    given_name: str = ""
    patronymic: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        """As shown in the class."""
        return " ".join(part for part in (self.family_name, self.given_name, self.patronymic) if part)[:200]


def from_text(text: str) -> list[Listed]:
    """One person a line: a name, and an e-mail if there is one, in any order; numbers of lines are left out."""
    found = []
    for line in text.splitlines():
        address = _ADDRESS.search(line)
        rest = _NUMBER.sub("", line.replace(address.group(), " ") if address else line)
        words = re.sub(r"[;,\t<>()\"|]+", " ", rest).split()
        if words:
            found.append(_listed(words, address.group() if address else ""))
    return found


def from_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Listed]:
    """Rows of a table. Columns are known by their names; a table without names is read as lines."""
    columns = guess(ImportKind.PEOPLE, header)
    if not columns.keys() & {"full_name", "family_name"}:
        return from_text("\n".join("\t".join(row) for row in (header, *rows)))
    found = []
    for row in rows:
        cells = {name: row[place].strip() if place < len(row) else "" for name, place in columns.items()}
        email = cells.get("email", "")
        if "family_name" in columns:
            parts = [cells.get(name, "")[:100] for name in ("family_name", "given_name", "patronymic")]
            if any(parts):
                found.append(Listed(parts[0], parts[1], parts[2], email))
        elif cells["full_name"]:
            found.append(_listed(cells["full_name"].split(), email))
    return found


def _listed(words: Sequence[str], email: str) -> Listed:
    family, given, rest = words[0], words[1] if len(words) > 1 else "", " ".join(words[2:])
    return Listed(family[:100], given[:100], rest[:100], email)
