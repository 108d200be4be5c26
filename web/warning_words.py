"""What a planner's warning says, in the reader's language."""

from __future__ import annotations

from lms.schedule.warnings import Concern, Warning
from web.i18n import mark as _
from web.i18n import translate
from web.templating import local

SENTENCES = {
    Concern.OVERLAP: _("At the same time {who} is also in {what}."),
    Concern.NO_EXPERT_BODY: _("No expert body yet."),
    Concern.NO_EXPERT: _("No expert yet."),
    Concern.NO_ADDRESS: _("{who}: no e-mail, so the personal link cannot be sent."),
    Concern.NO_TOPIC: _("No topic of its own yet."),
    Concern.ODD_HOUR: _("Outside of 7:00 to 20:00."),
    Concern.CLOCK_SKIPPED: _("Clocks skip the planned hour that day: it begins at {time}."),
    Concern.CLOCK_DOUBLED: _("Clocks show this hour twice that day: the first one is meant."),
    Concern.AGENDA_LONG: _("The agenda is {minutes} min longer than the time planned."),
    Concern.DRAFT_SOON: _("It begins within a week and is still a draft."),
    Concern.DRAFT_PAST: _("It has passed and is still a draft."),
    Concern.PARTY_AWAY: _("{who}: relocated or not working now. Check how it can take part."),
}
ANOTHER = _("another occurrence")


def sentence(language: str, warning: Warning) -> str:
    """One sentence."""
    names = warning.names_en if language == "en" else warning.names_uk
    shown = ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")
    title = warning.title_en if language == "en" and warning.title_en else warning.title
    return translate(language, SENTENCES[warning.concern]).format(
        who=shown,
        what=f"«{title}»" if title else translate(language, ANOTHER),
        time=f"{local(warning.at, warning.zone):%H:%M}" if warning.at and warning.zone else "",
        minutes=warning.minutes,
    )
