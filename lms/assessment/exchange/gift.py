"""Reading GIFT, as Moodle reads it (`question/format/gift/format.php`). Pure.

Questions are divided by blank lines. A comment line before a question may carry its id and tags, as Moodle writes them:
`// [id:dl-1-1-01] [tag:digcomp22:1.1] [tag:level:3] [tag:lang:uk]`. Text without a format mark is plain, or HTML where
there are elements in it; `[markdown]` is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lms.assessment.content import Body, Essay, Numeric, TrueFalse
from lms.assessment.exchange import rich
from lms.assessment.exchange.parts import (
    MOST_ITEM,
    MOST_ITEMS,
    Answer,
    Read,
    Refused,
    Unreadable,
    choice_body,
    decimal_of,
    finished,
    matching_body,
    numeric_answers,
    share_of_percent,
    short_body,
    without_category,
)

_ESCAPED = ":#={}~n\\"
_ESCAPE = re.compile(r"\\([:#={}~n\\])")
_MARKS = {character: chr(0xE000 + index) for index, character in enumerate(_ESCAPED)}
"""What escaped characters are while a question is taken apart: private use, which text does not hold."""
_PRIVATE = re.compile(r"[\ue000-\ue007]")
_NOTE = re.compile(r"\[(id|tag):((?:\\.|[^\]\\])*)\]")
_FORMAT = re.compile(r"\s*\[(html|markdown|plain|moodle)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%([^%]{1,30})%")
_TRUTHS = {"t": True, "true": True, "f": False, "false": False}
_BLANK = "_____"


def read(text: str) -> list[Read]:
    """Every question of a file, taken or refused. Raises `Unreadable` (items_many)."""
    found: list[Read] = []
    waiting = ""
    for line, chunk, notes, category in _chunks(text):
        waiting = category or waiting
        found.append(_question(line, chunk, notes, waiting))
        waiting = "" if found[-1].body is not None else waiting
        if len(found) > MOST_ITEMS:
            raise Unreadable("items_many", f"The file has more than {MOST_ITEMS} questions. Divide it.", line)
    return found


def _chunks(text: str) -> Iterator[tuple[int, str, list[str], str]]:
    """(line on which it begins, text, comments before it, category that begins with it) of each question."""
    lines: list[str] = []
    notes: list[str] = []
    begin, category = 0, ""
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        bare = line.strip()
        if bare.startswith("//"):
            notes.append(bare)
        elif bare.upper().startswith("$CATEGORY:") and not lines:
            category = bare.partition(":")[2].strip()
        elif bare:
            begin = begin or number
            lines.append(line)
        elif lines:
            yield begin, "\n".join(lines), notes, category
            lines, notes, begin, category = [], [], 0, ""
    if lines:
        yield begin, "\n".join(lines), notes, category


def _question(line: int, chunk: str, notes: list[str], category: str) -> Read:
    code, tags, language = _noted(notes)
    if len(chunk) > MOST_ITEM:
        return Read(line, chunk[:60], code, refused=f"It is longer than {MOST_ITEM} characters.")
    changed = without_category(category)
    if _PRIVATE.search(chunk):
        chunk = _PRIVATE.sub("", chunk)
        changed.append("Characters of private use were left out.")
    told = _ESCAPE.sub(lambda found: _MARKS[found.group(1)], chunk).strip()
    title = ""
    if told.startswith("::") and "::" in told[2:]:
        title, _, told = told[2:].partition("::")
        title = _plain(title)
    shown = title or " ".join(_plain(told).split())[:60]
    start = Read(line, shown, code, language, tags=tags, changed=tuple(changed))
    return finished(start, lambda said: _body(title, told.strip(), said))


def _noted(notes: list[str]) -> tuple[str, tuple[str, ...], str]:
    """Id, tags and language from comments."""
    code = language = ""
    tags = []
    for note in notes:
        for kind, value in _NOTE.findall(note):
            value = re.sub(r"\\(.)", r"\1", value).strip()
            if kind == "id":
                code = value
            elif value.startswith("lang:"):
                language = value.removeprefix("lang:")
            else:
                tags.append(value)
    return code, tuple(tags), language


def _body(title: str, told: str, changed: list[str]) -> Body:
    text, block = _divided(told)
    if len(title) > 300:
        changed.append("The title was cut to 300 characters.")
    form = _form_of(text)
    block, general = _general(block)
    common: dict[str, Any] = {
        "title": title[:300],
        "text": _rich(text, form, changed),
        "feedback": _rich(general, form, changed),
    }
    if not common["text"]:
        raise Refused("There is no question.")
    if not block:
        return Essay(**common)
    if block.startswith("#"):
        return _numeric(common, block[1:], form, changed)
    if "~" in block:
        return _choices(common, block, form, changed)
    if "=" in block and "->" in block:
        return _matching(common, block, form, changed)
    truth, *feedback = block.split("#")
    if truth.strip().lower() in _TRUTHS:
        return _truth(common, _TRUTHS[truth.strip().lower()], feedback, form, changed)
    if "=" in block:
        return short_body(common, [_answer(each, form, changed) for each in _parts(block, "=")])
    raise Refused("What stands in braces is no answer: it begins with none of = ~ # T F.")


def _divided(told: str) -> tuple[str, str]:
    """The text (with a blank where text follows the braces) and what stands in braces."""
    if "{" not in told:
        if "}" in told:
            raise Refused("A brace closes that never opened. Write \\} for a brace in the text.")
        raise Refused("It has no braces: a description asks nothing.")
    text, _, rest = told.partition("{")
    block, closing, after = rest.partition("}")
    if not closing:
        raise Refused("A brace opens and never closes; a blank line ends a question.")
    if "{" in block or "{" in after or "}" in after or "}" in text:
        raise Refused("It has more than one pair of braces: several blanks cannot be said in GIFT.")
    if after.strip():
        text = f"{text.rstrip()} {_BLANK} {after.strip()}" if not text.endswith(("(", "«")) else text + _BLANK + after
        text = re.sub(rf"{_BLANK} (?=[.,;:!?)»])", _BLANK, text)
    return text.strip(), block.strip()


def _general(block: str) -> tuple[str, str]:
    block, _, general = block.partition("####")
    return block.strip(), general.strip()


def _form_of(text: str) -> str:
    found = _FORMAT.match(text)
    return found.group(1).lower() if found else ""


def _plain(text: str) -> str:
    """Without escapes, as plain text."""
    for character, mark in _MARKS.items():
        text = text.replace(mark, "\n" if character == "n" else character)
    return text.strip()


def _rich(text: str, form: str, changed: list[str]) -> str:
    """As Markdown, by its own mark or by that of the question."""
    found = _FORMAT.match(text)
    if found:
        form, text = found.group(1).lower(), text[found.end() :]
    told = _plain(text)
    if form == "markdown" or not told:
        # An arrow within a text is written as an entity, for it cannot be escaped.
        return told.replace("-&gt;", "->")
    if form != "plain" and (form == "html" or rich.looks_like_html(told)):
        return rich.from_html(told if form == "html" else told.replace("\n", "<br>"), changed)
    return rich.from_plain(told)


def _unmarked(text: str) -> str:
    found = _FORMAT.match(text)
    return text[found.end() :] if found else text


def _parts(block: str, divider: str) -> list[str]:
    before, *parts = block.split(divider)
    if before.strip():
        raise Refused(f"Text stands before the first {divider}. Write \\{divider} for this sign in a text.")
    return parts


def _answer(part: str, form: str, changed: list[str], *, markdown: bool = False) -> Answer:
    """A part with its weight (1 without) and its feedback."""
    share = Fraction(1)
    weight = _WEIGHT.match(part)
    if weight:
        share, part = share_of_percent(weight.group(1)), part[weight.end() :]
    text, _, feedback = part.partition("#")
    told = _rich(text, form, changed) if markdown else _plain(_unmarked(text))
    return Answer(told, share, _rich(feedback, form, changed))


def _choices(common: dict[str, Any], block: str, form: str, changed: list[str]) -> Body:
    """With `=`: one right option. With `~` and weights alone: several."""
    single = "=" in block
    answers = []
    # An equals sign begins an option as a tilde does.
    for part in _parts(block.replace("=", "~="), "~"):
        bare = part.strip()
        if not bare:
            continue
        right = bare.startswith("=")
        weighted = _WEIGHT.match(bare[1:] if right else bare) is not None
        answer = _answer(bare[1:] if right else bare, form, changed, markdown=True)
        share = answer.share if right or weighted else Fraction(0)
        if not answer.text:
            raise Refused("An option has no text.")
        answers.append(Answer(answer.text, share, answer.feedback))
    return choice_body(common, answers, single=single, changed=changed)


def _matching(common: dict[str, Any], block: str, form: str, changed: list[str]) -> Body:
    pairs = []
    for part in _parts(block, "="):
        stem, arrow, answer = part.partition("->")
        if not arrow:
            raise Refused(f"There is no -> in {_plain(part)[:60]!r}.")
        if "#" in part:
            changed.append("Feedback of single pairs is not kept.")
            stem, answer = stem.partition("#")[0], answer.partition("#")[0]
        pairs.append((_rich(stem, form, changed), _rich(answer, form, changed)))
    return matching_body(common, pairs)


def _truth(common: dict[str, Any], truth: bool, feedback: list[str], form: str, changed: list[str]) -> Body:
    """The first feedback is for whoever answers wrongly, the second for whoever answers rightly."""
    if len(feedback) > 2:
        raise Refused("True or false takes two feedbacks at most.")
    wrong, right = ([_rich(each, form, changed) for each in feedback] + ["", ""])[:2]
    return TrueFalse(
        **common, answer=truth, feedback_true=right if truth else wrong, feedback_false=wrong if truth else right
    )


def _numeric(common: dict[str, Any], block: str, form: str, changed: list[str]) -> Body:
    block, tilde, wrong = block.partition("~")
    block = block.strip()
    parts = _parts(block, "=") if block.startswith("=") else [block]
    answers = [_number(_answer(part, form, changed)) for part in parts if part.strip()]
    if tilde:
        _, _, feedback = wrong.partition("#")
        answers.append(Answer("*", Fraction(0), _rich(feedback, form, changed)))
    return Numeric(**common, answers=numeric_answers(answers))


def _number(answer: Answer) -> Answer:
    """`value:tolerance` or `min..max` as value and tolerance."""
    low, dots, high = answer.text.partition("..")
    if dots:
        first, last = decimal_of(low), decimal_of(high)
        if first > last:
            raise Refused(f"The range {answer.text!r} ends before it begins.")
        return Answer(f"{(first + last) / 2:f}", answer.share, answer.feedback, (last - first) / 2)
    value, colon, tolerance = answer.text.partition(":")
    width = decimal_of(tolerance) if colon and tolerance.strip() else Decimal(0)
    return Answer(value.strip(), answer.share, answer.feedback, width)
