"""Markdown that people write (lessons, items) as HTML that a page may hold.

CommonMark with tables by markdown-it, HTML in it shown as text, and the outcome sanitised once more by nh3, by the list
of `lms.markdown`: what comes out has no script, no style, no frame, and links only to where a browser may safely go.
Headings begin below the page's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

from lms import markdown

_TAGS: Final = markdown.TAGS | {"div", "h2"}
_ATTRIBUTES: Final = {
    **markdown.ATTRIBUTES,
    "div": {"class", "tabindex"},
    "table": {"class"},
    "td": markdown.ATTRIBUTES["td"] | {"class"},
    "th": markdown.ATTRIBUTES["th"] | {"class"},
}
_BOXES: Final = {"[ ] ": "☐ ", "[x] ": "☑ ", "[X] ": "☑ "}


def html(text: str, *, without_title: str = "") -> Markup:
    """The text as HTML; a first heading that says `without_title` is left out, since the page says it already."""
    return _html(text, without_title.strip().casefold())


@lru_cache(maxsize=512)
def _html(text: str, title: str) -> Markup:
    env: dict[str, Any] = {}
    tokens = _PARSER.parse(text, env)
    if title and len(tokens) > 2 and tokens[0].type == "heading_open" and tokens[1].content.casefold() == title:
        tokens = tokens[3:]
    _lower_headings(tokens)
    made = _PARSER.renderer.render(tokens, _PARSER.options, env)
    return Markup(  # noqa: S704 - sanitised here
        nh3.clean(
            str(made),
            tags=set(_TAGS),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            url_schemes=set(markdown.SCHEMES),
            link_rel="noopener noreferrer",
        )
    )


def _lower_headings(tokens: list[Token]) -> None:
    """The page has its own first heading: those of the text begin at the second level, and leave none out."""
    ranks = sorted({token.tag for token in tokens if token.type == "heading_open"})
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, 2 + ranks.index(token.tag))}"


def _draw_boxes(state: StateCore) -> None:
    """`- [ ] something` in a list: a box to read."""
    for before, token in zip(state.tokens, state.tokens[2:], strict=False):
        if before.type != "list_item_open" or token.type != "inline" or not token.children:
            continue
        first = token.children[0]
        if first.type == "text" and first.content[:4] in _BOXES:
            first.content = _BOXES[first.content[:4]] + first.content[4:]


def _table_open(_renderer: RendererHTML, _tokens: list[Token], _at: int, _options: Any, _env: Any) -> str:
    return '<div class="table-scroll" tabindex="0"><table class="table">'


def _table_close(_renderer: RendererHTML, _tokens: list[Token], _at: int, _options: Any, _env: Any) -> str:
    return "</table></div>"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("draw_boxes", _draw_boxes)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


_PARSER: Final = _parser()
