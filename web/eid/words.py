"""What people read of electronic identities: why somebody was not signed in, and how who they are was shown."""

from __future__ import annotations

from web.i18n import mark as _

SENTENCES: dict[str, str] = {
    "eid_unavailable": _(
        "The sign-in service does not answer now. Try again in a few minutes, or sign in with your password."
    ),
    "eid_cancelled": _("You stopped at the sign-in service, so nobody was signed in. Nothing has changed."),
    "eid_refused": _(
        "The sign-in service refused our request. Sign in with your password; if it happens again, tell an "
        "administrator."
    ),
    "eid_state": _(
        "This answer does not belong to a sign-in that was begun in this browser. Begin again with the button below."
    ),
    "eid_expired": _("It took too long, and what was confirmed has expired. Begin again."),
    "eid_used": _("This confirmation was used already: each works once. Begin again."),
    "eid_code": _("The sign-in service does not take this confirmation any more: each works once. Begin again."),
    "eid_answer": _(
        "The answer of the sign-in service could not be checked, so nobody was signed in. Try again; if it happens "
        "again, tell an administrator."
    ),
    "eid_clock": _(
        "The clock of this server and that of the sign-in service differ, so nobody was signed in. Tell an "
        "administrator."
    ),
    "eid_encrypted": _(
        "The sign-in service answers with an encrypted message that this site cannot open. Sign in with your password, "
        "and tell an administrator."
    ),
    "eid_disabled": _("Your account is disabled. Ask an administrator."),
    "eid_taken": _(
        "This identity is linked to another account already. Sign in with that one, or ask an administrator whether "
        "you were entered twice."
    ),
    "eid_other_number": _(
        "Another tax number belongs to this account: this identity seems to be another person’s. Nothing was linked."
    ),
    "eid_last": _("This is your only way to sign in. Get a password or link another identity first."),
    "eid_unknown": _("There is no such identity any more."),
    "eid_no_service": _("There is no such sign-in service here."),
}

METHODS: dict[str, str] = {
    "dig_sign": _("electronic signature"),
    "bank_id": _("BankID"),
    "diia_id": _("Diia.Signature"),
}
"""Names of the methods that we know; others are shown by nothing."""
