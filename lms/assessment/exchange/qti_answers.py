"""What is right in a QTI item, of its declarations and its response processing. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from lms.assessment.content import (
    Blank,
    Body,
    ChoiceBlank,
    Numeric,
    NumericBlank,
    Option,
    Ordering,
    ShortBlank,
    ShortText,
    TextAnswer,
    TrueFalse,
)
from lms.assessment.content import (
    Element as OrderElement,
)
from lms.assessment.exchange import xml
from lms.assessment.exchange.parts import (
    Answer,
    Refused,
    choice_body,
    decimal_of,
    letter,
    matching_body,
    nearest_share,
    numeric_answers,
    short_body,
)
from lms.assessment.exchange.qti_text import attribute, has, inner_markdown, name_of, within


def declared(root: Element, interaction: Element) -> Element:
    """The declaration of an interaction's response. Raises `Refused`."""
    wanted = attribute(interaction, "responseidentifier")
    for each in within(root, "responsedeclaration"):
        if each.get("identifier") == wanted:
            return each
    raise Refused(f"The response {wanted[:40]!r} is not declared.")


def correct(declaration: Element) -> list[str]:
    """The right values, in their order."""
    holder = next(within(declaration, "correctresponse"), None)
    return [xml.words(each) for each in within(holder, "value")] if holder is not None else []


def mapped(declaration: Element) -> dict[str, Fraction]:
    """What each value is worth by the mapping."""
    return {attribute(each, "mapkey"): worth(each) for each in within(declaration, "mapentry")}


def worth(entry: Element) -> Fraction:
    """The value of one entry."""
    told = attribute(entry, "mappedvalue", "0")
    return nearest_share(Fraction(decimal_of(told)), len(told.partition(".")[2]))


def uses(root: Element, name: str) -> bool:
    """Whether the response processing works by `match_correct` or `map_response`, as template or written out."""
    processing = next(within(root, "responseprocessing"), None)
    if processing is None:
        return False
    template = processing.get("template") or ""
    plain = name.replace("_", "")
    rule = "match" if name == "match_correct" else plain
    return name in template or has(processing, rule)


def body_of(
    name: str, root: Element, one: Element, declaration: Element, common: dict[str, Any], changed: list[str]
) -> Body:
    """The body of an item with one interaction. Raises `Refused`."""
    match name:
        case "choiceinteraction":
            return _choice(root, one, declaration, common, changed)
        case "matchinteraction":
            return _match(one, declaration, common, changed)
        case "orderinteraction":
            return _order(one, declaration, common, changed)
        case _:
            return _entry(root, declaration, common, changed)


def _choice(root: Element, one: Element, declaration: Element, common: dict[str, Any], changed: list[str]) -> Body:
    choices = list(within(one, "simplechoice"))
    right, values = set(correct(declaration)), mapped(declaration)
    by_map = bool(values) and (uses(root, "map_response") or not right)
    single = declaration.get("cardinality", "single") == "single"
    keys = [each.get("identifier", "") for each in choices]
    shares: list[Fraction | None] = [None] * len(choices)
    if by_map:
        shares = [*_scaled(declaration, keys, single=single)]
    if {each.get("identifier", "").lower() for each in choices} == {"true", "false"}:
        return _truth(choices, right or {key for key, value in values.items() if value > 0}, common, changed)
    found = []
    for each, share in zip(choices, shares, strict=True):
        is_right = each.get("identifier", "") in right
        told = share if share is not None else _even(is_right, len(right), len(choices), single=single)
        found.append(Answer(_shown(each, changed), told, _feedback(each, changed)))
    shuffle = attribute(one, "shuffle", "false") == "true"
    body = choice_body(common, found, single=single, changed=changed, shuffle=shuffle)
    if not single and not by_map:
        return body.model_copy(update={"policy": "mc_all_or_nothing"})
    return body


def _even(is_right: bool, right: int, count: int, *, single: bool) -> Fraction:
    if is_right:
        return Fraction(1) if single else Fraction(1, max(1, right))
    return Fraction(0) if single or count == right else Fraction(-1, count - right)


def _scaled(declaration: Element, keys: list[str], *, single: bool) -> list[Fraction]:
    """Mapped values as shares of what can be earned: an item of several points is worth one here."""
    values = mapped(declaration)
    mapping = next(within(declaration, "mapping"))
    otherwise = Fraction(decimal_of(attribute(mapping, "defaultvalue", "0")))
    found = [values.get(key, otherwise) for key in keys]
    right = [value for value in found if value > 0]
    upper = Fraction(decimal_of(attribute(mapping, "upperbound", "0")))
    most = (max(right) if single else upper if upper > 0 else sum(right, Fraction(0))) if right else Fraction(1)
    return [min(max(value / most, Fraction(-1)), Fraction(1)) for value in found]


def _truth(choices: list[Element], right: set[str], common: dict[str, Any], changed: list[str]) -> Body:
    feedback = {each.get("identifier", "").lower(): _feedback(each, changed) for each in choices}
    return TrueFalse(
        **common,
        answer="true" in {each.lower() for each in right},
        feedback_true=feedback["true"],
        feedback_false=feedback["false"],
    )


def _match(one: Element, declaration: Element, common: dict[str, Any], changed: list[str]) -> Body:
    sets = list(within(one, "simplematchset"))
    if len(sets) != 2:
        raise Refused("Matching needs two sets.")
    stems, choices = (
        {each.get("identifier", ""): _shown(each, changed) for each in within(one_set, "simpleassociablechoice")}
        for one_set in sets
    )
    pairs = [key.split() for key in (correct(declaration) or mapped(declaration))]
    beside: dict[str, str] = {}
    for pair in pairs:
        if len(pair) != 2 or pair[0] not in stems or pair[1] not in choices:
            raise Refused("A right pair names something that is not there.")
        if pair[0] in beside:
            raise Refused("A stem with several right answers is not known.")
        beside[pair[0]] = choices[pair[1]]
    if set(beside) != set(stems):
        raise Refused("A stem has no right answer.")
    found = [(text, beside[number]) for number, text in stems.items()]
    found += [("", text) for text in choices.values() if text not in beside.values()]
    return matching_body(common, found, shuffle=attribute(one, "shuffle", "false") == "true")


def _order(one: Element, declaration: Element, common: dict[str, Any], changed: list[str]) -> Body:
    texts = {each.get("identifier", ""): _shown(each, changed) for each in within(one, "simplechoice")}
    right = correct(declaration)
    if sorted(right) != sorted(texts):
        raise Refused("The right order does not name every element once.")
    elements = tuple(OrderElement(id=letter(index), text=texts[each]) for index, each in enumerate(right))
    return Ordering(**common, policy="order_exact", elements=elements)


def _entry(root: Element, declaration: Element, common: dict[str, Any], changed: list[str]) -> Body:
    if attribute(declaration, "basetype") in {"float", "integer"}:
        found, policy = _numbers(root, declaration)
        return Numeric(**common, answers=numeric_answers(found), policy=policy)  # type: ignore[arg-type]
    entries, case = _entries(declaration, changed)
    body = short_body(common, entries, case_sensitive=case)
    assert isinstance(body, ShortText)
    return body


def _entries(declaration: Element, changed: list[str]) -> tuple[list[Answer], bool]:
    """Right texts with their shares, and whether capital letters matter. Stars are stars."""
    entries = list(within(declaration, "mapentry"))
    most = max((worth(each) for each in entries), default=Fraction(1)) or Fraction(1)
    found = [Answer(_literal(attribute(each, "mapkey")), worth(each) / most) for each in entries]
    if not found:
        return [Answer(_literal(each), Fraction(1)) for each in correct(declaration)], True
    cases = {attribute(each, "casesensitive", "true" if not _is_three(declaration) else "false") for each in entries}
    if len(cases) > 1:
        changed.append("Capital letters matter for some answers only; now they matter for all.")
    return found, "true" in cases


def _is_three(element: Element) -> bool:
    return "imsqtiasi_v3p0" in str(element.tag)


def _literal(text: str) -> str:
    return re.sub(r"\\(?=[\\*])|\*", lambda found: f"\\{found.group()}", text)


def _numbers(root: Element, declaration: Element) -> tuple[list[Answer], str]:
    """Numbers by equations in the response processing, else by the mapping, else by what is correct."""
    identifier = declaration.get("identifier", "")
    found: list[Answer] = []
    policy = "num_nominal"
    for branch in root.iter():
        if name_of(branch) not in {"responseif", "responseelseif"}:
            continue
        equal = next((each for each in branch if name_of(each) == "equal"), None)
        if equal is None or not any(each.get("identifier") == identifier for each in within(equal, "variable")):
            continue
        value, width, mode = _equation(equal)
        if mode == "relative":
            policy = "num_relative"
        found.append(Answer(value, _set_score(branch), "", width))
    if not found:
        found = [Answer(key, value) for key, value in mapped(declaration).items()]
    if not found:
        found = [Answer(value, Fraction(1)) for value in correct(declaration)]
    most = max((each.share for each in found), default=Fraction(1))
    if most > 1:
        found = [Answer(each.text, each.share / most, each.feedback, each.tolerance) for each in found]
    return found, policy


def _equation(equal: Element) -> tuple[str, Decimal, str]:
    value = xml.words(next(within(equal, "basevalue"), None)) or next(
        (each for variable in within(equal, "correct") for each in [variable.get("identifier", "")]), ""
    )
    widths = [decimal_of(each) for each in attribute(equal, "tolerance", "0").split()] or [Decimal(0)]
    if len(set(widths)) > 1:
        raise Refused("A tolerance that differs below and above is not known.")
    mode = attribute(equal, "tolerancemode", "exact")
    if mode == "relative":
        return value, widths[0] / 100, mode  # QTI counts in per cent
    return value, widths[0] if mode == "absolute" else Decimal(0), mode


def _set_score(branch: Element) -> Fraction:
    for each in branch:
        if name_of(each) == "setoutcomevalue" and each.get("identifier") == "SCORE":
            told = xml.words(each)
            return nearest_share(Fraction(decimal_of(told)), len(told.partition(".")[2]))
    return Fraction(1)


def blank(number: str, root: Element, one: Element, changed: list[str]) -> Blank:
    """One of several interactions in a text. Raises `Refused`."""
    declaration = declared(root, one)
    values = mapped(declaration)
    most = max(values.values(), default=Fraction(1)) or Fraction(1)
    common: dict[str, Any] = {"id": number, "weight": most}
    if name_of(one) == "inlinechoiceinteraction":
        right = set(correct(declaration))
        options = tuple(
            Option(
                id=letter(index),
                text=_shown(each, changed),
                share=values.get(each.get("identifier", ""), Fraction(0)) / most
                if values
                else Fraction(int(each.get("identifier", "") in right)),
                feedback=_feedback(each, changed),
            )
            for index, each in enumerate(within(one, "inlinechoice"))
        )
        return ChoiceBlank(**common, options=options)
    if attribute(declaration, "basetype") in {"float", "integer"}:
        found = [Answer(key, value / most) for key, value in values.items()]
        found = found or [Answer(value, Fraction(1)) for value in correct(declaration)]
        return NumericBlank(**common, answers=numeric_answers(found))
    entries, case = _entries(declaration, changed)
    patterns = tuple(TextAnswer(pattern=each.text, share=each.share) for each in entries)
    return ShortBlank(**common, answers=patterns, case_sensitive=case)


def _shown(element: Element, changed: list[str]) -> str:
    return inner_markdown(element, changed)


def _feedback(element: Element, changed: list[str]) -> str:
    told = [each for each in element.iter() if name_of(each) in {"feedbackinline", "feedbackblock"}]
    return "\n\n".join(inner_markdown(each, changed) for each in told)
