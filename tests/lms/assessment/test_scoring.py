"""What answers are worth: the vectors, and that no answer breaks anything."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.assessment import numbers, ordering
from lms.assessment.content import Choice as MatchChoice
from lms.assessment.content import (
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
    dump,
    parse,
)
from lms.assessment.scoring import after_tries, even_shares, rate, score
from lms.errors import Invalid

F = Fraction
NONE = F(0)
POLICIES = (
    "order_exact",
    "order_place",
    "order_next",
    "order_next_last",
    "order_neighbours",
    "order_all",
    "order_lcs",
    "order_run",
    "order_distance",
)


def option(id: str, share: Fraction = NONE, feedback: str = "") -> Option:
    return Option(id=id, text=id.upper(), share=share, feedback=feedback)


def several(policy: Any = "mc_sum_clamped", right: str = "ab", count: int = 5) -> MultipleChoice:
    ids = "abcdefgh"[:count]
    shares = even_shares([each in right for each in ids])
    return MultipleChoice(
        text="?", policy=policy, options=tuple(option(i, s) for i, s in zip(ids, shares, strict=True))
    )


def matching() -> Matching:
    return Matching(
        text="?",
        stems=tuple(Stem(id=f"s{n}", text=f"Stem {n}", answer=f"c{n}") for n in range(4)),
        choices=tuple(MatchChoice(id=f"c{n}", text=f"Choice {n}") for n in range(5)),
    )


def ordered(policy: Any = "order_place") -> Ordering:
    return Ordering(text="?", policy=policy, elements=tuple(Element(id=each, text=each) for each in "ABCD"))


def numeric(value: str, tolerance: str = "0", policy: Any = "num_nominal", units: Units | None = None) -> Numeric:
    answer = NumericAnswer(value=Decimal(value), tolerance=Decimal(tolerance))
    return Numeric(text="?", answers=(answer,), policy=policy, units=units)


def cloze() -> Cloze:
    return Cloze(
        text="[[a]] [[b]] [[c]]",
        blanks=(
            ChoiceBlank(id="a", weight=F(2), options=(option("x", F(1)), option("y", F(1, 2)), option("z"))),
            ShortBlank(id="b", answers=(TextAnswer(pattern="пам’ять"),)),
            NumericBlank(id="c", answers=(NumericAnswer(value=Decimal(10)),)),
        ),
    )


def essay() -> Essay:
    grades = (Grade(points=0, text="none"), Grade(points=1, text="some"), Grade(points=3, text="all"))
    return Essay(
        text="?", criteria=(Criterion(id="a", text="A", grades=grades), Criterion(id="b", text="B", grades=grades))
    )


EVERY = [
    SingleChoice(text="?", options=(option("a", F(1)), option("b", F(-1, 2)))),
    several(),
    several("mc_all_or_nothing"),
    several("mc_per_decision"),
    TrueFalse(text="?", answer=True),
    numeric("9.8", "0.1", "num_relative"),
    ShortText(text="?", answers=(TextAnswer(pattern="*архів*"), TextAnswer(pattern="*", share=F(-1)))),
    matching(),
    *(ordered(policy) for policy in POLICIES),
    cloze(),
    essay(),
]


# --- Ordering ---------------------------------------------------------------------------------------------------------

VECTORS = {
    "ABCD": "1 1 1 1 1 1 1 1 1",
    "BACD": "0 1/2 1/3 1/2 3/8 5/6 3/4 3/4 5/6",
    "ABDC": "0 1/2 1/3 1/4 3/8 5/6 3/4 3/4 5/6",
    "BCDA": "0 0 2/3 1/2 1/2 1/2 3/4 3/4 1/2",
    "DCBA": "0 0 0 0 0 0 0 0 1/3",
}


@pytest.mark.parametrize("answer", VECTORS)
def test_nine_policies_of_ordering(answer: str) -> None:
    worth = [score(ordered(policy), list(answer)).share for policy in POLICIES]
    assert worth == [F(each) for each in VECTORS[answer].split()]


def test_the_longest_ordered_subset_is_the_longest() -> None:
    def slowly(answer: tuple[int, ...]) -> int:
        best = [1] * len(answer)
        for i, value in enumerate(answer):
            best[i] = 1 + max((best[j] for j in range(i) if answer[j] < value), default=0)
        return max(best)

    for answer in permutations(range(6)):
        longest = slowly(answer)
        assert ordering.longest_ordered(answer) == F(longest if longest > 1 else 0, 6)


def test_forty_elements_take_no_time() -> None:
    assert ordering.longest_ordered(list(reversed(range(40)))) == 0


# --- Choices ----------------------------------------------------------------------------------------------------------


def test_single_choice_gives_its_share_and_costs_only_where_it_is_said() -> None:
    options = (option("a", F(1), "Так"), option("b", F(1, 3)), option("c", F(-1, 4)))
    plain = SingleChoice(text="?", options=options)
    assert score(plain, "a").share == 1
    assert score(plain, "a").feedback == ("Так",)
    assert score(plain, "b").share == F(1, 3)
    assert score(plain, "c").share == 0
    assert score(plain.model_copy(update={"policy": "sc_signed"}), "c").share == F(-1, 4)


@given(st.integers(1, 7), st.integers(1, 7))
def test_ticking_everything_earns_exactly_nothing(right: int, wrong: int) -> None:
    shares = even_shares([True] * right + [False] * wrong)
    options = tuple(option(f"o{n}", share) for n, share in enumerate(shares))
    item = MultipleChoice(text="?", options=options)
    assert score(item, [each.id for each in options]).share == 0
    assert score(item, [each.id for each in options[:right]]).share == 1


def test_multiple_choice_by_policy() -> None:
    answers = (["a", "b"], ["a"], ["a", "c"], ["c"], ["a", "b", "c"])
    worth = {
        policy: [score(several(policy), answer).share for answer in answers]
        for policy in ("mc_sum_clamped", "mc_all_or_nothing", "mc_per_decision")
    }
    assert worth["mc_sum_clamped"] == [1, F(1, 2), F(1, 6), 0, F(2, 3)]
    assert worth["mc_all_or_nothing"] == [1, 0, 0, 0, 0]
    assert worth["mc_per_decision"] == [1, F(4, 5), F(3, 5), F(2, 5), F(4, 5)]


def test_true_and_false() -> None:
    item = TrueFalse(text="?", answer=False, feedback_true="Ні", feedback_false="Так")
    assert (score(item, False).share, score(item, False).feedback) == (1, ("Так",))
    assert (score(item, True).share, score(item, True).feedback) == (0, ("Ні",))


# --- Numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "value", "tolerance", "inside", "outside"),
    [
        ("num_nominal", "10", "0.5", ("9.5", "10.5"), ("9.499999999999", "10.500000000001")),
        ("num_relative", "-200", "0.1", ("-180", "-220"), ("-179.999", "-220.001")),
        ("num_geometric", "100", "0.25", ("80", "125"), ("79.9999", "125.0001")),
        ("num_geometric", "-100", "0.25", ("-80", "-125"), ("-79.9999", "-125.0001")),
        ("num_nominal", "0.1", "0.2", ("0.3", "-0.1"), ("0.30000000000000001",)),
    ],
)
def test_three_tolerances_with_both_ends(
    policy: str, value: str, tolerance: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    item = numeric(value, tolerance, policy)
    assert [score(item, each).share for each in inside] == [1] * len(inside)
    assert [score(item, each).share for each in outside] == [0] * len(outside)


def test_the_first_interval_counts_and_a_star_catches_everything() -> None:
    item = Numeric(
        text="?",
        answers=(
            NumericAnswer(value=Decimal(10)),
            NumericAnswer(value=Decimal(10), tolerance=Decimal(1), share=F(1, 2), feedback="Майже"),
            NumericAnswer(value=None, share=F(0), feedback="Ще раз"),
        ),
    )
    assert [score(item, each).share for each in ("10", "10,5", "12", "хтозна")] == [1, F(1, 2), 0, 0]
    assert score(item, "хтозна").feedback == ("Ще раз",)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10 000", F(10000)),
        ("10 000,5", F(20001, 2)),
        ("−3,5", F(-7, 2)),
        ("1.5e3", F(1500)),
        ("1,5·10^3", F(1500)),
        (" .5 ", F(1, 2)),
        ("10'000", F(10000)),
    ],
)
def test_numbers_as_people_type_them(text: str, value: Fraction) -> None:
    assert numbers.typed(text) == (value, "")


@pytest.mark.parametrize("text", ["", "сім", "1.2.3", "1e999999999", "1e99", "9" * 101, "--5", "∞", "NaN", "1,2,3"])
def test_what_is_no_number(text: str) -> None:
    assert numbers.typed(text) is None


@pytest.mark.parametrize(
    ("penalty_of", "answer", "worth"),
    [
        ("response", "2 м", F(1)),
        ("response", "200 см", F(1)),
        ("response", "2", F(3, 4)),
        ("response", "2 кг", F(3, 4)),
        ("response", "2,5 кг", F(3, 8)),
        ("item", "2 кг", F(3, 4)),
        ("item", "2,5 кг", F(1, 4)),
        ("item", "200", F(0)),
    ],
)
def test_a_wrong_unit_costs_a_share_of_the_answer_or_of_the_item(penalty_of: Any, answer: str, worth: Fraction) -> None:
    units = Units(
        known=(Unit(name="м"), Unit(name="см", multiplier=Decimal(100))), penalty=F(1, 4), penalty_of=penalty_of
    )
    item = Numeric(
        text="?",
        units=units,
        answers=(
            NumericAnswer(value=Decimal(2)),
            NumericAnswer(value=Decimal(2), tolerance=Decimal(1), share=F(1, 2)),
        ),
    )
    assert score(item, answer).share == worth


# --- Words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("пам’ять", "  Пам'ять ", True),
        ("пам’ять", "память", False),
        ("*архів*", "Державний архів міста", True),
        ("арх*в", "архів", True),
        ("арх*в*", "архівом", True),
        ("a*a", "a", False),
        (r"5\*5", "5*5", True),
        (r"5\*5", "5x5", False),
        ("и\u0306", "й", True),
        ("два слова", "два   слова", True),
    ],
)
def test_short_answers(pattern: str, text: str, fits: bool) -> None:
    item = ShortText(text="?", answers=(TextAnswer(pattern=pattern),))
    assert score(item, text).share == int(fits)


def test_case_matters_where_it_is_said() -> None:
    item = ShortText(text="?", answers=(TextAnswer(pattern="ЦНАП"),), case_sensitive=True)
    assert (score(item, "ЦНАП").share, score(item, "цнап").share) == (1, 0)


def test_stars_upon_stars_take_no_time() -> None:
    item = ShortText(text="?", answers=(TextAnswer(pattern="*a" * 200 + "b"),))
    assert score(item, "a" * 2000).share == 0


# --- The rest ---------------------------------------------------------------------------------------------------------


def test_matching_is_right_stems_of_all_and_several_tries_cost() -> None:
    item = matching()
    half = {"s0": "c0", "s1": "c1", "s2": "c3", "s3": "c2"}
    whole = {f"s{n}": f"c{n}" for n in range(4)}
    assert score(item, half).share == F(1, 2)
    assert score(item, whole).share == 1
    # s0 and s1 right at once; s2 and s3 wrong in the first two of three tries.
    assert after_tries(item, [half, half, whole], F(1, 3)).share == (1 + 1 + F(1, 3) + F(1, 3)) / 4
    assert after_tries(item, [half, half, half, half, whole], F(1, 3)).share == F(1, 2)
    assert after_tries(item, [whole, half], F(1, 3)).share == F(1, 2)


def test_cloze_weighs_its_blanks_and_an_empty_one_is_worth_nothing() -> None:
    assert score(cloze(), {"a": "x", "b": "Пам`ять", "c": "10"}).share == 1
    assert score(cloze(), {"a": "y", "c": "10"}).share == F(1, 2)
    assert score(cloze(), {"a": "y", "b": "", "c": None}).parts == {"a": F(1, 2), "b": 0, "c": 0}


def test_an_essay_waits_for_its_reader() -> None:
    assert score(essay(), "Текст").share is None
    assert score(essay(), "  ").share == 0
    assert rate(essay(), {"a": 3, "b": 1}).share == F(4, 6)
    for ratings in ({"a": 3}, {"a": 2, "b": 1}, {"a": 3, "b": 1, "c": 0}):
        with pytest.raises(Invalid):
            rate(essay(), ratings)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["a", "b", "A", "B", "C", "D", "s0", "c0", "x", "10", "9,8", "1e400"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3) | st.sampled_from("abc"), inner),
    max_leaves=12,
)


@given(st.sampled_from(EVERY), ANYTHING)
def test_any_answer_is_worth_from_nothing_to_the_whole_or_is_refused(item: Any, answer: Any) -> None:
    try:
        worth = score(item, answer)
    except Invalid:
        return
    assert worth.share is None or 0 <= worth.share <= 1
    assert all(0 <= share <= 1 for share in worth.parts.values())


@pytest.mark.parametrize("item", EVERY, ids=lambda item: f"{item.kind}-{item.policy}")
def test_items_survive_being_stored(item: Any) -> None:
    assert parse(dump(item)) == item


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "single", "text": "?", "options": [{"id": "a", "text": "A", "share": "1"}]},
        {"kind": "single", "text": "?", "options": [{"id": i, "text": i, "share": "1/2"} for i in "ab"]},
        {"kind": "single", "text": "?", "options": [{"id": "a", "text": "A", "share": "1"}] * 2},
        {"kind": "numeric", "text": "?", "answers": [{"value": "Infinity"}]},
        {"kind": "numeric", "text": "?", "answers": [{"value": "1E+1000000"}]},
        {"kind": "numeric", "text": "?", "answers": [{"value": "1", "share": "1e999999999"}]},
        {"kind": "numeric", "text": "?", "answers": [{"value": 0.1}]},
        {"kind": "cloze", "text": "no blank", "blanks": [{"kind": "short", "id": "a", "answers": [{"pattern": "x"}]}]},
        {"kind": "matching", "text": "?", "stems": [], "choices": []},
        {"kind": "short", "text": "NUL \x00", "answers": [{"pattern": "x"}]},
        {"kind": "poem", "text": "?"},
        {"kind": "true_false", "text": "?", "answer": True, "extra": 1},
        None,
        [],
    ],
)
def test_what_is_no_item_is_refused(broken: Any) -> None:
    with pytest.raises(Invalid) as refused:
        parse(broken)
    assert refused.value.code == "item_body"
