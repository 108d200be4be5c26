"""Names of kinds, roles and states, as people read them."""

from __future__ import annotations

from web.i18n import mark as _
from web.i18n import translate

ITEM_KINDS = {
    "single": _("one right answer"),
    "multiple": _("several right answers"),
    "true_false": _("true or false"),
    "numeric": _("number"),
    "short": _("short answer"),
    "matching": _("matching"),
    "ordering": _("putting in order"),
    "cloze": _("blanks in a text"),
    "essay": _("essay"),
}
ITEM_STATES = {
    "draft": _("draft"),
    "offered": _("waits for review"),
    "reviewed": _("reviewed"),
    "usable": _("in use"),
    "replaced": _("replaced"),
    "withdrawn": _("withdrawn"),
}
ITEM_LANGUAGES = {"uk": _("Ukrainian"), "en": _("English")}
ROADMAP_STATES = {"active": _("under way"), "done": _("carried out"), "dropped": _("given up")}
STEP_STATES = {
    "planned": _("planned"),
    "under_way": _("under way"),
    "done": _("done"),
    "dropped": _("dropped"),
}
KINDS = {
    "consultation": _("Consultation"),
    "webinar": _("Webinar"),
    "training": _("Training"),
    "exchange": _("Exchange of experience"),
    "cross_training": _("Cross-training"),
    "meeting": _("Meeting"),
}
STATES = {
    "draft": _("Draft"),
    "published": _("Planned"),
    "moved": _("Moved"),
    "live": _("On now"),
    "ended": _("Ended"),
    "cancelled": _("Cancelled"),
    "archived": _("Archived"),
}
ACCESS = {
    "network": _("The network's people and endpoints"),
    "link": _("Whoever has the link"),
    "open": _("Anyone, by name"),
}
MODES = {
    "online": _("Online"),
    "mixed": _("Online and at a venue"),
    "on_site": _("At a venue"),
}
AGENDA_KINDS = {
    "talk": _("Talk"),
    "demonstration": _("Demonstration"),
    "questions": _("Questions"),
    "group_work": _("Group work"),
    "test": _("Test"),
    "break": _("Break"),
}
PARTS = {
    "organiser": _("Organiser"),
    "expert_body": _("Expert body"),
    "supporter": _("Supporter"),
    "funder": _("Funder"),
    "participant": _("Participant"),
}
ROLES = {
    "host": _("Host"),
    "moderator": _("Moderator"),
    "presenter": _("Presenter"),
    "participant": _("Participant"),
    "interpreter": _("Interpreter"),
    "captioner": _("Captioner"),
    "viewer": _("Viewer"),
}
ORGANISATION_GROUPS = {
    "asc": _("Administrative Service Centres"),
    "ministry": _("Ministries and central bodies"),
    "state_enterprise": _("State enterprises"),
    "association": _("Associations"),
    "project": _("Projects"),
    "library": _("Libraries"),
    "training_centre": _("Training centres"),
}
ORGANISATION_KINDS = {
    "asc": _("Administrative Service Centre"),
    "ministry": _("Ministry or central body"),
    "state_enterprise": _("State enterprise"),
    "association": _("Association"),
    "project": _("Project"),
    "library": _("Library"),
    "training_centre": _("Training centre"),
}
ORGANISATION_STATES = {
    "active": _("Works"),
    "suspended": _("Suspended"),
    "relocated": _("Works from another town"),
    "closed": _("Closed"),
}
SCOPES = {
    "network": _("the whole network"),
    "organisation": _("organisation"),
    "programme": _("programme"),
    "series": _("series"),
    "occurrence": _("occurrence"),
}
CHANNELS = {
    "email": _("E-mail"),
    "phone": _("Telephone"),
    "messenger": _("Messenger"),
}
SYSTEM_ROLES = {
    "administrator": _("Administrator"),
    "organiser": _("Organiser"),
    "centre_lead": _("Centre lead"),
    "trainer": _("Trainer"),
    "item_reviewer": _("Reviewer of test items"),
    "programme_manager": _("Programme manager"),
    "certifier": _("Certifier"),
    "data_importer": _("Data importer"),
    "data_protection_officer": _("Data-protection officer"),
    "auditor": _("Auditor"),
    "operator": _("Operator"),
    "api_client": _("API client"),
}
COUNTING = {
    "trained": _("persons who attended, completed a course or have a certificate, each once"),
    "attended": _("persons who attended an occurrence of the programme, by approved attendance, each once"),
    "completed": _("persons who completed one of the courses, each once"),
    "certified": _("persons with a valid certificate of its series or courses, each once"),
    "entered": _("a figure that is measured elsewhere and entered by hand"),
}
"""By which rule a programme's goal is counted."""
SEATS = {
    "interactive": _("With voice and camera"),
    "viewer": _("Only watching"),
    "room": _("A room behind an endpoint"),
}
ATTENDS = {
    "online": _("Online"),
    "on_site": _("At the venue"),
}
REGISTRATION_MODES = {
    "open": _("Whoever registers first"),
    "approval": _("Whoever the organiser approves"),
}
REGISTRATION_STATES = {
    "pending": _("Waits for approval"),
    "confirmed": _("Confirmed"),
    "waitlisted": _("On the waiting list"),
    "offered": _("A seat is offered"),
    "declined": _("Declined"),
    "cancelled": _("Registration cancelled"),
    "no_show": _("Did not come"),
}
ANSWER_KINDS = {
    "text": _("Text"),
    "choice": _("A choice"),
    "yes_no": _("Yes or no"),
}
INVITATION_ANSWERS = {
    "needs-action": _("No answer yet"),
    "accepted": _("Will come"),
    "tentative": _("Perhaps"),
    "declined": _("Cannot come"),
}
REGISTRATIONS = {
    "pending": _("Your registration waits for approval"),
    "confirmed": _("You are registered"),
    "waitlisted": _("You are on the waiting list"),
    "offered": _("A seat is offered to you"),
}
"""What one's own registration has come to."""
ANSWERS = {
    "needs-action": _("You are invited"),
    "accepted": _("You are coming"),
    "tentative": _("You may be coming"),
    "declined": _("You are not coming"),
}
"""One's own answer to an invitation."""
MODES = {
    "online": _("Online"),
    "mixed": _("Online and on site"),
    "on_site": _("On site only"),
}
AGENDA = {
    "talk": _("Talk"),
    "demonstration": _("Demonstration"),
    "questions": _("Questions and answers"),
    "group_work": _("Group work"),
    "test": _("Test"),
    "break": _("Break"),
}
KEEP_UNITS = {
    "months": _("months"),
    "days": _("days"),
}
ENDINGS = {
    "everything": _("Everything is deleted"),
    "raw": _("Only what was captured is deleted; what was made of it stays"),
    "keep_public": _("Public recordings stay, all others are deleted"),
}
STREAMING = {
    "no": _("Not streamed"),
    "allowed": _("A host may go live"),
    "planned": _("Live from the beginning of the meeting"),
}
TARGET_KINDS = {"youtube": _("YouTube"), "facebook": _("Facebook"), "other": _("Another service")}
CREDITS = {
    "organiser": _("Organised by"),
    "expert_body": _("Experts from"),
    "supporter": _("Supported by"),
    "funder": _("Funded by"),
    "participant": _("Taking part"),
}
"""How the parts of organisations are credited on an occurrence's page."""
FIELDS = {
    "starts_local": _("Beginning"),
    "zone": _("Time zone"),
    "duration_minutes": _("Duration"),
    "title": _("Title"),
    "title_en": _("Title in English"),
    "description": _("Description"),
    "description_en": _("Description in English"),
    "kind": _("Kind"),
    "language": _("Language"),
    "status": _("State"),
    "listed": _("In the public schedule"),
    "recorded": _("Recorded from its beginning"),
    "streaming": _("Public live stream"),
    "questions": _("Questions in the room"),
    "public_questions": _("Questions from those who watch the stream"),
    "access": _("Who may join"),
    "mode": _("Where"),
    "venue": _("Venue"),
    "parties": _("Organisations"),
    "speakers": _("Speakers"),
    "agenda": _("Agenda"),
    "reminder_offsets": _("Reminders"),
    "interpretation": _("Languages of interpretation"),
}
"""What may change about an occurrence."""
OBJECTS = {
    "appointment": _("Consultation of two"),
    "consultation_absence": _("Absence from consultation hours"),
    "consultation_hours": _("Consultation hours"),
    "consultation_window": _("Times of consultation hours"),
    "affiliation": _("Place of work"),
    "attendance": _("Attendance"),
    "bounced_address": _("Blocked address"),
    "calendar_feed": _("Calendar address"),
    "capability_kind": _("Kind of equipment"),
    "contact_channel": _("Contact"),
    "directory_import": _("Imported file"),
    "head_count": _("Heads in a room"),
    "inbound_message": _("Received letter"),
    "mail_server": _("Mail server"),
    "needs_plan": _("Series planned for a need"),
    "needs_response": _("Answers to a survey of needs"),
    "needs_survey": _("Survey of needs"),
    "notification_preference": _("Settings of notifications"),
    "occurrence_party": _("Part in an occurrence"),
    "one_time_link": _("One-time link"),
    "outbox_message": _("Letter"),
    "registration_policy": _("Rules of registration"),
    "roster_entry": _("Line of a roll-call"),
    "sign_in_session": _("Sign-in"),
    "speaker": _("Speaker"),
    "subscription": _("Following"),
    "workload_sample": _("Workload figure"),
    "account": _("Account"),
    "act": _("Legal act"),
    "attendance_rule": _("Rule of attendance"),
    "attendance_sheet": _("Attendance sheet"),
    "capability": _("Equipment or service"),
    "endpoint": _("Endpoint"),
    "guest_link": _("Personal link"),
    "invitation": _("Invitation"),
    "material": _("Material"),
    "membership": _("Membership"),
    "occurrence": _("Occurrence"),
    "organisation": _("Organisation"),
    "person": _("Person"),
    "programme": _("Programme"),
    "registration": _("Registration"),
    "role_grant": _("Role"),
    "recording": _("Recording"),
    "series": _("Series"),
    "stream": _("Live stream"),
    "stream_target": _("Target of streams"),
    "topic": _("Topic"),
}
"""What the log of changes speaks of."""
GUEST_ROLES = ("presenter", "moderator", "interpreter", "captioner", "participant", "viewer")

MAIL_KINDS = {
    "invitation.invited": _("Invitation"),
    "invitation.moved": _("News of a new time"),
    "invitation.changed": _("News of a change"),
    "invitation.cancelled": _("News of a cancellation"),
    "invitation.withdrawn": _("Withdrawal of an invitation"),
    "occurrence.moved": _("News of a new time"),
    "occurrence.cancelled": _("News of a cancellation"),
    "occurrence.reminder": _("Reminder"),
    "occurrence.announced": _("News of what somebody follows"),
    "recording.expiring": _("News that a recording will be deleted"),
    "needs.invited": _("Survey of needs"),
    "needs.reminder": _("Reminder of a survey of needs"),
    "account.password_link": _("Link to choose a password"),
}
MAIL_REASONS = {
    "unwanted": _("No longer needed"),
    "no_address": _("No address is known"),
    "bounced": _("The address is blocked"),
    "refused": _("Refused by the server"),
    "patience": _("Given up after five days"),
    "unreadable": _("Could not be written"),
}
MAIL_OUTCOMES = {
    "sent": _("Sent"),
    "deferred": _("Put off by the server"),
    "unavailable": _("The server took nothing"),
    "dropped": _("No longer needed"),
    "failed": _("Not delivered"),
}
INBOUND_KINDS = {
    "calendar_reply": _("Answer of a calendar"),
    "bounce": _("A mail came back"),
    "automatic": _("Automatic answer"),
    "letter": _("Letter"),
    "unreadable": _("Unreadable"),
}
INBOUND_STATES = {
    "applied": _("Taken over"),
    "unmatched": _("Fits nothing"),
    "stranger": _("Sent by somebody else"),
    "outdated": _("Outdated"),
    "ignored": _("Put aside"),
}


def choices(names: dict[str, str], language: str) -> list[tuple[str, str]]:
    """Pairs for a select field, in the reader's language."""
    return [(value, translate(language, name)) for value, name in names.items()]


def role_choices(language: str) -> list[tuple[str, str]]:
    """Roles that a personal link can carry, the expert's first."""
    return choices({role: ROLES[role] for role in GUEST_ROLES}, language)


AWARD_KINDS = {
    "attendance": _("By attendance of the series"),
    "course": _("By completing the course, its tests and assignments"),
    "test": _("By passing a test"),
    "manual": _("By decision of an authorised person"),
}
ACHIEVEMENTS = {
    "CertificateOfCompletion": _("Certificate of completion"),
    "Certificate": _("Certificate"),
    "Assessment": _("Test passed"),
    "Course": _("Course"),
    "MicroCredential": _("Micro-credential"),
    "Badge": _("Badge"),
}
CERTIFICATE_STATES = {
    "valid": _("Valid"),
    "expired": _("Expired"),
    "revoked": _("Revoked"),
    "replaced": _("Replaced"),
    "closed": _("Closed by its holder"),
    "unknown": _("Unknown"),
    "mistyped": _("Mistyped"),
}
EDITIONS = {
    "issued": _("issued"),
    "renamed": _("replaced, because the name or the address has changed"),
    "named": _("the name was put into the digital certificate"),
    "renewed": _("renewed for another term"),
    "reissued": _("signed anew, because the former key may have been in other hands"),
}
KEY_ENDS = {
    "rotated": _("replaced in due course"),
    "lost": _("lost; what it signed stays genuine"),
    "compromised": _("may have been in other hands"),
}
