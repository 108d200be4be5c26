"""Items of the bank into a file."""

from __future__ import annotations

from collections.abc import Iterable

from lms.assessment.drafts import Stored
from lms.assessment.exchange import gift_writing, moodle_writing, qti_writing, table
from lms.assessment.exchange.parts import Format
from lms.assessment.exchange.report import Report, of_written


def write(items: Iterable[Stored], name: str, form: Format) -> tuple[bytes, Report]:
    """The file, and what became of each item."""
    match form:
        case Format.GIFT:
            text, told = gift_writing.write(items)
            content = text.encode()
        case Format.MOODLE_XML:
            content, told = moodle_writing.write(items)
        case Format.QTI:
            content, told = qti_writing.write(items)
        case Format.CSV:
            content, told = table.write(items)
    return content, of_written(name, form, told)
