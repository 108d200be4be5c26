"""`/reports`: what was held, learnt and awarded; narrowed, divided and compared by the address; as page and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from urllib.parse import urlencode

from babel.dates import format_date
from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from lms.assessment.figures.rules import FEW
from lms.days import day_of
from lms.reports import periods
from lms.reports.asked import Asked, By
from lms.reports.measures import ENOUGH_FOR_PERCENT, Figures, Measure, difference
from lms.reports.periods import Against, Period, Span
from lms.reports.queries import Group, Report, Step, report
from web import report_charts, report_files
from web.i18n import mark as _
from web.i18n import translate
from web.problems import Problem
from web.report_words import BYS, NAMES, RULES
from web.spreadsheets import XLSX_TYPE, Value, csv_bytes, download, xlsx_bytes
from web.visits import Reading, Visit
from web.vocabulary import ORGANISATION_KINDS

router = APIRouter(prefix="/reports")
LINES = 100
"""Groups on a page; files have all of them."""
YEARS = 10
"""How far back years, quarters and months can be chosen."""
BESIDE = 60
"""Centres of one oblast that can be compared with."""
COLUMNS = (Measure.PERSONS, Measure.ATTENDANCES, Measure.OCCURRENCES, Measure.COMPLETIONS, Measure.CERTIFICATES)
"""Of the table of groups, after the measure that was chosen."""
CARDS = tuple(each for each in Measure)
_AGAINST = {
    Against.YEAR: _("the same time a year before"),
    Against.PREVIOUS: _("the period before"),
    Against.NOTHING: _("no comparison"),
}

Word = Annotated[str, Query(max_length=200)]


def asked_for(
    period: Word = "",
    by: Word = "",
    against: Word = "",
    oblast: Word = "",
    community: Word = "",
    organisation: Word = "",
    kind: Word = "",
    programme: Word = "",
    series: Word = "",
    project: Word = "",
) -> Asked:
    """What an address asks for; what it says wrongly is as if it were not there."""
    beside = against if ":" in against else ""
    return Asked(
        period=period,
        by=By(by) if by in {each.value for each in By} else By.OBLAST,
        against=Against(against) if against in set(Against) else Against.NOTHING if beside else Against.YEAR,
        beside=beside,
        oblast=oblast,
        community=community,
        organisation=organisation,
        kind=kind if kind in ORGANISATION_KINDS else "",
        programme=programme,
        series=series,
        project=project,
    )


Wanted = Annotated[Asked, Depends(asked_for)]


@router.get("")
def show(visit: Reading, asked: Wanted, show: Word = "") -> Response:
    """The page."""
    found = _report(visit, asked)
    measure = Measure(show) if show in set(Measure) else Measure.PERSONS
    words = _Words(visit, found)
    lines = found.groups[:LINES]
    steps = [(words.step_short(one.key), one.figures[measure], _before(one.before, measure)) for one in found.trend]
    tiles: tuple[report_charts.Tile, ...] = ()
    if found.asked.by is By.OBLAST and found.groups:
        figures = {group.key: group.figures[measure] for group in found.groups}
        tiles = report_charts.tiles(figures, english=visit.language == "en")
    return visit.page(
        "reports.html",
        found=found,
        names=NAMES,
        rules=RULES,
        bys=words.divisions(),
        cards=[each for each in CARDS if found.total[each] is not None or each in (Measure.TESTED, Measure.PASSED)],
        columns=(measure, *(each for each in COLUMNS if each != measure)),
        lines=lines,
        more=len(found.groups) > len(lines),
        largest=max([1, *(line.figures[measure] or 0 for line in lines)]),
        show=measure,
        share=report_files.passed_share(found.total),
        drawn=report_charts.trend(steps, compared=found.before is not None),
        tiles=tiles,
        period_name=words.period(found.period),
        step_name=words.step,
        group_name=words.group,
        place_names=words.places(),
        periods=words.periods(),
        against_text=words.against(),
        against_key=found.asked.beside or found.asked.against.value,
        against_choices=[(key.value, translate(visit.language, name)) for key, name in _AGAINST.items()],
        beside_choices=words.beside(),
        query=urlencode(_address(found.asked)),
        difference=difference,
        few=FEW,
        enough=ENOUGH_FOR_PERCENT,
        open_data=visit.config.open_data,
    )


@router.get("/figures.{form}")
def as_file(form: str, visit: Reading, asked: Wanted) -> Response:
    """The same as a file: the sum, and each group or step."""
    if form not in ("csv", "xlsx", "json"):
        raise Problem(404, "not_found", "")
    found = _report(visit, asked)
    name = f"vikno-report-{found.period.key}-{found.asked.by.value}"
    names, rows = _table(found)
    if form == "json":
        about = {"period": found.period.key, "divided_by": found.asked.by.value, "asked": _address(found.asked)}
        content = json.dumps({**about, "rows": report_files.records(names, rows)}, ensure_ascii=False, indent=1)
        return download(content.encode(), "application/json", f"{name}.json")
    if form == "xlsx":
        return download(xlsx_bytes(name, names, rows), XLSX_TYPE, f"{name}.xlsx")
    return download(csv_bytes(names, rows), "text/csv; charset=utf-8", f"{name}.csv")


def _report(visit: Visit, asked: Asked) -> Report:
    return report(visit.session, visit.visitor, asked, visit.now, demonstrations=visit.config.demo)


def _address(asked: Asked) -> dict[str, str]:
    """The parameters of an address that asks for it."""
    told = {
        "period": asked.period,
        "by": asked.by.value,
        "against": asked.beside or asked.against.value,
        "oblast": asked.oblast,
        "community": asked.community,
        "organisation": asked.organisation,
        "kind": asked.kind,
        "programme": asked.programme,
        "series": asked.series,
        "project": asked.project,
    }
    return {name: value for name, value in told.items() if value}


def _before(figures: Figures | None, measure: Measure) -> int | None:
    return figures[measure] if figures is not None else None


def _table(found: Report) -> tuple[list[str], list[list[Value]]]:
    compared = found.before is not None
    rows = [_row(found, "total", ("", "", ""), found.total, found.before)]
    division = found.asked.by.value
    for group in found.groups:
        named = (group.name.code, group.name.uk, group.name.en) if group.name else (group.key, "", "")
        rows.append(_row(found, division, named, group.figures, group.before))
    if found.asked.by.grain is not None:
        rows += [_step_row(found, step) for step in found.trend]
    return report_files.header(compared=compared), rows


def _row(
    found: Report,
    division: str,
    named: tuple[str, str, str],
    figures: Figures,
    before: Figures | None,
    days: Span | None = None,
    against: Span | None = None,
) -> list[Value]:
    days = days or found.period.span
    row: list[Value] = [
        days.first,
        days.last,
        division,
        *named,
        *report_files.values(figures),
        report_files.passed_share(figures),
    ]
    if found.before is None:
        return row
    against = against or found.against or found.period.span
    beside = found.beside.code or found.beside.uk if found.beside else ""
    nothing: Figures = {}
    return [*row, against.first, against.last, beside, *report_files.values(before or nothing)]


def _step_row(found: Report, step: Step) -> list[Value]:
    span, against = found.period.span, found.against or found.period.span
    before = periods.within(step.before_key, against) if step.before_key else None
    named = (step.key, "", "")
    days = periods.within(step.key, span)
    return _row(found, found.asked.by.value, named, step.figures, step.before, days, before)


@dataclass(frozen=True, slots=True)
class _Words:
    """Names in the reader's language."""

    visit: Visit
    found: Report

    def _either(self, uk: str, en: str) -> str:
        return en if self.visit.language == "en" and en else uk

    def _say(self, sentence: str) -> str:
        return translate(self.visit.language, sentence)

    def step(self, key: str) -> str:
        """`July 2026`, `3rd quarter of 2026`, `2026`."""
        if "-Q" in key:
            year, _sign, quarter = key.partition("-Q")
            return self._say(_("quarter %(quarter)s of %(year)s")) % {"quarter": quarter, "year": year}
        if "-" in key:
            return format_date(_first(key), "LLLL y", locale=self.visit.language)
        return self._say(_("since the beginning")) if key == periods.ALL else key

    def step_short(self, key: str) -> str:
        """As it fits below a column."""
        if "-Q" in key:
            return f"Q{key[-1]}" if self.visit.language == "en" else f"{key[-1]} кв."
        return format_date(_first(key), "LLL", locale=self.visit.language).rstrip(".")[:4] if "-" in key else key

    def period(self, period: Period) -> str:
        """What the report is of."""
        return self.step(period.key)

    def group(self, line: Group) -> str:
        """What a line of the table is called."""
        if line.name is not None:
            return self._either(line.name.uk, line.name.en)
        if self.found.asked.by is By.KIND and line.key in ORGANISATION_KINDS:
            return self._say(ORGANISATION_KINDS[line.key])
        if line.key:
            return line.key
        if self.found.asked.by is By.PROJECT:
            return self._say(_("without a project"))
        planned = self.found.asked.by in (By.PROGRAMME, By.SERIES)
        return self._say(_("without one")) if planned else self._say(_("not known"))

    def places(self) -> list[str]:
        """To what it was narrowed."""
        asked, chosen = self.found.asked, self.found.choices
        several = (
            (asked.oblast, chosen.oblasts),
            (asked.community, chosen.communities),
            (asked.organisation, chosen.organisations),
            (asked.programme, chosen.programmes),
            (asked.series, chosen.series),
            (asked.project, chosen.projects),
        )
        names = [self._either(names[key].uk, names[key].en) for key, names in several if key]
        if asked.kind:
            names.append(self._say(ORGANISATION_KINDS[asked.kind]))
        if self.found.everything or asked.organisation or asked.programme or asked.series:
            return names
        return [self._either(name.uk, name.en) for name in [*chosen.organisations.values()][:3]]

    def divisions(self) -> Mapping[By, str]:
        """By what this visitor may divide it."""
        if self.found.everything or self.found.choices.programmes:
            return BYS
        return {by: name for by, name in BYS.items() if by is By.ORGANISATION or by.grain}

    def against(self) -> str:
        """With what it is compared."""
        if self.found.beside is not None:
            return self._either(self.found.beside.uk, self.found.beside.en)
        span = self.found.against
        if span is None:
            return ""
        first, last = (format_date(day, "dd.MM.y", locale=self.visit.language) for day in (span.first, span.last))
        return f"{first}–{last}"

    def beside(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Other places that it may be compared with."""
        asked, chosen = self.found.asked, self.found.choices
        if not (self.found.everything or asked.programme or asked.series):
            return []
        oblasts = [
            (f"oblast:{key}", self._either(name.uk, name.en))
            for key, name in chosen.oblasts.items()
            if key != asked.oblast
        ]
        found = [(self._say(_("another oblast")), oblasts)] if asked.oblast and oblasts else []
        home = chosen.organisations.get(asked.organisation)
        if home is not None:
            near = [
                (f"organisation:{key}", self._either(name.uk, name.en))
                for key, name in chosen.organisations.items()
                if name.oblast == home.oblast and key != asked.organisation
            ]
            found.append((self._say(_("another centre of the oblast")), near[:BESIDE]))
        return found

    def periods(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Years, quarters and months that may be chosen, the latest first."""
        today = day_of(self.visit.now)
        begun = max(self.found.choices.beginning, date(today.year - YEARS + 1, 1, 1))
        span = periods.Span(begun, max(today, begun) + timedelta(days=1))

        def named(grain: periods.Grain) -> list[tuple[str, str]]:
            return [(key, self.step(key)) for key in reversed([*periods.steps(span, grain)])]

        years = [*named(periods.Grain.YEAR), (periods.ALL, self.step(periods.ALL))]
        return [
            (_("Years"), years),
            (_("Quarters"), named(periods.Grain.QUARTER)),
            (_("Months"), named(periods.Grain.MONTH)),
        ]


def _first(month: str) -> date:
    year, _sign, number = month.partition("-")
    return date(int(year), int(number), 1)
