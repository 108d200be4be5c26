"""Forms of consultation hours and of booking a time in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any

from starlette.datastructures import FormData
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional

from lms.appointments.drafts import BookingDraft, HoursDraft, WindowDraft
from lms.appointments.models import Audience
from lms.appointments.queries import TopicName
from lms.courses.choices import CourseChoice
from lms.directory.models import OrganisationKind
from web import vocabulary
from web.directory_forms import ZONES
from web.forms import VisitForm, at_most, required, stripped, whole
from web.i18n import mark as _
from web.i18n import translate
from web.occurrence_form import NO_DATE, NO_NUMBER, NO_TIME, ClockField, DayField, MinutesField

WEEKDAYS = (_("Mondays"), _("Tuesdays"), _("Wednesdays"), _("Thursdays"), _("Fridays"), _("Saturdays"), _("Sundays"))
NO_HOURS = _("Enter a number of hours.")
NO_WHOLE = _("Enter a whole number.")
AUDIENCES = {
    Audience.EVERYBODY: _("everybody with an account"),
    Audience.ORGANISATIONS: _("those who work at organisations of one kind"),
    Audience.LEARNERS: _("those who learn a course"),
}


class WholeField(IntegerField):
    """A number; says in our words when it is none."""

    said = NO_WHOLE

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it. Raises `ValueError` with the sentence to show."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(self.said) from None


class HoursField(WholeField):
    """A number of hours."""

    said = NO_HOURS


class HoursForm(VisitForm):
    """How somebody can be booked."""

    about = TextAreaField(_("What you help with"), [at_most(2000)], filters=[stripped])
    about_en = TextAreaField(_("The same in English"), [at_most(2000)], filters=[stripped])
    topics = SelectMultipleField(_("Topics"), [Optional()], coerce=int)
    zone = SelectField(_("Time zone"))
    slot_minutes = MinutesField(_("One appointment, minutes"), [required(NO_NUMBER)])
    pause_minutes = MinutesField(_("Pause between two, minutes"), [required(NO_NUMBER)])
    notice_hours = HoursField(_("To be booked so many hours before"), [required(NO_HOURS)])
    change_hours = HoursField(_("To be moved or cancelled so many hours before"), [required(NO_HOURS)])
    most_each = WholeField(_("Appointments ahead for one person"), [required(NO_WHOLE)])
    horizon_days = WholeField(_("Offered so many days ahead"), [required(NO_WHOLE)])
    audience = SelectField(_("Who may book"))
    organisation_kind = SelectField(_("Kind of organisation"), [Optional()])
    course = SelectField(_("Course"), [Optional()], coerce=lambda value: whole(value) if value else None)
    open = BooleanField(_("New appointments can be booked"))

    def draft(self) -> HoursDraft:
        """What the domain takes."""
        audience = Audience(self.audience.data)
        kind = self.value("organisation_kind")
        organisations = audience is Audience.ORGANISATIONS and bool(kind)
        return HoursDraft(
            zone=self.value("zone"),
            slot_minutes=self.slot_minutes.data or 0,
            pause_minutes=self.pause_minutes.data or 0,
            notice_minutes=(self.notice_hours.data or 0) * 60,
            change_minutes=(self.change_hours.data or 0) * 60,
            most_each=self.most_each.data or 0,
            horizon_days=self.horizon_days.data or 0,
            about=self.value("about"),
            about_en=self.value("about_en"),
            open=bool(self.open.data),
            audience=audience,
            organisation_kind=OrganisationKind(kind) if organisations else None,
            course_id=self.course.data if audience is Audience.LEARNERS else None,
            topic_ids=tuple(self.topics.data or ()),
        )

    def offer(self, topics: Sequence[tuple[int, str, str]], courses: Sequence[CourseChoice]) -> None:
        """Fill in what there is to choose from."""
        language = self.visit.language
        english = language == "en"
        self.zone.choices = [(zone, zone) for zone in ZONES]
        self.topics.choices = [(number, en if english and en else uk) for number, uk, en in topics]
        named = ((each.id, each.title_en if english and each.title_en else each.title_uk) for each in courses)
        self.course.choices = [("", "—"), *named]
        self.audience.choices = [(each.value, translate(language, name)) for each, name in AUDIENCES.items()]
        kinds = vocabulary.ORGANISATION_GROUPS.items()
        self.organisation_kind.choices = [("", "—"), *((code, translate(language, name)) for code, name in kinds)]


def values_of(draft: HoursDraft) -> dict[str, Any]:
    """What stands in the form."""
    same = ("about", "about_en", "zone", "slot_minutes", "pause_minutes", "most_each", "horizon_days", "open")
    return {
        **{name: getattr(draft, name) for name in same},
        "notice_hours": draft.notice_minutes // 60,
        "change_hours": draft.change_minutes // 60,
        "audience": draft.audience.value,
        "organisation_kind": draft.organisation_kind.value if draft.organisation_kind else "",
        "course": draft.course_id,
        "topics": list(draft.topic_ids),
    }


class WindowForm(VisitForm):
    """Times each week, or on one day."""

    weekday = SelectField(_("When"), [Optional()])
    day = DayField(_("Day"), [Optional()])
    begins = ClockField(_("From"), [required(NO_TIME)])
    ends = ClockField(_("Until"), [required(NO_TIME)])
    to_day = DayField(_("Last time on"), [Optional()])

    def __init__(self, visit: Any, data: FormData | None, **given: Any) -> None:
        super().__init__(visit, data, **given)
        days = [(str(number), translate(visit.language, name)) for number, name in enumerate(WEEKDAYS)]
        self.weekday.choices = [*days, ("", translate(visit.language, _("on one day")))]

    def draft(self) -> WindowDraft:
        """What the domain takes. An end at midnight is the day's end."""
        weekday = whole(self.value("weekday")) if self.value("weekday") else None
        begins, ends = _minutes(self.begins.data), _minutes(self.ends.data)
        single = weekday is None
        return WindowDraft(
            begins,
            ends or 24 * 60,
            weekday,
            self.day.data if single else None,
            to_day=None if single else self.to_day.data,
        )


class AbsenceForm(VisitForm):
    """Days without any."""

    from_day = DayField(_("First day"), [required(NO_DATE)], id="away-from")
    to_day = DayField(_("Last day"), [required(NO_DATE)], id="away-to")


class BookingForm(VisitForm):
    """What somebody wants to know."""

    topic = SelectField(_("Topic"), [Optional()], coerce=lambda value: whole(value) if value else None)
    subject = StringField(_("What it is about"), [required(), at_most(200)], filters=[stripped])
    question = TextAreaField(_("Your question"), [at_most(4000)], filters=[stripped])

    def offer(self, topics: Sequence[TopicName]) -> None:
        """The expert's topics."""
        english = self.visit.language == "en"
        named = [(each.id, each.name_en if english and each.name_en else each.name_uk) for each in topics]
        self.topic.choices = [("", translate(self.visit.language, _("another one"))), *named]

    def draft(self) -> BookingDraft:
        """What the domain takes."""
        return BookingDraft(self.value("subject"), self.value("question"), self.topic.data)


def _minutes(at: time | None) -> int:
    return at.hour * 60 + at.minute if at is not None else 0
