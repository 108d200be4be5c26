"""Words of surveys of needs: the two scales, phases, and what people may wish."""

from __future__ import annotations

from web.i18n import mark as _

SKILLS = (_("Not yet"), _("With help"), _("On my own"), _("I could teach it"))
"""How well I manage now, by mark."""
NEEDS = (_("Not needed"), _("A little"), _("I need it"), _("Very much"))
"""How much I need it, by mark."""
PHASES = {
    "draft": _("Draft"),
    "waiting": _("Opens soon"),
    "open": _("Open"),
    "closed": _("Closed"),
}
WAYS = {
    "online": _("Online, with others"),
    "on_site": _("On site"),
    "mixed": _("Partly online, partly on site"),
    "own_pace": _("By myself, from recordings"),
}
PARTS_OF_DAY = {
    "morning": _("In the morning, till 11:00"),
    "noon": _("Around noon, 11:00–14:00"),
    "afternoon": _("In the afternoon, from 14:00"),
}
GROUPS = {
    "all": _("Everybody"),
    "kind": _("Kind of organisation"),
    "oblast": _("Oblast"),
    "centre": _("Organisation"),
}
STATES = {
    "asked": _("Waits for your answers"),
    "begun": _("You have begun"),
    "complete": _("You have answered"),
}
"""How far the visitor has come."""
TOO_FEW = _("Too few answers to show")
