"""A letter's text and HTML from a pair of templates, in the reader's language."""

from __future__ import annotations

import re
from typing import Any

from web.i18n import LANGUAGES
from web.mail.letters import Desk

_MANY_EMPTY_LINES = re.compile(r"\n{3,}")


def write(desk: Desk, template: str, language: str, /, **context: Any) -> tuple[str, str]:
    """`templates/mail/<template>.txt` and `.html`, which extend the two layouts.

    They see `_`, the dates' filters, `public_url`, `now` and what is in `context`. An unknown language is Ukrainian.
    """
    language = language if language in LANGUAGES else "uk"
    context = {"now": desk.now, "public_url": desk.public_url, **context}
    text = desk.templates.render(f"mail/{template}.txt", language, context)
    html = desk.templates.render(f"mail/{template}.html", language, context)
    return _MANY_EMPTY_LINES.sub("\n\n", text).strip() + "\n", html.strip() + "\n"
