"""What has changed between two bodies of an item, part by part, for people to read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lms.assessment.content import Body, Matching, dump

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing. None where there is, or was, nothing of it.

    `path` names it: `("options", "share")`; `("options",)` is an option as a whole, `("options", "order")` their order.
    `number` says which of its row, from 1, as it is now or was.
    """

    path: tuple[str, ...]
    number: int
    before: str | None
    after: str | None


def between(before: Body, after: Body) -> list[Change]:
    """Every change, in the order of the item."""
    return _parts((), 0, _told(before), _told(after))


def _told(body: Body) -> Part:
    """As JSON, in which right answers of a matching item are named by their text."""
    told = dump(body)
    if isinstance(body, Matching):
        texts = {choice.id: choice.text for choice in body.choices}
        for stem in told["stems"]:
            stem["answer"] = texts[stem["answer"]]
    return told


def _parts(path: tuple[str, ...], number: int, before: Part, after: Part) -> list[Change]:
    found: list[Change] = []
    for name in dict.fromkeys((*before, *after)):
        if name == "id":
            continue
        was, now = before.get(name), after.get(name)
        if was == now:
            continue
        here = (*path, name)
        if isinstance(was, list) or isinstance(now, list):
            found += _rows(here, was or [], now or [])
        elif isinstance(was, dict) or isinstance(now, dict):
            found += _parts(here, number, was or {}, now or {})
        else:
            found.append(Change(here, number, _text(was), _text(now)))
    return found


def _rows(path: tuple[str, ...], before: Sequence[Part], after: Sequence[Part]) -> list[Change]:
    """Rows are the same by their id; those without one by their place."""
    was = {row.get("id", index): (index, row) for index, row in enumerate(before, start=1)}
    now = {row.get("id", index): (index, row) for index, row in enumerate(after, start=1)}
    found: list[Change] = []
    for key, (number, row) in now.items():
        if key in was:
            found += _parts(path, number, was[key][1], row)
        else:
            found.append(Change(path, number, None, _whole(row)))
    found += [Change(path, number, _whole(row), None) for key, (number, row) in was.items() if key not in now]
    stayed = [key for key in was if key in now]
    moved = [key for key in now if key in was]
    if stayed != moved:
        told = [" → ".join(_whole(was[key][1]) for key in stayed), " → ".join(_whole(was[key][1]) for key in moved)]
        found.append(Change((*path, "order"), 0, *told))
    return found


def _whole(row: Part) -> str:
    """A row in one line: what people see of it."""
    seen = next((row[name] for name in ("text", "pattern", "name", "value") if row.get(name)), row.get("id", ""))
    return " → ".join(str(each) for each in (seen, row.get("answer")) if each)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
