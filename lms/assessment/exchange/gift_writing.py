"""Writing GIFT that Moodle reads, and that comes back as it was. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction

from lms.assessment.content import (
    Body,
    Essay,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    Option,
    ShortText,
    SingleChoice,
    TrueFalse,
)
from lms.assessment.drafts import Stored
from lms.assessment.exchange.parts import Refused, Written, options_of, percent_of

_SPECIAL = re.compile(r"[\\:#={}~]")


def write(items: Iterable[Stored]) -> tuple[str, list[Written]]:
    """The file, and what became of each item."""
    chunks: list[str] = []
    told: list[Written] = []
    for item in items:
        changed: list[str] = []
        try:
            block = _block(item.body, changed)
        except Refused as refusal:
            told.append(Written(item.code, item.body.title, refused=str(refusal)))
            continue
        title = f"::{_escaped(item.body.title)}::" if item.body.title else ""
        general = f"\n####{_guarded(item.body.feedback)}" if item.body.feedback else ""
        end = "\n" if general or "\n" in block else ""
        text = f"{title}[markdown]{_escaped(item.body.text)}{{{block.rstrip()}{general}{end}}}"
        chunks.append(f"{_comment(item)}\n{text}\n")
        told.append(Written(item.code, item.body.title, tuple(changed)))
    return "\n".join(chunks), told


def _comment(item: Stored) -> str:
    words = [str(tag) for tag in item.tags] + options_of(item.body) + [f"lang:{item.language}"]
    noted = " ".join(f"[tag:{_noted(word)}]" for word in words)
    return f"// [id:{_noted(item.code)}] {noted}"


def _noted(text: str) -> str:
    return re.sub(r"([\]\\])", r"\\\1", text)


def _escaped(text: str) -> str:
    """With signs of GIFT escaped; lines are told by `\\n`, for a blank line would end the question."""
    return _SPECIAL.sub(lambda found: f"\\{found.group()}", text).replace("\r", "").replace("\n", "\\n")


def _arrowless(text: str) -> str:
    # An arrow divides a pair, and cannot be escaped; as an entity it is shown the same.
    return _guarded(text.replace("->", "-&gt;"))


def _block(body: Body, changed: list[str]) -> str:
    match body:
        case SingleChoice():
            return "".join(f"\n{_option(option, changed, single=True)}" for option in body.options) + "\n"
        case MultipleChoice():
            return "".join(f"\n{_option(option, changed, single=False)}" for option in body.options) + "\n"
        case TrueFalse():
            wrong, right = body.feedback_false, body.feedback_true
            if not body.answer:
                wrong, right = right, wrong
            feedback = f"#{_guarded(wrong)}" if wrong or right else ""
            feedback += f"#{_guarded(right)}" if right else ""
            return ("TRUE" if body.answer else "FALSE") + feedback
        case ShortText():
            if any("->" in each.pattern for each in body.answers):
                raise Refused("An arrow (->) in a short answer would be read as matching.")
            return "".join(
                f"\n={_weight(each.share, changed)}{_pattern(each.pattern)}{_feedback(each.feedback)}"
                for each in body.answers
            )
        case Numeric():
            if body.units is not None:
                raise Refused("Units cannot be said in GIFT; without them answers would count differently.")
            return "#" + "".join(f"\n{_number(each, changed)}" for each in body.answers)
        case Matching():
            return _pairs(body)
        case Essay():
            if body.criteria or body.most_words:
                changed.append("Criteria and the limit of words cannot be said in GIFT; they were left out.")
            return ""
        case _:
            raise Refused(f"GIFT has no items of kind {body.kind.value}. Use Moodle XML or QTI.")


def _option(option: Option, changed: list[str], *, single: bool) -> str:
    if single:
        mark = "=" if option.share == 1 else f"~{_weight(option.share, changed) if option.share else ''}"
    else:
        mark = f"~%{_percent(option.share, changed)}%"
    return f"{mark}{_guarded(option.text)}{_feedback(option.feedback)}"


def _guarded(text: str) -> str:
    """A text that begins like a weight or a format keeps its beginning."""
    return f"[markdown]{_escaped(text)}" if text.startswith(("%", "[")) else _escaped(text)


def _pattern(text: str) -> str:
    """A pattern that begins like a weight is given one before it."""
    return f"[plain]{_escaped(text)}" if text.startswith(("%", "[")) else _escaped(text)


def _weight(share: Fraction, changed: list[str]) -> str:
    return "" if share == 1 else f"%{_percent(share, changed)}%"


def _percent(share: Fraction, changed: list[str]) -> str:
    text, exact = percent_of(share)
    if not exact:
        changed.append(f"The share {share} was rounded to {text} %.")
    return text


def _feedback(text: str) -> str:
    return f"#{_guarded(text.replace('->', '-&gt;'))}" if text else ""


def _number(each: NumericAnswer, changed: list[str]) -> str:
    if each.value is None:
        if each.share:
            raise Refused("An answer that catches every number and is worth something cannot be said in GIFT.")
        return f"~{_feedback(each.feedback)}"
    tolerance = f":{each.tolerance:f}"
    return f"={_weight(each.share, changed)}{each.value:f}{tolerance}{_feedback(each.feedback)}"


def _pairs(body: Matching) -> str:
    choices = {choice.id: choice.text for choice in body.choices}
    used = {stem.answer for stem in body.stems}
    lines = [f"\n={_arrowless(stem.text)} -> {_arrowless(choices[stem.answer])}" for stem in body.stems]
    lines += [f"\n= -> {_arrowless(text)}" for number, text in choices.items() if number not in used]
    return "".join(lines) + "\n"
