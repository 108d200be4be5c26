"""What protects people, in sentences: the same on the page of an occurrence, before its door and in its settings."""

from __future__ import annotations

from lms.schedule.protection import Protection
from lms.schedule.protection_models import Keeping
from web.i18n import mark as _

KEEPING: dict[str, str] = {
    Keeping.ALLOWED: _("May be recorded and streamed"),
    Keeping.VOICES: _("Voices and slides only: no cameras, no names of participants"),
    Keeping.NEVER: _("Never recorded, never streamed"),
}
SAID = {
    Keeping.VOICES: _(
        "If it is recorded or streamed, only voices and what is shown are kept: no cameras, no names of participants."
    ),
    Keeping.NEVER: _("It is not recorded and not streamed; nobody can switch that on."),
}


def sentences(protection: Protection) -> list[str]:
    """What everybody is told before they come in. To be translated."""
    told = []
    if protection.hide_names:
        told.append(
            _(
                "Participants do not see each other’s names, only “Participant” and a number. "
                "Hosts and moderators know who is there, and attendance is counted as always."
            )
        )
    if protection.keeping in SAID:
        told.append(SAID[protection.keeping])
    if protection.held and protection.keeping is not Keeping.NEVER:
        told.append(_("A recording is published only when an organiser has looked at it and released it."))
    return told
