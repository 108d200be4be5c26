"""What was typed about hours and bookings, and when it is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lms.appointments.models import Audience
from lms.directory.models import OrganisationKind
from lms.errors import Invalid
from lms.schedule.rules import zone_of

SHORTEST_SLOT, LONGEST_SLOT = 10, 180
LONGEST_PAUSE = 120
LONGEST_NOTICE = 30 * 24 * 60
MOST_EACH = 20
LONGEST_HORIZON = 180
MOST_TOPICS = 30
LONGEST_ABOUT = 2000
LONGEST_SUBJECT = 200
LONGEST_QUESTION = 4000
LONGEST_ANSWER = 4000
WHOLE_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class HoursDraft:
    """Everything that an expert decides but the times themselves; minutes as in `ConsultationHours`."""

    zone: str = "Europe/Kyiv"
    slot_minutes: int = 30
    pause_minutes: int = 10
    notice_minutes: int = 24 * 60
    change_minutes: int = 12 * 60
    most_each: int = 2
    horizon_days: int = 28
    about: str = ""
    about_en: str = ""
    open: bool = True
    audience: Audience = Audience.EVERYBODY
    organisation_kind: OrganisationKind | None = None
    course_id: int | None = None
    topic_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """Times: each week on a weekday, or on one day. Minutes after midnight."""

    begins: int
    ends: int
    weekday: int | None = None
    day: date | None = None
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True, slots=True)
class BookingDraft:
    """What somebody wants to know."""

    subject: str
    question: str = ""
    topic_id: int | None = None


def check_hours(draft: HoursDraft) -> None:
    """Raises `Invalid`, naming the field."""
    zone_of(draft.zone)
    bounds = (
        ("slot_minutes", SHORTEST_SLOT, LONGEST_SLOT),
        ("pause_minutes", 0, LONGEST_PAUSE),
        ("notice_minutes", 0, LONGEST_NOTICE),
        ("change_minutes", 0, LONGEST_NOTICE),
        ("most_each", 1, MOST_EACH),
        ("horizon_days", 1, LONGEST_HORIZON),
    )
    for name, least, most in bounds:
        if not least <= getattr(draft, name) <= most:
            raise Invalid("hours_number", f"This is a number from {least} to {most}.", name)
    if max(len(draft.about), len(draft.about_en)) > LONGEST_ABOUT:
        raise Invalid("text_long", f"This is longer than {LONGEST_ABOUT} characters; shorten it.", "about")
    if len(set(draft.topic_ids)) > MOST_TOPICS:
        raise Invalid("hours_topics", f"At most {MOST_TOPICS} topics; choose the ones above them.", "topics")
    if draft.audience is Audience.ORGANISATIONS and draft.organisation_kind is None:
        raise Invalid("hours_kind", "Say of which kind the organisations are.", "organisation_kind")
    if draft.audience is Audience.LEARNERS and draft.course_id is None:
        raise Invalid("hours_course", "Say which course they learn.", "course_id")


def check_window(draft: WindowDraft, slot_minutes: int, today: date) -> None:
    """Raises `Invalid`, naming the field."""
    if (draft.weekday is None) == (draft.day is None) or draft.weekday not in (None, *range(7)):
        raise Invalid("window_day", "Choose a day of the week, or one day.", "day")
    if not 0 <= draft.begins < draft.ends <= WHOLE_DAY:
        raise Invalid("window_times", "The end comes after the beginning, on the same day.", "ends")
    if draft.ends - draft.begins < slot_minutes:
        raise Invalid("window_short", "Not one appointment fits in: make it longer.", "ends")
    if draft.day is not None and draft.day < today:
        raise Invalid("window_past", "This day is over. Choose another one.", "day")
    if draft.to_day is not None and draft.to_day < max(today, draft.from_day or today):
        raise Invalid("window_past", "This day is over. Choose another one.", "to_day")


def check_booking(draft: BookingDraft) -> None:
    """Raises `Invalid`, naming the field."""
    if not draft.subject.strip():
        raise Invalid("subject_needed", "Say in a few words what it is about.", "subject")
    if len(draft.subject) > LONGEST_SUBJECT:
        raise Invalid("text_long", f"This is longer than {LONGEST_SUBJECT} characters; shorten it.", "subject")
    if len(draft.question) > LONGEST_QUESTION:
        raise Invalid("text_long", f"This is longer than {LONGEST_QUESTION} characters; shorten it.", "question")
