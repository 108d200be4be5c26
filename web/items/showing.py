"""What templates need to show an item: its Markdown, its answers' widgets, the names of audiences."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from lms.markdown import to_html, to_inline_html
from web.attempt_answers import cloze_html, places
from web.i18n import mark as _
from web.i18n import translate
from web.items.shape import percent
from web.items.words import POLICIES
from web.visits import Visit

AUDIENCES = {
    "citizen": _("Everybody"),
    "civil_servant": _("Civil servants"),
    "asc_staff": _("Staff of the centres"),
    "teacher": _("Teachers"),
    "doctor": _("Doctors"),
    "librarian": _("Librarians"),
    "pupil": _("Pupils"),
    "elderly": _("Elderly people"),
}


def showing(visit: Visit) -> dict[str, Any]:
    """For the context of a page."""
    word = translate(visit.language, _("Blank"))
    return {
        "block": _block,
        "line": _line,
        "places_of": places,
        "cloze": lambda shown, given, position: cloze_html(shown, given, position, word),
        "policies": POLICIES,
        "per_cent": percent,
        "audience_names": AUDIENCES,
    }


def _block(text: str) -> Markup:
    """Markdown, sanitised."""
    return Markup(to_html(text))  # noqa: S704 - sanitised by lms.markdown


def _line(text: str) -> Markup:
    """Markdown of a line, sanitised."""
    return Markup(to_inline_html(text))  # noqa: S704 - sanitised by lms.markdown
