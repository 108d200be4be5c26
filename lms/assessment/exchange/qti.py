"""Reading QTI 3.0 and 2.1/2.2: one item, or a package (zip). Names are compared without prefix, dashes and case. Pure.

Taken: choice, text entry, inline choice, match, order, extended text. Everything else is refused by name. Text that we
wrote ourselves carries its Markdown (`data-markdown`), so that it comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from io import BytesIO
from math import gcd, lcm
from typing import Any
from xml.etree.ElementTree import Element
from zipfile import BadZipFile, ZipFile, ZipInfo

from lms.assessment.content import Body, Cloze, Essay, mark_of
from lms.assessment.exchange import qti_answers as answers
from lms.assessment.exchange import xml
from lms.assessment.exchange.parts import MOST_BYTES, MOST_ITEM, MOST_ITEMS, Read, Refused, Unreadable, finished
from lms.assessment.exchange.qti_text import has, inner_markdown, name_of, text_of, within

MOST_UNPACKED = 64 * 1024 * 1024
MOST_MEMBERS = 10_000
_ZIP = b"PK\x03\x04"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_INLINE = {"textentryinteraction", "inlinechoiceinteraction"}
_INTERACTIONS = {
    "choiceinteraction",
    "textentryinteraction",
    "inlinechoiceinteraction",
    "matchinteraction",
    "orderinteraction",
    "extendedtextinteraction",
}


def read(content: bytes) -> list[Read]:
    """Every item, taken or refused. Raises `Unreadable`."""
    if not content.startswith(_ZIP):
        root = xml.read(content)
        if name_of(root) != "assessmentitem":
            raise Unreadable("xml_other", f"This is no QTI item: its root is {name_of(root)[:60]!r}.")
        return [_item(root, 1, ())]
    found = []
    for number, (name, member, tags) in enumerate(_members(content), start=1):
        if number > MOST_ITEMS:
            raise Unreadable("items_many", f"The package has more than {MOST_ITEMS} items. Divide it.")
        if member is None:
            found.append(Read(number, name, refused="The package names this file, and does not hold it."))
            continue
        try:
            root = xml.read(member)
        except Unreadable as refusal:
            found.append(Read(number, name, refused=refusal.detail))
            continue
        if name_of(root) == "assessmentitem":
            found.append(_item(root, number, tags))
        else:
            found.append(Read(number, name, refused=f"A {name_of(root)[:60]} is no item; only items are taken."))
    if not found:
        raise Unreadable("package_empty", "The package holds no QTI items.")
    return found


# --- Packages ---------------------------------------------------------------------------------------------------------


def _members(content: bytes) -> Iterator[tuple[str, bytes | None, tuple[str, ...]]]:
    """(name, content, tags) of what the manifest lists; of every XML file where there is no manifest."""
    if len(content) > MOST_BYTES:
        raise Unreadable("file_large", f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB. Divide it.")
    try:
        with ZipFile(BytesIO(content)) as packed:
            members = _checked(packed)
            manifest = next((name for name in members if name.lower() == "imsmanifest.xml"), None)
            listed: list[tuple[str, tuple[str, ...]]]
            if manifest is None:
                listed = [(name, ()) for name in sorted(members) if name.lower().endswith(".xml")]
            else:
                listed = _listed(xml.read(packed.read(members[manifest])))
            for name, tags in listed:
                yield name, packed.read(members[name]) if name in members else None, tags
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise Unreadable("package_broken", f"The package is damaged: {error}.") from None


def _checked(packed: ZipFile) -> dict[str, ZipInfo]:
    """The members by name. Nothing is ever unpacked to a folder; a name that would leave it is refused all the same."""
    infos = packed.infolist()
    if len(infos) > MOST_MEMBERS or sum(info.file_size for info in infos) > MOST_UNPACKED:
        raise Unreadable("file_large", "Unpacked, the package is too large. Divide it.")
    for info in infos:
        parts = info.filename.replace("\\", "/").split("/")
        if info.filename.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", info.filename):
            raise Unreadable("package_hostile", "The package has a file that would lie outside of it.")
    return {info.filename: info for info in infos if not info.is_dir()}


def _listed(manifest: Element) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    for resource in manifest.iter():
        if name_of(resource) != "resource" or "item" not in resource.get("type", ""):
            continue
        href = resource.get("href") or ""
        tags = tuple(xml.words(each) for keyword in within(resource, "keyword") for each in keyword if xml.words(each))
        found.append((href, tags))
    return found


# --- Items ------------------------------------------------------------------------------------------------------------


def _item(root: Element, number: int, tags: tuple[str, ...]) -> Read:
    named = [tag for tag in tags if tag.startswith(("lang:", "family:"))]
    language = next((tag.removeprefix("lang:") for tag in named if tag.startswith("lang:")), "")
    start = Read(
        line=number,
        title=(root.get("title") or "")[:300],
        code=root.get("identifier") or "",
        language=language or (root.get(_XML_LANG) or "").split("-")[0].lower(),
        tags=tuple(tag for tag in tags if tag not in named),
    )
    if len(xml.words(root)) > MOST_ITEM:
        return Read(number, start.title, start.code, refused=f"It is longer than {MOST_ITEM} characters.")
    return finished(start, lambda changed: _body(root, changed))


def _body(root: Element, changed: list[str]) -> Body:
    body = next(iter(within(root, "itembody")), None)
    if body is None:
        raise Refused("It has no body.")
    interactions = [each for each in body.iter() if name_of(each).endswith("interaction")]
    strange = [each for each in interactions if name_of(each) not in _INTERACTIONS]
    if strange:
        raise Refused(f"A {name_of(strange[0])[:60]} is not known.")
    if not interactions:
        raise Refused("It has no interaction: it asks nothing.")
    if root.get("adaptive") == "true":
        raise Refused("Adaptive items are not known.")
    for name, sentence in (
        ("object", "Media were left out."),
        ("img", "Pictures that are files of their own were left out."),
        ("stylesheet", "Style sheets were left out."),
        ("templatedeclaration", "Templates were not carried out."),
    ):
        if has(root, name):
            changed.append(sentence)
    title = (root.get("title") or "")[:300]
    inline = [each for each in interactions if name_of(each) in {"textentryinteraction", "inlinechoiceinteraction"}]
    common: dict[str, Any] = {"title": title, "feedback": _general(root, changed)}
    alone = len(interactions) == 1 and not (inline and name_of(inline[0]) == "inlinechoiceinteraction")
    if not alone and len(inline) < len(interactions):
        raise Refused("It has several interactions of which not all are blanks.")
    if alone and (not inline or _is_last(body, inline[0])):
        return _alone(root, body, interactions[0], common, changed)
    return _cloze(root, body, inline, common, changed)


def _alone(root: Element, body: Element, one: Element, common: dict[str, Any], changed: list[str]) -> Body:
    text = text_of(body, {id(one): ""}, changed)
    prompt = next(iter(within(one, "prompt")), None)
    if prompt is not None:
        told = inner_markdown(prompt, changed)
        text = f"{text}\n\n{told}".strip()
    common["text"] = text or common["title"]
    if not common["text"]:
        raise Refused("There is no question.")
    name = name_of(one)
    if name == "extendedtextinteraction":
        if has(root, "rubricblock"):
            changed.append("The rubric is not kept; write criteria.")
        return Essay(**common)
    declaration = answers.declared(root, one)
    return answers.body_of(name, root, one, declaration, common, changed)


def _cloze(root: Element, body: Element, inline: list[Element], common: dict[str, Any], changed: list[str]) -> Body:
    numbers = {id(each): f"b{index}" for index, each in enumerate(inline, start=1)}
    common["text"] = text_of(body, {key: mark_of(number) for key, number in numbers.items()}, changed)
    blanks = [answers.blank(numbers[id(each)], root, each, changed) for each in inline]
    # Weights as the smallest whole numbers: 2 and 1, not 2/3 and 1/3.
    scale = Fraction(lcm(*(blank.weight.denominator for blank in blanks)))
    scale /= gcd(*(int(blank.weight * scale) for blank in blanks))
    scaled = tuple(blank.model_copy(update={"weight": blank.weight * scale}) for blank in blanks)
    return Cloze(**common, blanks=scaled)


def _is_last(body: Element, one: Element) -> bool:
    """Whether nothing stands after an interaction: then its blank is the answer, and no part of the text."""
    after = False
    for element in body.iter():
        if element is one:
            after = True
        elif after and (element.text or "").strip():
            return False
    return not any((element.tail or "").strip() for element in _from(body, one))


def _from(body: Element, one: Element) -> Iterator[Element]:
    after = False
    for element in body.iter():
        after = after or element is one
        if after:
            yield element


def _general(root: Element, changed: list[str]) -> str:
    told = list(within(root, "modalfeedback"))
    general = [each for each in told if each.get("outcome-identifier") == "GENERAL"]
    if len(told) > len(general):
        changed.append("Feedback that depends on the score is not kept.")
    return "\n\n".join(inner_markdown(each, changed) for each in general)
