"""Items as a table: CSV or XLSX in, CSV out. The layout is documented in `docs/assessment.md`. Pure.

A row with a `kind` begins an item; the rows after it, without one, are its further answers.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from typing import Any

from lms.assessment.content import (
    Body,
    Criterion,
    Element,
    Essay,
    Grade,
    ItemKind,
    Matching,
    MultipleChoice,
    Numeric,
    Ordering,
    ShortText,
    SingleChoice,
    TrueFalse,
)
from lms.assessment.drafts import Stored
from lms.assessment.exchange.parts import (
    MOST_ITEMS,
    Answer,
    Read,
    Refused,
    Unreadable,
    Written,
    choice_body,
    decimal_of,
    finished,
    letter,
    matching_body,
    numeric_answers,
    options_of,
    percent_of,
    share_of_percent,
    short_body,
)
from lms.assessment.scoring import even_shares
from lms.directory.imports import reading
from lms.errors import Invalid

COLUMNS = (
    *("code", "family", "language", "kind", "policy", "title", "text", "general_feedback", "tags"),
    *("part", "answer", "share", "tolerance", "feedback"),
)
_NAMES = {
    "код": "code",
    "родина": "family",
    "мова": "language",
    "вид": "kind",
    "правило": "policy",
    "назва": "title",
    "текст": "text",
    "питання": "text",
    "загальний відгук": "general_feedback",
    "теги": "tags",
    "частина": "part",
    "відповідь": "answer",
    "частка": "share",
    "допуск": "tolerance",
    "відгук": "feedback",
}
_KINDS = {
    "одна відповідь": "single",
    "кілька відповідей": "multiple",
    "так чи ні": "true_false",
    "число": "numeric",
    "коротка відповідь": "short",
    "відповідність": "matching",
    "порядок": "ordering",
    "есе": "essay",
}
_YES = {"true", "yes", "так", "правда", "1", "+"}
_NO = {"false", "no", "ні", "неправда", "0", "-"}
_RIGHT = {"+", "x", "х", "так", "yes", "true"}
_HEAD = ("code", "family", "language", "policy", "title", "text", "general_feedback", "tags")

Row = dict[str, str]
MOST_ROWS = 10 * MOST_ITEMS
"""An item has a row for each of its answers."""


def read(content: bytes) -> list[Read]:
    """Every item, taken or refused. Raises `Unreadable`."""
    try:
        sheet = reading.read(content, keep_lines=True, most_rows=MOST_ROWS)
    except Invalid as refusal:
        raise Unreadable(refusal.code, refusal.detail, getattr(refusal, "line", None)) from None
    names = [_named(each) for each in sheet.header]
    missing = [each for each in ("kind", "text") if each not in names]
    if missing:
        raise Unreadable(
            "columns_missing", f"The column {missing[0]!r} is missing. The first row names the columns.", 1
        )
    strange = [told for told, name in zip(sheet.header, names, strict=True) if name not in COLUMNS and told]
    note = [f"The column {each[:40]!r} is not known; it was left out." for each in strange]
    found: list[Read] = []
    groups: list[tuple[int, list[Row]]] = []
    for row in sheet.rows:
        cells = dict(zip(names, row.cells, strict=False))
        if cells.get("kind"):
            groups.append((row.number, [cells]))
        elif groups:
            groups[-1][1].append(cells)
        else:
            found.append(Read(row.number, refused="The row belongs to no item: the first row of an item has a kind."))
    if len(groups) > MOST_ITEMS:
        raise Unreadable("items_many", f"The file has more than {MOST_ITEMS} items. Divide it.")
    return found + [_item(number, rows, note) for number, rows in groups]


def is_header(line: str) -> bool:
    """Whether a line of text names columns of such a table."""
    names = {_named(each) for each in re.split(r"[,;\t]", line.replace('"', ""))}
    return "kind" in names and "text" in names


def _named(told: str) -> str:
    plain = " ".join(told.lower().replace("_", " ").split())
    return _NAMES.get(plain, plain.replace(" ", "_"))


def _item(number: int, rows: list[Row], note: Sequence[str]) -> Read:
    head = rows[0]
    tags = [each.strip() for each in head.get("tags", "").replace("\n", ";").split(";") if each.strip()]
    if head.get("policy"):
        tags.append(f"policy:{head['policy'].strip()}")
    start = Read(
        line=number,
        title=head.get("title") or head.get("text", "")[:60],
        code=head.get("code", ""),
        language=head.get("language", "").lower(),
        family=head.get("family", ""),
        tags=tuple(tags),
        changed=tuple(note),
    )
    return finished(start, lambda changed: _body(rows, changed))


def _body(rows: list[Row], changed: list[str]) -> Body:
    head = rows[0]
    for row in rows[1:]:
        extra = [name for name in _HEAD if row.get(name)]
        if extra:
            raise Refused(
                f"A further row of it fills the column {extra[0]!r}: the kind is missing, or the row is wrong."
            )
    told = head["kind"].strip().lower()
    kind = _KINDS.get(told, told.replace(" ", "_").replace("-", "_"))
    common: dict[str, Any] = {
        "title": head.get("title", ""),
        "text": head.get("text", ""),
        "feedback": head.get("general_feedback", ""),
    }
    filled = [row for row in rows if any(row.get(name) for name in ("part", "answer", "share", "feedback"))]
    match kind:
        case ItemKind.SINGLE | ItemKind.MULTIPLE:
            single = kind == ItemKind.SINGLE
            return choice_body(common, _options(filled, single=single), single=single, changed=changed)
        case ItemKind.TRUE_FALSE:
            return _truth(common, filled)
        case ItemKind.SHORT:
            return short_body(common, [_answer(row, Fraction(1)) for row in filled])
        case ItemKind.NUMERIC:
            return Numeric(**common, answers=numeric_answers([_answer(row, Fraction(1)) for row in filled]))
        case ItemKind.MATCHING:
            return matching_body(common, [(row.get("part", ""), row.get("answer", "")) for row in filled])
        case ItemKind.ORDERING:
            elements = tuple(Element(id=letter(index), text=row.get("answer", "")) for index, row in enumerate(filled))
            return Ordering(**common, elements=elements)
        case ItemKind.ESSAY:
            return Essay(**common, criteria=_criteria(filled))
        case _:
            raise Refused(f"The kind {told[:40]!r} is not known in a table.")


def _options(rows: list[Row], *, single: bool) -> list[Answer]:
    """With percentages; or with a plus beside what is right, which shares evenly."""
    told = [row.get("share", "").strip().lower() for row in rows]
    if all(each in _RIGHT or each in {"", "-", "−"} for each in told):
        right = [each in _RIGHT for each in told]
        if not any(right):
            raise Refused("No option is right: put + into its share.")
        shares = even_shares(right) if not single else tuple(Fraction(int(each)) for each in right)
        return [
            Answer(row.get("answer", ""), share, row.get("feedback", ""))
            for row, share in zip(rows, shares, strict=True)
        ]
    return [_answer(row, Fraction(0)) for row in rows]


def _answer(row: Row, share: Fraction) -> Answer:
    told = row.get("share", "").strip().removesuffix("%").strip()
    width = row.get("tolerance", "").strip()
    return Answer(
        row.get("answer", ""),
        share_of_percent(told) if told else share,
        row.get("feedback", ""),
        decimal_of(width) if width else Decimal(0),
    )


def _truth(common: dict[str, Any], rows: list[Row]) -> Body:
    """One row with the right answer; or a row for each with its feedback, the right one with a share."""
    found: dict[bool, Row] = {}
    for row in rows:
        told = row.get("answer", "").strip().lower()
        if told not in _YES | _NO or (told in _YES) in found:
            raise Refused("True or false takes the answers true and false, each once at most.")
        found[told in _YES] = row
    right = [truth for truth, row in found.items() if row.get("share", "").strip() not in {"", "0", "0%"}]
    if len(found) == 1:
        right = list(found)
    if len(right) != 1:
        raise Refused("One of true and false must be right: put 100 into its share.")
    return TrueFalse(
        **common,
        answer=right[0],
        feedback_true=found.get(True, {}).get("feedback", ""),
        feedback_false=found.get(False, {}).get("feedback", ""),
    )


def _criteria(rows: list[Row]) -> tuple[Criterion, ...]:
    """A row for each grade: part is the criterion, answer the grade, share its points."""
    found: dict[str, list[Grade]] = {}
    for row in rows:
        points = row.get("share", "").strip()
        if not (points.isascii() and points.isdigit()):
            raise Refused("The share of a grade is its points, a whole number.")
        found.setdefault(row.get("part", ""), []).append(Grade(points=int(points), text=row.get("answer", "")))
    return tuple(
        Criterion(id=letter(index), text=text, grades=tuple(grades))
        for index, (text, grades) in enumerate(found.items())
    )


# --- Writing ----------------------------------------------------------------------------------------------------------


def write(items: Iterable[Stored]) -> tuple[bytes, list[Written]]:
    """CSV in UTF-8 with a byte order mark and semicolons, as Excel opens it; and what became of each item."""
    out = StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    told: list[Written] = []
    for item in items:
        changed: list[str] = []
        try:
            rows = _rows(item.body, changed)
        except Refused as refusal:
            told.append(Written(item.code, item.body.title, refused=str(refusal)))
            continue
        head = {
            "code": item.code,
            "family": item.family if item.family != item.code else "",
            "language": item.language,
            "kind": item.body.kind.value,
            "title": item.body.title,
            "text": item.body.text,
            "general_feedback": item.body.feedback,
            "tags": "; ".join([str(tag) for tag in item.tags] + options_of(item.body)),
        }
        long = [value for row in [head, *rows] for value in row.values() if len(value) > reading.MOST_CHARACTERS]
        if long:
            told.append(Written(item.code, item.body.title, refused="A text of it is too long for a cell."))
            continue
        for index, row in enumerate(rows or [{}]):
            writer.writerow(head | row if index == 0 else row)
        told.append(Written(item.code, item.body.title, tuple(changed)))
    return ("\ufeff" + out.getvalue()).encode(), told


def _rows(body: Body, changed: list[str]) -> list[Row]:
    match body:
        case SingleChoice() | MultipleChoice():
            return [
                {"answer": each.text, "share": _percent(each.share, changed), "feedback": each.feedback}
                for each in body.options
            ]
        case TrueFalse():
            return [
                {"answer": "true", "share": "100" if body.answer else "0", "feedback": body.feedback_true},
                {"answer": "false", "share": "0" if body.answer else "100", "feedback": body.feedback_false},
            ]
        case ShortText():
            return [
                {"answer": each.pattern, "share": _percent(each.share, changed), "feedback": each.feedback}
                for each in body.answers
            ]
        case Numeric():
            if body.units is not None:
                raise Refused("Units cannot be said in a table.")
            return [
                {
                    "answer": "*" if each.value is None else f"{each.value:f}",
                    "tolerance": f"{each.tolerance:f}",
                    "share": _percent(each.share, changed),
                    "feedback": each.feedback,
                }
                for each in body.answers
            ]
        case Matching():
            choices = {choice.id: choice.text for choice in body.choices}
            used = {stem.answer for stem in body.stems}
            pairs = [{"part": stem.text, "answer": choices[stem.answer]} for stem in body.stems]
            return pairs + [{"answer": text} for number, text in choices.items() if number not in used]
        case Ordering():
            return [{"answer": each.text} for each in body.elements]
        case Essay():
            if body.most_words:
                changed.append("The limit of words was left out.")
            return [
                {"part": criterion.text, "answer": grade.text, "share": str(grade.points)}
                for criterion in body.criteria
                for grade in criterion.grades
            ]
        case _:
            raise Refused(f"A table has no items of kind {body.kind.value}. Use Moodle XML or QTI.")


def _percent(share: Fraction, changed: list[str]) -> str:
    text, exact = percent_of(share)
    if not exact:
        changed.append(f"The share {share} was rounded to {text} %.")
    return text
