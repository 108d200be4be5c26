"""Words of reports: what each measure is called, and the rule by which it is counted."""

from __future__ import annotations

from lms.reports.asked import By
from lms.reports.measures import Measure
from web.i18n import mark as _

NAMES: dict[Measure, str] = {
    Measure.OCCURRENCES: _("Occurrences held"),
    Measure.MINUTES: _("Hours held"),
    Measure.PERSONS: _("People who attended"),
    Measure.ATTENDANCES: _("Attendances"),
    Measure.CENTRES: _("Centres that took part"),
    Measure.VIEWS: _("Views of live streams"),
    Measure.ENROLMENTS: _("Enrolments in courses"),
    Measure.ENROLLED: _("People who enrolled in a course"),
    Measure.COMPLETIONS: _("Courses completed"),
    Measure.LEARNERS: _("People who completed a course"),
    Measure.TESTED: _("People tested"),
    Measure.PASSED: _("People who passed"),
    Measure.CERTIFICATES: _("Certificates issued"),
    Measure.CERTIFIED: _("People who were awarded a certificate"),
    Measure.VALID: _("Of these valid today"),
    Measure.REVOKED: _("Of these revoked"),
}

RULES: dict[Measure, str] = {
    Measure.OCCURRENCES: _(
        "Occurrences that began in the period and are over. Of a place: those that somebody from there attended, so "
        "one counts in several places, and once in the sum."
    ),
    Measure.MINUTES: _("From the official begin to the official end; as planned where nobody announced them."),
    Measure.PERSONS: _(
        "Distinct persons by approved attendance sheets: whoever came five times counts once. They count for the "
        "organisation at which they worked on that day."
    ),
    Measure.ATTENDANCES: _(
        "Each person at each occurrence, by approved attendance sheets; with people known by name alone, whom a lead "
        "has vouched for."
    ),
    Measure.CENTRES: _("Distinct centres from which somebody attended."),
    Measure.VIEWS: _(
        "Of each occurrence and each source the largest figure, added up. Views are not persons and are never added "
        "to attendance; they have no place."
    ),
    Measure.ENROLMENTS: _(
        "Who was enrolled in a course in the period, once for each course; without those who left it."
    ),
    Measure.ENROLLED: _("Distinct persons who enrolled in at least one course in the period, without those who left."),
    Measure.COMPLETIONS: _("Courses completed in the period, once for each person and course."),
    Measure.LEARNERS: _("Distinct persons who completed at least one course in the period."),
    Measure.TESTED: _(
        "Distinct persons with a finished and graded attempt in the period, not attempts. Hidden where they are few."
    ),
    Measure.PASSED: _("Distinct persons of these who passed a test in the period."),
    Measure.CERTIFICATES: _("Certificates awarded in the period; demonstrations do not count."),
    Measure.CERTIFIED: _("Distinct persons who were awarded at least one certificate in the period."),
    Measure.VALID: _("Of the certificates awarded in the period: neither revoked nor expired as of today."),
    Measure.REVOKED: _("Of the certificates awarded in the period: revoked since."),
}

BYS: dict[By, str] = {
    By.OBLAST: _("by oblast"),
    By.COMMUNITY: _("by community"),
    By.ORGANISATION: _("by organisation"),
    By.KIND: _("by kind of organisation"),
    By.PROGRAMME: _("by programme"),
    By.SERIES: _("by series"),
    By.PROJECT: _("by project"),
    By.MONTH: _("by month"),
    By.QUARTER: _("by quarter"),
    By.YEAR: _("by year"),
}
