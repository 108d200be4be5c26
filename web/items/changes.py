"""Differences between two versions of an item in people's words; what is gone and what is new is marked in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction

from markupsafe import Markup, escape

from lms.assessment.differences import Change
from web.i18n import mark as _
from web.i18n import translate
from web.items.shape import percent
from web.items.words import BLANKS, PENALTY_OF, POLICIES

PARTS = {
    "text": _("Text"),
    "title": _("Title"),
    "feedback": _("Feedback"),
    "feedback_true": _("Feedback for “true”"),
    "feedback_false": _("Feedback for “false”"),
    "policy": _("How it counts"),
    "shuffle": _("Mixed for everybody"),
    "options": _("Option"),
    "answers": _("Answer"),
    "answer": _("Right answer"),
    "share": _("Worth"),
    "stems": _("Line"),
    "choices": _("Answer"),
    "elements": _("Step"),
    "blanks": _("Blank"),
    "criteria": _("Criterion"),
    "grades": _("Grade"),
    "points": _("Points"),
    "value": _("The number"),
    "tolerance": _("Tolerance"),
    "pattern": _("Text"),
    "units": _("Units"),
    "known": _("Unit"),
    "name": _("Name"),
    "multiplier": _("How many make one"),
    "penalty": _("A wrong unit costs"),
    "penalty_of": _("Of what"),
    "case_sensitive": _("Capital letters matter"),
    "weight": _("Weight"),
    "kind": _("Kind"),
    "most_words": _("Words at most"),
    "order": _("order"),
}
_SHARES = {"share", "penalty"}
_VALUES = POLICIES | BLANKS | PENALTY_OF | {"yes": _("yes"), "no": _("no"), "true": _("true"), "false": _("false")}
_WORDED = {"policy", "kind", "penalty_of", "shuffle", "case_sensitive", "answer"}
MOST_WORDS = 3000
"""Longer texts are not compared word by word: that takes the square of their length."""


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change as it is shown."""

    what: str
    told: Markup
    """With `<del>` and `<ins>`."""


def lines(changes: Sequence[Change], language: str) -> list[ChangeLine]:
    """All of them."""
    return [ChangeLine(_what(change, language), _told(change, language)) for change in changes]


def _what(change: Change, language: str) -> str:
    named = [translate(language, PARTS.get(name, name)) for name in change.path]
    if change.number and len(named) > 1:
        named[-2] = f"{named[-2]} {change.number}"
    elif change.number:
        named[-1] = f"{named[-1]} {change.number}"
    return ": ".join(named)


def _told(change: Change, language: str) -> Markup:
    before, after = (_value(change.path[-1], each, language) for each in (change.before, change.after))
    if change.path[-1] in _WORDED:
        return Markup(" ").join(each for each in (_gone(before), _new(after)) if each)
    return marked(before, after)


def _value(name: str, value: str | None, language: str) -> str:
    if value is None:
        return ""
    if name in _SHARES and re.fullmatch(r"-?\d+(/\d+)?", value):
        return f"{percent(Fraction(value))} %"
    return translate(language, _VALUES[value]) if name in _WORDED and value in _VALUES else value


def marked(before: str, after: str) -> Markup:
    """The text with what is gone and what is new."""
    first, second = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    if len(first) + len(second) > MOST_WORDS or not before or not after:
        return _gone(before) + _new(after)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.ratio() < 0.3:
        return _gone(before) + Markup(" ") + _new(after)
    made = Markup()
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            made += escape("".join(first[a:b]))
        else:
            made += _gone("".join(first[a:b])) + _new("".join(second[c:d]))
    return made


def _gone(text: str) -> Markup:
    return Markup("<del>{}</del>").format(text) if text else Markup()


def _new(text: str) -> Markup:
    return Markup("<ins>{}</ins>").format(text) if text else Markup()
