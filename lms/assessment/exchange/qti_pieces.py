"""Small parts that documents of QTI 3.0 are written of. Pure."""

from __future__ import annotations

from fractions import Fraction
from html import escape
from html.parser import HTMLParser

from lms.assessment.content import Option
from lms.assessment.exchange.moodle_writing import said
from lms.assessment.exchange.parts import nearest_share
from lms.markdown import to_html, to_inline_html

_TEMPLATES = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"
_ALONE = {"br", "hr", "img"}


def set_score(value: str) -> str:
    """What sets the score to a value."""
    return (
        '<qti-set-outcome-value identifier="SCORE">'
        f'<qti-base-value base-type="float">{value}</qti-base-value></qti-set-outcome-value>'
    )


def declaration(identifier: str, cardinality: str, base: str, right: list[str], mapping: str = "") -> str:
    """Of a response, with what is right."""
    values = "".join(f"<qti-value>{escaped(each)}</qti-value>" for each in right)
    correct = f"<qti-correct-response>{values}</qti-correct-response>" if values else ""
    return (
        f'<qti-response-declaration identifier="{identifier}" cardinality="{cardinality}" base-type="{base}">'
        f"{correct}{mapping}</qti-response-declaration>"
    )


def mapping(values: list[tuple[str, Fraction]], bounds: str, changed: list[str], more: str = "") -> str:
    """What each value is worth; `bounds` and `more` are attributes of the mapping and of its entries."""
    entries = "".join(
        f'<qti-map-entry map-key="{escaped(key)}" mapped-value="{worth(share, changed)}"{more}/>'
        for key, share in values
    )
    return f'<qti-mapping default-value="0"{bounds}>{entries}</qti-mapping>'


def worth(share: Fraction, changed: list[str]) -> str:
    """A share as a decimal that reads back as the same; else `changed` says so."""
    text = f"{float(share):.12f}".rstrip("0").rstrip(".")
    if nearest_share(Fraction(text), len(text.partition(".")[2])) != share:
        changed.append(f"The share {share} was rounded to {text}.")
    return text


def processing(template: str, with_feedback: bool) -> str:
    """The standard template; written out where feedback depends on the answer."""
    if not with_feedback:
        return f'<qti-response-processing template="{_TEMPLATES}{template}.xml"/>'
    if template == "map_response":
        mapped = '<qti-map-response identifier="RESPONSE"/>'
        score = f'<qti-set-outcome-value identifier="SCORE">{mapped}</qti-set-outcome-value>'
    else:
        score = (
            "<qti-response-condition><qti-response-if>"
            '<qti-match><qti-variable identifier="RESPONSE"/><qti-correct identifier="RESPONSE"/></qti-match>'
            f"{set_score('1')}</qti-response-if><qti-response-else>{set_score('0')}</qti-response-else>"
            "</qti-response-condition>"
        )
    shown = '<qti-set-outcome-value identifier="FEEDBACK"><qti-variable identifier="RESPONSE"/></qti-set-outcome-value>'
    return f"<qti-response-processing>{score}{shown}</qti-response-processing>"


def entry(identifier: str) -> str:
    """A blank; in a paragraph of its own when it is the whole answer."""
    inner = f'<qti-text-entry-interaction response-identifier="{identifier}"/>'
    return f"<p>{inner}</p>" if identifier == "RESPONSE" else inner


def feedback(option: Option) -> str:
    """Of one option."""
    if not option.feedback:
        return ""
    return (
        f'<qti-feedback-inline outcome-identifier="FEEDBACK" show-hide="show" identifier="{option.id}"'
        f"{data(option.feedback)}>{inline(option.feedback)}</qti-feedback-inline>"
    )


def block(text: str) -> str:
    """Markdown as a block that carries its source."""
    return f"<div{data(text)}>{html_of(text)}</div>"


def data(text: str) -> str:
    """The attribute in which Markdown travels along."""
    return f' data-markdown="{escaped(text)}"'


def html_of(text: str) -> str:
    """Markdown as XHTML."""
    return _xhtml(to_html(said(text)))


def inline(text: str) -> str:
    """Markdown of a line as XHTML."""
    return _xhtml(to_inline_html(said(text)))


def _xhtml(html: str) -> str:
    """Sanitised HTML as XML: elements without content closed, everything escaped."""
    writer = _XmlWriter()
    writer.feed(html)
    writer.close()
    return "".join(writer.out)


class _XmlWriter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins, or stands alone."""
        told = "".join(f' {name}="{escaped(value or "")}"' for name, value in attrs)
        self.out.append(f"<{tag}{told}{'/' if tag in _ALONE else ''}>")

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        self.out.append("" if tag in _ALONE else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Text."""
        self.out.append(escape(data, quote=False))


def escaped(text: str) -> str:
    """For an attribute or a text; lines are kept."""
    return escape(said(text)).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
