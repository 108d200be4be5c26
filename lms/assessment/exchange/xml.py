"""XML that may be hostile: no DTD, no entities, nothing from outside, bounded size and depth; lines are known. Pure."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import XMLParser

from lms.assessment.exchange.parts import MOST_BYTES, Unreadable

MOST_DEPTH = 100
MOST_ELEMENTS = 500_000


class Placed(Element):
    """An element that knows its line."""

    line = 0


class _Builder(TreeBuilder):
    def __init__(self) -> None:
        super().__init__(element_factory=Placed)
        self.expat: Any = None
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """An element begins."""
        self._depth += 1
        self._count += 1
        if self._depth > MOST_DEPTH or self._count > MOST_ELEMENTS:
            raise Unreadable("xml_deep", "The document is nested too deeply or has too many elements.")
        made = super().start(tag, attrs)
        if isinstance(made, Placed):
            made.line = self.expat.CurrentLineNumber
        return made

    def end(self, tag: str, /) -> Element:
        """An element ends."""
        self._depth -= 1
        return super().end(tag)


def read(content: bytes) -> Element:
    """The root. Raises `Unreadable`: file_large, xml_hostile, xml_broken, xml_deep."""
    if len(content) > MOST_BYTES:
        raise Unreadable("file_large", f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB. Divide it.")
    builder = _Builder()
    parser = XMLParser(target=builder, forbid_dtd=True)
    builder.expat = parser.parser
    try:
        parser.feed(content)
        root: Element = parser.close()
    except DefusedXmlException:
        raise Unreadable(
            "xml_hostile", "The document defines entities or a document type; such documents are not read."
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        place = getattr(error, "position", (None, 0))[0]
        raise Unreadable("xml_broken", f"This is no well-formed XML: {error}.", place) from None
    return root


def line_of(element: Element) -> int:
    """Where it begins."""
    return element.line if isinstance(element, Placed) else 0


def words(element: Element | None) -> str:
    """All text in it, without blanks around."""
    return "".join(element.itertext()).strip() if element is not None else ""
