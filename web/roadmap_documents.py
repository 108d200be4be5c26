"""A road map as a document to print, sign and pass on: DOCX, and a PDF that screen readers read (PDF/UA-1)."""

from __future__ import annotations

import json
from datetime import date, datetime
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from lms.roadmaps.queries import RoadmapPage
from web.i18n import mark as _
from web.i18n import translate
from web.spreadsheets import UNPRINTABLE
from web.templating import local
from web.vocabulary import ROADMAP_STATES, STEP_STATES

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF_TYPE = "application/pdf"
FONT = "Manrope"
FONTS = Path(str(files("font_manrope"))) / "files"
TEMPLATE = Path(__file__).parent / "documents" / "roadmap.typ"


def contents(page: RoadmapPage, language: str, now: datetime) -> dict[str, Any]:
    """The words of the document, in one language; both kinds are made of it."""

    def say(words: str, **values: object) -> str:
        return translate(language, words).format(**values)

    card = page.card
    uk, en = card.organisation_uk, card.organisation_en
    facts = [(say(_("Centre")), en if language == "en" and en else uk)]
    if page.occurrence_at is not None:
        came = page.occurrence_en if language == "en" and page.occurrence_en else page.occurrence_uk
        facts.append((say(_("After")), f"{came}, {_day(local(page.occurrence_at).date(), language)}"))
    facts.append((say(_("State")), say(ROADMAP_STATES[card.state])))
    if card.follow_up_on is not None:
        facts.append((say(_("We look back on")), _day(card.follow_up_on, language)))
    done = say(_("{done} of {all} steps, {share} %"), done=card.progress.done, all=card.progress.counted,
               share=card.progress.share)  # fmt: skip
    facts.append((say(_("Done")), done))
    rows = [
        [
            str(number),
            step.text,
            step.owner or "—",
            _day(step.due_on, language) if step.due_on else "—",
            say(STEP_STATES[step.state]) + (f" ({say(_('overdue'))})" if step.late else ""),
            step.note,
        ]
        for number, step in enumerate(page.steps, 1)
    ]
    told = {
        "lang": language,
        "kind": say(_("Road map")),
        "title": card.title,
        "facts": [list(fact) for fact in facts],
        "header": [
            "№",
            say(_("Step")),
            say(_("Owner")),
            say(_("Due")),
            say(_("State")),
            say(_("Note")),
        ],
        "rows": rows,
        "empty": say(_("No steps yet.")),
        "foot": say(_("Made by Vikno on {day}"), day=_day(local(now).date(), language)),
    }
    cleaned: dict[str, Any] = _clean(told)
    return cleaned


def pdf(page: RoadmapPage, language: str, now: datetime) -> bytes:
    """A tagged PDF in the language, with its own letters. Nothing is fetched from anywhere."""
    return typst.compile(
        TEMPLATE,
        format="pdf",
        font_paths=[FONTS],
        ignore_system_fonts=True,
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(contents(page, language, now))},
    )


def docx(page: RoadmapPage, language: str, now: datetime) -> bytes:
    """A document that people go on writing in."""
    told = contents(page, language, now)
    document = Document()
    _set_page(document)
    _set_language(document, language)
    document.core_properties.title = told["title"]
    document.core_properties.author = "Vikno"
    document.core_properties.language = language
    kind = document.add_paragraph(told["kind"])
    kind.runs[0].font.color.rgb = RGBColor(0x4A, 0x5A, 0x70)
    document.add_heading(told["title"], 1)
    for name, value in told["facts"]:
        line = document.add_paragraph()
        line.paragraph_format.space_after = Pt(2)
        line.add_run(f"{name}: ").bold = True
        line.add_run(value)
    if told["rows"]:
        _table(document, told["header"], told["rows"])
    else:
        document.add_paragraph(told["empty"])
    document.sections[0].footer.paragraphs[0].text = told["foot"]
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _table(document: Any, header: list[str], rows: list[list[str]]) -> None:
    widths = [Cm(1), Cm(8.6), Cm(4), Cm(3), Cm(3), Cm(5.6)]
    table = document.add_table(rows=1, cols=len(header), style="Table Grid")
    table.autofit = False
    for cells, texts in ((table.rows[0].cells, header), *((table.add_row().cells, row) for row in rows)):
        for cell, text, width in zip(cells, texts, widths, strict=True):
            cell.width = width
            cell.paragraphs[0].text = text
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True
    # The header row comes again on every page, and screen readers know it for one.
    repeats = OxmlElement("w:tblHeader")
    repeats.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeats)


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)


def _set_language(document: Any, language: str) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Arial", Pt(10.5)
    properties = style.element.get_or_add_rPr()
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), "uk-UA" if language == "uk" else "en-GB")
    properties.append(spoken)


def _day(day: date, language: str) -> str:
    return format_date(day, "dd.MM.y" if language == "uk" else "d MMM y", locale=language)


def _clean(value: Any) -> Any:
    """Without characters that XML cannot hold: one pasted from elsewhere must not break the document."""
    if isinstance(value, str):
        return UNPRINTABLE.sub("", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    return value
