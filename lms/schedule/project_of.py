"""SQL for the project whose tag something bears, for pages, filters, certificates and reports."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select

from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Programme, Series


def occurrence() -> ColumnElement[int | None]:
    """Over `Occurrence`: its own project, or else its series', or else its programme's."""
    return func.coalesce(
        Occurrence.project_id,
        select(func.coalesce(Series.project_id, Programme.project_id))
        .select_from(Series)
        .outerjoin(Programme, Programme.id == Series.programme_id)
        .where(Series.id == Occurrence.series_id)
        .correlate(Occurrence)
        .scalar_subquery(),
    )


def series() -> ColumnElement[int | None]:
    """Over `Series`: its own project, or else its programme's."""
    above = select(Programme.project_id).where(Programme.id == Series.programme_id).correlate(Series)
    return func.coalesce(Series.project_id, above.scalar_subquery())
