"""Names and texts of QTI documents: HTML with interactions in it, as Markdown with marks in their places. Pure."""

from __future__ import annotations

import copy
import html as entities
import re
from collections.abc import Iterator
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

from lms.assessment.exchange import rich
from lms.markdown import to_html


def name_of(element: Element) -> str:
    """`qti-choice-interaction` and `choiceInteraction` are both `choiceinteraction`."""
    return _name(str(element.tag))


@lru_cache(maxsize=1_000)  # names that a file makes up are no reason to grow
def _name(tag: str) -> str:
    """Asked for every element again and again."""
    return tag.rpartition("}")[2].lower().removeprefix("qti-").replace("-", "")


def within(element: Element, name: str) -> Iterator[Element]:
    """Every element of this name in it."""
    return (each for each in element.iter() if name_of(each) == name)


def has(element: Element, name: str) -> bool:
    """Whether there is such an element in it. (An element without children counts as false by itself.)"""
    return next(within(element, name), None) is not None


def attribute(element: Element, name: str, otherwise: str = "") -> str:
    """An attribute by its name without dashes: `responseidentifier`."""
    for key, value in element.attrib.items():
        if key.lower().replace("-", "") == name:
            return value
    return otherwise


_PLAIN = re.compile(r"[^\W\d_][\w ,.?!:;()%/«»“”„’—–…-]*")
"""A line in which Markdown marks nothing: it need not be rendered to be compared."""
_TOKEN = "zzblank{}zz"  # noqa: S105 - a word that neither HTML nor Markdown touches


def text_of(body: Element, marks: dict[int, str], changed: list[str]) -> str:
    """The body as Markdown, with a mark in the place of each interaction."""
    source = next((each for each in body.iter() if each.get("data-markdown")), None)
    told = list(marks.values())
    order = [each for each in body.iter() if id(each) in marks]
    plain = copy.deepcopy(body)
    _without(plain, {"rubricblock", "stylesheet"})
    places = [each for each in plain.iter() if name_of(each).endswith("interaction")]
    for index, (place, original) in enumerate(zip(places, order, strict=True)):
        tail = place.tail
        place.clear()
        place.tag, place.tail = "span", tail
        place.text = _TOKEN.format(index) if marks[id(original)] else ""
    if source is not None:
        written = source.get("data-markdown") or ""
        if _shows(written, plain, told):
            return written
    text = rich.from_html(_html(plain), changed)
    for index, original in enumerate(order):
        text = text.replace(_TOKEN.format(index), marks[id(original)])
    return text.strip()


def _shows(written: str, plain: Element, marks: list[str]) -> bool:
    """Whether Markdown that came along says what the document shows: else the document counts."""
    for index, mark in enumerate(marks):
        if mark:
            written = written.replace(mark, _TOKEN.format(index))
    told = "".join(written.split()) if _PLAIN.fullmatch(written) else _letters(to_html(written))
    return told == _letters(_html(plain))


def _letters(html: str) -> str:
    return re.sub(r"\s+", "", entities.unescape(re.sub(r"<[^<>]*>", "", html)))


def inner_markdown(element: Element, changed: list[str]) -> str:
    """What stands in an element, as Markdown, without feedback that stands in it."""
    source = element.get("data-markdown")
    plain = copy.deepcopy(element)
    _without(plain, {"feedbackinline", "feedbackblock"})
    source = source or next((each.get("data-markdown") for each in within(plain, "contentbody")), None)
    if source and _shows(source, plain, []):
        return source
    return rich.from_html(_html(plain), changed)


def _without(element: Element, names: set[str]) -> None:
    """Take such elements out; text after them stays."""
    for parent in list(element.iter()):
        before: Element | None = None
        for child in list(parent):
            if name_of(child) not in names:
                before = child
                continue
            tail = child.tail or ""
            if before is None:
                parent.text = (parent.text or "") + tail
            else:
                before.tail = (before.tail or "") + tail
            parent.remove(child)


def _html(element: Element) -> str:
    """Its content as HTML: without namespaces and without the element itself."""
    for each in element.iter():
        each.tag = str(each.tag).rpartition("}")[2]
        for key in [key for key in each.attrib if key.startswith("{") or key == "data-markdown"]:
            del each.attrib[key]
    told = tostring(element, encoding="unicode", short_empty_elements=True)
    return re.sub(r"^<[^>]*>|</[^>]*>\s*$", "", told).strip()
