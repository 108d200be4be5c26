"""Writing Moodle XML. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from lms.assessment.content import (
    Body,
    Cloze,
    Essay,
    Matching,
    MultipleChoice,
    Numeric,
    Ordering,
    ShortText,
    SingleChoice,
    TrueFalse,
)
from lms.assessment.drafts import Stored
from lms.assessment.exchange import cloze
from lms.assessment.exchange.moodle import GRADING
from lms.assessment.exchange.parts import Refused, Written, options_of, percent_of

_TYPES = {
    "single": "multichoice",
    "multiple": "multichoice",
    "true_false": "truefalse",
    "numeric": "numerical",
    "short": "shortanswer",
    "matching": "matching",
    "ordering": "ordering",
    "cloze": "cloze",
    "essay": "essay",
}
_UNSAID = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(items: Iterable[Stored]) -> tuple[bytes, list[Written]]:
    """The file, and what became of each item."""
    quiz = Element("quiz")
    told: list[Written] = []
    for item in items:
        changed: list[str] = []
        try:
            quiz.append(_question(item, changed))
        except Refused as refusal:
            told.append(Written(item.code, item.body.title, refused=str(refusal)))
            continue
        told.append(Written(item.code, item.body.title, tuple(dict.fromkeys(changed))))
    indent(quiz)
    return tostring(quiz, encoding="utf-8", xml_declaration=True), told


def said(text: str) -> str:
    """Without characters that XML cannot hold."""
    return _UNSAID.sub("", text)


def _question(item: Stored, changed: list[str]) -> Element:
    body = item.body
    question = Element("question", type=_TYPES[body.kind.value])
    _text(SubElement(question, "name"), body.title or item.code)
    text = cloze.embedded(body, changed) if isinstance(body, Cloze) else body.text
    _marked(question, "questiontext", text)
    _marked(question, "generalfeedback", body.feedback)
    _leaf(question, "defaultgrade", "1.0000000")
    _leaf(question, "penalty", "0.0000000")
    _leaf(question, "hidden", "0")
    _leaf(question, "idnumber", item.code)
    _fill(question, body, changed)
    words = [str(tag) for tag in item.tags] + options_of(body) + [f"lang:{item.language}"]
    tags = SubElement(question, "tags")
    for word in words:
        _text(SubElement(tags, "tag"), word)
    return question


def _fill(question: Element, body: Body, changed: list[str]) -> None:
    match body:
        case SingleChoice() | MultipleChoice():
            _choices(question, body, changed)
        case TrueFalse():
            for word, right, feedback in (
                ("true", body.answer, body.feedback_true),
                ("false", not body.answer, body.feedback_false),
            ):
                _answer(question, word, Fraction(int(right)), feedback, changed, form="moodle_auto_format")
        case ShortText():
            _leaf(question, "usecase", "1" if body.case_sensitive else "0")
            for each in body.answers:
                _answer(question, each.pattern, each.share, each.feedback, changed, form="moodle_auto_format")
        case Numeric():
            _numeric(question, body, changed)
        case Matching():
            _pairs(question, body)
        case Ordering():
            _elements(question, body)
        case Essay():
            _essay(question, body, changed)
        case Cloze():
            pass


def _choices(question: Element, body: SingleChoice | MultipleChoice, changed: list[str]) -> None:
    if body.policy in {"mc_all_or_nothing", "mc_per_decision"}:
        changed.append("Moodle counts by the sum of the shares; the policy is kept as a tag.")
    _leaf(question, "single", "true" if isinstance(body, SingleChoice) else "false")
    _leaf(question, "shuffleanswers", "true" if body.shuffle else "false")
    _leaf(question, "answernumbering", "none")
    for option in body.options:
        _answer(question, option.text, option.share, option.feedback, changed, form="markdown")


def _numeric(question: Element, body: Numeric, changed: list[str]) -> None:
    if body.policy != "num_nominal":
        changed.append("Moodle XML takes tolerances as nominal; the policy is kept as a tag.")
    for each in body.answers:
        value = "*" if each.value is None else f"{each.value:f}"
        answer = _answer(question, value, each.share, each.feedback, changed, form="moodle_auto_format")
        _leaf(answer, "tolerance", f"{each.tolerance:f}")
    if body.units is None:
        return
    units = SubElement(question, "units")
    for unit in body.units.known:
        one = SubElement(units, "unit")
        _leaf(one, "multiplier", f"{unit.multiplier:f}")
        _leaf(one, "unit_name", unit.name)
    _leaf(question, "unitgradingtype", "2" if body.units.penalty_of == "item" else "1")
    percent, exact = percent_of(body.units.penalty)
    if not exact:
        changed.append(f"The penalty {body.units.penalty} was rounded to {percent} %.")
    _leaf(question, "unitpenalty", f"{float(body.units.penalty):.7f}")
    _leaf(question, "showunits", "0")


def _pairs(question: Element, body: Matching) -> None:
    _leaf(question, "shuffleanswers", "true" if body.shuffle else "false")
    choices = {choice.id: choice.text for choice in body.choices}
    used = {stem.answer for stem in body.stems}
    pairs = [(stem.text, choices[stem.answer]) for stem in body.stems]
    pairs += [("", text) for number, text in choices.items() if number not in used]
    for stem, answer in pairs:
        one = _marked(question, "subquestion", stem)
        _text(SubElement(one, "answer", format="markdown"), answer)


def _elements(question: Element, body: Ordering) -> None:
    words = {policy: word for word, policy in GRADING.items()}
    for name, value in (("layouttype", "VERTICAL"), ("selecttype", "ALL"), ("selectcount", "0")):
        _leaf(question, name, value)
    _leaf(question, "gradingtype", words[body.policy])
    for rank, element in enumerate(body.elements, start=1):
        _text(SubElement(question, "answer", fraction=f"{rank}.0000000", format="markdown"), element.text)


def _essay(question: Element, body: Essay, changed: list[str]) -> None:
    _leaf(question, "responseformat", "plain")
    if body.most_words:
        _leaf(question, "maxwordlimit", str(body.most_words))
    if body.criteria:
        changed.append("Criteria stand as notes for the reader only; Moodle's rubrics belong to assignments.")
        lines = [
            f"- {criterion.text}: " + "; ".join(f"{grade.points} — {grade.text}" for grade in criterion.grades)
            for criterion in body.criteria
        ]
        _marked(question, "graderinfo", "\n".join(lines))


def _answer(parent: Element, text: str, share: Fraction, feedback: str, changed: list[str], *, form: str) -> Element:
    percent, exact = percent_of(share)
    if not exact:
        changed.append(f"The share {share} was rounded to {percent} %.")
    answer = SubElement(parent, "answer", fraction=percent, format=form)
    _text(answer, text)
    _marked(answer, "feedback", feedback)
    return answer


def _marked(parent: Element, name: str, text: str) -> Element:
    made = SubElement(parent, name, format="markdown")
    _text(made, text)
    return made


def _text(parent: Element, text: str) -> None:
    _leaf(parent, "text", text)


def _leaf(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = said(text)
