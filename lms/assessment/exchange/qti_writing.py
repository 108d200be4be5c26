"""Writing a QTI 3.0 package. Pure.

Scores are said by mappings with bounds, so that any QTI system counts as we do; what only we know (a policy of
ordering, an order that must stay) stands as a keyword of the resource in the manifest and in the report.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from lms.assessment.content import (
    ChoiceBlank,
    Cloze,
    Essay,
    Matching,
    MultipleChoice,
    Numeric,
    NumericBlank,
    Option,
    Ordering,
    ShortBlank,
    ShortText,
    SingleChoice,
    TextAnswer,
    TrueFalse,
    mark_of,
)
from lms.assessment.drafts import Stored
from lms.assessment.exchange import qti_pieces as pieces
from lms.assessment.exchange.parts import Refused, Written, options_of
from lms.assessment.exchange.qti_pieces import data, html_of, inline
from lms.assessment.exchange.qti_pieces import escaped as x
from lms.assessment.words import pieces_of

NAMESPACE = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
_SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0p1_v1p0.xsd"
_MOMENT = (2000, 1, 1, 0, 0, 0)
"""Of every member: the same items give the same file."""
_FEEDBACK = '<qti-outcome-declaration identifier="FEEDBACK" cardinality="{}" base-type="identifier"/>'
_LABELS = {"uk": ("Правильно", "Неправильно"), "en": ("True", "False")}


def write(items: Iterable[Stored]) -> tuple[bytes, list[Written]]:
    """The package, and what became of each item."""
    told: list[Written] = []
    packed = BytesIO()
    resources: list[str] = []
    with ZipFile(packed, "w", ZIP_DEFLATED) as package:
        for item in items:
            changed: list[str] = []
            try:
                document = _item(item, changed)
            except Refused as refusal:
                told.append(Written(item.code, item.body.title, refused=str(refusal)))
                continue
            path = f"items/{item.code}.xml"
            package.writestr(ZipInfo(path, _MOMENT), document.encode(), ZIP_DEFLATED)
            resources.append(_resource(item, path))
            told.append(Written(item.code, item.body.title, tuple(dict.fromkeys(changed))))
        package.writestr(ZipInfo("imsmanifest.xml", _MOMENT), _manifest(resources).encode(), ZIP_DEFLATED)
    return packed.getvalue(), told


def _manifest(resources: list[str]) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"'
        ' xmlns:lom="http://ltsc.ieee.org/xsd/LOM" identifier="MANIFEST">\n'
        "<metadata><schema>QTI Package</schema><schemaversion>3.0.1</schemaversion></metadata>\n"
        f"<organizations/>\n<resources>\n{''.join(resources)}</resources>\n</manifest>\n"
    )


def _resource(item: Stored, path: str) -> str:
    words = [str(tag) for tag in item.tags] + options_of(item.body) + [f"lang:{item.language}"]
    if isinstance(item.body, Ordering) and item.body.policy == "order_exact":
        words.remove("policy:order_exact")
    keywords = "".join(f"<lom:keyword><lom:string>{x(word)}</lom:string></lom:keyword>" for word in words)
    return (
        f'<resource identifier="R-{x(item.code)}" type="imsqti_item_xmlv3p0" href="{x(path)}">'
        f"<metadata><lom:lom><lom:general>{keywords}</lom:general></lom:lom></metadata>"
        f'<file href="{x(path)}"/></resource>\n'
    )


def _item(item: Stored, changed: list[str]) -> str:
    body = item.body
    declarations, interaction, processing = _parts(item, changed)
    outcomes = '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
    modal = ""
    if body.feedback:
        outcomes += (
            '<qti-outcome-declaration identifier="GENERAL" cardinality="single" base-type="identifier">'
            "<qti-default-value><qti-value>after</qti-value></qti-default-value></qti-outcome-declaration>"
        )
        modal = (
            '<qti-modal-feedback outcome-identifier="GENERAL" show-hide="show" identifier="after">'
            f"<qti-content-body{data(body.feedback)}>{html_of(body.feedback)}</qti-content-body>"
            "</qti-modal-feedback>"
        )
    if 'outcome-identifier="FEEDBACK"' in interaction:
        cardinality = "multiple" if isinstance(body, MultipleChoice) else "single"
        outcomes += (
            f'<qti-outcome-declaration identifier="FEEDBACK" cardinality="{cardinality}" base-type="identifier"/>'
        )
    text = interaction if isinstance(body, Cloze) else f"{pieces.block(body.text)}{interaction}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<qti-assessment-item xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="{NAMESPACE} {_SCHEMA}" identifier="{x(item.code)}"'
        f' title="{x(body.title)}" adaptive="false" time-dependent="false" xml:lang="{x(item.language)}">'
        f"{declarations}{outcomes}<qti-item-body>{text}</qti-item-body>{processing}{modal}</qti-assessment-item>\n"
    )


def _parts(item: Stored, changed: list[str]) -> tuple[str, str, str]:
    """(declarations, interaction, response processing)."""
    match item.body:
        case SingleChoice() | MultipleChoice():
            return _choice(item.body, changed)
        case TrueFalse():
            return _truth(item.body, item.language)
        case Numeric():
            return _numeric(item.body, changed)
        case ShortText():
            return _short(item.body, changed)
        case Matching():
            return _matching(item.body)
        case Ordering():
            return _ordering(item.body, changed)
        case Cloze():
            return _cloze(item.body, changed)
        case Essay():
            return _essay(item.body, changed)


def _choice(body: SingleChoice | MultipleChoice, changed: list[str]) -> tuple[str, str, str]:
    single = isinstance(body, SingleChoice)
    if body.policy == "mc_per_decision":
        changed.append("Others count by the sum of the shares; the policy is kept as a keyword.")
    right = [option.id for option in body.options if (option.share == 1 if single else option.share > 0)]
    bounds = "" if body.policy == "sc_signed" else ' lower-bound="0" upper-bound="1"'
    declaration = pieces.declaration(
        "RESPONSE",
        "single" if single else "multiple",
        "identifier",
        right,
        pieces.mapping([(option.id, option.share) for option in body.options], bounds, changed),
    )
    shuffle = "true" if body.shuffle else "false"
    choices = "".join(
        f'<qti-simple-choice identifier="{option.id}"{data(option.text)}>{inline(option.text)}'
        f"{pieces.feedback(option)}</qti-simple-choice>"
        for option in body.options
    )
    interaction = (
        f'<qti-choice-interaction response-identifier="RESPONSE" shuffle="{shuffle}" max-choices="{int(single)}">'
        f"{choices}</qti-choice-interaction>"
    )
    template = "match_correct" if body.policy == "mc_all_or_nothing" else "map_response"
    return declaration, interaction, pieces.processing(template, any(option.feedback for option in body.options))


def _truth(body: TrueFalse, language: str) -> tuple[str, str, str]:
    labels = _LABELS.get(language, _LABELS["en"])
    feedback = (body.feedback_true, body.feedback_false)
    choices = "".join(
        f'<qti-simple-choice identifier="{number}">{label}'
        f"{pieces.feedback(Option(id=number, text=label, feedback=told))}</qti-simple-choice>"
        for number, label, told in zip(("true", "false"), labels, feedback, strict=True)
    )
    interaction = (
        f'<qti-choice-interaction response-identifier="RESPONSE" shuffle="false" max-choices="1">{choices}'
        "</qti-choice-interaction>"
    )
    declaration = pieces.declaration("RESPONSE", "single", "identifier", ["true" if body.answer else "false"])
    return declaration, interaction, pieces.processing("match_correct", any(feedback))


def _numeric(body: Numeric, changed: list[str]) -> tuple[str, str, str]:
    if body.units is not None:
        raise Refused("Units cannot be said in QTI; without them answers would count differently.")
    if body.policy == "num_geometric":
        raise Refused("A geometric tolerance cannot be said in QTI.")
    if any(each.value is None and each.share for each in body.answers):
        raise Refused("An answer that catches every number and is worth something cannot be said in QTI.")
    known = [each for each in body.answers if each.value is not None]
    if any(each.feedback for each in body.answers) or len(known) < len(body.answers):
        changed.append("Feedback of single numbers was left out.")
    relative = body.policy == "num_relative"
    mode = "relative" if relative else "absolute"
    branches = ""
    for index, each in enumerate(known):
        tag = "qti-response-if" if index == 0 else "qti-response-else-if"
        width = f"{each.tolerance * 100 if relative else each.tolerance:f}"
        branches += (
            f'<{tag}><qti-equal tolerance-mode="{mode}" tolerance="{width} {width}">'
            '<qti-variable identifier="RESPONSE"/>'
            f'<qti-base-value base-type="float">{each.value:f}</qti-base-value></qti-equal>'
            f"{pieces.set_score(pieces.worth(each.share, changed))}</{tag}>"
        )
    right = next(each for each in known if each.share == 1)
    declaration = pieces.declaration("RESPONSE", "single", "float", [f"{right.value:f}"])
    processing = (
        "<qti-response-processing><qti-response-condition>"
        f"{branches}<qti-response-else>{pieces.set_score('0')}</qti-response-else>"
        "</qti-response-condition></qti-response-processing>"
    )
    return declaration, pieces.entry("RESPONSE"), processing


def _short(body: ShortText, changed: list[str]) -> tuple[str, str, str]:
    if any(each.feedback for each in body.answers):
        changed.append("Feedback of single answers was left out.")
    declaration = _words("RESPONSE", body.answers, Fraction(1), changed, case_sensitive=body.case_sensitive)
    return declaration, pieces.entry("RESPONSE"), pieces.processing("map_response", False)


def _words(
    identifier: str, answers: tuple[TextAnswer, ...], most: Fraction, changed: list[str], *, case_sensitive: bool
) -> str:
    keys = []
    for each in answers:
        parts = pieces_of(each.pattern)
        if len(parts) > 1:
            raise Refused("A pattern with a star cannot be said in QTI.")
        keys.append((parts[0], each.share * most))
    case = f' case-sensitive="{"true" if case_sensitive else "false"}"'
    right = [key for key, share in keys if share == most][:1]
    mapping = pieces.mapping(keys, f' lower-bound="0" upper-bound="{pieces.worth(most, changed)}"', changed, case)
    return pieces.declaration(identifier, "single", "string", right, mapping)


def _matching(body: Matching) -> tuple[str, str, str]:
    pairs = [f"{stem.id} {stem.answer}" for stem in body.stems]
    worth = pieces.worth(Fraction(1, len(pairs)), [])
    entries = "".join(f'<qti-map-entry map-key="{pair}" mapped-value="{worth}"/>' for pair in pairs)
    mapping = f'<qti-mapping default-value="0" lower-bound="0" upper-bound="1">{entries}</qti-mapping>'
    declaration = pieces.declaration("RESPONSE", "multiple", "directedPair", pairs, mapping)
    stems = "".join(
        f'<qti-simple-associable-choice identifier="{stem.id}" match-max="1"{data(stem.text)}>{inline(stem.text)}'
        "</qti-simple-associable-choice>"
        for stem in body.stems
    )
    choices = "".join(
        f'<qti-simple-associable-choice identifier="{choice.id}" match-max="0"{data(choice.text)}>'
        f"{inline(choice.text)}</qti-simple-associable-choice>"
        for choice in body.choices
    )
    interaction = (
        f'<qti-match-interaction response-identifier="RESPONSE" shuffle="{"true" if body.shuffle else "false"}"'
        f' max-associations="{len(pairs)}"><qti-simple-match-set>{stems}</qti-simple-match-set>'
        f"<qti-simple-match-set>{choices}</qti-simple-match-set></qti-match-interaction>"
    )
    return declaration, interaction, pieces.processing("map_response", False)


def _ordering(body: Ordering, changed: list[str]) -> tuple[str, str, str]:
    if body.policy != "order_exact":
        changed.append("Others count the order all or nothing; the policy is kept as a keyword.")
    declaration = pieces.declaration("RESPONSE", "ordered", "identifier", [element.id for element in body.elements])
    # Written in another order than the right one, so that a player that does not shuffle gives nothing away.
    shown = sorted(body.elements, key=lambda element: (element.text, element.id))
    choices = "".join(
        f'<qti-simple-choice identifier="{element.id}"{data(element.text)}>{inline(element.text)}</qti-simple-choice>'
        for element in shown
    )
    interaction = (
        f'<qti-order-interaction response-identifier="RESPONSE" shuffle="true">{choices}</qti-order-interaction>'
    )
    return declaration, interaction, pieces.processing("match_correct", False)


def _cloze(body: Cloze, changed: list[str]) -> tuple[str, str, str]:
    total = sum((blank.weight for blank in body.blanks), Fraction(0))
    declarations, places = "", {}
    for blank in body.blanks:
        most = blank.weight / total
        if isinstance(blank, ChoiceBlank):
            if any(option.feedback for option in blank.options):
                changed.append("Feedback of single blanks was left out.")
            values = [(option.id, option.share * most) for option in blank.options]
            mapping = pieces.mapping(values, f' lower-bound="0" upper-bound="{pieces.worth(most, changed)}"', changed)
            right = [option.id for option in blank.options if option.share == 1][:1]
            declarations += pieces.declaration(blank.id, "single", "identifier", right, mapping)
            choices = "".join(
                f'<qti-inline-choice identifier="{option.id}"{data(option.text)}>{inline(option.text)}'
                "</qti-inline-choice>"
                for option in blank.options
            )
            places[blank.id] = (
                f'<qti-inline-choice-interaction response-identifier="{blank.id}" shuffle="false">{choices}'
                "</qti-inline-choice-interaction>"
            )
            continue
        if any(each.feedback for each in blank.answers):
            changed.append("Feedback of single blanks was left out.")
        declarations += (
            _words(blank.id, blank.answers, most, changed, case_sensitive=blank.case_sensitive)
            if isinstance(blank, ShortBlank)
            else _numbers(blank, most, changed)
        )
        places[blank.id] = pieces.entry(blank.id)
    html = html_of(body.text)
    for number, place in places.items():
        html = html.replace(mark_of(number), place)
    sums = "".join(f'<qti-map-response identifier="{blank.id}"/>' for blank in body.blanks)
    processing = (
        '<qti-response-processing><qti-set-outcome-value identifier="SCORE">'
        f"<qti-sum>{sums}</qti-sum></qti-set-outcome-value></qti-response-processing>"
    )
    return declarations, f"<div{data(body.text)}>{html}</div>", processing


def _numbers(blank: NumericBlank, most: Fraction, changed: list[str]) -> str:
    if any(each.tolerance or each.value is None for each in blank.answers):
        raise Refused("A blank with a tolerance cannot be said in QTI.")
    values = [(f"{each.value:f}", each.share * most) for each in blank.answers]
    right = [key for key, share in values if share == most][:1]
    mapping = pieces.mapping(values, f' lower-bound="0" upper-bound="{pieces.worth(most, changed)}"', changed)
    return pieces.declaration(blank.id, "single", "float", right, mapping)


def _essay(body: Essay, changed: list[str]) -> tuple[str, str, str]:
    rubric = ""
    if body.criteria:
        changed.append("Criteria stand as a note for the reader only.")
        lines = "".join(
            f"<li>{x(criterion.text)}: "
            + x("; ".join(f"{grade.points} — {grade.text}" for grade in criterion.grades))
            + "</li>"
            for criterion in body.criteria
        )
        rubric = (
            '<qti-rubric-block use="scoring" view="scorer"><qti-content-body>'
            f"<ul>{lines}</ul></qti-content-body></qti-rubric-block>"
        )
    if body.most_words:
        changed.append("The limit of words was left out.")
    interaction = f'<qti-extended-text-interaction response-identifier="RESPONSE"/>{rubric}'
    return pieces.declaration("RESPONSE", "single", "string", []), interaction, ""
