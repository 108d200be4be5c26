"""Any item that can be written: for properties that must hold for all of them."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from lms.assessment.content import (
    Body,
    Choice,
    ChoiceBlank,
    Cloze,
    Criterion,
    Element,
    Essay,
    Grade,
    Matching,
    MultipleChoice,
    Numeric,
    NumericAnswer,
    NumericBlank,
    Option,
    Ordering,
    ShortBlank,
    ShortText,
    SingleChoice,
    Stem,
    TextAnswer,
    TrueFalse,
    Unit,
    Units,
    mark_of,
)
from lms.assessment.drafts import Stored
from lms.assessment.exchange.parts import letter
from lms.assessment.ordering import POLICIES
from lms.assessment.scoring import even_shares
from lms.assessment.tags import Tag

_PIECES = st.sampled_from(
    [
        *("пам’ять", "об'єкт", "м`яч", "10:00", "2 + 2 = 4", "a=b", "~", "#", "{", "}", "\\", "\\n", "%50%", "%", "//"),
        *(
            "->",
            "→",
            "=",
            ":",
            "::",
            "####",
            "*",
            "**жирно**",
            "_",
            "[html]",
            "[markdown]",
            "[[b9]]",
            "<b>x</b>",
            "<",
            ">",
        ),
        *(
            "&",
            "&amp;",
            "\n",
            "\n\n",
            "\n- ",
            "1. ",
            "# ",
            " ",
            "  ",
            "T",
            "TRUE",
            "і",
            "Ї",
            "…",
            "№",
            '"',
            "'",
            ";",
            ",",
            "|",
        ),
        *("й", "и\u0306", "\u00a0", "𝒳", "zz", "`код`", "$CATEGORY: x", "]]>", "]]", "-", "+", "\t"),
    ]
)
TEXTS = st.lists(_PIECES, min_size=1, max_size=6).map(lambda parts: "".join(parts).strip()).filter(bool)
LINES = TEXTS.map(lambda text: " ".join(text.split())).filter(bool)
MAYBE = st.just("") | TEXTS
SHARES = st.sampled_from([Fraction(1, 2), Fraction(1, 3), Fraction(-1, 3), Fraction(0), Fraction(-1), Fraction(1, 7)])
NUMBERS = st.integers(-10_000, 10_000).map(lambda value: Decimal(value) / 100)
WIDTHS = st.sampled_from([Decimal(0), Decimal("0.5"), Decimal("0.05")])


def _common(**more: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {"text": TEXTS, "title": st.just("") | LINES, "feedback": MAYBE} | more


def _distinct(texts: st.SearchStrategy[str], least: int = 2, most: int = 5) -> st.SearchStrategy[list[str]]:
    return st.lists(texts, min_size=least, max_size=most, unique_by=lambda text: "".join(text.split()))


@st.composite
def _options(draw: st.DrawFn, *, single: bool) -> tuple[Option, ...]:
    texts = draw(_distinct(TEXTS))
    if single:
        right = draw(st.integers(0, len(texts) - 1))
        shares = [Fraction(1) if index == right else draw(SHARES) for index in range(len(texts))]
    else:
        ticks = draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)).filter(any))
        shares = list(even_shares(ticks)) if not all(ticks) else [Fraction(1, len(ticks))] * len(ticks)
    return tuple(
        Option(id=letter(index), text=text, share=share, feedback=draw(MAYBE))
        for index, (text, share) in enumerate(zip(texts, shares, strict=True))
    )


@st.composite
def _single(draw: st.DrawFn) -> Body:
    options = draw(_options(single=True))
    signed = any(option.share < 0 for option in options)
    common = {name: draw(each) for name, each in _common().items()}
    return SingleChoice(
        **common, options=options, shuffle=draw(st.booleans()), policy="sc_signed" if signed else "sc_share"
    )


@st.composite
def _answers(draw: st.DrawFn) -> tuple[TextAnswer, ...]:
    texts = draw(_distinct(LINES.filter(lambda text: not re.search(r"\\[\\*]", text)), least=1))
    return tuple(
        TextAnswer(pattern=text, share=Fraction(1) if index == 0 else draw(SHARES), feedback=draw(MAYBE))
        for index, text in enumerate(texts)
    )


@st.composite
def _numbers(draw: st.DrawFn) -> tuple[NumericAnswer, ...]:
    values = draw(st.lists(NUMBERS, min_size=1, max_size=3, unique=True))
    found = [
        NumericAnswer(
            value=value, tolerance=draw(WIDTHS), share=Fraction(1) if index == 0 else draw(SHARES), feedback=draw(MAYBE)
        )
        for index, value in enumerate(values)
    ]
    if draw(st.booleans()):
        found.append(NumericAnswer(value=None, share=Fraction(0), feedback=draw(MAYBE)))
    return tuple(found)


@st.composite
def _matching(draw: st.DrawFn) -> Body:
    choices = draw(_distinct(TEXTS))
    stems = draw(_distinct(TEXTS))
    beside = [draw(st.integers(0, len(choices) - 1)) for _ in stems]
    order = list(dict.fromkeys([*beside, *range(len(choices))]))  # numbered as they are first named
    ids = {index: f"c{place}" for place, index in enumerate(order, start=1)}
    common = {name: draw(each) for name, each in _common().items()}
    return Matching(
        **common,
        stems=tuple(
            Stem(id=f"s{place}", text=text, answer=ids[index])
            for place, (text, index) in enumerate(zip(stems, beside, strict=True), start=1)
        ),
        choices=tuple(Choice(id=ids[index], text=choices[index]) for index in order),
        shuffle=draw(st.booleans()),
    )


@st.composite
def _cloze(draw: st.DrawFn) -> Body:
    blanks: list[Any] = []
    text = draw(TEXTS).replace("[[", "")
    for index in range(1, draw(st.integers(1, 3)) + 1):
        common = {"id": f"b{index}", "weight": Fraction(1 if index == 1 else draw(st.integers(1, 3)))}
        match draw(st.integers(0, 2)):
            case 0:
                blanks.append(ChoiceBlank(**common, options=draw(_options(single=True))))
            case 1:
                blanks.append(ShortBlank(**common, answers=draw(_answers()), case_sensitive=draw(st.booleans())))
            case _:
                blanks.append(NumericBlank(**common, answers=draw(_numbers())))
        text = f"{text} слово {mark_of(f'b{index}')}, {draw(LINES).replace('[[', '')}"
    return Cloze(text=" ".join(text.split()), title=draw(st.just("") | LINES), blanks=tuple(blanks))


@st.composite
def _essay(draw: st.DrawFn) -> Body:
    criteria = tuple(
        Criterion(
            id=letter(index),
            text=text,
            grades=(Grade(points=0, text=draw(LINES)), Grade(points=draw(st.integers(1, 9)), text=draw(LINES))),
        )
        for index, text in enumerate(draw(_distinct(LINES, least=0, most=2)))
    )
    common = {name: draw(each) for name, each in _common().items()}
    return Essay(**common, criteria=criteria, most_words=draw(st.sampled_from([0, 200])))


_UNITS = st.builds(
    Units,
    known=st.just((Unit(name="м"), Unit(name="см", multiplier=Decimal(100)))),
    penalty=st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1, 3)]),
    penalty_of=st.sampled_from(["response", "item"]),
)

BODIES: st.SearchStrategy[Body] = st.one_of(
    _single(),
    st.builds(
        MultipleChoice,
        **_common(
            options=_options(single=False),
            shuffle=st.booleans(),
            policy=st.sampled_from(["mc_sum_clamped", "mc_all_or_nothing", "mc_per_decision"]),
        ),
    ),
    st.builds(TrueFalse, **_common(answer=st.booleans(), feedback_true=MAYBE, feedback_false=MAYBE)),
    st.builds(ShortText, **_common(answers=_answers(), case_sensitive=st.booleans())),
    st.builds(
        Numeric,
        **_common(
            answers=_numbers(),
            policy=st.sampled_from(["num_nominal", "num_relative", "num_geometric"]),
            units=st.none() | _UNITS,
        ),
    ),
    _matching(),
    st.builds(
        Ordering,
        **_common(
            elements=_distinct(TEXTS).map(
                lambda texts: tuple(Element(id=letter(index), text=text) for index, text in enumerate(texts))
            ),
            policy=st.sampled_from(list(POLICIES)),
        ),
    ),
    _cloze(),
    _essay(),
)


def stored(body: Body, code: str = "dl-1-1-01", language: str = "uk") -> Stored:
    """As the bank gives it."""
    tags = (Tag("audience", "citizen"), Tag("digcomp22", "1.1"), Tag("level", "3"), Tag("topic", "пошук: основи"))
    return Stored(1, 1, code, code, language, body, tags)
