"""Reading Moodle XML (`question/format/xml/format.php`), with gbateson's Ordering. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from lms.assessment.content import Body, Essay, Numeric, Ordering, TrueFalse, Unit, Units
from lms.assessment.content import Element as OrderElement
from lms.assessment.exchange import cloze, rich, xml
from lms.assessment.exchange.parts import (
    MOST_ITEMS,
    Answer,
    Read,
    Refused,
    Unreadable,
    choice_body,
    decimal_of,
    finished,
    letter,
    matching_body,
    nearest_share,
    numeric_answers,
    share_of_percent,
    short_body,
    without_category,
)

GRADING = {
    "ALL_OR_NOTHING": "order_exact",
    "ABSOLUTE_POSITION": "order_place",
    "RELATIVE_NEXT_EXCLUDE_LAST": "order_next",
    "RELATIVE_NEXT_INCLUDE_LAST": "order_next_last",
    "RELATIVE_ONE_PREVIOUS_AND_NEXT": "order_neighbours",
    "RELATIVE_ALL_PREVIOUS_AND_NEXT": "order_all",
    "LONGEST_ORDERED_SUBSET": "order_lcs",
    "LONGEST_CONTIGUOUS_SUBSET": "order_run",
    "RELATIVE_TO_CORRECT": "order_distance",
}
"""Moodle's words, in the order of its numbers −1 to 7."""


def read(content: bytes) -> list[Read]:
    """Every question of a file, taken or refused. Raises `Unreadable`."""
    root = xml.read(content)
    if root.tag != "quiz":
        raise Unreadable("xml_other", f"This is no Moodle XML: its root is {root.tag[:60]!r}, not 'quiz'.")
    found: list[Read] = []
    category = ""
    for each in root.findall("question"):
        if each.get("type") == "category":
            category = xml.words(each.find("category/text"))
        else:
            found.append(_question(each, category))
            category = "" if found[-1].body is not None else category
    if len(found) > MOST_ITEMS:
        raise Unreadable("items_many", f"The file has more than {MOST_ITEMS} questions. Divide it.")
    return found


def _question(question: Element, category: str) -> Read:
    tags = [xml.words(tag) for tag in question.findall("tags/tag")]
    language = next((tag.removeprefix("lang:") for tag in tags if tag.startswith("lang:")), "")
    start = Read(
        line=xml.line_of(question),
        title=_title(question),
        code=xml.words(question.find("idnumber")),
        language=language,
        tags=tuple(tag for tag in tags if tag and not tag.startswith("lang:")),
        changed=tuple(without_category(category)),
    )
    return finished(start, lambda changed: _body(question, start.title, changed))


def _title(question: Element) -> str:
    """Its name; none where Moodle, which wants one, was given the code."""
    name = xml.words(question.find("name"))
    return "" if name == xml.words(question.find("idnumber")) else name[:300]


def _body(question: Element, title: str, changed: list[str]) -> Body:
    kind = question.get("type", "")
    make = _KINDS.get(kind)
    if make is None:
        raise Refused(
            "A description asks nothing."
            if kind == "description"
            else f"Questions of type {kind[:40]!r} are not known."
        )
    common = {
        "title": title,
        "text": _rich(question.find("questiontext"), changed),
        "feedback": _rich(question.find("generalfeedback"), changed),
    }
    if not common["text"]:
        raise Refused("There is no question.")
    _note_what_is_left(question, changed)
    return make(question, common, changed)


def _note_what_is_left(question: Element, changed: list[str]) -> None:
    grade = xml.words(question.find("defaultgrade"))
    if grade and decimal_of(grade) != 1:
        changed.append(
            f"It was worth {decimal_of(grade).normalize():f} points; here a test says what an item is worth."
        )
    if question.find("hint") is not None:
        changed.append("Hints for further tries are not kept.")
    if question.find(".//file") is not None:
        changed.append("Files in it were left out.")
    for name in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"):
        told = xml.words(question.find(name))
        if told and not _usual(told):
            changed.append("Feedback for right, partly right and wrong answers as a whole is not kept.")
            break


def _usual(told: str) -> bool:
    return any(part in told for part in ("Your answer is", "Ваша відповідь"))


def _rich(holder: Element | None, changed: list[str]) -> str:
    """The text of an element with a format, as Markdown."""
    if holder is None:
        return ""
    inner = holder.find("text")
    told = (inner.text or "") if inner is not None else (holder.text or "")
    told = told.strip()
    form = holder.get("format", "html")
    if form == "markdown" or not told:
        return told
    if form == "html" or (form == "moodle_auto_format" and rich.looks_like_html(told)):
        return rich.from_html(told, changed)
    return rich.from_plain(told)


def _answers(question: Element, changed: list[str], *, formatted: bool = False) -> list[Answer]:
    found = []
    for each in question.findall("answer"):
        text = _rich(each, changed) if formatted else xml.words(each.find("text"))
        tolerance = xml.words(each.find("tolerance"))
        found.append(
            Answer(
                text,
                share_of_percent(each.get("fraction", "0")),
                _rich(each.find("feedback"), changed),
                decimal_of(tolerance) if tolerance else Decimal(0),
            )
        )
    return found


def _said(question: Element, name: str, otherwise: str = "") -> str:
    element = question.find(name)
    return xml.words(element).lower() if element is not None else otherwise


def _choice(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    single = _said(question, "single", "true") in {"true", "1"}
    shuffle = _said(question, "shuffleanswers", "true") in {"true", "1"}
    answers = _answers(question, changed, formatted=True)
    return choice_body(common, answers, single=single, changed=changed, shuffle=shuffle)


def _truth(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    answers = {answer.text.lower(): answer for answer in _answers(question, changed)}
    if set(answers) != {"true", "false"}:
        raise Refused("True or false needs these two answers.")
    return TrueFalse(
        **common,
        answer=answers["true"].share > answers["false"].share,
        feedback_true=answers["true"].feedback,
        feedback_false=answers["false"].feedback,
    )


def _short(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    return short_body(common, _answers(question, changed), case_sensitive=_said(question, "usecase") in {"1", "true"})


def _numeric(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    answers = numeric_answers(_answers(question, changed))
    return Numeric(**common, answers=answers, units=_units(question, changed))


def _units(question: Element, changed: list[str]) -> Units | None:
    known = tuple(
        Unit(name=xml.words(unit.find("unit_name")), multiplier=decimal_of(xml.words(unit.find("multiplier")) or "1"))
        for unit in question.findall("units/unit")
    )
    if not known:
        return None
    grading = _said(question, "unitgradingtype", "0")
    penalty = decimal_of(xml.words(question.find("unitpenalty")) or "0")
    if grading == "0":
        penalty = Decimal(0)
    if _said(question, "showunits") in {"1", "2"}:
        changed.append("Choosing a unit from a list is not known; people type it.")
    exact = nearest_share(Fraction(penalty), len(f"{penalty:f}".partition(".")[2]))
    return Units(known=known, penalty=exact, penalty_of="item" if grading == "2" else "response")


def _matching(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    pairs = []
    for each in question.findall("subquestion"):
        answer = each.find("answer")
        # Moodle writes plain text here, and no format.
        marked = answer is not None and answer.get("format") is not None
        pairs.append((_rich(each, changed), _rich(answer, changed) if marked else rich.from_plain(xml.words(answer))))
    return matching_body(common, pairs, shuffle=_said(question, "shuffleanswers", "true") in {"true", "1"})


def _essay(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    if xml.words(question.find("graderinfo")):
        changed.append("Notes for whoever reads the answers are not kept; write criteria.")
    if _said(question, "attachments", "0") not in {"", "0"}:
        changed.append("Attached files are not known; people write text.")
    most = xml.words(question.find("maxwordlimit"))
    return Essay(**common, most_words=int(most) if most.isascii() and most.isdigit() else 0)


def _ordering(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    told = xml.words(question.find("gradingtype")) or "ABSOLUTE_POSITION"
    names = list(GRADING)
    numbered = {str(index - 1): name for index, name in enumerate(names)}
    policy = GRADING.get(numbered.get(told, told.upper()))
    if policy is None:
        raise Refused(f"The way of grading {told[:40]!r} is not known.")
    if xml.words(question.find("selecttype")).upper() not in {"", "ALL", "0"}:
        changed.append("All elements are to be ordered; choosing some of them at random is not known.")
    answers = question.findall("answer")
    ranked = sorted(enumerate(answers), key=lambda each: (decimal_of(each[1].get("fraction", "0")), each[0]))
    elements = tuple(
        OrderElement(id=letter(index), text=_rich(answer, changed)) for index, (_, answer) in enumerate(ranked)
    )
    return Ordering(**common, policy=policy, elements=elements)  # type: ignore[arg-type]


def _cloze(question: Element, common: dict[str, Any], changed: list[str]) -> Body:
    """Blanks are taken out of the text before it becomes Markdown, for what stands in them is no HTML."""
    holder = question.find("questiontext")
    inner = holder.find("text") if holder is not None else None
    raw = (inner.text or "") if inner is not None else ""
    form = holder.get("format", "html") if holder is not None else "html"
    return cloze.body(common, raw, form, changed)


_KINDS = {
    "multichoice": _choice,
    "truefalse": _truth,
    "shortanswer": _short,
    "numerical": _numeric,
    "matching": _matching,
    "essay": _essay,
    "ordering": _ordering,
    "cloze": _cloze,
    "multianswer": _cloze,
}
