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
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import NumberRange, Optional, ValidationError

from lms.errors import Refusal
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft, SpeakerDraft
from lms.schedule.models import Access, AgendaKind, Kind, MeetingRole, Part
from web import vocabulary
from web.forms import VisitForm, at_most, required, stripped
from web.i18n import mark as _
from web.i18n import translate

ZONES = ("Europe/Kyiv", "Europe/Warsaw", "Europe/Berlin", "Europe/Brussels", "Europe/London", "UTC")
SPARE_ROWS = 2
MAX_ROWS = 30
ROWS = ("parties", "speakers", "agenda")
NO_DATE = _("Enter a date as day, month and year.")
NO_TIME = _("Enter a time as hours and minutes, for example 10:00.")
NO_NUMBER = _("Enter a number of minutes.")


def _number(value: Any) -> int | None:
    return int(value) if value and str(value).isdigit() else None


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
    person = HiddenField()
    row = HiddenField()
    role = HiddenField(default=MeetingRole.PRESENTER.value)


class AgendaRow(Form):
    """A point of the agenda."""

    title = StringField(_("What"), [at_most(200)], filters=[stripped])
    title_en = StringField(_("In English"), [at_most(200)], filters=[stripped])
    minutes = MinutesField(_("Minutes"), [Optional(), NumberRange(1, 600, _("From 1 to 600 minutes."))])
    kind = HiddenField()


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
    reason = StringField(_("What has changed (people who come will read it)"), [at_most(300)], filters=[stripped])
    version = HiddenField()
    parties = FieldList(FormField(PartyRow), max_entries=MAX_ROWS)
    speakers = FieldList(FormField(SpeakerRow), max_entries=MAX_ROWS)
    agenda = FieldList(FormField(AgendaRow), max_entries=MAX_ROWS)

    def __init__(
        self, visit: Any, data: FormData | None, organisations: Sequence[tuple[int, str]], **given: Any
    ) -> None:
        super().__init__(visit, data, **given)
        self._organisations = [("", "—"), *((str(key), name) for key, name in organisations)]
        language = visit.language
        self.zone.choices = [(zone, zone) for zone in ZONES]
        self.kind.choices = vocabulary.choices(vocabulary.KINDS, language)
        self.access.choices = vocabulary.choices(vocabulary.ACCESS, language)
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
        for speaker in self.speakers:
            speaker.form.organisation.choices = self._organisations

    def row_errors(self, one: Any) -> list[str]:
        """The errors of a field within a row, in the reader's language."""
        return [translate(self.visit.language, str(error)) for error in one.errors]

    def validate_day(self, field: Any) -> None:
        """No occurrence begins long ago or in the far future: a mistyped year is the usual reason."""
        if field.data is None or self.zone.data not in ZONES:
            return
        today = self.visit.now.astimezone(ZoneInfo(self.zone.data)).date()
        if not today - timedelta(days=1) <= field.data <= today + timedelta(days=3 * 366):
            raise ValidationError(_("This day is past or years away. Check the date."))

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
            access=Access(self.access.data),
            parties=[
                PartyDraft(row.form.organisation.data, Part(row.form.part.data))
                for row in self.parties
                if row.form.organisation.data
            ],
            speakers=[self._speaker(row.form) for row in self.speakers if row.form["name"].data],
            agenda=[
                AgendaDraft(
                    title=row.form.title.data,
                    minutes=row.form.minutes.data or 0,
                    title_en=row.form.title_en.data or "",
                    kind=AgendaKind(row.form.kind.data or AgendaKind.TALK),
                )
                for row in self.agenda
                if row.form.title.data
            ],
        )

    def _speaker(self, row: Any) -> SpeakerDraft:
        return SpeakerDraft(
            name=row["name"].data,
            position=row.position.data,
            organisation_id=row.organisation.data,
            person_id=_number(row.person.data),
            role=MeetingRole(row.role.data or MeetingRole.PRESENTER),
            id=_number(row.row.data),
        )
