"""What a person is shown of an item while answering: texts and orders, and nothing that tells what is right. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lms.assessment.content import (
    Body,
    ChoiceBlank,
    Cloze,
    Essay,
    Matching,
    MultipleChoice,
    Numeric,
    Ordering,
    SingleChoice,
)


def presented(body: Body, order: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """An item as JSON for the page: Markdown texts, parts in the order that is kept with the attempt."""
    shown: dict[str, Any] = {"kind": body.kind.value, "text": body.text}
    match body:
        case SingleChoice() | MultipleChoice():
            shown["options"] = _parts({each.id: each.text for each in body.options}, order.get("", ()))
        case Matching():
            shown["stems"] = _parts({each.id: each.text for each in body.stems}, order.get("stems", ()))
            shown["choices"] = _parts({each.id: each.text for each in body.choices}, order.get("", ()))
        case Ordering():
            shown["elements"] = _parts({each.id: each.text for each in body.elements}, order.get("", ()))
        case Numeric():
            shown["units"] = [unit.name for unit in body.units.known] if body.units else []
        case Cloze():
            shown["blanks"] = [_blank(each, order) for each in body.blanks]
        case Essay():
            shown["most_words"] = body.most_words
            shown["criteria"] = [each.text for each in body.criteria]
        case _:
            pass
    return shown


def _blank(blank: Any, order: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    if isinstance(blank, ChoiceBlank):
        parts = _parts({each.id: each.text for each in blank.options}, order.get(blank.id, ()))
        return {"id": blank.id, "kind": blank.kind, "options": parts}
    return {"id": blank.id, "kind": blank.kind}


def _parts(texts: Mapping[str, str], order: Sequence[str]) -> list[dict[str, str]]:
    kept = [each for each in order if each in texts]
    # Sorted, so that a part without a place gives nothing away either.
    return [{"id": each, "text": texts[each]} for each in [*kept, *sorted(set(texts) - set(kept))]]
