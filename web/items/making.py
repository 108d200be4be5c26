"""From what was typed in the editor to the body of an item, or to what is wrong and at which field. Pure.

The domain's own check (`lms.assessment.content`) has the last word: each of its errors is led back to the field of the
form that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from lms.assessment import content
from lms.assessment.content import Body, ItemKind
from lms.assessment.exchange.parts import Refused, decimal_of, letter
from lms.assessment.scoring import even_shares
from lms.markdown import never_shown
from web.items.rows import Row, is_blank
from web.items.shape import YES

Place = tuple[str | int, ...]


class Faults:
    """What is wrong, by the name of the field: (code, value) pairs, for `web.items.words.PROBLEMS`."""

    def __init__(self) -> None:
        self.found: dict[str, list[tuple[str, str]]] = {}

    def add(self, name: str, code: str, value: str = "") -> None:
        """One more, unless the field says it already."""
        known = self.found.setdefault(name, [])
        if (code, value) not in known:
            known.append((code, value))


class Maker:
    """Puts one body together; `faults` says why it could not."""

    def __init__(self, kind: ItemKind, values: dict[str, Any]) -> None:
        self.kind, self.values = kind, values
        self.faults = Faults()
        self._names: dict[Place, str] = {}

    def body(self) -> Body | None:
        """The body, or None with the faults."""
        data: dict[str, Any] = {"kind": self.kind.value}
        for name in ("text", "title", "feedback"):
            data[name] = self.values.get(name, "").strip()
        data |= getattr(self, f"_{self.kind.value}")()
        self._harmless()
        known = set(self.faults.found)
        try:
            body = content.check_body(data)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                code = each["type"]
                if isinstance(each["input"], str):
                    code = {"too_short": "missing", "too_long": "long"}.get(code, code)
                self._lead_back(each["loc"][1:], code, str((each.get("ctx") or {}).get("value", "")), known)
            return None
        return body if not known else None

    # --- Of each kind -------------------------------------------------------------------------------------------------

    def _single(self) -> dict[str, Any]:
        return self._choice(single=True)

    def _multiple(self) -> dict[str, Any]:
        return self._choice(single=False)

    def _choice(self, *, single: bool) -> dict[str, Any]:
        kept = self._kept("options", ("options",))
        shares = self._shares(kept, single=single)
        ids = _ids([row["id"] for _, row in kept])
        options = [
            {"id": one, "text": row["text"].strip(), "share": str(share), "feedback": row["feedback"].strip()}
            for (_, row), one, share in zip(kept, ids, shares, strict=True)
        ]
        return {"policy": self.values["policy"], "shuffle": self._ticked("shuffle"), "options": options}

    def _shares(self, kept: list[tuple[str, Row]], *, single: bool) -> list[Fraction]:
        """Of ticks alone the usual shares; where shares are typed, those, and ticks must agree with them."""
        right = [row["right"] == YES for _, row in kept]
        typed = [self._share(f"{name}-share", row["share"]) for name, row in kept]
        if all(share is None for share in typed):
            if kept and not any(right):
                self.faults.add("options", "no_tick")
            return list(even_shares(right)) if any(right) and not single else [Fraction(int(one)) for one in right]
        for (name, _), ticked, share in zip(kept, right, typed, strict=True):
            if ticked and share is None and not single:
                self.faults.add(f"{name}-share", "share_needed")
            elif ticked and share is not None and (share < 1 if single else share <= 0):
                self.faults.add(f"{name}-share", "share_of_right")
            elif not ticked and share is not None and (share == 1 if single else share > 0):
                self.faults.add(f"{name}-share", "share_of_wrong")
        return [share if share is not None else Fraction(int(one)) for share, one in zip(typed, right, strict=True)]

    def _true_false(self) -> dict[str, Any]:
        if self.values["answer"] not in ("true", "false"):
            self.faults.add("answer", "choose")
        said = {name: self.values[name].strip() for name in ("feedback_true", "feedback_false")}
        return {"answer": self.values["answer"] == "true", **said}

    def _numeric(self) -> dict[str, Any]:
        units = [
            {"name": row["name"].strip(), "multiplier": self._number(f"{name}-multiplier", row["multiplier"] or "1")}
            for name, row in self._kept("units", ("units", "known"))
        ]
        made = {"policy": self.values["policy"], "answers": self._numbers("answers", ("answers",))}
        if not units:
            return made
        penalty = self._share("penalty", self.values["penalty"])
        return made | {"units": {"known": units, "penalty": str(penalty or 0), "penalty_of": self.values["penalty_of"]}}

    def _numbers(self, table: str, place: Place, column: str = "value", holder: Row | None = None) -> list[Any]:
        return [
            {
                "value": None if row[column].strip() == "*" else self._number(f"{name}-{column}", row[column]),
                "tolerance": self._number(f"{name}-tolerance", row["tolerance"] or "0"),
                **self._worth(name, row),
            }
            for name, row in self._kept(table, place, holder, {"value": column})
        ]

    def _short(self) -> dict[str, Any]:
        return {"case_sensitive": self._ticked("case_sensitive"), "answers": self._patterns("answers", ("answers",))}

    def _patterns(self, table: str, place: Place, column: str = "pattern", holder: Row | None = None) -> list[Any]:
        return [
            {"pattern": row[column].strip(), **self._worth(name, row)}
            for name, row in self._kept(table, place, holder, {"pattern": column})
        ]

    def _matching(self) -> dict[str, Any]:
        kept = self._kept("pairs", ("pairs",))
        choices: dict[str, str] = {}
        stems: list[dict[str, str]] = []
        told = [row["choice"].strip() for _, row in kept]
        ids = _ids([row["choice_id"] for _, row in kept], "c")
        stem_ids = iter(_ids([row["id"] for _, row in kept], "s"))
        for (name, row), text, one in zip(kept, told, ids, strict=True):
            stem_id = next(stem_ids)
            if not text:
                self.faults.add(f"{name}-choice", "missing")
                continue
            if text not in choices:
                self._names[("choices", len(choices), "text")] = f"{name}-choice"
            known = choices.setdefault(text, one)
            if row["text"].strip():
                self._names[("stems", len(stems), "text")] = f"{name}-text"
                stems.append({"id": stem_id, "text": row["text"].strip(), "answer": known})
        if len(stems) < 2 or len(choices) < 2:
            self.faults.add("pairs", "two_pairs")
        return {
            "shuffle": self._ticked("shuffle"),
            "stems": stems,
            "choices": self._in_their_order([{"id": one, "text": text} for text, one in choices.items()]),
        }

    def _in_their_order(self, choices: list[dict[str, str]]) -> list[dict[str, str]]:
        """Choices are shown mixed; they stay in the order in which they were kept, so that nothing seems changed."""
        order = self.values["choice_order"].split()
        place = {one: number for number, one in enumerate(order)}
        names = {
            choice["id"]: self._names.get(("choices", number, "text"), "") for number, choice in enumerate(choices)
        }
        choices = sorted(choices, key=lambda choice: place.get(choice["id"], len(order)))
        for number, choice in enumerate(choices):
            self._names[("choices", number, "text")] = names[choice["id"]]
        return choices

    def _ordering(self) -> dict[str, Any]:
        kept = self._kept("elements", ("elements",))
        ids = _ids([row["id"] for _, row in kept])
        elements = [{"id": one, "text": row["text"].strip()} for (_, row), one in zip(kept, ids, strict=True)]
        return {"policy": self.values["policy"], "elements": elements}

    def _cloze(self) -> dict[str, Any]:
        blanks = []
        for index, row in enumerate(self.values["blanks"]):
            name, place = f"blanks-{index}", ("blanks", index)
            self._name_row(name, place, row)
            weight = self._fraction(f"{name}-weight", row["weight"] or "1")
            blank = {"id": row["id"].strip(), "kind": row["kind"], "weight": str(1 if weight is None else weight)}
            blanks.append(blank | self._blank(row, f"{name}-answers", place))
        for mark in re.findall(r"\[\[([^\[\]]{1,40})\]\]", self.values.get("text", "")):
            if mark not in {row["id"].strip() for row in self.values["blanks"]}:
                self.faults.add("text", "mark_unknown", f"[[{mark}]]")
        return {"blanks": blanks}

    def _blank(self, row: Row, table: str, place: Place) -> dict[str, Any]:
        if row["kind"] == "numeric":
            answers = self._numbers(table, (*place, "answers"), "text", row)
            return {"policy": row["policy"] or "num_nominal", "answers": answers}
        if row["kind"] == "short":
            answers = self._patterns(table, (*place, "answers"), "text", row)
            return {"case_sensitive": row["case_sensitive"] == YES, "answers": answers}
        kept = self._kept(table, (*place, "options"), row)
        ids = _ids([each["id"] for _, each in kept])
        return {
            "options": [
                {"id": one, "text": each["text"].strip(), **self._worth(name, each, "0")}
                for (name, each), one in zip(kept, ids, strict=True)
            ]
        }

    def _essay(self) -> dict[str, Any]:
        criteria: list[dict[str, Any]] = []
        kept = self._kept("criteria", ("criteria",))
        ids = _ids([row["id"] for _, row in kept], "k")
        for (name, row), one in zip(kept, ids, strict=True):
            place: Place = ("criteria", len(criteria))
            grades = [
                {"points": self._whole(f"{each}-points", grade["points"]), "text": grade["text"].strip()}
                for each, grade in self._kept(f"{name}-grades", (*place, "grades"), row)
            ]
            criteria.append({"id": one, "text": row["text"].strip(), "grades": grades})
        return {"criteria": criteria, "most_words": self._whole("most_words", self.values["most_words"] or "0")}

    # --- Parts --------------------------------------------------------------------------------------------------------

    def _kept(
        self, table: str, place: Place, holder: Row | None = None, columns: dict[str, str] | None = None
    ) -> list[tuple[str, Row]]:
        """Rows in which something was typed, with their names; the form's own rows that stayed empty do not count."""
        rows = (self.values if holder is None else holder)[table.rpartition("-")[2]]
        self._names[place] = table
        kept: list[tuple[str, Row]] = []
        for number, row in enumerate(rows):
            if is_blank(row):
                continue
            name = f"{table}-{number}"
            self._name_row(name, (*place, len(kept)), row)
            for field, column in (columns or {}).items():
                self._names[(*place, len(kept), field)] = f"{name}-{column}"
            kept.append((name, row))
        return kept

    def _name_row(self, name: str, place: Place, row: Row) -> None:
        self._names[place] = name
        for field in row:
            self._names[(*place, field)] = f"{name}-{field}"

    def _worth(self, name: str, row: Row, usual: str = "100") -> dict[str, str]:
        share = self._share(f"{name}-share", row["share"] or usual)
        return {"share": str(share or 0), "feedback": row["feedback"].strip()}

    def _share(self, name: str, typed: str) -> Fraction | None:
        """A share from per cent, a fraction (100/3) allowed."""
        if not typed.strip():
            return None
        value = self._fraction(name, typed.replace("%", ""))
        if value is not None and not -100 <= value <= 100:
            self.faults.add(name, "share_bounds")
            return Fraction(0)
        return value / 100 if value is not None else Fraction(0)

    def _fraction(self, name: str, typed: str) -> Fraction | None:
        whole, divider, part = typed.partition("/")
        try:
            value = Fraction(decimal_of(whole))
            return value / Fraction(decimal_of(part)) if divider else value
        except (Refused, ZeroDivisionError):
            self.faults.add(name, "no_number")
            return None

    def _number(self, name: str, typed: str) -> str:
        """As text, exact; a comma divides as well as a point."""
        try:
            return f"{Decimal(decimal_of(typed)):f}"
        except Refused:
            self.faults.add(name, "no_number" if typed.strip() else "missing")
            return "0"

    def _whole(self, name: str, typed: str) -> int:
        typed = typed.strip()
        if not typed.isascii() or not typed.isdecimal() or len(typed) > 6:
            self.faults.add(name, "no_whole" if typed else "missing")
            return 0
        return int(typed)

    def _ticked(self, name: str) -> bool:
        return bool(self.values[name] == YES)

    # --- What is wrong ------------------------------------------------------------------------------------------------

    def _harmless(self) -> None:
        """Nothing may be written that would never be shown: whoever writes it should know."""
        for name, text in _typed(self.values):
            if name.endswith("-pattern") or (
                name.startswith("blanks-") and self.values["blanks"][int(name.split("-")[1])]["kind"] != "choice"
            ):
                continue  # what is compared with an answer is no Markdown
            if harmful := never_shown(text):
                self.faults.add(name, "harmful", ", ".join(harmful))

    def _lead_back(self, where: Sequence[str | int], code: str, value: str, known: set[str]) -> None:
        """Say it at the field, unless that has been found wrong already: one mistake is not told twice."""
        place = tuple(where)
        if place[:1] == ("blanks",) and len(place) > 2:
            place = (*place[:2], *place[3:])  # after its number stands the kind of the blank
        while place and place not in self._names:
            if place in {("text",), ("title",), ("feedback",)} or place[-1:] == ("policy",):
                break
            place = place[:-1]
        name = self._names.get(place, str(place[0]) if place else _TABLE.get(self.kind, "text"))
        name = name if code != "blank_once" else "text"
        if name not in known:
            self.faults.add(name, _PLAIN.get(code, code), value)


_TABLE = {
    ItemKind.SINGLE: "options",
    ItemKind.MULTIPLE: "options",
    ItemKind.NUMERIC: "answers",
    ItemKind.SHORT: "answers",
    ItemKind.MATCHING: "pairs",
    ItemKind.ORDERING: "elements",
    ItemKind.CLOZE: "blanks",
    ItemKind.ESSAY: "criteria",
}
"""Where it is said what is wrong with the item as a whole."""
_PLAIN = {
    "string_too_short": "missing",
    "string_too_long": "long",
    "string_pattern_mismatch": "blank_name",
    "too_short": "few",
    "too_long": "many",
    "literal_error": "choose",
    "union_tag_invalid": "choose",
    "greater_than": "bounds",
    "greater_than_equal": "bounds",
    "less_than_equal": "bounds",
}
"""What pydantic calls it, and what we do."""


def _typed(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, list):
            for number, row in enumerate(value):
                if isinstance(row, dict):
                    found += _typed(row, f"{prefix}{name}-{number}-")
        elif isinstance(value, str):
            found.append((prefix + name, value))
    return found


def _ids(given: Sequence[str], first: str = "") -> list[str]:
    """Each part keeps its name; new ones get one that nobody has, and no name stands twice."""
    known = {each for each in given if each}
    spare = (
        one for number in range(10_000) if (one := f"{first}{number + 1}" if first else letter(number)) not in known
    )
    seen: set[str] = set()
    made = []
    for each in given:
        one = each if each and each not in seen else next(spare)
        seen.add(one)
        made.append(one)
    return made
