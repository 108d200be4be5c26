"""Answers in the words of xAPI: the forms of its part on interaction activities."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from lms.assessment.attempts.interactions import TYPES, definition, response, right_of
from lms.assessment.content import ItemKind, Numeric, NumericAnswer, ShortText, SingleChoice, TextAnswer, TrueFalse
from tests.lms.assessment.bodies import BODIES
from tests.lms.assessment.test_scoring import cloze, essay, matching, numeric, ordered, several
from tests.lms.assessment.test_scoring import option as part

ONE = SingleChoice(text="?", options=(part("a", 1), part("b", 0)))  # type: ignore[arg-type]
SEVERAL_NUMBERS = Numeric(
    text="?", answers=(NumericAnswer(value=Decimal(10), tolerance=Decimal("0.5")), NumericAnswer(value=Decimal(0)))
)
WORDS = ShortText(text="?", answers=(TextAnswer(pattern="архів"), TextAnswer(pattern="*архів*")))


@pytest.mark.parametrize(
    ("body", "answer", "kind", "told", "right"),
    [
        (ONE, "b", "choice", "b", ["a"]),
        (several(right="ab"), ["c", "a"], "choice", "c[,]a", ["a[,]b"]),
        (TrueFalse(text="?", answer=False), True, "true-false", "true", ["false"]),
        (SEVERAL_NUMBERS, "10,2", "numeric", "10,2", ["9.5[:]10.5", "0[:]0"]),
        (numeric("100", "0.25", "num_geometric"), "99", "numeric", "99", ["80[:]125"]),
        (WORDS, "Архів", "fill-in", "Архів", ["архів"]),
        (
            matching(),
            {"s1": "c0", "s0": "c1"},
            "matching",
            "s0[.]c1[,]s1[.]c0",
            ["s0[.]c0[,]s1[.]c1[,]s2[.]c2[,]s3[.]c3"],
        ),
        (ordered(), list("BACD"), "sequencing", "B[,]A[,]C[,]D", ["A[,]B[,]C[,]D"]),
        (cloze(), {"a": "y", "c": "10"}, "fill-in", "Y[,][,]10", ["X[,]пам’ять[,]10"]),
        (essay(), "Текст", "long-fill-in", "Текст", []),
    ],
    ids=lambda each: each.kind if hasattr(each, "kind") else "",
)
def test_forms(body: Any, answer: Any, kind: str, told: str, right: list[str]) -> None:
    assert definition(body, "uk", right=True)["interactionType"] == kind
    assert response(body, answer) == told
    assert right_of(body) == right
    assert response(body, None) == ""


def test_every_kind_has_a_type() -> None:
    assert set(TYPES) == set(ItemKind)


@given(BODIES)
def test_what_may_not_be_seen_is_not_told(body: Any) -> None:
    assert "correctResponsesPattern" not in definition(body, "uk", right=False)
    shown = definition(body, "uk", right=True)
    assert shown.get("correctResponsesPattern", []) == right_of(body)
    if "choices" in shown and TYPES[body.kind] == "sequencing":
        ids = [each["id"] for each in shown["choices"]]
        assert ids == sorted(ids)
