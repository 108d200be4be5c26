"""What people read about the rows of an import: names of fields, outcomes, and what is wrong with a row."""

from __future__ import annotations

from typing import Any

from web.i18n import mark as _
from web.i18n import translate
from web.wording import SENTENCES

KINDS = {
    "people": _("People"),
    "organisations": _("Organisations"),
    "workload": _("Workload"),
}
STATES = {
    "uploaded": _("waits for you to look at it"),
    "applied": _("applied"),
    "discarded": _("thrown away"),
}
FIELDS = {
    "name_uk": _("Name in Ukrainian"),
    "name_en": _("Name in English"),
    "code": _("Code"),
    "kind": _("Kind"),
    "status": _("State"),
    "oblast": _("Oblast"),
    "settlement": _("Town or village"),
    "community": _("Community (hromada)"),
    "community_code": _("Code of the community (KATOTTG)"),
    "territorial_code": _("Code of the territory (KATOTTG)"),
    "email": _("E-mail"),
    "phone": _("Telephone"),
    "website": _("Website"),
    "member_from": _("Member from"),
    "family_name": _("Family name"),
    "given_name": _("Given name"),
    "patronymic": _("Patronymic"),
    "full_name": _("Family name, given name and patronymic together"),
    "latin_name": _("Name in Latin letters"),
    "organisation": _("Organisation (code or name)"),
    "position": _("Position"),
    "from_date": _("Works there from"),
    "language": _("Language of letters"),
    "day": _("Date"),
    "weekday": _("Day of the week"),
    "hour": _("Hour"),
    "count": _("How many people"),
}
OUTCOMES = {
    "create": _("new"),
    "change": _("changed"),
    "same": _("left as it is"),
    "ask": _("to be decided"),
    "skip": _("left out"),
    "refused": _("refused"),
}
PROBLEMS = {
    "count_unreadable": _("This is no number. Write digits only, for example 25 or 12,5."),
    "day_needed": _("Enter a date or a day of the week."),
    "day_unreadable": _("This is no date. Write it as 31.12.2026 or 2026-12-31."),
    "email_elsewhere": _("Somebody of another organisation has this e-mail. Ask an administrator."),
    "hour_unreadable": _("This is no hour. Write it as 9, 09:00 or 09:00-10:00; empty means the whole day."),
    "kind_unknown": _("There is no such kind. Write ЦНАП, міністерство, асоціація, проєкт, бібліотека."),
    "language_unknown": _("There is no such language. Write uk or en."),
    "name_differs": _("Somebody with another name has this e-mail. Is it the same person?"),
    "name_whole_needed": _("A family name and a given name are needed."),
    "organisation_ambiguous": _("Several organisations are called like this. Write the code."),
    "organisation_needed": _("Write to which organisation the row belongs."),
    "organisation_unknown": _("There is no such organisation. Correct the name, write the code, or import it first."),
    "row_narrow": _("The row has fewer cells than the header. Look for a missing delimiter or quotation mark."),
    "row_wide": _("The row has more cells than the header. Look for a delimiter that is not in quotation marks."),
    "same_name": _("There is somebody of this name. Is it the same, or another one?"),
    "same_name_in_file": _("The same name stands in an earlier row. Is it another person?"),
    "status_unknown": _("There is no such state. Write працює, призупинено, переміщено or закрито."),
    "twice_in_file": _("The same stands in an earlier row. Keep one of the two."),
    "weekday_unreadable": _("This is no day of the week. Write it as a word or as a number from 1 to 7."),
}


def problem(language: str, code: str, value: str) -> str:
    """What is wrong with a row and what to do; with the row or the numbers that it is about."""
    said = translate(language, PROBLEMS.get(code) or SENTENCES.get(code, code))
    if code in ("twice_in_file", "same_name_in_file"):
        return f"{said} ({translate(language, _('row'))} {value})"
    return f"{said} ({value})" if code in ("row_wide", "row_narrow") else said


def report_rows(language: str, report: dict[str, Any]) -> list[list[str | int]]:
    """The error report as a table: row, column, value, what is wrong."""
    return [
        [one["row"], one["column"], one["title"], one["value"], problem(language, one["code"], one["value"])]
        for one in report.get("problems", [])
    ]


def report_header(language: str) -> list[str]:
    """The names of the report's columns."""
    names = (_("Row"), _("Column"), _("Who or what"), _("Value"), _("What is wrong and what to do"))
    return [translate(language, name) for name in names]
