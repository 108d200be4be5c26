"""The form in which an occurrence is planned: local time and zone, who takes part, who speaks, the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import NumberRange, Optional, ValidationError

from lms.errors import Refusal
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import INTERPRETED, Access, AgendaKind, Kind, MeetingRole, Mode, Part, Streaming
from web import vocabulary
from web.forms import EMAIL, VisitForm, at_most, required, stripped, whole
from web.i18n import mark as _
from web.i18n import translate
from web.languages import language_name

ZONES = ("Europe/Kyiv", "Europe/Warsaw", "Europe/Berlin", "Europe/Brussels", "Europe/London", "UTC")
SPARE_ROWS = 2
MAX_ROWS = 30
ROWS = ("parties", "speakers", "agenda")
REMINDERS = {
    7 * 24 * 60: _("a week before"),
    24 * 60: _("a day before"),
    2 * 60: _("two hours before"),
    60: _("an hour before"),
    15: _("a quarter of an hour before"),
}
"""Minutes before the beginning."""
NO_DATE = _("Enter a date as day, month and year.")
NO_TIME = _("Enter a time as hours and minutes, for example 10:00.")
NO_NUMBER = _("Enter a number of minutes.")


def _number(value: Any) -> int | None:
    return whole(value) if value else None


class DayField(DateField):
    """A day; says in our words when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it. Raises `ValueError` with the sentence to show."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NO_DATE) from None


class ClockField(TimeField):
    """A time of day; says in our words when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it. Raises `ValueError` with the sentence to show."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NO_TIME) from None


class MinutesField(IntegerField):
    """A number of minutes; says in our words when it is none."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it. Raises `ValueError` with the sentence to show."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NO_NUMBER) from None


class PartyRow(Form):
    """An organisation and its part."""

    organisation = SelectField(_("Organisation"), coerce=_number, validators=[Optional()])
    part = SelectField(_("Part"), default=Part.ORGANISER.value)


class SpeakerRow(Form):
    """Somebody who speaks."""

    name = StringField(_("Name"), [at_most(120)], filters=[stripped])
    position = StringField(_("Position"), [at_most(160)], filters=[stripped])
    organisation = SelectField(_("Organisation"), coerce=_number, validators=[Optional()])
    email = StringField(_("E-mail"), [Optional(), at_most(254), EMAIL], filters=[stripped])
    person = HiddenField()
    row = HiddenField()
    role = SelectField(_("Role"), default=MeetingRole.PRESENTER.value)
    interprets = SelectField(_("Interprets into"), validators=[Optional()], default="")


class AgendaRow(Form):
    """A point of the agenda."""

    title = StringField(_("What"), [at_most(200)], filters=[stripped])
    title_en = StringField(_("In English"), [at_most(200)], filters=[stripped])
    minutes = MinutesField(_("Minutes"), [Optional(), NumberRange(1, 600, _("From 1 to 600 minutes."))])
    kind = SelectField(_("Kind"), default=AgendaKind.TALK.value)
    speaker = SelectField(_("Who"), coerce=_number, validators=[Optional()])


class OccurrenceForm(VisitForm):
    """Everything an organiser says of an occurrence."""

    kind = SelectField(_("Kind"), [required()])
    title = StringField(_("Title in Ukrainian"), [required(_("Give it a title.")), at_most(200)], filters=[stripped])
    title_en = StringField(_("Title in English"), [at_most(200)], filters=[stripped])
    description = TextAreaField(_("What it is about"), [at_most(8000)], filters=[stripped])
    description_en = TextAreaField(_("The same in English"), [at_most(8000)], filters=[stripped])
    day = DayField(_("Day"), [required(NO_DATE)])
    time = ClockField(_("Begins at"), [required(NO_TIME)])
    duration = MinutesField(
        _("Duration, minutes"),
        [required(NO_NUMBER), NumberRange(5, 1440, _("From 5 minutes to a whole day (1440)."))],
        default=90,
    )
    zone = SelectField(_("Time zone"), default=ZONES[0])
    access = SelectField(_("Who may join"), [required()])
    listed = BooleanField(_("Show it in the public schedule"), default=True)
    recorded = BooleanField(_("Record it from its beginning"))
    streaming = SelectField(_("Public live stream"), default=Streaming.ALLOWED.value)
    questions = BooleanField(_("Participants may ask questions in the room"), default=True)
    public_questions = BooleanField(_("Whoever watches the live stream may ask questions"))
    interpretation = SelectMultipleField(_("Languages of interpretation"))
    mode = SelectField(_("Where people take part"), default=Mode.ONLINE.value)
    venue = StringField(_("Venue"), [at_most(300)], filters=[stripped])
    topics = SelectMultipleField(_("Topics"), coerce=int)
    own_reminders = BooleanField(_("Remind at other times than usual"))
    reminders = SelectMultipleField(_("Reminders"), coerce=int)
    took_place = BooleanField(_("It took place already: enter it as over"))
    reason = StringField(_("What has changed (people who come will read it)"), [at_most(300)], filters=[stripped])
    version = HiddenField()
    parties = FieldList(FormField(PartyRow), max_entries=MAX_ROWS)
    speakers = FieldList(FormField(SpeakerRow), max_entries=MAX_ROWS)
    agenda = FieldList(FormField(AgendaRow), max_entries=MAX_ROWS)
    known_day: Any = None
    """The day that is saved, if it is being edited."""

    def __init__(
        self,
        visit: Any,
        data: FormData | None,
        organisations: Sequence[tuple[int, str]],
        catalogue: Sequence[tuple[int, str]] = (),
        **given: Any,
    ) -> None:
        super().__init__(visit, data, **given)
        self.topics.choices = list(catalogue)
        self.mode.choices = vocabulary.choices(vocabulary.MODES, visit.language)
        self._languages = [(tag, language_name(tag, visit.language)) for tag in INTERPRETED if tag != "uk"]
        self.interpretation.choices = self._languages
        offsets = dict.fromkeys((*REMINDERS, *(self.reminders.data or [])))
        self.reminders.choices = [(each, self._before(each)) for each in offsets]
        self._organisations = [("", "—"), *((str(key), name) for key, name in organisations)]
        language = visit.language
        self.zone.choices = [(zone, zone) for zone in ZONES]
        self.kind.choices = vocabulary.choices(vocabulary.KINDS, language)
        self.access.choices = vocabulary.choices(vocabulary.ACCESS, language)
        self.streaming.choices = vocabulary.choices(vocabulary.STREAMING, language)
        if data is None:
            for name in ROWS:
                self.more(name)
        self._fill_choices()

    def more(self, name: str, count: int = SPARE_ROWS) -> None:
        """Add empty rows."""
        rows: Any = self[name]
        for _row in range(min(count, MAX_ROWS - len(rows.entries))):
            rows.append_entry()
        self._fill_choices()

    def _fill_choices(self) -> None:
        for row in self.parties:
            row.form.organisation.choices = self._organisations
            row.form.part.choices = vocabulary.choices(vocabulary.PARTS, self.visit.language)
        language = self.visit.language
        for speaker in self.speakers:
            speaker.form.organisation.choices = self._organisations
            speaker.form.role.choices = vocabulary.role_choices(language)
            speaker.form.interprets.choices = [("", "—"), *self._languages]
        names = [speaker.form["name"].data or "" for speaker in self.speakers]
        who = [("", "—"), *((str(place), f"{place + 1}. {name}".strip()) for place, name in enumerate(names))]
        for item in self.agenda:
            item.form.kind.choices = vocabulary.choices(vocabulary.AGENDA_KINDS, language)
            item.form.speaker.choices = who

    def _before(self, minutes: int) -> str:
        """`a day before`; an odd number as it is."""
        language = self.visit.language
        if minutes in REMINDERS:
            return translate(language, REMINDERS[minutes])
        return translate(language, _("{minutes} min before")).format(minutes=minutes)

    @property
    def is_past(self) -> bool:
        """Whether the day lies before today, in the form's own zone."""
        if self.day.data is None or self.zone.data not in ZONES:
            return False
        return bool(self.day.data < self.visit.now.astimezone(ZoneInfo(self.zone.data)).date())

    def row_errors(self, one: Any) -> list[str]:
        """The errors of a field within a row, in the reader's language."""
        return [translate(self.visit.language, str(error)) for error in one.errors]

    def validate_day(self, field: Any) -> None:
        """No occurrence begins in the far future, or long ago unless it took place: mistyped years are the reason."""
        if field.data is None or self.zone.data not in ZONES:
            return
        today = self.visit.now.astimezone(ZoneInfo(self.zone.data)).date()
        if self.took_place.data or self._planned_before(field.data):
            return
        if not today - timedelta(days=1) <= field.data <= today + timedelta(days=3 * 366):
            raise ValidationError(_("This day is past or years away. Check the date, or say that it took place."))

    def _planned_before(self, day: Any) -> bool:
        """Whether this is the day that it had already: nobody mistyped it now."""
        return self.known_day is not None and day == self.known_day

    def refuse(self, refused: Refusal) -> bool:
        """Show a refusal at its field; the domain knows day and time as one."""
        names = {"starts_local": "time", "duration_minutes": "duration"}
        if refused.field in ROWS:
            return False
        return super().refuse(type(refused)(refused.code, refused.detail, names.get(refused.field, refused.field)))

    def draft(self) -> OccurrenceDraft:
        """What the domain takes. Empty rows are left out."""
        assert self.day.data is not None
        assert self.time.data is not None
        assert self.duration.data is not None
        written = [row for row in self.speakers if row.form["name"].data]
        places = {place: written.index(row) for place, row in enumerate(self.speakers) if row in written}
        return OccurrenceDraft(
            kind=Kind(self.kind.data),
            title=self.value("title"),
            title_en=self.value("title_en"),
            description=self.value("description"),
            description_en=self.value("description_en"),
            starts_local=datetime.combine(self.day.data, self.time.data),
            zone=self.zone.data,
            duration_minutes=self.duration.data,
            listed=self.listed.data,
            recorded=self.recorded.data,
            streaming=Streaming(self.streaming.data),
            questions=self.questions.data,
            public_questions=self.public_questions.data,
            interpretation=tuple(self.interpretation.data or []),
            access=Access(self.access.data),
            parties=[
                PartyDraft(row.form.organisation.data, Part(row.form.part.data))
                for row in self.parties
                if row.form.organisation.data
            ],
            mode=Mode(self.mode.data),
            venue=self.value("venue"),
            reminder_offsets=self._offsets() if self.own_reminders.data else None,
            topic_ids=tuple(self.topics.data or []),
            speakers=[self._speaker(row.form) for row in written],
            agenda=[
                AgendaDraft(
                    title=row.form.title.data,
                    minutes=row.form.minutes.data or 0,
                    title_en=row.form.title_en.data or "",
                    kind=AgendaKind(row.form.kind.data or AgendaKind.TALK),
                    speaker=places.get(row.form.speaker.data) if row.form.speaker.data is not None else None,
                )
                for row in self.agenda
                if row.form.title.data
            ],
        )

    def _offsets(self) -> tuple[int, ...]:
        return tuple(sorted(self.reminders.data or [], reverse=True))

    def _speaker(self, row: Any) -> SpeakerDraft:
        return SpeakerDraft(
            name=row["name"].data,
            position=row.position.data,
            organisation_id=row.organisation.data,
            person_id=_number(row.person.data),
            role=MeetingRole(row.role.data or MeetingRole.PRESENTER),
            id=_number(row.row.data),
            email=row.email.data or "",
            interprets=row.interprets.data or "" if row.role.data == MeetingRole.INTERPRETER.value else "",
        )
