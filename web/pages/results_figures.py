"""`/tests/figures`, `/tests/{test}/figures`: how people do, without names; as pages, CSV and XLSX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

from fastapi import APIRouter, Query
from starlette.responses import Response

from lms.assessment.attempts.models import Test
from lms.assessment.figures import queries, rules
from lms.assessment.figures.queries import By, Figures, ItemLine
from lms.assessment.statistics import ENOUGH
from lms.frameworks import queries as frameworks
from web.charts import histogram
from web.course_words import AUDIENCES
from web.i18n import mark as _
from web.i18n import translate
from web.pages.results import percent
from web.problems import Problem
from web.result_words import BACKGROUND, BYS
from web.spreadsheets import XLSX_TYPE, Value, csv_bytes, download, xlsx_bytes
from web.visits import Reading, Visit
from web.vocabulary import ORGANISATION_KINDS

router = APIRouter(prefix="/tests")

Chosen = Annotated[str, Query(max_length=20)]
Audience = Annotated[str, Query(max_length=64)]

GROUP_HEADER = (
    _("group"),
    _("people: distinct persons with a finished attempt; empty where the group is hidden"),
    _("results: first finished attempt of each person at each test"),
    _("passed: how many of the results were passed"),
    _("mean, %: mean share of all points"),
    _("median, %: half of the results are above it"),
    *(f"{number * 10}–{number * 10 + 9 if number < 9 else 100} %" for number in range(10)),
)
ITEM_HEADER = (
    _("question"),
    _("title"),
    _("attempts: first finished attempt of each person in which it was drawn"),
    _("facility, %: mean mark ÷ maximum"),
    _("deviation, %: standard deviation of the mark, n − 1"),
    _("discrimination: 100 × cov(item, rest) ÷ √(var(item) × var(rest))"),
    _("efficiency: 100 × cov(item, rest) ÷ covariance of both lists when each is sorted"),
)
AREA_HEADER = (
    _("area"),
    _("people: distinct persons with a finished attempt; empty where the group is hidden"),
    _("mean, %: mean share of all points"),
    _("median, %: half of the results are above it"),
    _("repeated: people with a first and a last finished attempt; empty below 10"),
    _("first, %: their mean at the first attempt"),
    _("last, %: their mean at the last attempt"),
    _("difference, points: last − first"),
    _("from, points: interval of 95 % (Student’s t, n − 1)"),
    _("to, points"),
    _("effect: mean difference ÷ deviation of the differences"),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    by: By
    period: str
    audience: str = ""


@router.get("/figures")
def of_all(visit: Reading, by: Chosen = "oblast", period: Chosen = "", audience: Audience = "") -> Response:
    """Of all tests together."""
    asked = _asked(by, period, audience)
    figures = queries.of_all(visit.session, visit.visitor, by=asked.by, period=asked.period, audience=audience)
    return _page(visit, figures, asked, None)


@router.get("/figures.{kind}")
def all_as_file(
    kind: str, visit: Reading, by: Chosen = "oblast", period: Chosen = "", audience: Audience = ""
) -> Response:
    """The groups of all tests as a file."""
    asked = _asked(by, period, audience)
    figures = queries.of_all(visit.session, visit.visitor, by=asked.by, period=asked.period, audience=audience)
    return _file(visit, kind, "tests", GROUP_HEADER, _group_rows(visit, figures, asked))


@router.get("/areas.{kind}")
def all_areas_as_file(
    kind: str, visit: Reading, by: Chosen = "oblast", period: Chosen = "", audience: Audience = ""
) -> Response:
    """Areas, and first attempt against the last one, of all tests as a file."""
    asked = _asked(by, period, audience)
    figures = queries.of_all(visit.session, visit.visitor, by=asked.by, period=asked.period, audience=audience)
    return _file(visit, kind, "tests-areas", AREA_HEADER, _area_rows(visit, figures))


@router.get("/{test_id}/areas.{kind}")
def areas_as_file(test_id: int, kind: str, visit: Reading, by: Chosen = "oblast", period: Chosen = "") -> Response:
    """The same of one test."""
    asked = _asked(by, period)
    figures = queries.of_test(visit.session, visit.visitor, test_id, by=asked.by, period=asked.period)
    return _file(visit, kind, f"test-{test_id}-areas", AREA_HEADER, _area_rows(visit, figures))


@router.get("/{test_id}/figures")
def of_test(test_id: int, visit: Reading, by: Chosen = "oblast", period: Chosen = "") -> Response:
    """Of one test, in all versions of its course."""
    asked = _asked(by, period)
    figures = queries.of_test(visit.session, visit.visitor, test_id, by=asked.by, period=asked.period)
    return _page(visit, figures, asked, visit.session.get_one(Test, test_id))


@router.get("/{test_id}/figures.{kind}")
def as_file(test_id: int, kind: str, visit: Reading, by: Chosen = "oblast", period: Chosen = "") -> Response:
    """Its groups as a file."""
    asked = _asked(by, period)
    figures = queries.of_test(visit.session, visit.visitor, test_id, by=asked.by, period=asked.period)
    return _file(visit, kind, f"test-{test_id}", GROUP_HEADER, _group_rows(visit, figures, asked))


@router.get("/{test_id}/items.{kind}")
def items_as_file(test_id: int, kind: str, visit: Reading) -> Response:
    """The figures of its questions as a file."""
    _whole, lines = queries.items(visit.session, visit.visitor, test_id)
    return _file(visit, kind, f"test-{test_id}-items", ITEM_HEADER, [_item_row(line) for line in lines])


def _asked(by: str, period: str, audience: str = "") -> _Asked:
    chosen: By = by if by in get_args(By) else "oblast"  # type: ignore[assignment]
    return _Asked(chosen, period, audience)


def _page(visit: Visit, figures: Figures, asked: _Asked, test: Test | None) -> Response:
    whole, lines = queries.items(visit.session, visit.visitor, test.id) if test is not None else (None, [])
    areas = [each.area for each in figures.areas] + [area for area, _ in figures.area_repeats]
    known = frameworks.names(visit.session, [(figures.framework, area) for area in areas])
    return visit.page(
        "result_figures.html",
        test=test,
        figures=figures,
        asked=asked,
        names={number: (name.name_uk, name.name_en) for (_scheme, number), name in known.items()},
        called=called(visit, figures, asked.by),
        bys=BYS if test is None else {key: name for key, name in BYS.items() if key != "audience"},
        audiences=AUDIENCES,
        whole=whole,
        lines=lines,
        few=rules.FEW,
        enough=ENOUGH,
        enough_pairs=rules.ENOUGH_PAIRS,
        histogram=histogram,
        percent=percent,
        points=lambda value: f"{value * 100:+.0f}".replace("-", "−").replace("+0", "0"),
        decimal=lambda value, digits=0: _decimal(visit, value, digits),
    )


def _decimal(visit: Visit, value: float | None, digits: int) -> str:
    if value is None:
        return "—"
    written = f"{value:.{digits}f}".replace("-", "−")
    return written.replace(".", ",") if visit.language == "uk" else written


def called(visit: Visit, figures: Figures, by: By) -> Callable[[str], str]:
    """What a group is called in the reader's language."""
    words: dict[str, str] = {
        "kind": {str(kind): name for kind, name in ORGANISATION_KINDS.items()},
        "audience": AUDIENCES,
        "age": BACKGROUND["age_band"],
        "sex": BACKGROUND["sex"],
        "settlement": BACKGROUND["settlement"],
    }.get(by, {})

    def name(key: str) -> str:
        if not key:
            return translate(visit.language, _("not said") if by in {"age", "sex", "settlement"} else _("not known"))
        if by == "organisation":
            uk, en = figures.names.get(key, (key, ""))
            return en if visit.language == "en" and en else uk
        return translate(visit.language, words[key]) if key in words else key

    return name


def _group_rows(visit: Visit, figures: Figures, asked: _Asked) -> list[list[Value]]:
    name = called(visit, figures, asked.by)
    total = translate(visit.language, _("all"))
    rows: list[list[Value]] = []
    for key, told in [(total, figures.spread), *((name(line.key), line.spread) for line in figures.groups)]:
        if told is None:
            rows.append([key, *[None] * (len(GROUP_HEADER) - 1)])
        else:
            shares = [round(told.mean * 100, 1), round(told.median * 100, 1)]
            rows.append([key, told.people, told.results, told.passed, *shares, *told.buckets])
    return rows


def _area_rows(visit: Visit, figures: Figures) -> list[list[Value]]:
    """The whole test, then each area."""
    whole, repeats = figures.spread, dict(figures.area_repeats)
    first = [whole.people, _points(whole.mean), _points(whole.median)] if whole else [None] * 3
    rows: list[list[Value]] = [[translate(visit.language, _("all")), *first, *_repeat(figures.repeat)]]
    for each in figures.areas:
        shares = [_points(each.mean), _points(each.median)]
        rows.append([each.area, each.people, *shares, *_repeat(repeats.get(each.area))])
    return rows


def _repeat(told: rules.Comparison | None) -> list[Value]:
    if told is None:
        return [None] * 7
    shares = [_points(each) for each in (told.before, told.after, told.difference, told.low, told.high)]
    return [told.pairs, *shares, round(told.effect, 2) if told.effect is not None else None]


def _points(share: float) -> float:
    return round(share * 100, 1)


def _item_row(line: ItemLine) -> list[Value]:
    figures = line.figures
    if figures is None:
        return [line.code, line.title, line.count, None, None, None, None]
    deviation = round(figures.deviation * 100, 1) if figures.deviation is not None else None
    rest = [round(each, 2) if each is not None else None for each in (figures.discrimination, figures.efficiency)]
    return [line.code, line.title, line.count, round(figures.facility * 100, 1), deviation, *rest]


def _file(visit: Visit, kind: str, name: str, header: Sequence[str], rows: list[list[Value]]) -> Response:
    if kind not in ("csv", "xlsx"):
        raise Problem(404, "not_found", "")
    titles = [translate(visit.language, each) for each in header]
    if kind == "xlsx":
        return download(xlsx_bytes(name, titles, rows), XLSX_TYPE, f"{name}.xlsx")
    return download(csv_bytes(titles, rows), "text/csv; charset=utf-8", f"{name}.csv")
