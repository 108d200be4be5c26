"""What the form of each kind of item is made of, and an item's body as the form shows it. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from lms.assessment.content import (
    Blank,
    Body,
    ChoiceBlank,
    Cloze,
    Essay,
    ItemKind,
    Matching,
    MultipleChoice,
    Numeric,
    NumericBlank,
    Option,
    Ordering,
    ShortBlank,
    ShortText,
    SingleChoice,
    TrueFalse,
)
from lms.assessment.scoring import even_shares
from web.items.rows import Row, Table

_OPTIONS = Table(("id", "text", "right", "share", "feedback"), first=4)
COMPETENCES = Table(("tag",), first=1)
TABLES: dict[ItemKind, dict[str, Table]] = {
    ItemKind.SINGLE: {"options": _OPTIONS},
    ItemKind.MULTIPLE: {"options": _OPTIONS},
    ItemKind.TRUE_FALSE: {},
    ItemKind.NUMERIC: {
        "answers": Table(("value", "tolerance", "share", "feedback"), first=1),
        "units": Table(("name", "multiplier"), first=0),
    },
    ItemKind.SHORT: {"answers": Table(("pattern", "share", "feedback"), first=2)},
    ItemKind.MATCHING: {"pairs": Table(("id", "text", "choice_id", "choice"), first=4)},
    ItemKind.ORDERING: {"elements": Table(("id", "text"), first=4)},
    ItemKind.CLOZE: {
        "blanks": Table(
            ("id", "kind", "weight", "policy", "case_sensitive"),
            {"answers": Table(("id", "text", "tolerance", "share", "feedback"), first=3)},
            first=1,
        )
    },
    ItemKind.ESSAY: {
        "criteria": Table(("id", "text"), {"grades": Table(("points", "text"), first=2)}, first=1),
    },
}
"""The tables of each kind."""

WORDS: dict[ItemKind, tuple[str, ...]] = {
    ItemKind.SINGLE: ("policy", "shuffle"),
    ItemKind.MULTIPLE: ("policy", "shuffle"),
    ItemKind.TRUE_FALSE: ("answer", "feedback_true", "feedback_false"),
    ItemKind.NUMERIC: ("policy", "penalty", "penalty_of"),
    ItemKind.SHORT: ("case_sensitive",),
    ItemKind.MATCHING: ("shuffle", "choice_order"),
    ItemKind.ORDERING: ("policy",),
    ItemKind.CLOZE: (),
    ItemKind.ESSAY: ("most_words",),
}
"""The single fields of each kind, besides those that all have."""

_FIRST: dict[ItemKind, dict[str, str]] = {
    ItemKind.SINGLE: {"policy": "sc_share", "shuffle": "yes"},
    ItemKind.MULTIPLE: {"policy": "mc_sum_clamped", "shuffle": "yes"},
    ItemKind.NUMERIC: {"policy": "num_nominal", "penalty_of": "response"},
    ItemKind.MATCHING: {"shuffle": "yes"},
    ItemKind.ORDERING: {"policy": "order_place"},
}
YES = "yes"


def empty(kind: ItemKind) -> dict[str, Any]:
    """The parts of a new item of this kind."""
    made: dict[str, Any] = dict.fromkeys(WORDS[kind], "") | _FIRST.get(kind, {})
    for name, table in TABLES[kind].items():
        made[name] = [table.empty() for _ in range(table.first)]
    return filled_in(kind, made)


def filled_in(kind: ItemKind, values: dict[str, Any]) -> dict[str, Any]:
    """With what the form fills in by itself: names of blanks, their kind."""
    if kind is ItemKind.CLOZE:
        taken = {row["id"] for row in values["blanks"]}
        for row in values["blanks"]:
            row["kind"] = row["kind"] or "choice"
            if not row["id"]:
                row["id"] = next(each for number in range(1, 100) if (each := f"b{number}") not in taken)
                taken.add(row["id"])
    return values


def of_body(body: Body) -> dict[str, Any]:
    """A body as its form shows it."""
    match body:
        case SingleChoice() | MultipleChoice():
            options = _options(body.options, single=isinstance(body, SingleChoice))
            return {"policy": body.policy, "shuffle": _tick(body.shuffle), "options": options}
        case TrueFalse():
            said = {"feedback_true": body.feedback_true, "feedback_false": body.feedback_false}
            return {"answer": "true" if body.answer else "false", **said}
        case Numeric():
            return _numeric(body)
        case ShortText():
            rows = [{"pattern": each.pattern, "share": percent(each.share), "feedback": each.feedback}
                    for each in body.answers]  # fmt: skip
            return {"case_sensitive": _tick(body.case_sensitive), "answers": rows}
        case Matching():
            order = " ".join(choice.id for choice in body.choices)
            return {"shuffle": _tick(body.shuffle), "choice_order": order, "pairs": _pairs(body)}
        case Ordering():
            return {"policy": body.policy, "elements": [{"id": each.id, "text": each.text} for each in body.elements]}
        case Cloze():
            return {"blanks": [_blank(each) for each in body.blanks]}
        case Essay():
            return {"most_words": str(body.most_words or ""), "criteria": _criteria(body)}


def _options(options: tuple[Option, ...], *, single: bool) -> list[Row]:
    """Shares are shown where they are not the usual ones."""
    right = [option.share == 1 if single else option.share > 0 for option in options]
    usual = tuple(Fraction(int(each)) for each in right) if single else even_shares(right)
    plain = tuple(option.share for option in options) == usual
    return [
        {
            "id": option.id,
            "text": option.text,
            "right": _tick(ticked),
            "share": "" if plain else percent(option.share),
            "feedback": option.feedback,
        }
        for option, ticked in zip(options, right, strict=True)
    ]


def _numeric(body: Numeric) -> dict[str, Any]:
    units = body.units
    return {
        "policy": body.policy,
        "penalty": percent(units.penalty) if units else "",
        "penalty_of": units.penalty_of if units else "response",
        "answers": [
            {
                "value": "*" if each.value is None else plain_number(each.value),
                "tolerance": _tolerance(each.tolerance),
                "share": percent(each.share),
                "feedback": each.feedback,
            }
            for each in body.answers
        ],
        "units": [{"name": each.name, "multiplier": plain_number(each.multiplier)} for each in units.known]
        if units
        else [],
    }


def _pairs(body: Matching) -> list[Row]:
    texts = {choice.id: choice.text for choice in body.choices}
    rows = [
        {"id": stem.id, "text": stem.text, "choice_id": stem.answer, "choice": texts[stem.answer]}
        for stem in body.stems
    ]
    used = {stem.answer for stem in body.stems}
    spare = [each for each in body.choices if each.id not in used]
    return rows + [{"id": "", "text": "", "choice_id": each.id, "choice": each.text} for each in spare]


def _blank(blank: Blank) -> Row:
    row: Row = {
        "id": blank.id,
        "kind": blank.kind,
        "weight": fraction(blank.weight) if blank.weight != 1 else "",
        "policy": blank.policy if isinstance(blank, NumericBlank) else "",
        "case_sensitive": _tick(isinstance(blank, ShortBlank) and blank.case_sensitive),
    }
    match blank:
        case ChoiceBlank():
            rows = [_answer(each.text, each.share, each.feedback, id=each.id) for each in blank.options]
        case ShortBlank():
            rows = [_answer(each.pattern, each.share, each.feedback) for each in blank.answers]
        case NumericBlank():
            rows = [
                _answer(
                    "*" if each.value is None else plain_number(each.value),
                    each.share,
                    each.feedback,
                    tolerance=_tolerance(each.tolerance),
                )
                for each in blank.answers
            ]
    return row | {"answers": rows}


def _answer(text: str, share: Fraction, feedback: str, *, id: str = "", tolerance: str = "") -> Row:
    return {"id": id, "text": text, "tolerance": tolerance, "share": percent(share), "feedback": feedback}


def _criteria(body: Essay) -> list[Row]:
    return [
        {
            "id": each.id,
            "text": each.text,
            "grades": [{"points": str(grade.points), "text": grade.text} for grade in each.grades],
        }
        for each in body.criteria
    ]


def _tick(value: bool) -> str:
    return YES if value else ""


def percent(share: Fraction) -> str:
    """A share in per cent; as a fraction (`100/3`) where a decimal would be another number."""
    return fraction(share * 100)


def fraction(value: Fraction) -> str:
    """A decimal where that is exact and short, else a fraction."""
    rounded = Decimal(value.numerator * 10**4 // value.denominator) / 10**4
    return f"{rounded.normalize():f}" if Fraction(rounded) == value else f"{value.numerator}/{value.denominator}"


def plain_number(value: Decimal) -> str:
    """As it was written, never with an exponent: an item that is saved unchanged stays the same."""
    return f"{value:f}"


def _tolerance(value: Decimal) -> str:
    told = plain_number(value)
    return told if told != "0" else ""
