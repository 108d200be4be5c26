"""Some processes of an installation under Vikno's own supervisor, for tests that need no pages.

python -m tests.support.supervised media-0 streamer-0
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys

from web.main.serving import children
from web.main.settings_load import load
from web.main.supervisor import Supervisor


def main(names: list[str]) -> None:
    specs = {spec.name: dataclasses.replace(spec, after=()) for spec in children(load(), {})}
    asyncio.run(Supervisor([specs[name] for name in names]).run())


if __name__ == "__main__":
    main(sys.argv[1:])
