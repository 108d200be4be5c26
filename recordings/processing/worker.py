"""One piece of work in a process of its own: `python -m recordings.processing.worker KIND JOB RESULT`."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

from pydantic import BaseModel

from recordings.processing import check, tracks
from recordings.processing.state import replace
from recordings.raw.timeline import Track


class CheckJob(BaseModel):
    """Tracks to be examined."""

    raw: Path
    tracks: list[Track]
    zero: float


class CheckResult(BaseModel):
    reports: list[check.TrackReport]


def work(kind: str, job: str) -> BaseModel:
    """Do it. Raises OSError."""
    if kind == "check":
        asked = CheckJob.model_validate_json(job)
        reports = [check.examine(one, asked.raw / one.file, asked.zero) for one in asked.tracks]
        return CheckResult(reports=reports)
    return tracks.process_person(tracks.PersonJob.model_validate_json(job))


def main() -> int:
    kind, job, result = sys.argv[1:4]
    try:
        made = work(kind, Path(job).read_text())
        replace(Path(result), made.model_dump_json())
    except OSError as error:
        print(errno.errorcode.get(error.errno or 0, ""), error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
