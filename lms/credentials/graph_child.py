"""Works out what a stranger's proof signs: standard input to standard output, in a process with few means.

`python -m lms.credentials.graph_child`; run by `lms.credentials.apart`. Reads JSON with `document` and `options`;
prints JSON with `digest` (hexadecimal) or `refused` (a sentence).
"""

from __future__ import annotations

import json
import sys

from lms.credentials.confined import few_means

MOST_SECONDS = 5


def main() -> int:
    """Read, bring into canonical form, print."""
    few_means(MOST_SECONDS)
    from lms.credentials import integrity, pinned
    from lms.credentials.canonical import CanonicalError

    given = json.loads(sys.stdin.buffer.read())
    try:
        told = {"digest": integrity.digest(given["document"], given["options"]).hex()}
    except (CanonicalError, pinned.UnknownContext) as error:
        told = {"refused": str(error)}
    json.dump(told, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
