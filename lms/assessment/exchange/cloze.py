"""Embedded answers of Moodle's Cloze: `{1:MULTICHOICE:=right#feedback~wrong}` (`question/type/multianswer`). Pure."""

from __future__ import annotations

import html
import re
from fractions import Fraction
from math import lcm
from typing import Any

from lms.assessment.content import (
    Blank,
    ChoiceBlank,
    Cloze,
    NumericBlank,
    Option,
    ShortBlank,
    TextAnswer,
    mark_of,
)
from lms.assessment.exchange import rich
from lms.assessment.exchange.parts import (
    Answer,
    Refused,
    decimal_of,
    letter,
    numeric_answers,
    percent_of,
    share_of_percent,
)

_BLANK = re.compile(r"\{(\d{0,3}):([A-Z_]+):((?:\\.|[^\\{}]){0,10000})\}", re.DOTALL)
_CHOICE = re.compile(r"(MULTICHOICE|MC)(_?[HV])?(_?S)?")
_SHORT = {"SHORTANSWER": False, "SA": False, "MW": False, "SHORTANSWER_C": True, "SAC": True, "MWC": True}
_NUMERIC = {"NUMERICAL", "NM"}
_TOKEN = "zzblank{}zz"  # noqa: S105 - a word that neither HTML nor Markdown touches
_ESCAPED = re.compile(r"[\\{}#~/\"=%]")


def body(common: dict[str, Any], raw: str, form: str, changed: list[str]) -> Cloze:
    """A cloze from a text with embedded answers. Raises `Refused`."""
    blanks: list[Blank] = []

    def take(found: re.Match[str]) -> str:
        blanks.append(_blank(f"b{len(blanks) + 1}", found, form, changed))
        return _TOKEN.format(len(blanks))

    told = _BLANK.sub(take, raw.strip())
    if not blanks:
        raise Refused("There is no blank in the text.")
    if form == "html" or (form == "moodle_auto_format" and rich.looks_like_html(told)):
        text = rich.from_html(told, changed)
    else:
        text = told if form == "markdown" else rich.from_plain(told)
    for number, blank in enumerate(blanks, start=1):
        text = text.replace(_TOKEN.format(number), mark_of(blank.id))
    return Cloze(**{**common, "text": text}, blanks=tuple(blanks))


def _blank(number: str, found: re.Match[str], form: str, changed: list[str]) -> Blank:
    weight, kind, inner = found.groups()
    if form == "html":
        inner = html.unescape(re.sub(r"<[^<>]*>", "", inner))
    shown = str if form == "markdown" else rich.from_plain
    common: dict[str, Any] = {"id": number, "weight": Fraction(int(weight or 1) or 1)}
    answers = [_answer(part) for part in _split(inner, "~") if part.strip()]
    if max((answer.share for answer in answers), default=Fraction(0)) != 1:
        raise Refused(f"No answer of the blank {found.group()[:40]!r} is fully right.")
    if _CHOICE.fullmatch(kind):
        options = tuple(
            Option(
                id=letter(index),
                text=shown(answer.text),
                share=answer.share,
                feedback=shown(answer.feedback),
            )
            for index, answer in enumerate(answers)
        )
        return ChoiceBlank(**common, options=options)
    if kind in _SHORT:
        patterns = tuple(
            TextAnswer(pattern=each.text, share=each.share, feedback=shown(each.feedback)) for each in answers
        )
        return ShortBlank(**common, answers=patterns, case_sensitive=_SHORT[kind])
    if kind in _NUMERIC:
        return NumericBlank(
            **common, answers=numeric_answers([_number(each, shown(each.feedback)) for each in answers])
        )
    raise Refused(f"Blanks of type {kind[:40]} are not known.")


def _split(text: str, divider: str) -> list[str]:
    """At the divider, unless it is escaped; escapes stay."""
    parts, escaped = [""], False
    for character in text:
        if character == divider and not escaped:
            parts.append("")
            continue
        parts[-1] += character
        escaped = character == "\\" and not escaped
    return parts


def _answer(part: str) -> Answer:
    part = part.strip()
    share = Fraction(0)
    if part.startswith("="):
        share, part = Fraction(1), part[1:]
    weight = re.match(r"%([^%]{1,30})%", part)
    if weight:
        share, part = share_of_percent(weight.group(1)), part[weight.end() :]
    text, *feedback = _split(part, "#")
    return Answer(_plain(text), share, _plain("#".join(feedback)))


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL).strip()


def _number(answer: Answer, feedback: str) -> Answer:
    value, colon, tolerance = answer.text.partition(":")
    width = decimal_of(tolerance) if colon and tolerance.strip() else decimal_of("0")
    return Answer(value.strip(), answer.share, feedback, width)


# --- Writing ----------------------------------------------------------------------------------------------------------


def embedded(item: Cloze, changed: list[str]) -> str:
    """The text with its answers embedded, in Markdown. Raises `Refused`."""
    text = item.text
    scale = lcm(*(blank.weight.denominator for blank in item.blanks))
    for blank in item.blanks:
        weight = int(blank.weight * scale)
        if weight > 999:
            raise Refused("The weights of its blanks cannot be said in whole numbers.")
        text = text.replace(mark_of(blank.id), f"{{{weight}:{_written(blank, changed)}}}")
    return text


def _written(blank: Blank, changed: list[str]) -> str:
    if isinstance(blank, ChoiceBlank):
        return "MULTICHOICE:" + "~".join(
            _one(option.share, _escaped(option.text), option.feedback, changed) for option in blank.options
        )
    if isinstance(blank, ShortBlank):
        kind = "SHORTANSWER_C" if blank.case_sensitive else "SHORTANSWER"
        return f"{kind}:" + "~".join(
            _one(each.share, _escaped(each.pattern), each.feedback, changed) for each in blank.answers
        )
    if blank.policy != "num_nominal":
        raise Refused("A tolerance in a blank can only be nominal in Moodle.")
    return "NUMERICAL:" + "~".join(
        _one(
            each.share,
            f"{each.value:f}:{each.tolerance:f}" if each.value is not None else "*",
            each.feedback,
            changed,
        )
        for each in blank.answers
    )


def _one(share: Fraction, text: str, feedback: str, changed: list[str]) -> str:
    percent, exact = percent_of(share)
    if not exact:
        changed.append(f"The share {share} was rounded to {percent} %.")
    mark = "=" if share == 1 else f"%{percent}%" if share else ""
    return f"{mark}{text}" + (f"#{_escaped(feedback)}" if feedback else "")


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\{found.group()}", text)
