"""Words for attempts at tests and what happens in them."""

from __future__ import annotations

from lms.assessment.attempts.states import AttemptState
from web.i18n import mark as _

STATES = {
    AttemptState.IN_PROGRESS: _("under way"),
    AttemptState.OVERDUE: _("time is over"),
    AttemptState.SUBMITTED: _("handed in, waits for its reader"),
    AttemptState.AUTO_SUBMITTED: _("ended by the clock, waits for its reader"),
    AttemptState.ABANDONED: _("nothing answered"),
    AttemptState.GRADED: _("judged"),
    AttemptState.REGRADED: _("judged anew"),
    AttemptState.VOIDED: _("does not count"),
}
EVENTS = {
    "began": _("Began"),
    "supervised": _("Taken in a class, under the facilitator’s eyes"),
    "opened": _("Opened in a browser"),
    "taken_over": _("Went on in another window or on another device"),
    "came_back": _("Came back after a break in the connection"),
    "deadline_moved": _("The end was moved"),
    "time_over": _("Ended by the clock"),
    "submitted": _("Handed in"),
    "late_accepted": _("Late answers accepted"),
    "late_refused": _("Late answers not accepted"),
}
HOWS = {
    "full": _("Everybody gets its whole point"),
    "left_out": _("It counts for nobody"),
    "key": _("Answers are scored by another version’s key"),
    "as_asked": _("Nothing is wrong with it: it counts as it was asked"),
}
BYS = {
    "oblast": _("by oblast"),
    "kind": _("by kind of organisation"),
    "organisation": _("by organisation"),
    "audience": _("by audience"),
    "month": _("by month"),
    "year": _("by year"),
    "age": _("by age"),
    "sex": _("women and men"),
    "settlement": _("town and village"),
}
BACKGROUND = {
    "age_band": {
        "under_18": _("under 18"),
        "18_29": _("18 to 29"),
        "30_44": _("30 to 44"),
        "45_59": _("45 to 59"),
        "60_over": _("60 and older"),
    },
    "sex": {"female": _("woman"), "male": _("man")},
    "settlement": {"town": _("in a town"), "village": _("in a village")},
}
