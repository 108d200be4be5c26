"""The editor's form: rows without a script, every rule of the domain at its field, nothing lost on the way."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from starlette.datastructures import FormData

from lms.assessment import exchange
from lms.assessment.content import Body, ItemKind, Matching, MultipleChoice, SingleChoice
from lms.assessment.differences import between
from lms.assessment.drafts import digest_of
from lms.markdown import never_shown
from tests.lms.assessment.bodies import BODIES
from web.items import changes, reasons, rows, shape, words
from web.items.form import ItemTyped
from web.items.making import Maker


def made(kind: str, **values: Any) -> tuple[Body | None, dict[str, list[tuple[str, str]]]]:
    """What becomes of these values, everything else being empty."""
    told = {"text": "Що це?", "title": "", "feedback": "", **shape.empty(ItemKind(kind)), **values}
    maker = Maker(ItemKind(kind), told)
    return maker.body(), maker.faults.found


def option(text: str, right: str = "", share: str = "", one: str = "") -> rows.Row:
    return {"id": one, "text": text, "right": right, "share": share, "feedback": ""}


@given(BODIES.filter(lambda body: not any(never_shown(text) for text in _texts(body))))
@settings(max_examples=150, deadline=None)
def test_whatever_the_bank_holds_comes_back_from_its_form_as_it_was(body: Body) -> None:
    maker = Maker(body.kind, {"text": body.text, "title": body.title, "feedback": body.feedback, **shape.of_body(body)})
    again = maker.body()
    assert again == body, maker.faults.found
    assert digest_of(again) == digest_of(body), "saved unchanged, it makes no version"


def test_ticks_alone_give_the_usual_shares_and_new_options_new_names() -> None:
    body, _ = made("multiple", options=[option("а", "yes", one="a"), option(""), option("б", "yes"), option("в")])
    assert isinstance(body, MultipleChoice)
    assert [(each.id, str(each.share)) for each in body.options] == [("a", "1/2"), ("b", "1/2"), ("c", "-1")]
    single, _ = made("single", options=[option("а", "yes"), option("б", share="50"), option("в", share="-100/3")])
    assert isinstance(single, SingleChoice)
    assert [str(each.share) for each in single.options] == ["1", "1/2", "-1/3"]


def test_pairs_may_share_an_answer_and_an_answer_may_stand_alone() -> None:
    pairs = [("лист", "редактор"), ("звіт", "редактор"), ("", "браузер")]
    body, _ = made(
        "matching", pairs=[{"id": "", "text": text, "choice_id": "", "choice": choice} for text, choice in pairs]
    )
    assert isinstance(body, Matching)
    assert [stem.answer for stem in body.stems] == ["c1", "c1"]
    assert [choice.text for choice in body.choices] == ["редактор", "браузер"]


def number(value: str, tolerance: str = "") -> rows.Row:
    return {"value": value, "tolerance": tolerance, "share": "", "feedback": ""}


def criterion(*grades: tuple[str, str]) -> rows.Row:
    return {"id": "", "text": "ясно", "grades": [{"points": points, "text": text} for points, text in grades]}


CHOICE = {"id": "b1", "kind": "choice", "weight": "", "policy": "", "case_sensitive": ""}
ANSWERS = [
    {"id": "", "text": "C", "tolerance": "", "share": "100", "feedback": ""},
    {"id": "", "text": "V", "tolerance": "", "share": "", "feedback": ""},
]
FULL = CHOICE | {"answers": ANSWERS}


@pytest.mark.parametrize(
    ("kind", "values", "field", "code"),
    [
        ("single", {"text": " "}, "text", "missing"),
        ("single", {"text": "х" * 20_001}, "text", "long"),
        ("single", {"text": "<script>x</script>"}, "text", "harmful"),
        ("single", {"options": [option("а"), option("б")]}, "options", "no_tick"),
        ("single", {"options": [option("а", "yes")]}, "options", "few"),
        ("single", {"options": [option("а", "yes")] * 41}, "options", "many"),
        ("single", {"options": [option("а", share="50"), option("б", share="20")]}, "options", "none_right"),
        ("single", {"options": [option("а", "yes", "40"), option("б")]}, "options-0-share", "share_of_right"),
        ("single", {"options": [option("а", "yes", "багато"), option("б")]}, "options-0-share", "no_number"),
        ("single", {"options": [option("а", "yes", "200"), option("б")]}, "options-0-share", "share_bounds"),
        ("single", {"policy": "sc_magic", "options": [option("а", "yes"), option("б")]}, "policy", "choose"),
        ("single", {"options": [option(""), option("", "yes"), option("в")]}, "options-1-text", "missing"),
        ("multiple", {"options": [option("а", "yes", "40"), option("б", share="-5")]}, "options", "not_whole"),
        ("multiple", {"options": [option("а", "yes", "40"), option("б", "yes")]}, "options-1-share", "share_needed"),
        ("multiple", {"options": [option("а", "yes"), option("б", "", "9")]}, "options-1-share", "share_of_wrong"),
        ("true_false", {}, "answer", "choose"),
        ("numeric", {"answers": [number("пів")]}, "answers-0-value", "no_number"),
        ("numeric", {"answers": [number("5", "-1")]}, "answers-0-tolerance", "bounds"),
        ("numeric", {}, "answers", "few"),
        ("short", {"answers": [{"pattern": "Дія", "share": "50", "feedback": ""}]}, "answers", "none_right"),
        ("short", {"answers": [{"pattern": "х" * 501, "share": "", "feedback": ""}]}, "answers-0-pattern", "long"),
        ("matching", {"pairs": [{"id": "", "text": "а", "choice_id": "", "choice": ""}]}, "pairs-0-choice", "missing"),
        ("matching", {}, "pairs", "two_pairs"),
        ("ordering", {"elements": [{"id": "", "text": "а"}]}, "elements", "few"),
        ("cloze", {"blanks": [FULL]}, "text", "blank_once"),
        ("cloze", {"text": "[[b1]] [[b2]]", "blanks": [FULL]}, "text", "mark_unknown"),
        ("cloze", {"text": "[[b1]]", "blanks": [CHOICE | {"answers": ANSWERS[1:] * 2}]}, "blanks-0", "none_right"),
        ("cloze", {"text": "[[b1]]", "blanks": [FULL | {"weight": "0"}]}, "blanks-0-weight", "bounds"),
        ("cloze", {"text": "[[б 1]]", "blanks": [FULL | {"id": "б 1"}]}, "blanks-0-id", "blank_name"),
        ("essay", {"most_words": "сто"}, "most_words", "no_whole"),
        ("essay", {"criteria": [criterion(("0", "ні"), ("0", "так"))]}, "criteria-0", "twice"),
        ("essay", {"criteria": [criterion(("1", ""))]}, "criteria-0-grades-0-text", "missing"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(kind: str, values: dict[str, Any], field: str, code: str) -> None:
    body, faults = made(kind, **values)
    assert body is None
    assert code in {each for each, _ in faults.get(field, [])}, faults
    assert code in words.PROBLEMS


def test_rows_are_added_moved_and_taken_away_and_nothing_typed_is_lost() -> None:
    typed = ItemTyped.empty(ItemKind.CLOZE)
    typed.values |= {"text": "Копія: [[b1]]", "blanks": [CHOICE | {"answers": [dict(each) for each in ANSWERS]}]}
    typed.act("add:blanks")
    assert typed.focus == "blanks-1"
    assert typed.values["text"] == "Копія: [[b1]] [[b2]]"
    typed.act("add:blanks-0-answers")
    typed.act("up:blanks-0-answers-1")
    assert [each["text"] for each in typed.values["blanks"][0]["answers"]] == ["V", "C", ""]
    typed.act("remove:blanks-0-answers-2")
    again = ItemTyped.sent(FormData([("kind", "cloze"), *_sent(typed.values)]))
    assert again.values == typed.values
    for nonsense in (
        "",
        "add:",
        "add:options",
        "up:blanks-9",
        "remove:blanks-x",
        "up:blanks-0-answers-99",
        "fly:blanks-0",
    ):
        typed.act(nonsense)
        assert again.values == typed.values


def test_a_difference_is_read_word_by_word() -> None:
    body, _ = made("multiple", options=[option("так", "yes", one="a"), option("ні", one="b"), option("може", one="c")])
    other, _ = made(
        "multiple",
        text="Що це таке?",
        policy="mc_all_or_nothing",
        options=[option("ні", one="b"), option("так", "yes", one="a"), option("інше", one="d")],
    )
    assert body is not None
    assert other is not None
    told = {line.what: str(line.told) for line in changes.lines(between(body, other), "en")}
    assert told["Text"] == "Що це<ins> таке</ins>?"
    assert told["Option 3"] == "<del>може</del>"
    assert "All or nothing" in told["How it counts"]
    assert "Option: order" in told
    assert between(body, body) == []
    assert str(changes.marked("<b>", "<i>")) == "&lt;<del>b</del><ins>i</ins>&gt;"


def test_every_reason_that_files_give_is_known_to_the_pages() -> None:
    folder = Path(exchange.__file__).parent
    missing = {
        sentence
        for path in folder.glob("*.py")
        for sentence in _sentences(ast.parse(path.read_text(encoding="utf-8")))
        if path.name != "uploads.py" and sentence not in reasons.REASONS
    }
    assert missing == set()
    assert reasons.said("The share 1/3 was rounded to 33.3 %.", "en") == "The share 1/3 was rounded to 33.3 %."


def _sentences(tree: ast.AST) -> set[str]:
    """Sentences of a module that are no docstrings, `{}` for values in them."""
    nodes = list(ast.walk(tree))
    skipped = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    skipped |= {id(value) for node in nodes if isinstance(node, ast.JoinedStr) for value in node.values}
    found = set()
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            found.add("".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return {each for each in found if " " in each and each[:1].isupper() | each.startswith("{}") and each.endswith(".")}


def _sent(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """As a browser sends it."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, str):
            found.append((prefix + name, value.replace("\n", "\r\n")))
        elif name in ("levels", "audiences"):
            found += [(name, each) for each in value]
        else:
            found.append((prefix + name, str(len(value))))
            for number, row in enumerate(value):
                found += _sent(row, f"{prefix}{name}-{number}-")
    return found


def _texts(body: Body) -> list[str]:
    return [body.text, body.feedback, *(str(each) for each in _strings(body.model_dump(mode="json")))]


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [each for one in inner for each in _strings(one)]
