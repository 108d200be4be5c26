"""Sentences for the codes with which the domain and the pages refuse something.

`lms` says no with a stable code and an English sentence; here stands what a person reads, for the catalogues.
"""

from __future__ import annotations

from web.i18n import mark as _
from web.i18n import translate

SENTENCES: dict[str, str] = {
    "wrong_credentials": _("The e-mail or the password is wrong. Check both; capital letters matter in the password."),
    "sign_in_throttled": _("Too many wrong passwords. Wait a quarter of an hour, then try again."),
    "pairing_limit": _("Too many devices ask for a code from your address. Wait a few minutes."),
    "pairing_code_unknown": _("No device shows this code. It may have expired: the device shows the current one."),
    "guest_link_expired": _("This personal link has expired. Ask the organiser for a new one."),
    "guest_link_revoked": _("This personal link was withdrawn. Ask the organiser for a new one."),
    "changed_meanwhile": _(
        "Somebody changed this while you were writing. Your text is kept below; look at both and save again."
    ),
    "internal": "",
}
"""By code. A code that is missing here is shown with the sentence that came with it."""

NOTICES: dict[str, str] = {
    "signed_out": _("You have signed out."),
    "welcome": _("Your account is ready, and you are signed in."),
    "password_set": _("The password is set. Sign in with it."),
    "created": _("The draft is saved. Nobody sees it until you publish it."),
    "saved": _("Saved."),
    "published": _("Published: it is in the schedule now."),
    "started": _("It has begun."),
    "ended": _("It has ended, for everybody."),
    "cancelled": _("Cancelled. Those who open the page read your reason."),
    "guest_revoked": _("The personal link is withdrawn."),
    "paired": _("The device is connected. It shows the day's occurrences in a few seconds."),
    "revoked": _("The device is disconnected."),
}
"""What a page says after a form was taken, by the code in `?done=`."""


def say(language: str, code: str, detail: str) -> str:
    """The sentence for a refusal, in the person's language; `detail` where there is none."""
    sentence = SENTENCES.get(code, detail)
    return translate(language, sentence) if sentence else ""
