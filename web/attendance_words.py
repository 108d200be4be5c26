"""Words of attendance: verdicts, how presence is known, what an organiser should know of a sheet."""

from __future__ import annotations

from web.i18n import mark as _

VERDICTS = {
    "attended": _("Attended"),
    "partly": _("Partly"),
    "absent": _("Absent"),
}
HOW = {
    "own": _("own device"),
    "room": _("in a room"),
    "both": _("own device and in a room"),
    "": _("not connected"),
}
LISTED = {
    "confirmed": _("confirmed"),
    "vouched": _("vouched for"),
    "waiting": _("waits for confirmation"),
    "denied": _("says: was not there"),
}
SHEET_STATES = {
    "open": _("Not counted yet"),
    "computed": _("Counted, not approved"),
    "approved": _("Approved"),
}
NOTES = {
    "no_begin": _("Nobody announced the beginning in the meeting: it is counted from the planned time."),
    "no_end": _("Nobody announced the end in the meeting: it is counted until the last people were seen."),
    "no_meeting": _("Nobody was ever connected: the planned time is shown."),
    "node_died": _("The connection to the media server broke off: people count until it was last heard of."),
    "several_openings": _("The meeting was interrupted: the time between its parts counts for nobody."),
    "listed_twice": _("Somebody was listed in two rooms at the same time: that time is counted once."),
    "unconfirmed": _("Some people were listed and have not confirmed yet: they do not count until they do."),
}
HEADINGS = {
    "kind": _("Who it is"),
    "name": _("Name"),
    "organisation": _("Organisation"),
    "role": _("Role"),
    "from": _("From"),
    "to": _("To"),
    "minutes": _("Minutes"),
    "window": _("Minutes of the occurrence"),
    "share": _("Share, %"),
    "verdict": _("Result"),
    "how": _("How it is known"),
    "listed": _("Roll-call"),
    "computed_minutes": _("Minutes before the correction"),
    "computed_verdict": _("Result before the correction"),
    "correction": _("Reason of the correction"),
}
KINDS = {
    "person": _("person"),
    "guest": _("guest"),
    "named": _("named in a room"),
    "endpoint": _("endpoint"),
}
