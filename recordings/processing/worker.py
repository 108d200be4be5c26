"""Reading and writing of tracks in a process of its own: `python -m recordings.processing.worker KIND RESULT ...`.

Beside each file for a result, `name.json`, lies its job, `name.job`; jobs whose result is there are not done again.
"""

from __future__ import annotations

import errno
import sys
from pathlib import Path

from pydantic import BaseModel

from recordings.processing import check, tracks
from recordings.processing.state import replace
from recordings.raw.timeline import Track


class CheckJob(BaseModel):
    """A track to be examined."""

    raw: Path
    track: Track
    zero: float


def work(kind: str, job: str) -> BaseModel:
    """Do a job. Raises OSError."""
    if kind == "check":
        asked = CheckJob.model_validate_json(job)
        return check.examine(asked.track, asked.raw / asked.track.file, asked.zero)
    return tracks.process_person(tracks.PersonJob.model_validate_json(job))


def do(kind: str, result: Path) -> None:
    """Do the job of `result` and write it. Raises OSError."""
    if not result.exists():
        replace(result, work(kind, result.with_suffix(".job").read_text()).model_dump_json())


def main() -> int:
    kind, *results = sys.argv[1:]
    try:
        for result in results:
            do(kind, Path(result))
    except OSError as error:
        print(errno.errorcode.get(error.errno or 0, ""), error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
