"""Plain text and HTML as Markdown. What Markdown cannot say stays as HTML, sanitised when it is shown. Pure."""

from __future__ import annotations

import re
from html import escape as html_escape
from html.parser import HTMLParser

from lms.markdown import sanitised

_ALWAYS = re.compile(r"[\\`*\[\]<]")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_AT_START = re.compile(r"(?m)^([ \t]*)(#{1,6}(?=\s|$)|>|[+\-](?=\s|$)|[-=]+[ \t]*$|(?:[-_*][ \t]*){3,}$|~~~)")
_NUMBERED = re.compile(r"(?m)^([ \t]*\d{1,9})([.)])(?=\s|$)")
_TABLE = re.compile(r"\|")


def from_plain(text: str) -> str:
    """Markdown that shows exactly this text, its lines kept."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    told = [from_words(line.strip()) for line in lines]
    joined = ""
    for index, line in enumerate(told):
        joined += line
        if index + 1 < len(told):
            joined += "\n" if not line or not told[index + 1] else "\\\n"
    return joined


def from_words(text: str) -> str:
    """The same for a piece of a line."""
    told = _ALWAYS.sub(lambda found: f"\\{found.group()}", text)
    told = _UNDERSCORE.sub(r"\\_", told).replace("~~", r"\~\~")
    told = _ENTITY.sub("&amp;", told)
    told = _TABLE.sub(r"\\|", told)
    told = _AT_START.sub(lambda found: f"{found.group(1)}\\{found.group(2)}", told)
    return _NUMBERED.sub(r"\1\\\2", told)


def looks_like_html(text: str) -> bool:
    """Whether there is an element in it."""
    return re.search(r"</?[a-zA-Z][a-zA-Z0-9]*(\s[^<>]*)?/?>", text) is not None


def from_html(html: str, changed: list[str]) -> str:
    """Markdown that shows what the HTML shows; what had to go is said in `changed`."""
    if re.search(r"<(script|style|iframe|object|embed|form|input|video|audio|svg|math)\b", html, re.IGNORECASE):
        changed.append("Scripts, forms, frames, media and formulas cannot be kept; they were left out.")
    elif re.search(r"\son\w+\s*=|javascript:", html, re.IGNORECASE):
        changed.append("Scripts cannot be kept; they were left out.")
    if re.search(r"<img\b[^>]*(@@PLUGINFILE@@|src=[\"']?data:)", html, re.IGNORECASE):
        changed.append("Pictures that are files of their own were left out.")
        html = re.sub(r"<img\b[^>]*(@@PLUGINFILE@@|src=[\"']?data:)[^>]*>", "", html, flags=re.IGNORECASE)
    writer = _Writer()
    writer.feed(sanitised(html))
    writer.close()
    return writer.done()


_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_BLOCKS = {"p", "div", "blockquote", "h3", "h4", "h5", "h6", "ul", "ol"}
_RAW = {"sub", "sup", "u", "kbd", "mark", "small", "table", "thead", "tbody", "tr", "th", "td", "caption", "img", "q"}


class _Writer(HTMLParser):
    """Takes sanitised HTML and writes Markdown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._lists: list[int] = []
        self._links: tuple[str, ...] = ()
        self._pre = self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A mark, a block, or the tag itself."""
        if tag in _MARKS:
            self._out.append(f"\0{_MARKS[tag]}<")
        elif tag == "br":
            self._out.append("\\\n")
        elif tag == "pre":
            self._break()
            self._out.append("```\n")
            self._pre += 1
        elif tag == "code":
            self._code += 1
            self._out.append("" if self._pre else "`")
        elif tag == "li":
            self._break("\n")
            number = self._lists[-1] if self._lists else 0
            self._out.append(f"{number}. " if number else "- ")
            if number:
                self._lists[-1] += 1
        elif tag in {"ul", "ol"}:
            self._break("\n" if self._lists else "\n\n")
            self._lists.append(1 if tag == "ol" else 0)
        elif tag in _BLOCKS:
            self._break()
            self._out.append("#" * int(tag[1]) + " " if tag[0] == "h" else "")
        elif tag == "a":
            self._out.append("[")
            self._links = (*self._links, dict(attrs).get("href") or "")
        elif tag in _RAW:
            told = "".join(f' {name}="{html_escape(value or "")}"' for name, value in attrs)
            self._out.append(f"<{tag}{told}>")

    def handle_endtag(self, tag: str) -> None:
        """The end of it."""
        if tag in _MARKS:
            self._out.append(f"\0{_MARKS[tag]}>")
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
            self._out.append("\n```\n\n")
        elif tag == "code":
            self._code = max(0, self._code - 1)
            self._out.append("" if self._pre else "`")
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
            self._break("\n" if self._lists else "\n\n")
        elif tag in _BLOCKS:
            self._break()
        elif tag == "a" and self._links:
            *rest, href = self._links
            self._links = tuple(rest)
            self._out.append(f"](<{href}>)" if href else "]")
        elif tag in _RAW and tag != "img":
            self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Words."""
        if self._pre:
            self._out.append(data)
            return
        words = re.sub(r"[ \t\r\n\f]+", " ", data)
        if not words.strip() and not self._in_line():
            return
        self._out.append(words if self._code else from_words(words))

    def _in_line(self) -> bool:
        told = "".join(self._out[-3:])
        return bool(told) and not told.endswith("\n")

    def _break(self, lines: str = "\n\n") -> None:
        if self._out:
            self._out.append(lines)

    def done(self) -> str:
        """The Markdown, blank lines tidied, marks set next to words."""
        told = "".join(self._out)
        told = re.sub(r"\0(\*\*|\*)<(\s*)", r"\2\1", told)
        told = re.sub(r"(\s*)\0(\*\*|\*)>", r"\2\1", told)
        told = re.sub(r"\*\*\*\*", "", told)
        told = re.sub(r"(?m)(?<!\\)[ \t]+$", "", told)
        told = re.sub(r"(?m)^[ ]+(?=\S)", "", told) if "```" not in told else told
        return re.sub(r"\n{3,}", "\n\n", told).strip().removesuffix("\\").rstrip()
