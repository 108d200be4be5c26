"""The form of a series: by a rule or by dates, whose it is, and what each date begins with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange, Optional, ValidationError

from lms.errors import Refusal
from lms.schedule.drafts import PartyDraft
from lms.schedule.models import Access, Ending, KeepUnit, Kind, Part, Streaming
from lms.schedule.recurrence import MOST_DATES, Frequency, Rule
from lms.schedule.series_drafts import SeriesDraft
from web import vocabulary
from web.forms import VisitForm, at_most, required, stripped, whole
from web.i18n import mark as _
from web.i18n import translate
from web.occurrence_form import NO_DATE, NO_NUMBER, NO_TIME, ZONES, ClockField, DayField, MinutesField

WAYS = {"rule": _("By a rule, for example every Wednesday"), "dates": _("On dates that I list")}
FREQUENCIES = {"WEEKLY": _("Weeks"), "DAILY": _("Days"), "MONTHLY": _("Months")}
WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
POSITIONS = {
    "1": _("the first"),
    "2": _("the second"),
    "3": _("the third"),
    "4": _("the fourth"),
    "-1": _("the last"),
}
ENDS = {"count": _("After a number of times"), "until": _("On a day")}
WRONG_DATE = _("A line is no date. Write one date a line, for example 19.08.2027 or 19.08.2027 10:00.")
_LINE = re.compile(
    r"(?:(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})|(?P<iso>\d{4}-\d{2}-\d{2}))"
    r"(?:[ T]+(?P<h>\d{1,2}):(?P<min>\d{2}))?"
)


def _number(value: Any) -> int | None:
    return whole(value) if value else None


class RuleForm(VisitForm):
    """When a series takes place: the part that is asked again when its future changes."""

    way = RadioField(_("How are the dates chosen?"), default="rule")
    frequency = SelectField(_("Unit"), default="WEEKLY")
    interval = IntegerField(_("Every"), [Optional(), NumberRange(1, 52, _("From 1 to 52."))], default=1)
    weekdays = SelectMultipleField(_("On weekdays"), coerce=int)
    position = SelectField(_("Which one in the month"), default="1")
    day = DayField(_("First day"), [Optional()])
    time = ClockField(_("Begins at"), [required(NO_TIME)])
    duration = MinutesField(
        _("Duration, minutes"),
        [required(NO_NUMBER), NumberRange(5, 1440, _("From 5 minutes to a whole day (1440)."))],
        default=90,
    )
    zone = SelectField(_("Time zone"), default=ZONES[0])
    ends = RadioField(_("When does it end?"), default="count")
    count = IntegerField(
        _("How many times"), [Optional(), NumberRange(1, MOST_DATES, _("From 1 to 200 times."))], default=5
    )
    until = DayField(_("Last day"), [Optional()])
    dates = TextAreaField(_("Dates, one a line"), [at_most(8000)], filters=[stripped])
    version = HiddenField()

    def __init__(self, visit: Any, data: FormData | None, **given: Any) -> None:
        super().__init__(visit, data, **given)
        language = visit.language
        self.way.choices = vocabulary.choices(WAYS, language)
        self.frequency.choices = vocabulary.choices(FREQUENCIES, language)
        self.weekdays.choices = [(number, translate(language, name)) for number, name in enumerate(WEEKDAYS)]
        self.position.choices = vocabulary.choices(POSITIONS, language)
        self.ends.choices = vocabulary.choices(ENDS, language)
        self.zone.choices = [(zone, zone) for zone in dict.fromkeys((*ZONES, self.zone.data or ZONES[0]))]

    @property
    def by_rule(self) -> bool:
        """Whether a rule gives the dates."""
        return bool(self.way.data != "dates")

    def validate_day(self, field: Any) -> None:
        """A rule needs its first day."""
        if self.by_rule and field.data is None and not field.errors:
            raise ValidationError(NO_DATE)

    def validate_count(self, field: Any) -> None:
        """A rule that ends by number needs the number."""
        if self.by_rule and self.ends.data != "until" and field.data is None and not field.errors:
            raise ValidationError(_("Say how many times, or until which day."))

    def validate_until(self, field: Any) -> None:
        """A rule that ends on a day needs the day."""
        if self.by_rule and self.ends.data == "until" and field.data is None and not field.errors:
            raise ValidationError(NO_DATE)

    def validate_dates(self, field: Any) -> None:
        """Every line is a date."""
        if not self.by_rule:
            if not (field.data or "").strip():
                raise ValidationError(_("List at least one date."))
            if self.listed_dates() is None:
                raise ValidationError(WRONG_DATE)

    def listed_dates(self) -> list[datetime] | None:
        """The dates that were typed; None if a line is none."""
        found = []
        for line in (self.dates.data or "").replace(",", "\n").replace(";", "\n").splitlines():
            if line.strip():
                one = _date(line.strip(), self.time.data or time(10, 0))
                if one is None:
                    return None
                found.append(one)
        return sorted(set(found))

    def rule(self) -> str:
        """As RFC 5545 writes it; empty for dates. The form must be valid."""
        if not self.by_rule:
            return ""
        frequency = Frequency(self.frequency.data)
        days = tuple(sorted(self.weekdays.data or []))
        assert self.day.data is not None
        if frequency is Frequency.DAILY:
            days = ()
        elif not days:
            days = (self.day.data.weekday(),)
        until = self.until.data if self.ends.data == "until" else None
        return Rule(
            frequency,
            self.interval.data or 1,
            days,
            position=int(self.position.data) if frequency is Frequency.MONTHLY else None,
            count=None if until else self.count.data,
            until=until,
        ).text()

    def starts_local(self) -> datetime:
        """The first day, at the hour; of a list, its first date."""
        assert self.time.data is not None
        if self.by_rule:
            assert self.day.data is not None
            return datetime.combine(self.day.data, self.time.data)
        return (self.listed_dates() or [datetime.combine(date.today(), self.time.data)])[0]

    def extra_dates(self) -> tuple[datetime, ...]:
        """Dates without a rule."""
        return () if self.by_rule else tuple(self.listed_dates() or ())

    def refuse(self, refused: Refusal) -> bool:
        """Show a refusal at its field; the domain knows other names."""
        names = {"starts_local": "time", "duration_minutes": "duration", "rule": "interval", "owner_id": "owner"}
        return super().refuse(type(refused)(refused.code, refused.detail, names.get(refused.field, refused.field)))


class SeriesForm(RuleForm):
    """A whole series."""

    kind = SelectField(_("Kind"), [required()])
    title = StringField(_("Title in Ukrainian"), [required(_("Give it a title.")), at_most(200)], filters=[stripped])
    title_en = StringField(_("Title in English"), [at_most(200)], filters=[stripped])
    description = TextAreaField(_("What it is about"), [at_most(8000)], filters=[stripped])
    description_en = TextAreaField(_("The same in English"), [at_most(8000)], filters=[stripped])
    owner = SelectField(_("Whose series it is"), coerce=_number)
    programme = SelectField(_("Programme"), coerce=_number, validators=[Optional()])
    copied = SelectField(_("Take topics, experts and agendas from"), validators=[Optional()])
    access = SelectField(_("Who may join"), [required()])
    listed = BooleanField(_("Show it in the public schedule"), default=True)
    recorded = BooleanField(_("Record each date from its beginning"))
    streaming = SelectField(_("Public live stream"), default=Streaming.ALLOWED.value)
    questions = BooleanField(_("Participants may ask questions in the room"), default=True)
    public_questions = BooleanField(_("Whoever watches the live stream may ask questions"))
    keep_for = IntegerField(_("Keep recordings for"), validators=[Optional()])
    keep_unit = SelectField(_("Days or months"), default=KeepUnit.MONTHS.value)
    keep_ending = SelectField(_("What happens then"), default=Ending.EVERYTHING.value)
    participants = SelectMultipleField(_("Centres that take part"), coerce=int)
    took_place = BooleanField(_("Dates in the past took place: enter them as over"))
    need = HiddenField()
    slot = HiddenField()
    slot_centres = HiddenField()
    slot_reason = StringField(_("Why at this time"), [at_most(1000)], filters=[stripped])

    def __init__(
        self,
        visit: Any,
        data: FormData | None,
        *,
        owners: Sequence[tuple[int, str]],
        programmes: Sequence[tuple[int, str]],
        centres: Sequence[tuple[int, str]],
        earlier: Sequence[tuple[str, str]],
        **given: Any,
    ) -> None:
        super().__init__(visit, data, **given)
        language = visit.language
        self.kind.choices = vocabulary.choices(vocabulary.KINDS, language)
        self.access.choices = vocabulary.choices(vocabulary.ACCESS, language)
        self.streaming.choices = vocabulary.choices(vocabulary.STREAMING, language)
        self.keep_unit.choices = vocabulary.choices(vocabulary.KEEP_UNITS, language)
        self.keep_ending.choices = vocabulary.choices(vocabulary.ENDINGS, language)
        self.owner.choices = list(owners)
        self.programme.choices = [("", "—"), *((str(key), name) for key, name in programmes)]
        self.copied.choices = [("", "—"), *earlier]
        self.participants.choices = list(centres)

    def draft(self, kept: SeriesDraft | None = None) -> SeriesDraft:
        """What the domain takes; what the form does not ask comes from `kept`."""
        others = [party for party in (kept.parties if kept else []) if party.part is not Part.PARTICIPANT]
        assert self.duration.data is not None
        return SeriesDraft(
            kind=Kind(self.kind.data),
            title=self.value("title"),
            title_en=self.value("title_en"),
            description=self.value("description"),
            description_en=self.value("description_en"),
            owner_id=self.owner.data or 0,
            programme_id=self.programme.data,
            rule=self.rule(),
            starts_local=self.starts_local(),
            dates=self.extra_dates(),
            zone=self.zone.data,
            duration_minutes=self.duration.data,
            access=Access(self.access.data),
            listed=self.listed.data,
            recorded=self.recorded.data,
            streaming=Streaming(self.streaming.data),
            questions=self.questions.data,
            public_questions=self.public_questions.data,
            keep_for=self.keep_for.data,
            keep_unit=KeepUnit(self.keep_unit.data),
            keep_ending=Ending(self.keep_ending.data),
            parties=[*others, *(PartyDraft(number, Part.PARTICIPANT) for number in self.participants.data or [])],
            speakers=list(kept.speakers) if kept else [],
            agenda=list(kept.agenda) if kept else [],
            topic_ids=kept.topic_ids if kept else (),
            reminder_offsets=kept.reminder_offsets if kept else None,
        )


def first_day(now: datetime, zone: str, weekday: int | None = None) -> date:
    """A day that leaves a week to invite people; on a weekday, if one was chosen."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=7)
    return day if weekday is None else day + timedelta(days=(weekday - day.weekday()) % 7)


def _date(text: str, clock: time) -> datetime | None:
    match = _LINE.fullmatch(text)
    if match is None:
        return None
    try:
        iso = match["iso"] or f"{match['y']}-{match['m']:0>2}-{match['d']:0>2}"
        day = date.fromisoformat(iso)
        return datetime.combine(day, time(int(match["h"]), int(match["min"])) if match["h"] else clock)
    except ValueError:
        return None
