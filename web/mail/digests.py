"""The letter that tells a follower of many dates at once, or that what they follow was moved or cancelled."""

from __future__ import annotations

from collections.abc import Sequence

from lms.schedule.following import News
from lms.schedule.plan_models import Series
from web.i18n import mark as _
from web.i18n import translate
from web.mail.events import either, page_of
from web.mail.invitations import Reader, subject
from web.mail.letters import Desk, Letter
from web.mail.writing import write

_ONE = {
    "published": _("New: %(title)s, %(when)s"),
    "moved": _("At another time: %(title)s, %(when)s"),
    "cancelled": _("Cancelled: %(title)s, %(when)s"),
}
_HEADINGS = {
    "published": _("New dates"),
    "moved": _("At another time"),
    "cancelled": _("Cancelled"),
}


def digest(desk: Desk, reader: Reader, news: Sequence[News], series: Series | None) -> Letter:
    """What is new, what takes place at another time, what does not take place; each with its page."""
    text, html = write(
        desk,
        "digest",
        reader.language,
        reader=reader,
        series=series,
        page=f"{desk.public_url}/series/{series.slug}" if series is not None and series.listed else "",
        parts=[
            (translate(reader.language, heading), [(one, page_of(desk.public_url, one.occurrence)) for one in lines])
            for what, heading in _HEADINGS.items()
            if (lines := [one for one in news if one.what == what])
        ],
        settings=f"{desk.public_url}/me/notifications",
    )
    return Letter(reader.address, _subject(reader.language, news, series), text, html, reader.name, reader.language)


def _subject(language: str, news: Sequence[News], series: Series | None) -> str:
    if len(news) == 1 or series is None:
        return subject(_ONE[news[0].what], news[0].occurrence, language)
    kinds = {one.what for one in news}
    sentence = _HEADINGS[kinds.pop()] if len(kinds) == 1 else _("News of dates")
    return f"{translate(language, sentence)}: {either(language, series.title, series.title_en)}"
