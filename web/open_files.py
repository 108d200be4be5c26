"""Open data as files: their columns, and what describes them to machines (DCAT 3, CSV on the Web)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from lms.reports.measures import Measure
from lms.reports.open_data import MEASURES, OpenRow, Table
from web.report_files import FIGURES
from web.spreadsheets import Value

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
"""Free use with the source named, as the law on access to public information asks (article 10-1)."""
HEADER = ("step", "from", "to", "oblast_code", "oblast_uk", "oblast_en", *(FIGURES[each] for each in MEASURES))
TITLES: Mapping[Table, tuple[str, str]] = {
    Table.OBLASTS: ("Мережа ЦНАП: показники за областями й роками", "Network of ASCs: figures by oblast and year"),
    Table.MONTHS: ("Мережа ЦНАП: показники за місяцями", "Network of ASCs: figures by month"),
}
MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
_ABOUT = {
    "step": "A year (2026) or a month (2026-07) of Kyiv's calendar",
    "from": "The first day",
    "to": "The last day",
    "oblast_code": "Code of the oblast, of the national classifier KATOTTG; empty for the whole network",
    "oblast_uk": "The oblast in Ukrainian",
    "oblast_en": "The oblast in English",
}


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table as it is served, until it is made anew."""

    made_at: datetime
    rows: list[list[Value]]
    tag: str
    """Says whether it is the same as before (ETag)."""


def table_of(rows: Sequence[OpenRow], now: datetime) -> OpenTable:
    """Rows in the order of `HEADER`."""
    found = [_values(row) for row in rows]
    return OpenTable(now, found, f'"{sha256(repr(found).encode()).hexdigest()[:32]}"')


def _values(row: OpenRow) -> list[Value]:
    def figure(measure: Measure) -> Value:
        value = row.figures.get(measure)
        return round(value / 60, 1) if measure is Measure.MINUTES and value is not None else value

    named: list[Value] = [row.step, row.span.first, row.span.last, row.code, row.name_uk, row.name_en]
    return [*named, *(figure(each) for each in MEASURES)]


def _both(uk: str, en: str) -> list[dict[str, str]]:
    return [{"@value": uk, "@language": "uk"}, {"@value": en, "@language": "en"}]


def catalogue(base: str, publisher: str, tables: Mapping[Table, OpenTable]) -> dict[str, Any]:
    """A catalogue of DCAT 3 as JSON-LD: what there is, in which formats, under which licence, how fresh."""
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
        },
        "@id": f"{base}/open-data/catalog.json",
        "@type": "dcat:Catalog",
        "dct:title": _both("Відкриті дані мережі", "Open data of the network"),
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": publisher},
        "dct:license": {"@id": LICENCE},
        "dcat:dataset": [_dataset(base, table, held) for table, held in tables.items()],
    }


def _dataset(base: str, table: Table, held: OpenTable) -> dict[str, Any]:
    uk, en = TITLES[table]
    address = f"{base}/open-data/{table.value}"
    return {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:title": _both(uk, en),
        "dct:license": {"@id": LICENCE},
        "dct:modified": held.made_at.isoformat(timespec="seconds"),
        "dct:accrualPeriodicity": {"@id": "http://publications.europa.eu/resource/authority/frequency/MONTHLY"},
        "dct:spatial": {"@id": "http://publications.europa.eu/resource/authority/country/UKR"},
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dcat:downloadURL": {"@id": f"{address}.{ending}"},
                "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{kind}"},
                "dct:license": {"@id": LICENCE},
            }
            for ending, kind in MEDIA_TYPES.items()
        ],
    }


def csv_metadata(base: str, table: Table, rules: Mapping[Measure, str]) -> dict[str, Any]:
    """What each column of the CSV file means, for programs (CSV on the Web, W3C 2015)."""
    uk, en = TITLES[table]
    figures = [
        {
            "name": FIGURES[each],
            "titles": FIGURES[each],
            "datatype": "decimal" if each is Measure.MINUTES else "integer",
            "dc:description": rules[each],
        }
        for each in MEASURES
    ]
    named = [
        {
            "name": name,
            "titles": name,
            "datatype": "date" if name in ("from", "to") else "string",
            "dc:description": about,
        }
        for name, about in _ABOUT.items()
    ]
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{base}/open-data/{table.value}.csv",
        "dc:title": _both(uk, en),
        "dc:license": {"@id": LICENCE},
        "tableSchema": {"columns": [*named, *figures], "primaryKey": ["step", "oblast_code", "oblast_uk"]},
    }
