"""Markdown of authors as HTML that can do no harm: CommonMark with tables, whatever HTML stands in it sanitised.

No script, style, form, frame, event or link but http, https, mailto and tel gets through; headings begin below those of
the page that the text stands in. Pure, and bounded by the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

# The one list of what any text of an author may become; `web.markdown` adds what it writes itself around it.
TAGS: Final = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "dl", "dt", "em", "h3", "h4", "h5"),
    *(
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
    ),
    *("sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul", "var"),
}
ATTRIBUTES: Final = {
    "*": {"lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
}
SCHEMES: Final = {"http", "https", "mailto", "tel"}

_MARKDOWN = MarkdownIt("commonmark", {"html": True, "maxNesting": 30}).enable(["table", "strikethrough"])


def to_html(text: str) -> str:
    """Sanitised HTML, in blocks."""
    return sanitised(_lower_headings(_MARKDOWN.render(text))).strip()


def to_inline_html(text: str) -> str:
    """Sanitised HTML of a text that stands in a line, such as an option: without a paragraph around it."""
    html = to_html(text)
    inner = html.removeprefix("<p>").removesuffix("</p>")
    return inner if html == f"<p>{inner}</p>" and "<p>" not in inner else html


def sanitised(html: str) -> str:
    """HTML without anything that could do harm."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def never_shown(text: str) -> list[str]:
    """Names of the elements and attributes written into it that could do harm: they are taken out before it is shown.

    What stands in code (`<script>` in backticks) is text, and stays.
    """
    if "<" not in text:
        return []
    written = "".join(token.content for token in _html_of(_MARKDOWN.parse(text)))
    names = {f"<{name.lower()}>" for name in re.findall(r"<([a-zA-Z][a-zA-Z0-9-]*)", written)}
    handlers = {name.lower() for name in re.findall(r"[\s\"'/](on[a-zA-Z]{3,})\s*=", written)}
    return sorted({name for name in names if name.strip("<>") in _HARMFUL} | handlers)


_HARMFUL = {
    *("script", "style", "iframe", "frame", "object", "embed", "applet", "form", "input", "button", "textarea"),
    *("select", "link", "meta", "base", "svg", "math", "video", "audio", "template", "noscript"),
}


def _html_of(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            yield token
        yield from _html_of(token.children or ())


def _lower_headings(html: str) -> str:
    for level in (4, 3, 2, 1):
        new = min(level + 2, 6)
        html = html.replace(f"<h{level}>", f"<h{new}>").replace(f"</h{level}>", f"</h{new}>")
    return html
