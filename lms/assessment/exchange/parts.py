"""What reading a file gives, its limits, and options of ours that other formats carry as tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from lms.assessment.content import (
    MOST_PARTS,
    Body,
    Choice,
    Cloze,
    Matching,
    MultipleChoice,
    NumericAnswer,
    Option,
    ShortBlank,
    ShortText,
    SingleChoice,
    Stem,
    TextAnswer,
    dump,
    parse,
    sentence,
)
from lms.assessment.scoring import even_shares
from lms.errors import Invalid

MOST_BYTES = 16 * 1024 * 1024
"""Of one file; a bank of 5,000 items is a tenth of it."""
MOST_ITEMS = 5_000
MOST_ITEM = 100_000
"""Characters of one item in a file."""


class Format(StrEnum):
    """What a file is."""

    GIFT = "gift"
    MOODLE_XML = "moodle-xml"
    QTI = "qti"
    CSV = "csv"


class Unreadable(Invalid):
    """The file as a whole cannot be taken. `line` is where, as far as it is one place."""

    def __init__(self, code: str, detail: str, line: int | None = None) -> None:
        super().__init__(code, detail, "file")
        self.line = line


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """This item cannot be taken, and why: a sentence."""


@dataclass(frozen=True, slots=True)
class Read:
    """One item of a file: taken (`body`), or refused with the reason."""

    line: int
    """Where it begins; in a package the number of the item."""
    title: str = ""
    code: str = ""
    language: str = ""
    family: str = ""
    body: Body | None = None
    tags: tuple[str, ...] = ()
    """As they are written."""
    changed: tuple[str, ...] = ()
    """What is not exactly as it stood, in sentences."""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """One item of an export: written, maybe with something left out, or not at all."""

    code: str
    title: str
    changed: tuple[str, ...] = ()
    refused: str = ""


def finished(read: Read, make: Any) -> Read:
    """Complete what was read of an item by `make`, which returns its body or raises; its tags may hold options."""
    changed = list(read.changed)
    try:
        body, tags = with_options(make(changed), read.tags, changed)
    except Refused as refusal:
        return replace(read, refused=str(refusal), changed=())
    except ValidationError as error:
        return replace(read, refused=sentence(error), changed=())
    except Invalid as refusal:
        return replace(read, refused=refusal.detail, changed=())
    title = body.title
    return replace(read, title=title or read.title, body=body, tags=tags, changed=tuple(dict.fromkeys(changed)))


_ROOT = re.compile(r"(\$(course|system|module|cat)\w*\$/?)?(top(/|$))?", re.IGNORECASE)


def without_category(category: str) -> list[str]:
    """What is said of the first item that is taken of a category of Moodle's: items are found by tags here."""
    path = " ".join(_ROOT.sub("", category, count=1).split())
    return [f"The category {path[:100]!r} that begins here is not kept; competences are given by tags."] if path else []


# --- Options that other formats do not know ---------------------------------------------------------------------------

POLICY, OPTION = "policy", "option"
KEPT_ORDER, CASE = "kept-order", "case-sensitive"
_DEFAULTS = {
    "sc_share",
    "mc_sum_clamped",
    "tf_exact",
    "num_nominal",
    "text_first_match",
    "match_share",
    "cloze_weighted",
    "essay_rubric",
}


def options_of(body: Body) -> list[str]:
    """What differs from the usual, as words for tags: `policy:mc_all_or_nothing`, `option:kept-order`."""
    words = [] if body.policy in _DEFAULTS else [f"{POLICY}:{body.policy}"]
    if isinstance(body, SingleChoice | MultipleChoice | Matching) and not body.shuffle:
        words.append(f"{OPTION}:{KEPT_ORDER}")
    if isinstance(body, ShortText) and body.case_sensitive:
        words.append(f"{OPTION}:{CASE}")
    return words


def with_options(body: Body, words: Sequence[str], changed: list[str]) -> tuple[Body, tuple[str, ...]]:
    """The body with the options that stand among its tags, and the other tags."""
    rest = []
    for word in words:
        scheme, _, value = word.partition(":")
        if scheme not in {POLICY, OPTION}:
            rest.append(word)
            continue
        more: dict[str, Any] = {"policy": value} if scheme == POLICY else {}
        if word == f"{OPTION}:{KEPT_ORDER}":
            more = {"shuffle": False}
        elif word == f"{OPTION}:{CASE}":
            more = {"case_sensitive": True}
        try:
            if not more:
                raise Invalid("item_body", "")
            body = parse(dump(body) | more)
        except Invalid:
            changed.append(f"The tag {word[:60]!r} does not fit this kind of item; it was left out.")
    return body, tuple(rest)


# --- Shares and numbers -----------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?(\d{1,20}([.,]\d{0,20})?|[.,]\d{1,20})([eE][+-]?\d{1,2})?")


def decimal_of(text: str) -> Decimal:
    """An exact number, with a point or a comma. Raises `Refused`."""
    text = text.strip().replace("\u00a0", "").replace("−", "-")
    if not _NUMBER.fullmatch(text):
        raise Refused(f"{text[:40]!r} is no number.")
    value = Decimal(text.replace(",", "."))
    told = f"{value:f}"
    if len(told) > 50:
        raise Refused(f"{text[:40]!r} is too large or too fine a number.")
    return Decimal(told).normalize() + 0 if "e" in text.lower() else Decimal(told)


def share_of_percent(text: str) -> Fraction:
    """A share from a percentage, exact; 33.333 and 33.33333 mean a third. Raises `Refused`."""
    value = Fraction(decimal_of(text)) / 100
    if not -1 <= value <= 1:
        raise Refused(f"{text.strip()[:20]} % is none of −100 to 100.")
    return nearest_share(value, len(text.strip().replace(",", ".").partition(".")[2]) + 2)


def nearest_share(value: Fraction, digits: int) -> Fraction:
    """The simple fraction that a decimal with so many digits after its point stands for, or the decimal itself."""
    most = 20 if digits < 7 else 100
    if digits < 4 or value.denominator <= most:
        return value
    near = value.limit_denominator(most)
    return near if abs(near - value) <= Fraction(1, 2 * 10**digits) + Fraction(1, 10 ** (digits + 1)) else value


def percent_of(share: Fraction) -> tuple[str, bool]:
    """A share as a percentage with at most five digits after the point, and whether it reads back as the same."""
    scaled = round(share * 100, 5)
    text = f"{float(scaled):.5f}".rstrip("0").rstrip(".")
    try:
        return text, share_of_percent(text) == share
    except Refused:
        return text, False


# --- Putting bodies together ------------------------------------------------------------------------------------------

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def letter(index: int) -> str:
    """The id of a part by its place: a, b … z, a1, b1 …"""
    turn, place = divmod(index, len(_LETTERS))
    return _LETTERS[place] + (str(turn) if turn else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as most formats have it."""

    text: str
    share: Fraction
    feedback: str = ""
    tolerance: Decimal = Decimal(0)


def choice_body(
    common: dict[str, Any], answers: Sequence[Answer], *, single: bool, changed: list[str], shuffle: bool = True
) -> Body:
    """A choice of answers. Raises `Refused` when none is right."""
    _bounded(answers)
    shares = [answer.share for answer in answers]
    if not any(share > 0 for share in shares):
        raise Refused("No option is right.")
    if single and max(shares) != 1:
        raise Refused("No option is fully right.")
    if not single:
        shares = _whole(shares, changed)
    options = tuple(
        Option(id=letter(index), text=answer.text, share=share, feedback=answer.feedback)
        for index, (answer, share) in enumerate(zip(answers, shares, strict=True))
    )
    if single:
        signed = any(share < 0 for share in shares)
        return SingleChoice(**common, options=options, shuffle=shuffle, policy="sc_signed" if signed else "sc_share")
    return MultipleChoice(**common, options=options, shuffle=shuffle)


def _whole(shares: list[Fraction], changed: list[str]) -> list[Fraction]:
    """Shares whose right ones make a whole point: those that nearly do are rounding."""
    right = sum((share for share in shares if share > 0), Fraction(0))
    if right >= 1:
        return shares
    if right < Fraction(97, 100):
        raise Refused(f"The right options come to {float(right * 100):g} % together; they must give 100 %.")
    changed.append("The shares of the right options were rounded; they now give the whole point.")
    if len({share for share in shares if share > 0}) == 1:
        even = even_shares([share > 0 for share in shares])
        return [even[index] if share > 0 else share for index, share in enumerate(shares)]
    return [share / right if share > 0 else share for share in shares]


def short_body(common: dict[str, Any], answers: Sequence[Answer], *, case_sensitive: bool = False) -> Body:
    """Words. Raises `Refused` when nothing is fully right."""
    _bounded(answers)
    if max(answer.share for answer in answers) != 1:
        raise Refused("No answer is fully right.")
    return ShortText(
        **common,
        case_sensitive=case_sensitive,
        answers=tuple(TextAnswer(pattern=each.text, share=each.share, feedback=each.feedback) for each in answers),
    )


def numeric_answers(answers: Sequence[Answer]) -> tuple[NumericAnswer, ...]:
    """Numbers with tolerances. Raises `Refused`."""
    _bounded(answers)
    found = tuple(
        NumericAnswer(
            value=None if each.text.strip() == "*" else decimal_of(each.text),
            tolerance=abs(each.tolerance),
            share=each.share,
            feedback=each.feedback,
        )
        for each in answers
    )
    if max(each.share for each in found) != 1:
        raise Refused("No answer is fully right.")
    return found


def matching_body(common: dict[str, Any], pairs: Iterable[tuple[str, str]], *, shuffle: bool = True) -> Body:
    """Pairs of stem and answer; an answer without a stem fits nothing. Raises `Refused` for fewer than two stems."""
    choices: dict[str, str] = {}
    stems: list[Stem] = []
    for stem, answer in pairs:
        if not answer:
            raise Refused("A stem has no answer beside it.")
        known = choices.setdefault(answer, f"c{len(choices) + 1}")
        if stem:
            stems.append(Stem(id=f"s{len(stems) + 1}", text=stem, answer=known))
    if len(stems) < 2:
        raise Refused("Matching needs two pairs at least.")
    if len(choices) < 2:
        raise Refused("All stems have the same answer.")
    _bounded([*stems, *choices])
    return Matching(
        **common,
        stems=tuple(stems),
        choices=tuple(Choice(id=number, text=text) for text, number in choices.items()),
        shuffle=shuffle,
    )


def _bounded(parts: Sequence[Any]) -> None:
    if not parts:
        raise Refused("There is no answer.")
    if len(parts) > MOST_PARTS:
        raise Refused(f"There are more than {MOST_PARTS} answers.")


def blank_case(body: Cloze) -> bool:
    """Whether any blank minds capital letters."""
    return any(isinstance(blank, ShortBlank) and blank.case_sensitive for blank in body.blanks)
