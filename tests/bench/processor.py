"""How much processor time processes have used so far, from Linux's own books."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from lms.database import Database

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Used:
    """Seconds of processor time: web processes, sessions of PostgreSQL (SQLite works in the web processes), people."""

    web: float
    server: float
    people: float

    def __sub__(self, other: Used) -> Used:
        return Used(self.web - other.web, self.server - other.server, self.people - other.people)


def used(web: Collection[int], database: Database) -> Used:
    """Until now, by the web processes with these numbers, for the database, and by this process, the people."""
    own = os.times()
    return Used(_of(web), _of(_sessions(database)), own.user + own.system)


def _sessions(database: Database) -> list[int]:
    if database.engine.dialect.name != "postgresql":
        return []
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"))
        return [int(pid) for (pid,) in found]


def _of(processes: Collection[int]) -> float:
    ticks = 0
    for process in processes:
        # proc(5): the fields after the name in brackets begin with the third; utime is the 14th, stime the 15th.
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS
