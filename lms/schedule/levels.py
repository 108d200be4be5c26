"""What is decided for one occurrence, for all dates of a series, or for all that is in a programme."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from sqlalchemy.orm import Session

from lms.directory.rules import Visitor
from lms.schedule import actions, programmes, series
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Programme, Series

Level = Literal["occurrence", "series", "programme"]
Planned: TypeAlias = Occurrence | Series | Programme
EDITABLE: Mapping[Level, Callable[[Session, Visitor, str], Planned]] = {
    "occurrence": actions.editable,
    "series": series.editable,
    "programme": programmes.editable,
}
"""Finds by its address, locks for a change, and raises `NotFound` or `NotAllowed`."""
