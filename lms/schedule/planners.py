"""Who plans series and programmes, and who sees them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.rules import Visitor
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import Programme, Series
from lms.schedule.queries import visible_to


def may_plan_for(visitor: Visitor, owner_id: int, programme_id: int | None = None) -> bool:
    """Whether the visitor begins something on behalf of an organisation, within a programme if one is named."""
    if visitor.organises_everything:
        return True
    if programme_id is not None and programme_id in visitor.organised_programmes:
        return True
    return owner_id in visitor.organised_organisations


def may_edit_series(series: Series, visitor: Visitor) -> bool:
    """Organisers of the network, of the owner, of the programme, and those to whom the series was handed."""
    return series.id in visitor.organised_series or may_plan_for(visitor, series.owner_id, series.programme_id)


def may_edit_programme(programme: Programme, visitor: Visitor) -> bool:
    """Organisers of the network and of the owner, and whoever manages it."""
    return may_plan_for(visitor, programme.owner_id, programme.id)


def may_see_series(session: Session, series: Series, visitor: Visitor) -> bool:
    """Its editors, and whoever may see one of its dates that is no draft any more."""
    if may_edit_series(series, visitor):
        return True
    shown = select(Occurrence.id).where(
        Occurrence.series_id == series.id, Occurrence.status != Status.DRAFT, visible_to(visitor)
    )
    return session.scalar(shown.limit(1)) is not None
