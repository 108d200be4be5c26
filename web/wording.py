"""Sentences for the codes with which the domain and the pages refuse something.

`lms` says no with a stable code and an English sentence; here stands what a person reads, for the catalogues.
"""

from __future__ import annotations

from web.i18n import mark as _
from web.i18n import translate

SENTENCES: dict[str, str] = {
    "address_bounced": _("Its address takes no mail. Correct the address, or lift the block first."),
    "message_over": _("This message was sent, or nobody needs it any more."),
    "message_secret_gone": _("It held a personal link, which is wiped. Make a new link."),
    "message_unknown": _("There is no such message."),
    "wrong_credentials": _("The e-mail or the password is wrong. Check both; capital letters matter in the password."),
    "sign_in_throttled": _("Too many wrong passwords. Wait a quarter of an hour, then try again."),
    "input_invalid": _("Something in it is too long, too large or not text. Correct it and send it again."),
    "pairing_limit": _("Too many devices ask for a code from your address. Wait a few minutes."),
    "pairing_code_unknown": _("No device shows this code. It may have expired: the device shows the current one."),
    "guest_link_expired": _("This personal link has expired. Ask the organiser for a new one."),
    "guest_link_revoked": _("This personal link was withdrawn. Ask the organiser for a new one."),
    "changed_meanwhile": _(
        "Somebody changed this while you were writing. Your text is kept below; look at both and save again."
    ),
    "answer_needed": _("The organiser needs an answer to this."),
    "choice_unknown": _("Choose one of the answers."),
    "question_answered": _(
        "A question that was answered already can be worded anew, but not removed or asked in another way."
    ),
    "question_invalid": _("A question has from 1 to 300 characters."),
    "question_options": _("A choice needs from 2 to 20 answers, each on its own line and at most 200 characters long."),
    "questions_many": _("At most 10 questions: people answer few."),
    "registration_none": _("Nobody has to register for this: simply come."),
    "registration_early": _("Registration has not opened yet."),
    "registration_closed": _("Registration is closed."),
    "registration_declined": _("The organiser has declined your registration. The occurrence's page says why."),
    "registration_unknown": _("There is no such registration."),
    "registration_not_pending": _("This request was decided already."),
    "registration_confirmed": _("This person has a seat. Cancel the seat if they shall not come."),
    "offer_ended": _("This offer has ended, and the seat goes to the next. You may register again."),
    "not_your_organisation": _("You can come on behalf of your own organisations only."),
    "not_your_person": _("You can register people of your own centre only."),
    "rooms_by_leads": _("A room is registered by the centre's lead or by the organiser."),
    "head_count_invalid": _("Say how many people will sit in the room: from 1 to 500."),
    "seats_invalid": _("A number of seats is from 1 to 100000; leave it empty for no bound."),
    "offer_time_invalid": _("A seat is kept from 15 minutes to 14 days."),
    "registration_window": _("Registration must close after it opens."),
    "already_live": _("It has begun already; its beginning cannot be moved."),
    "already_over": _("It is over. Plan a new one."),
    "cancelled": _("This occurrence was cancelled."),
    "duration_invalid": _("From 5 minutes to a whole day (1440)."),
    "editors_only": _("Only those who organise it may change it."),
    "email_invalid": _("This is no e-mail address. It looks like name@example.ua."),
    "email_taken": _("There is an account with this e-mail already."),
    "expires_past": _("The link would have expired already. Choose a later time."),
    "guest_limit": _("There are too many personal links. Withdraw some first."),
    "guest_link_unknown": _("This personal link is not known. Check that it was copied whole."),
    "answer_unknown": _("Answer yes, perhaps or no."),
    "invitation_unknown": _("There is no such invitation here."),
    "invitation_withdrawn": _("This invitation was withdrawn. Ask the organiser if you still want to come."),
    "nobody_chosen": _("Choose at least one person, organisation or address."),
    "nothing_ahead": _("This series has no dates ahead."),
    "too_many_targets": _("These are too many at once. Invite them in several steps."),
    "in_the_past": _("Its planned end has passed. Choose another time first."),
    "label_needed": _("Give the device a name, for example of the room in which it stands."),
    "last_administrator": _("This is the last administrator. Appoint another one first."),
    "link_expired": _("This link does not work any more. Ask for a new one."),
    "link_unknown": _("This link is not known. Check that it was copied whole."),
    "link_used": _("This link was used already. Sign in, or ask for a new one."),
    "meeting_unknown": _("There is no such meeting. Check the address."),
    "minutes_invalid": _("A point of the agenda lasts at most a day."),
    "name_needed": _("A name of at most 120 characters is needed."),
    "no_account": _("This person has no account with an e-mail."),
    "not_a_draft": _("It was published already."),
    "not_cancellable": _("It is on now, over or cancelled already. What is on can be ended."),
    "not_editable": _("It is over or cancelled, and stays as it was."),
    "not_found": _("There is no such thing here any more."),
    "not_live": _("It has not begun. Cancel it if it shall not take place."),
    "occurrence_unknown": _("There is no such occurrence, or it is not for you."),
    "organisation_unknown": _("There is no such organisation. Choose one from the list."),
    "own_account": _("You cannot close your own account. Ask another administrator."),
    "party_twice": _("An organisation stands twice with the same part. Remove one."),
    "password_long": _("A password has at most 200 characters."),
    "password_short": _("A password has at least 10 characters. Three words are easy to remember and hard to guess."),
    "password_simple": _("This password is too simple: it has too few different characters."),
    "person_unknown": _("There is no such person."),
    "reason_needed": _("Say why: the people who wanted to come will read it."),
    "speaker_unknown": _("There is no such speaker here."),
    "text_long": _("This is too long."),
    "time_invalid": _("Enter a time as hours and minutes, for example 10:00."),
    "time_skipped": _("Clocks skip this time that night, because summer time begins. Choose another hour."),
    "title_needed": _("Give it a title."),
    "too_many_rows": _("There are too many rows. Divide the occurrence in two."),
    "zone_unknown": _("There is no such time zone. Choose one from the list."),
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
    "mail_retry": _("It is sent as soon as possible."),
    "mail_knock": _("The mail server is tried again now."),
    "mail_aside": _("Put aside."),
    "bounce_lifted": _("Mail goes to this address again."),
}
"""What a page says after a form was taken, by the code in `?done=`."""


def say(language: str, code: str, detail: str) -> str:
    """The sentence for a refusal, in the person's language; `detail` where there is none."""
    return translate(language, SENTENCES.get(code, detail)) if detail else ""
